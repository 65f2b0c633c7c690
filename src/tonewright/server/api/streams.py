"""Answers that are made while they are sent: no whole file in memory, and the first of it comes at once."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.http import content_disposition_header


def stream(request: HttpRequest, pieces: Iterator[bytes], kind: str, filename: str) -> StreamingHttpResponse:
    """An answer in pieces, to be kept as a file. kind: its media type."""
    body = _in_threads(pieces) if isinstance(request, ASGIRequest) else pieces
    answer = StreamingHttpResponse(body, content_type=kind)
    answer.headers["Content-Disposition"] = content_disposition_header(True, filename) or "attachment"
    return answer


async def _in_threads(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """An event loop can't wait for a plain iterator; Django would read all of it into memory first."""

    @sync_to_async
    def take() -> bytes | None:
        return next(pieces, None)

    while (piece := await take()) is not None:
        yield piece


def attachment(kind: str) -> dict[str, Any]:
    """How the API's document tells of such an answer."""
    schema = {"schema": {"type": "string", "format": "binary"}}
    return {"responses": {200: {"description": "OK", "content": {kind: schema}}}}
