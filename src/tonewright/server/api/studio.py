"""The studio: what the assistant would do, and how a recipe sounds, at once.

Rooms answer on the web process's event loop; the thread that a request has waits for them there.
"""

from typing import Annotated, Any, Literal
from uuid import UUID

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse
from ninja import Field, Header, Router, Schema

from tonewright.engine import recipe as recipes
from tonewright.engine.intent import Controls
from tonewright.server.api.auth import actor
from tonewright.server.api.problems import Problem
from tonewright.server.api.serving import binary
from tonewright.server.api.shapes import CONFLICTS
from tonewright.server.services import studio
from tonewright.server.services.shown import controls_json
from tonewright.server.services.songs import check_controls
from tonewright.server.sound.listen import listening_rate_hz

router = Router()
ROOM = CONFLICTS | {503: Problem}

#: Names the page that asks: of one listener only the newest request counts.
Listener = Annotated[str, Header("", alias="Tonewright-Listener", max_length=64)]


class SettleIn(Schema):
    """intent: default the song's own. audio_id: another mix than the song's."""

    intent: Controls | None = None
    audio_id: UUID | None = None


class Stretch(Schema):
    """A stretch of the song."""

    start_s: float = Field(0.0, ge=0, le=86_400)
    seconds: float = Field(10.0, gt=0, le=studio.MOST_WINDOW_S)


class ProposeIn(SettleIn):
    """listened_to: the preview that will be asked for next; work on it begins at once."""

    listened_to: Stretch | None = None


class ProposalOut(Schema):
    """What the assistant would do. state: estimate, until the loudness was found as a master would have it."""

    recipe: dict[str, Any]
    recipe_digest: str
    decisions: list[dict[str, Any]]
    shortfalls: list[dict[str, Any]]
    state: Literal["estimate", "exact"]
    integrated_lufs: float | None = None


class PreviewIn(Stretch):
    """A stretch of the song through a recipe. mode: full; source (nothing done); only:STEP (that step alone);
    delta:STEP (what it adds). bypass: steps that are left out."""

    recipe: dict[str, Any]
    mode: str = Field("full", pattern=r"^(full|source|(only|delta):[a-z0-9][a-z0-9_-]{0,63})$")
    bypass: list[str] = Field(default_factory=list, max_length=64)
    audio_id: UUID | None = None


@router.post(
    "/songs/{song_id}/propose", response={200: ProposalOut, **ROOM}, summary="What would be done, estimated"
)
def propose(request: HttpRequest, song_id: UUID, body: ProposeIn, listener: Listener) -> dict[str, Any]:
    sound, controls = _wish(request, song_id, body)
    next_ = body.listened_to
    window = None if next_ is None else studio.window_of(sound, next_.start_s, next_.seconds)
    return async_to_sync(studio.rooms().propose)(sound, controls, _named(request, listener), window)


@router.post(
    "/songs/{song_id}/settle",
    response={200: ProposalOut, **ROOM},
    summary="What would be done, exactly; takes seconds",
)
def settle(request: HttpRequest, song_id: UUID, body: SettleIn, listener: Listener) -> dict[str, Any]:
    return async_to_sync(studio.rooms().settle)(*_wish(request, song_id, body), _named(request, listener))


@router.post(
    "/songs/{song_id}/preview",
    response={**ROOM},
    openapi_extra=binary(
        "audio/flac",
        "The stretch, to the sample what a master by this recipe holds there. Tonewright-Start-Frame, "
        "Tonewright-Frames, Tonewright-Rate-Hz: where it lies. Tonewright-Recipe-Digest: what was heard.",
    ),
    summary="Hear a recipe at once",
)
def preview(request: HttpRequest, song_id: UUID, body: PreviewIn, listener: Listener) -> HttpResponse:
    who = actor(request)
    recipe = recipes.parse(body.recipe)
    sound, _ = studio.sound_of(who, song_id, body.audio_id)
    window = studio.window_of(sound, body.start_s, body.seconds)
    flac = async_to_sync(studio.rooms().window)(
        sound, recipe, window, body.mode, body.bypass, _named(request, listener)
    )
    answer = HttpResponse(flac, content_type="audio/flac")
    answer["Tonewright-Start-Frame"] = str(window.start_frame)
    answer["Tonewright-Frames"] = str(window.frames)
    answer["Tonewright-Rate-Hz"] = str(listening_rate_hz(sound.rate_hz))
    answer["Tonewright-Recipe-Digest"] = recipe.digest()
    return answer


def _wish(request: HttpRequest, song_id: UUID, body: SettleIn) -> tuple[studio.Sound, dict[str, Any]]:
    sound, song = studio.sound_of(actor(request), song_id, body.audio_id)
    return sound, controls_json(song) if body.intent is None else check_controls(body.intent)


def _named(request: HttpRequest, listener: str) -> str:
    """A listener is somebody's own: nobody takes another's place."""
    return f"{actor(request).user.pk} {listener}"
