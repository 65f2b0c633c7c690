"""Who hears of what happened: events since the last one known, and the people who may see the song they are about."""

from uuid import UUID

from django.db.models import Q

from tonewright.server.models import Event, Membership, Project
from tonewright.server.services.access import Actor

#: Read at once; whoever was away for longer than that asks again.
MOST_AT_ONCE = 500


def newest() -> int:
    """The id of the last event; 0 where there is none."""
    return Event.objects.order_by("-id").values_list("id", flat=True).first() or 0


def since(event_id: int, until: int | None = None, song: UUID | None = None) -> list[Event]:
    """Events after one and up to another, oldest first, at most MOST_AT_ONCE."""
    found = Event.objects.filter(id__gt=event_id).order_by("id")
    if until is not None:
        found = found.filter(id__lte=until)
    if song is not None:
        found = found.filter(song=song)
    return list(found[:MOST_AT_ONCE])


def missed(actor: Actor, event_id: int, until: int, song: UUID | None) -> list[Event]:
    """What an actor may see of the events after one and up to another, oldest first, at most MOST_AT_ONCE."""
    mine = Q(song__project__owner=actor.user) | Q(song__project__team__memberships__user=actor.user)
    found = Event.objects.filter(mine & Q(song__project__deleted_at=None) | Q(song=None, owner=actor.user))
    if song is not None:
        found = found.filter(song=song)
    return list(found.filter(id__gt=event_id, id__lte=until).distinct().order_by("id")[:MOST_AT_ONCE])


def people_of(song_id: UUID) -> frozenset[UUID]:
    """Everybody who may see a song."""
    project = Project.objects.filter(songs=song_id, deleted_at=None).values("owner", "team").first()
    if project is None:
        return frozenset()
    people = {project["owner"]}
    if project["team"] is not None:
        people.update(Membership.objects.filter(team=project["team"]).values_list("user", flat=True))
    return frozenset(people)
