"""What an account keeps, and whether there is room for more: one rule for everything that somebody asks for.

What nobody asked for, the first version of a mix, is made in any case: a song without one is of no use.
"""

from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet, Sum
from django.db.models.expressions import Combinable

from tonewright.server.conf import conf
from tonewright.server.errors import QuotaPassed
from tonewright.server.models import Audio, Delivery, Master, Project, Upload, User
from tonewright.server.services.acceptable import words_of
from tonewright.server.services.access import Actor

#: A version's own file has 24 bits a sample (sound/master.py).
_SAMPLE_BYTES = 3


def used_bytes(owner: User) -> int:
    """What an account keeps: sounds that were sent in, versions and files to take away; and what is on its way, as
    far as it can be told beforehand.

    What the service makes of them for itself (waveforms, pieces to listen to) is not counted.
    """
    mine = Q(song__project__owner=owner)
    versions = Master.objects.filter(mine)
    # a version's own file is one file, however it is fetched
    deliveries = Delivery.objects.filter(master__song__project__owner=owner).exclude(key=F("master__master_key"))
    made = F("audio__frames") * F("audio__channels") * _SAMPLE_BYTES
    return (
        _sum(Audio.objects.filter(mine, removed_at=None))
        + _sum(versions)
        + _sum(versions.filter(state__in=(Master.State.QUEUED, Master.State.RENDERING)), made)
        + _sum(deliveries)
        + _sum(deliveries.filter(state=Delivery.State.QUEUED), F("master__bytes"))
        + _sum(_coming(owner))
    )


def version_bytes(mix: Audio) -> int:
    """What a version of a mix will take."""
    return (mix.frames or 0) * (mix.channels or 0) * _SAMPLE_BYTES


def must_have_room(actor: Actor, payer_id: UUID, wanted_bytes: int, what: str) -> None:
    """Raises QuotaPassed where there is no room for `what` in an account.

    Within the caller's transaction, before it locks anything else: of two requests at once the later sees the
    earlier.
    """
    payer = User.objects.select_for_update(no_key=True).get(pk=payer_id)
    left = max(conf().quota_bytes - used_bytes(payer), 0)
    if wanted_bytes <= left:
        return
    whose = "your account" if payer.pk == actor.user.pk else "the project's owner's account"
    raise QuotaPassed(
        f"There is {words_of(left)} left in {whose}; {what} takes {words_of(wanted_bytes)}.",
        "Delete songs that you no longer need.",
    )


def _coming(owner: User) -> QuerySet[Upload]:
    """Unfinished uploads that will be an account's: by where they go, and else by who sends them."""
    projects = Project.objects.filter(owner=owner)
    return Upload.objects.filter(state__in=Upload.UNFINISHED).filter(
        Q(song__project__in=projects) | Q(project__in=projects) | Q(song=None, project=None, owner=owner)
    )


def _sum(rows: QuerySet[Any], value: Combinable | str = "bytes") -> int:
    return int(rows.aggregate(all=Sum(value))["all"] or 0)
