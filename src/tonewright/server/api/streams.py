"""Answers that are made while they are sent: no whole file in memory, and the first of it comes at once."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.http import content_disposition_header

from tonewright.server.api.off_loop import off_loop


def stream(request: HttpRequest, pieces: Iterator[bytes], kind: str, filename: str) -> StreamingHttpResponse:
    """An answer in pieces, to be kept as a file. kind: its media type."""
    answer = StreamingHttpResponse(body(request, pieces), content_type=kind)
    answer.headers["Content-Disposition"] = content_disposition_header(True, filename) or "attachment"
    return answer


def body(request: HttpRequest, pieces: Iterator[bytes]) -> Any:
    """What a streaming answer is made of: under ASGI an iterator that an event loop can wait for."""
    return _in_threads(pieces) if isinstance(request, ASGIRequest) else pieces


async def _in_threads(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    try:
        while (piece := await off_loop(next, pieces, None)) is not None:
            yield piece
    finally:
        if hasattr(pieces, "close"):
            pieces.close()  # the listener may have gone before the end
