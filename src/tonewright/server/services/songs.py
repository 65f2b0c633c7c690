"""Songs of a project: made, described, put in order, deleted."""

from typing import Any, TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Prefetch, QuerySet

from tonewright.base.errors import Impossible, UsageError
from tonewright.base.files.tags import isrc_of
from tonewright.engine.intent import Controls
from tonewright.engine.targets import target
from tonewright.server.models import Audio, Job, Master, Project, Song
from tonewright.server.services import events, projects
from tonewright.server.services.access import Actor, get, visible
from tonewright.server.services.shown import song_json
from tonewright.server.services.text import lines, one_line

T = TypeVar("T", bound=Song)


def loaded(songs: QuerySet[T]) -> QuerySet[T]:
    """The same songs with all that song_json shows, in a fixed number of queries however many there are.

    led_by: the references that were not removed. versions: the masters without what a list does not show. waiting:
    jobs that are not finished.
    """
    references = Audio.objects.filter(role=Audio.Role.REFERENCE, removed_at=None)
    masters = Master.objects.select_related("author").defer(
        "recipe", "decisions", "shortfalls", "intent", "references"
    )
    jobs = Job.objects.filter(state__in=(Job.State.QUEUED, Job.State.RUNNING))
    return songs.select_related("mix").prefetch_related(
        Prefetch("audios", references.order_by("created_at", "id"), to_attr="led_by"),
        Prefetch("masters", masters.order_by("number"), to_attr="versions"),
        Prefetch("jobs", jobs.order_by("created_at", "id"), to_attr="waiting"),
    )


def shown(song_id: UUID) -> dict[str, Any]:
    """One song as it stands now."""
    return song_json(loaded(Song.objects.filter(pk=song_id)).get())


def of_project(actor: Actor, project_id: UUID) -> QuerySet[Song]:
    """A project's songs. Raises NotFound."""
    return Song.objects.filter(project=get(actor, Project, project_id))


def create(actor: Actor, project_id: UUID, described: dict[str, Any]) -> Song:
    """A new song at the project's end, with no sound yet. described: see change.

    Raises NotFound, NotAllowed, and what change raises.
    """
    with transaction.atomic():
        project = get(actor, Project, project_id)
        check_room(actor, project)
        last = Song.objects.filter(project=project).aggregate(last=Max("position"))["last"]
        song = Song(project=project, position=0 if last is None else last + 1)
        _describe(song, described)
        song.save()
        tell(song, actor)
    return song


def check_room(actor: Actor, project: Project) -> None:
    """Raises NotAllowed for a visitor's second song."""
    if actor.user.is_visitor and Song.objects.filter(project=project).exists():
        projects.check_room_for_a_song(actor)


def change(actor: Actor, song_id: UUID, changes: dict[str, Any]) -> Song:
    """Set title, artist, track_number, isrc, brief, intent (Controls) or position (its place in the project, from 0).

    Raises NotFound, UsageError for an empty title, Impossible for what is no ISRC or no target.
    """
    with transaction.atomic():
        song = get(actor, Song, song_id)
        _describe(song, changes)
        song.save()
        if changes.keys() & {"title", "artist", "track_number", "isrc"}:
            projects.outdate_files(Song.objects.filter(pk=song.pk))
        if "position" in changes:
            _move(song, changes["position"])
        tell(song, actor)
    return song


def delete(actor: Actor, song_id: UUID) -> None:
    """A song with all its sounds and versions, for good; its work stops. Raises NotFound."""
    with transaction.atomic():
        song = get(actor, Song, song_id)
        projects.stop_work(Song.objects.filter(pk=song.pk))
        gone = {"id": str(song.pk), "project_id": str(song.project_id), "deleted": True}
        song.delete()
        events.tell("song", actor.user.pk, None, gone)


def mixes(actor: Actor, song_id: UUID) -> QuerySet[Audio]:
    """All mixes of a song that were sent in. Raises NotFound."""
    song = get(actor, Song, song_id)
    return visible(actor, Audio).filter(song=song, role=Audio.Role.MIX, removed_at=None)


def tell(song: Song, actor: Actor) -> None:
    """Let listeners know how a song stands."""
    events.tell("song", actor.user.pk, song.pk, shown(song.pk))


def check_controls(controls: Controls) -> dict[str, Any]:
    """Controls ready to be kept. Raises Impossible for a target that is none."""
    target(controls.target)
    return controls.model_dump()


def _describe(song: Song, given: dict[str, Any]) -> None:
    if "title" in given:
        song.title = one_line(given["title"])
        if not song.title:
            raise UsageError("title: it is empty.", "Give the song a name.")
    if "artist" in given:
        song.artist = one_line(given["artist"])
    if "track_number" in given:
        song.track_number = given["track_number"]
    if "isrc" in given:
        song.isrc = checked_isrc(given["isrc"])
    if "brief" in given:
        song.brief = lines(given["brief"])
    if "intent" in given:
        song.intent = check_controls(given["intent"])


def checked_isrc(text: str) -> str:
    """An ISRC as it is kept (ISO 3901): twelve characters, no hyphens; nothing stays nothing. Raises Impossible."""
    if not text.strip():
        return ""
    found = isrc_of(text)
    if not found:
        raise Impossible(
            f"isrc: {one_line(text, 40)!r} is no ISRC.",
            "It has 12 characters: two letters, three letters or digits, seven digits, as in QM-ABC-26-00001.",
        )
    return found


def _move(song: Song, place: int) -> None:
    """Put a song at a place of its project; the others make room."""
    rows = list(Song.objects.filter(project=song.project_id).exclude(pk=song.pk))
    rows.insert(min(place, len(rows)), song)
    for position, row in enumerate(rows):
        row.position = position
    Song.objects.bulk_update(rows, ["position"])
