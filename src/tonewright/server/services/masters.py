"""Versions of a song: ordered, read, compared. What a version is never changes once it is ready."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max, QuerySet

from tonewright.engine import recipe as recipes
from tonewright.engine.intent import Controls
from tonewright.engine.recipe import Recipe
from tonewright.server.errors import Conflict, NotFound, TooManyRequests
from tonewright.server.models import Audio, Job, Master, Song, User
from tonewright.server.services import events, jobs, quota
from tonewright.server.services.access import Actor, get
from tonewright.server.services.shown import master_json
from tonewright.server.services.songs import check_controls
from tonewright.server.services.text import one_line

#: Versions of one song that may wait at once: more is a program that went wild.
MOST_WAITING = 20


def order(
    actor: Actor,
    song_id: UUID,
    *,
    controls: Controls | None = None,
    recipe: Any = None,
    parent_id: UUID | None = None,
    audio_id: UUID | None = None,
    why: str = "",
) -> Master:
    """A new version of a song, and the job that makes it, together or not at all.

    controls: what is asked of the assistant, default the song's own. recipe: is carried out instead of deciding; the
    controls then are what it came from. parent_id: the version that it was taken up from. audio_id: a mix, default the
    song's. Raises NotFound, Conflict while there is no mix to work on, RecipeInvalid, RecipeTooNew, Impossible,
    QuotaPassed, TooManyRequests.
    """
    given = recipes.parse(recipe) if recipe is not None else None
    with transaction.atomic():
        song = get(actor, Song, song_id)
        audio = mix_of(song, audio_id)
        quota.must_have_room(actor, song.project.owner_id, quota.version_bytes(audio), "a version")
        # the lock makes numbers unique where several write at once; SQLite's writers are one after another anyway
        song = Song.objects.select_for_update().get(pk=song.pk)
        if parent_id is not None and not Master.objects.filter(song=song, pk=parent_id).exists():
            raise NotFound(f"There is no version {parent_id} of this song.")
        waiting = Job.objects.filter(song=song, kind=Job.Kind.MASTER, state=Job.State.QUEUED).count()
        if waiting >= MOST_WAITING:
            raise TooManyRequests(f"{waiting} versions of this song are waiting.", "Wait for some, or cancel them.")
        asked = controls or Controls.parse(song.intent, "The controls")
        return add(
            song,
            audio,
            owner=actor.user,
            author=actor.user,
            intent=check_controls(asked),
            recipe=given,
            parent_id=parent_id,
            why=one_line(why),
        )


def add(
    song: Song,
    audio: Audio,
    *,
    owner: User,
    author: User | None,
    intent: dict[str, Any],
    recipe: Recipe | None = None,
    parent_id: UUID | None = None,
    why: str = "",
    turn: int | None = None,
    bulk: bool = False,
) -> Master:
    """The row of a version and its job, within the caller's transaction. author None: the assistant's own.

    turn, bulk: see jobs.accept.
    """
    last = Master.objects.filter(song=song).aggregate(last=Max("number"))["last"] or 0
    led_by = song.audios.filter(role=Audio.Role.REFERENCE, state=Audio.State.READY, removed_at=None)
    master = Master.objects.create(
        song=song,
        number=last + 1,
        audio=audio,
        parent_id=parent_id,
        author=author,
        why=why,
        intent=intent,
        references=[
            {"audio_id": str(row.pk), "filename": row.filename, "weight": row.weight}
            for row in led_by.order_by("created_at", "id")
        ],
        recipe=recipe.to_json() if recipe else None,
        recipe_given=recipe is not None,
        recipe_digest=recipe.digest() if recipe else "",
    )
    jobs.accept(Job.Kind.MASTER, song, owner, order=turn, bulk=bulk, master=master)
    tell(master, owner)
    return master


def tell(master: Master, owner: User) -> None:
    """Let listeners know how a version stands."""
    events.tell("master", owner.pk, master.song_id, master_json(master))


def of_song(actor: Actor, song_id: UUID) -> QuerySet[Master]:
    """A song's versions, without what a list does not show. Raises NotFound."""
    song = get(actor, Song, song_id)
    return (
        Master.objects.filter(song=song)
        .select_related("author")
        .defer("recipe", "decisions", "shortfalls", "intent", "references")
    )


def recipe_of(master: Master) -> Recipe:
    """The recipe that a version was made with. Raises Conflict while there is none."""
    if master.recipe is None:
        raise Conflict(f"Master {master.number} has no recipe yet.", "Wait until it is ready.")
    return recipes.parse(master.recipe, f"The recipe of master {master.number}")


def must_be_ready(master: Master) -> Master:
    """Raises Conflict while a version can't be heard."""
    if master.state != Master.State.READY:
        raise Conflict(f"Master {master.number} is {master.state}, not ready.", "Wait until it is ready.")
    return master


def mix_of(song: Song, audio_id: UUID | None) -> Audio:
    """The mix to work on: the one that is named, or the song's. Raises NotFound, and Conflict for one not heard."""
    if audio_id is not None:
        audio = Audio.objects.filter(song=song, role=Audio.Role.MIX, removed_at=None, pk=audio_id).first()
        if audio is None:
            raise NotFound(f"There is no mix {audio_id} of this song.")
    else:
        audio = song.mix
    if audio is None:
        raise Conflict("This song has no mix yet.", "Upload one.")
    if audio.state != Audio.State.READY:
        told = "is still being listened to" if audio.state == Audio.State.CHECKING else "was refused"
        raise Conflict(f"The mix {one_line(audio.filename)!r} {told}.", "Wait for it, or upload another.")
    return audio
