"""Kept files over HTTP: ranges, caches, names, pieces of listening and peaks files.

What a content key names never changes, so a browser that was let in may keep it for good; and nobody else may.
"""

import re
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from ninja import Field, Schema

from tonewright.base.errors import UsageError
from tonewright.server.api.problems import problem
from tonewright.server.api.streams import body
from tonewright.server.errors import NotFound
from tonewright.server.sound.peaks import HEADER_BYTES, PeaksHeader
from tonewright.server.storage import digest_of, storage

KEPT_FOR_GOOD = "private, max-age=31536000, immutable"
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class PeaksPart(Schema):
    """Which columns of a peaks file; without a level the whole file, whose head tells of its levels."""

    level: int | None = Field(None, ge=0, le=64)
    start: int = Field(0, ge=0, le=2**40)
    count: int | None = Field(None, ge=0, le=2**40)


def binary(media_type: str, words: str) -> dict[str, Any]:
    """For openapi_extra: an answer that is a kept file. Endpoints that use it declare no 200 of their own."""
    schema = {"type": "object"} if media_type == "application/json" else {"type": "string", "format": "binary"}
    content = {media_type: {"schema": schema}}
    return {"responses": {200: {"description": words, "content": content}}}


def whole_file(request: HttpRequest, key: str, media_type: str, filename: str | None = None) -> HttpResponseBase:
    """A kept file or the range of it that is asked for, in chunks. filename: to be saved under; else shown.

    Raises NotFound for a file that was never made.
    """
    size = storage().size(_must_be(key))
    if size is None:
        raise NotFound("This file is not kept any more.", "Make it again, or tell the operator.")
    etag = _etag(key)
    if known(request, etag):
        return _kept(HttpResponseNotModified(), etag)
    wanted = _range(request, size, etag)
    if wanted is None:
        refused = problem(UsageError(f"Range: the file has {size} bytes."), 416)
        refused["Content-Range"] = f"bytes */{size}"
        return refused
    start, stop, partial = wanted
    chunks = storage().stream(key, start, stop - start)
    answer = StreamingHttpResponse(body(request, chunks), status=206 if partial else 200, content_type=media_type)
    answer["Content-Length"] = str(stop - start)
    answer["Accept-Ranges"] = "bytes"
    if partial:
        answer["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    if filename is not None:
        answer["Content-Disposition"] = content_disposition_header(True, filename) or "attachment"
    return _kept(answer, etag)


def segment(request: HttpRequest, key: str, listen_index: Any, number: int) -> HttpResponseBase:
    """One piece of a listening file. Raises NotFound for a number that there is not."""
    offsets = (listen_index or {}).get("offsets") or [0]
    if not 0 <= number < len(offsets) - 1:
        raise NotFound(f"There are {len(offsets) - 1} segments; {number} is none of them.")
    start, stop = offsets[number], offsets[number + 1]
    return _piece(request, key, start, stop - start, "audio/flac")


def peaks(
    request: HttpRequest, key: str, level: int | None, start: int = 0, count: int | None = None
) -> HttpResponseBase:
    """A peaks file (sound/peaks.py), or some columns of one of its levels. Raises NotFound for a level there is not."""
    if level is None:
        return whole_file(request, key, "application/octet-stream")
    header = PeaksHeader.parse(storage().read(_must_be(key), 0, HEADER_BYTES))
    try:
        offset, length = header.place(level, start, count)
    except IndexError as error:
        raise NotFound(f"Level {level}: {error}.") from error
    return _piece(request, key, offset, length, "application/octet-stream")


def _piece(request: HttpRequest, key: str, start: int, length: int, media_type: str) -> HttpResponseBase:
    """A part of a kept file that has an address of its own, small enough to be held."""
    etag = _etag(_must_be(key), f"-{start}")
    if known(request, etag):
        return _kept(HttpResponseNotModified(), etag)
    return _kept(HttpResponse(storage().read(key, start, length), content_type=media_type), etag)


def _must_be(key: str) -> str:
    if not key:
        raise NotFound("This is not there yet.", "Wait until the work on it is done.")
    return key


def _etag(key: str, tail: str = "") -> str:
    return f'"{digest_of(key)}{tail}"'


def known(request: HttpRequest, etag: str) -> bool:
    known = [each.strip().removeprefix("W/") for each in request.headers.get("If-None-Match", "").split(",")]
    return etag in known or known == ["*"]


def _kept(answer: HttpResponseBase, etag: str) -> HttpResponseBase:
    answer["ETag"] = etag
    answer["Cache-Control"] = KEPT_FOR_GOOD
    return answer


def _range(request: HttpRequest, size: int, etag: str) -> tuple[int, int, bool] | None:
    """(start, stop, whether it is a part) of what is asked for (RFC 9110, 14.2); None where there is nothing there.

    What is not understood, and several ranges at once, is answered with the whole.
    """
    found = _RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    if found is None or found[0] == "bytes=-" or request.headers.get("If-Range", etag) != etag:
        return 0, size, False
    first, last = found[1][:19], found[2][:19]
    if not first:
        start, stop = max(size - int(last), 0), size
    else:
        start, stop = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return 0, size, False
    return (start, stop, True) if start < stop else None
