"""Sounds that were sent in: what was found, pictures, pieces to listen to, the file itself."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Field, Query, Router, Schema, Status

from tonewright.server.api.auth import actor
from tonewright.server.api.serving import PeaksPart, binary, peaks, segment, whole_file
from tonewright.server.api.shapes import CONFLICTS, REFUSALS, AudioOut
from tonewright.server.services import audios
from tonewright.server.services.shown import audio_json

router = Router()


class AudioChanges(Schema):
    """weight: how much a reference leads beside the song's others; 0 is not at all."""

    weight: float = Field(ge=0, le=10, allow_inf_nan=False)


@router.get("/audio/{audio_id}", response={200: AudioOut, **REFUSALS}, summary="One sound")
def get_audio(request: HttpRequest, audio_id: UUID) -> dict[str, Any]:
    return audio_json(audios.get(actor(request), audio_id))


@router.patch("/audio/{audio_id}", response={200: AudioOut, **REFUSALS}, summary="Weigh a reference")
def change_audio(request: HttpRequest, audio_id: UUID, body: AudioChanges) -> dict[str, Any]:
    return audio_json(audios.weigh(actor(request), audio_id, body.weight))


@router.delete(
    "/audio/{audio_id}", response={204: None, **CONFLICTS}, summary="Remove a reference or an unused mix"
)
def delete_audio(request: HttpRequest, audio_id: UUID) -> Status[None]:
    audios.remove(actor(request), audio_id)
    return Status(204, None)


@router.get(
    "/audio/{audio_id}/analysis",
    response=REFUSALS,
    summary="What was found in it",
    openapi_extra=binary("application/json", "As `tonewright analyze --json` gives it."),
)
def get_analysis(request: HttpRequest, audio_id: UUID) -> HttpResponseBase:
    return whole_file(request, audios.get(actor(request), audio_id).analysis_key, "application/json")


@router.get(
    "/audio/{audio_id}/peaks",
    response=REFUSALS,
    summary="Its waveform, or a piece of it",
    openapi_extra=binary("application/octet-stream", "The whole peaks file; with a level, its columns alone."),
)
def get_audio_peaks(request: HttpRequest, audio_id: UUID, part: Query[PeaksPart]) -> HttpResponseBase:
    return peaks(request, audios.get(actor(request), audio_id).peaks_key, part.level, part.start, part.count)


@router.get(
    "/audio/{audio_id}/segments/{number}",
    response=REFUSALS,
    summary="A piece to listen to",
    openapi_extra=binary("audio/flac", "A FLAC file of its own; pieces join to the sample."),
)
def get_audio_segment(request: HttpRequest, audio_id: UUID, number: int) -> HttpResponseBase:
    audio = audios.get(actor(request), audio_id)
    return segment(request, audio.listen_key, audio.listen_index, number)


@router.get(
    "/audio/{audio_id}/file",
    response=REFUSALS,
    summary="The file as it was sent",
    openapi_extra=binary("application/octet-stream", "The file; ranges are honoured."),
)
def get_file(request: HttpRequest, audio_id: UUID) -> HttpResponseBase:
    audio = audios.get(actor(request), audio_id)
    return whole_file(request, audio.key, "application/octet-stream", audio.filename)
