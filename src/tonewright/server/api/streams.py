"""Answers that are made while they are sent: no whole file in memory, and the first of it comes at once."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import close_old_connections
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.http import content_disposition_header


def stream(request: HttpRequest, pieces: Iterator[bytes], kind: str, filename: str) -> StreamingHttpResponse:
    """An answer in pieces, to be kept as a file. kind: its media type."""
    answer = StreamingHttpResponse(body(request, pieces), content_type=kind)
    answer.headers["Content-Disposition"] = content_disposition_header(True, filename) or "attachment"
    return answer


def body(request: HttpRequest, pieces: Iterator[bytes]) -> Any:
    """What a streaming answer is made of: under ASGI an iterator that an event loop can wait for."""
    return _in_threads(pieces) if isinstance(request, ASGIRequest) else pieces


async def _in_threads(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Making the next piece waits for a disk, a bucket or the database; other requests go on meanwhile."""

    def take() -> bytes | None:
        try:
            return next(pieces, None)
        finally:
            close_old_connections()  # the next piece may be another thread's

    try:
        while (piece := await sync_to_async(take, thread_sensitive=False)()) is not None:
            yield piece
    finally:
        if hasattr(pieces, "close"):
            pieces.close()  # the listener may have gone before the end


def attachment(kind: str) -> dict[str, Any]:
    """How the API's document tells of such an answer."""
    schema = {"schema": {"type": "string", "format": "binary"}}
    return {"responses": {200: {"description": "OK", "content": {kind: schema}}}}
