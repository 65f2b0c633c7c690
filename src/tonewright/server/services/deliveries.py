"""Files to take away: each is made once for a version, a format and a word length, when somebody asks for it."""

from typing import get_args
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from tonewright.base.errors import Impossible
from tonewright.base.files.formats import OUTPUTS
from tonewright.server.errors import Conflict
from tonewright.server.models import Delivery, Job, Master
from tonewright.server.services import events, jobs, quota
from tonewright.server.services.access import Actor, get
from tonewright.server.services.masters import must_be_ready
from tonewright.server.services.naming import master_filename
from tonewright.server.services.shown import delivery_json
from tonewright.server.services.titles import tags_of
from tonewright.server.sound.jobs import DeliveryBits, DeliveryFormat
from tonewright.server.storage import digest_of

#: format -> its word lengths, the default first; none for lossy ones.
FORMATS: dict[str, tuple[str, ...]] = {
    output.name: tuple(bits for bits in output.bits if bits in get_args(DeliveryBits))
    for output in OUTPUTS
    if output.name in get_args(DeliveryFormat)
}
#: What a version's own file is.
_AS_MADE = ("wav", "24")


def request(actor: Actor, master_id: UUID, wanted_format: str, bits: str | None = None) -> tuple[Delivery, bool]:
    """The file of a version in a format, and whether it had to be ordered: there is one of each, however often asked.

    bits: default the format's first. The version's own file, 24-bit WAV, is there at once, as long as the song is
    called what the file says. One that failed is tried again. Raises NotFound, Conflict for a version that is not
    ready, Impossible for a word length that the format does not have, QuotaPassed.
    """
    lengths = FORMATS[wanted_format]
    if bits is not None and bits not in lengths:
        has = f"{' or '.join(lengths)} bits" if lengths else "no word length: it is lossy"
        raise Impossible(f"{wanted_format.upper()} can't hold {bits} bits; it has {has}.", "Ask for another.")
    chosen = bits or (lengths[0] if lengths else "")
    with transaction.atomic():
        _check_room(actor, get(actor, Master, master_id), wanted_format, chosen)
        master = Master.objects.select_for_update(of=("self",)).select_related("song__project").get(pk=master_id)
        must_be_ready(master)
        delivery, made = Delivery.objects.get_or_create(master=master, format=wanted_format, bits=chosen)
        if not made and delivery.state != Delivery.State.FAILED:
            return delivery, False
        if _is_its_own_file(master, wanted_format, chosen):
            delivery.state, delivery.key, delivery.bytes = Delivery.State.READY, master.master_key, master.bytes
            delivery.sha256 = digest_of(master.master_key)
            delivery.filename = master_filename(master, "wav", chosen)
            delivery.save()
        else:
            delivery.state, delivery.error = Delivery.State.QUEUED, None
            delivery.save()
            jobs.accept(Job.Kind.DELIVER, master.song, actor.user, delivery=delivery)
        events.tell("delivery", actor.user.pk, master.song_id, delivery_json(delivery))
    return delivery, True


def _check_room(actor: Actor, master: Master, wanted_format: str, bits: str) -> None:
    """Raises QuotaPassed where a file has to be made and there is no room for one as large as the version's."""
    if _is_its_own_file(master, wanted_format, bits):
        return
    there = Delivery.objects.filter(master=master, format=wanted_format, bits=bits)
    if not there.exclude(state=Delivery.State.FAILED).exists():
        quota.must_have_room(actor, master.song.project.owner_id, master.bytes, "the file")


def _is_its_own_file(master: Master, wanted_format: str, bits: str) -> bool:
    return (wanted_format, bits) == _AS_MADE and master.tags == tags_of(master.song)


def of_master(actor: Actor, master_id: UUID) -> QuerySet[Delivery]:
    """What was asked for of a version. Raises NotFound."""
    return Delivery.objects.filter(master=get(actor, Master, master_id))


def ready(actor: Actor, delivery_id: UUID) -> Delivery:
    """A file that can be taken away. Raises NotFound, and Conflict while it is being made."""
    delivery = get(actor, Delivery, delivery_id)
    if delivery.state != Delivery.State.READY:
        raise Conflict(f"This file is {delivery.state}, not ready.", "Wait until it is.")
    return delivery
