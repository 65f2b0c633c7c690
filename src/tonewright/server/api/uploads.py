"""Uploads: created, sent in parts, completed. A client that lost its way lists the parts and sends what is missing."""

from datetime import datetime
from typing import IO, Annotated, Any, Literal, cast
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Header, Path, Query, Router, Schema, Status

from tonewright.server.api.auth import actor
from tonewright.server.api.idempotency import idempotent
from tonewright.server.api.paging import Page, Paging, page
from tonewright.server.api.problems import Problem
from tonewright.server.api.shapes import CONFLICTS, REFUSALS
from tonewright.server.services import assembling, parts, uploads
from tonewright.server.services.access import get_upload

router = Router()

Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256, 64 lowercase hexadecimal digits.")]


class UploadIn(Schema):
    """With song_id the file becomes the song's new mix or a reference, with project_id a new song there, with neither
    a new project. sha256: of the whole file; it is checked."""

    filename: str = Field(min_length=1, max_length=1000)
    bytes: int = Field(ge=0, le=1 << 50)
    sha256: Digest | Literal[""] = ""
    project_id: UUID | None = None
    song_id: UUID | None = None
    role: Literal["mix", "reference"] = "mix"


class PartOut(Schema):
    number: int
    bytes: int
    sha256: str


class UploadOut(Schema):
    """part_bytes: the size of every part but the last. parts: what is there. Once it is done, song_id and audio_id say
    what it became."""

    id: UUID
    filename: str
    bytes: int
    part_bytes: int
    sha256: str
    role: Literal["mix", "reference"]
    state: Literal["open", "assembling", "done", "aborted"]
    project_id: UUID | None
    song_id: UUID | None
    audio_id: UUID | None
    parts: list[PartOut]
    created_at: datetime
    expires_at: datetime


class WhichUploads(Paging):
    state: Literal["open", "assembling", "done", "aborted"] | None = None


PartNumber = Annotated[int, Path(ge=1, le=10_000)]

_PART = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post(
    "/uploads",
    response={201: UploadOut, 415: Problem, 507: Problem, **CONFLICTS},
    summary="Begin to send a file",
)
@idempotent
def create_upload(request: HttpRequest, body: UploadIn) -> Status[dict[str, Any]]:
    asked = body.model_dump()
    made = uploads.create(actor(request), size_bytes=asked.pop("bytes"), **asked)
    return Status(201, uploads.upload_json(made))


@router.get("/uploads", response={200: Page[UploadOut], **REFUSALS}, summary="Your uploads, newest first")
def list_uploads(request: HttpRequest, which: Query[WhichUploads]) -> dict[str, Any]:
    return page(uploads.listed(actor(request), which.state), which, uploads.upload_json)


@router.get("/uploads/{upload_id}", response={200: UploadOut, **REFUSALS}, summary="One upload, with its parts")
def show_upload(request: HttpRequest, upload_id: UUID) -> dict[str, Any]:
    return uploads.upload_json(get_upload(actor(request), upload_id))


@router.put(
    "/uploads/{upload_id}/parts/{number}",
    response={200: PartOut, **CONFLICTS},
    summary="Send a part",
    openapi_extra=_PART,
)
def put_part(
    request: HttpRequest, upload_id: UUID, number: PartNumber, content_sha256: Header[Digest]
) -> dict[str, Any]:
    """The body is the part's bytes. Any order, as often as need be; what was answered is kept."""
    part = parts.put_part(actor(request), upload_id, number, content_sha256, cast(IO[bytes], request))
    return parts.part_json(part)


@router.post(
    "/uploads/{upload_id}/complete", response={200: UploadOut, **CONFLICTS}, summary="Put the parts together"
)
def complete_upload(request: HttpRequest, upload_id: UUID) -> dict[str, Any]:
    """The sound is in its song, and is being heard. Again gives the same."""
    return uploads.upload_json(assembling.complete(actor(request), upload_id))


@router.delete("/uploads/{upload_id}", response={204: None, **CONFLICTS}, summary="Give an upload up")
def delete_upload(request: HttpRequest, upload_id: UUID) -> Status[None]:
    uploads.abort(actor(request), upload_id)
    return Status(204, None)
