"""Projects: made, changed, put away for a while and taken back."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from tonewright.base.errors import UsageError
from tonewright.server.errors import NotAllowed, NotFound
from tonewright.server.models import Delivery, Job, Project, Song, Team
from tonewright.server.services.access import Actor, get, visible
from tonewright.server.services.jobs import cancel
from tonewright.server.services.text import one_line


def create(actor: Actor, *, kind: str, title: str, artist: str = "", team_id: UUID | None = None) -> Project:
    """A new project of the actor's. Raises NotFound for a team that is not theirs, NotAllowed for a second song's
    project of a visitor, UsageError for an empty title."""
    check_room_for_a_song(actor)
    team = _team(actor, team_id) if team_id else None
    return Project.objects.create(
        owner=actor.user, kind=kind, title=_title(title), artist=one_line(artist), team=team
    )


def check_room_for_a_song(actor: Actor) -> None:
    """Raises NotAllowed for a visitor who has a song, or a project to put one into, already."""
    if actor.user.is_visitor and Project.objects.filter(owner=actor.user, deleted_at=None).exists():
        raise NotAllowed("A visitor can try one song.", "Make an account: this song comes along.")


def change(actor: Actor, project_id: UUID, changes: dict[str, Any]) -> Project:
    """Set title, artist, kind or team_id. Only its owner moves a project into a team or out of one.

    Raises NotFound, NotAllowed, UsageError.
    """
    project = get(actor, Project, project_id)
    if "team_id" in changes and changes["team_id"] != project.team_id:
        _must_own(actor, project, "move it")
        project.team = _team(actor, changes["team_id"]) if changes["team_id"] else None
    if "title" in changes:
        project.title = _title(changes["title"])
    if "artist" in changes:
        project.artist = one_line(changes["artist"])
    if "kind" in changes:
        project.kind = changes["kind"]
    with transaction.atomic():
        project.save()
        if changes.keys() & {"title", "artist", "kind"}:
            outdate_files(Song.objects.filter(project=project))
    return project


def delete(actor: Actor, project_id: UUID) -> None:
    """Put a project away; its work stops. It can be taken back until the retention has removed it.

    Raises NotFound, and NotAllowed for anyone but its owner.
    """
    project = get(actor, Project, project_id)
    _must_own(actor, project, "delete it")
    with transaction.atomic():
        project.deleted_at = timezone.now()
        project.save(update_fields=["deleted_at"])
        stop_work(Song.objects.filter(project=project))


def restore(actor: Actor, project_id: UUID) -> Project:
    """Take a deleted project back; one that is there already stays as it is. Raises NotFound."""
    project = Project.objects.filter(pk=project_id, owner=actor.user).first()
    if project is None:
        raise NotFound(f"There is no project {project_id}, or it is not yours.")
    project.deleted_at = None
    project.save(update_fields=["deleted_at"])
    return project


def listed(actor: Actor, deleted: bool = False) -> QuerySet[Project]:
    """The projects that an actor works on; or those that they deleted and can still take back."""
    if deleted:
        return Project.objects.filter(owner=actor.user).exclude(deleted_at=None)
    return visible(actor, Project)


def stop_work(songs: QuerySet[Song]) -> None:
    """Cancel whatever is waiting or running for songs that go."""
    for job in Job.objects.filter(song__in=songs, state__in=(Job.State.QUEUED, Job.State.RUNNING)):
        cancel(job)


def outdate_files(songs: QuerySet[Song]) -> None:
    """Forget the files to take away that carry a title or a name in them that has changed: they are made anew."""
    Delivery.objects.filter(master__song__in=songs).exclude(state=Delivery.State.QUEUED).delete()


def _must_own(actor: Actor, project: Project, what: str) -> None:
    if project.owner_id != actor.user.pk:
        raise NotAllowed(f"The project {project.title!r} is another's: only its owner may {what}.")


def _team(actor: Actor, team_id: UUID) -> Team:
    team = Team.objects.filter(pk=team_id, memberships__user=actor.user).first()
    if team is None:
        raise NotFound(f"There is no team {team_id}, or you are not in it.")
    return team


def _title(text: str) -> str:
    title = one_line(text)
    if not title:
        raise UsageError("title: it is empty.", "Give it a name.")
    return title
