"""Versions of a song: ordered, looked at, compared, listened to."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from ninja import Field, Query, Router, Schema, Status

from tonewright.base.errors import UsageError
from tonewright.engine.intent import Controls
from tonewright.engine.recipe import to_text
from tonewright.engine.targets import on_platforms
from tonewright.server.api.auth import actor
from tonewright.server.api.idempotency import idempotent
from tonewright.server.api.paging import Page, Paging, page
from tonewright.server.api.problems import Problem
from tonewright.server.api.safety import REPORT_POLICY
from tonewright.server.api.serving import PeaksPart, binary, peaks, segment, whole_file
from tonewright.server.api.shapes import CONFLICTS, REFUSALS, MasterInFull, MasterOut
from tonewright.server.errors import NotFound
from tonewright.server.models import Master
from tonewright.server.services import masters
from tonewright.server.services.access import Actor, visible
from tonewright.server.services.comparing import compare
from tonewright.server.services.naming import recipe_filename, report_filename
from tonewright.server.services.shown import master_in_full, master_json

router = Router()


class MasterIn(Schema):
    """An order. With a recipe nothing is decided; without, the assistant goes by the intent, or by the song's own.

    To take an older version up again: its id as parent_id, and its recipe. audio_id: another mix than the song's.
    """

    intent: Controls | None = None
    recipe: dict[str, Any] | None = None
    parent_id: UUID | None = None
    audio_id: UUID | None = None
    why: str = Field("", max_length=500)


class Difference(Schema):
    """One measurement of two versions; change is null where one of them is."""

    name: str
    was: float | None
    now: float | None
    change: float | None


class MixName(Schema):
    audio_id: UUID
    filename: str


class MixesCompared(Schema):
    was: MixName
    now: MixName
    measurements: list[Difference]


class Comparison(Schema):
    """changes: in words, the mix first. mixes: null where both versions were made from the same sound."""

    changes: list[str]
    mixes: MixesCompared | None
    measurements: list[Difference]


class OnPlatform(Schema):
    """What one service does to this master; none of them limits it.

    gain_db: what it is turned by, null where nobody knows. held_by_peaks: it is turned up less than its loudness asks
    for, so that its peaks keep to the ceiling. over_ceiling_db: its peaks lie this far over what is asked for.
    """

    name: str
    title: str
    gain_db: float | None
    held_by_peaks: bool
    plays_at_lufs: float | None
    asks_ceiling_dbtp: float
    over_ceiling_db: float
    normalises: str
    note: str
    source: str
    as_of: str
    confidence: str


@router.get(
    "/songs/{song_id}/masters", response={200: Page[MasterOut], **REFUSALS}, summary="Versions, newest first"
)
def list_masters(request: HttpRequest, song_id: UUID, paging: Query[Paging]) -> dict[str, Any]:
    return page(masters.of_song(actor(request), song_id), paging, master_json)


@router.post(
    "/songs/{song_id}/masters",
    response={201: MasterInFull, **CONFLICTS, 413: Problem, 429: Problem},
    summary="Order a new version",
)
@idempotent
def order_master(request: HttpRequest, song_id: UUID, body: MasterIn) -> Status[dict[str, Any]]:
    made = masters.order(
        actor(request),
        song_id,
        controls=body.intent,
        recipe=body.recipe,
        parent_id=body.parent_id,
        audio_id=body.audio_id,
        why=body.why,
    )
    return Status(201, master_in_full(made))


@router.get("/masters/{master_id}", response={200: MasterInFull, **REFUSALS}, summary="One version, in full")
def get_master(request: HttpRequest, master_id: UUID) -> dict[str, Any]:
    return master_in_full(_master(actor(request), master_id))


@router.get(
    "/masters/{master_id}/compare/{other_id}",
    response={200: Comparison, **CONFLICTS},
    summary="What is different in another version, in words and numbers",
)
def compare_masters(request: HttpRequest, master_id: UUID, other_id: UUID) -> dict[str, Any]:
    who = actor(request)
    was, now = _master(who, master_id), _master(who, other_id)
    if was.song_id != now.song_id:
        raise UsageError("These are versions of two songs.", "Compare versions of one.")
    return compare(was, now)


@router.get(
    "/masters/{master_id}/platforms",
    response={200: list[OnPlatform], **CONFLICTS},
    summary="What each service will do to this version",
)
def get_platforms(request: HttpRequest, master_id: UUID) -> list[dict[str, Any]]:
    measured = masters.must_be_ready(_master(actor(request), master_id)).measurements or {}
    return on_platforms(measured.get("integrated_lufs"), measured.get("true_peak_dbtp"))


@router.get(
    "/masters/{master_id}/recipe", response={200: dict[str, Any], **CONFLICTS}, summary="Its recipe, to keep"
)
def get_recipe(request: HttpRequest, master_id: UUID) -> HttpResponse:
    master = _master(actor(request), master_id)
    answer = HttpResponse(to_text(masters.recipe_of(master)), content_type="application/json")
    answer["Content-Disposition"] = content_disposition_header(True, recipe_filename(master))
    return answer


@router.get(
    "/masters/{master_id}/report",
    response={**CONFLICTS},
    openapi_extra=binary("text/html", "A page that needs nothing else. Shown from here it can run no script."),
    summary="Its report",
)
def get_report(request: HttpRequest, master_id: UUID, download: bool = False) -> HttpResponseBase:
    master = masters.must_be_ready(_master(actor(request), master_id))
    name = report_filename(master) if download else None
    answer = whole_file(request, master.report_key, "text/html; charset=utf-8", name)
    # what strangers wrote into their tags stands in it, so it is shut away from what this browser is signed in to
    answer["Content-Security-Policy"] = REPORT_POLICY
    answer["X-Frame-Options"] = "SAMEORIGIN"
    return answer


@router.get(
    "/masters/{master_id}/curves",
    response={**CONFLICTS},
    openapi_extra=binary("application/json", "Loudness, spectrum, stereo field before and after; gain reduction."),
    summary="What the studio draws",
)
def get_curves(request: HttpRequest, master_id: UUID) -> HttpResponseBase:
    master = masters.must_be_ready(_master(actor(request), master_id))
    return whole_file(request, master.curves_key, "application/json")


@router.get(
    "/masters/{master_id}/peaks",
    response={**CONFLICTS},
    openapi_extra=binary("application/octet-stream", "A peaks file, or with a level some of its columns."),
    summary="Its waveform",
)
def get_master_peaks(request: HttpRequest, master_id: UUID, part: Query[PeaksPart]) -> HttpResponseBase:
    master = masters.must_be_ready(_master(actor(request), master_id))
    return peaks(request, master.peaks_key, part.level, part.start, part.count)


@router.get(
    "/masters/{master_id}/segments/{number}",
    response={**CONFLICTS},
    openapi_extra=binary("audio/flac", "One FLAC file; the next one goes on at the next sample."),
    summary="A piece of it to listen to",
)
def get_master_segment(request: HttpRequest, master_id: UUID, number: int) -> HttpResponseBase:
    master = masters.must_be_ready(_master(actor(request), master_id))
    return segment(request, master.listen_key, master.listen_index, number)


def _master(who: Actor, master_id: UUID) -> Master:
    rows = visible(who, Master).select_related("author", "audio", "song__project")
    found = rows.filter(pk=master_id).first()
    if found is None:
        raise NotFound(f"There is no master {master_id}, or it is not yours.")
    return found
