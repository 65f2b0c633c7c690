"""The largest request body that is let in. Django puts a body on the disk before anybody asks whose it is, so this has
to come before Django: else a stranger could fill the disk.
"""

import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

from tonewright.base.errors import TooLarge
from tonewright.server.api.problems import problem
from tonewright.server.conf import conf
from tonewright.server.services.acceptable import part_bytes_of

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Coroutine[Any, Any, None]]

#: Anything but a part: JSON of at most 1 MiB, and forms that are smaller yet.
MOST_BYTES = 2 << 20
_PART = re.compile(r"/api/uploads/[^/]+/parts/\d+")


def most_bytes(path: str) -> int:
    """The largest body that an address takes."""
    return part_bytes_of(conf().upload_bytes) if _PART.fullmatch(path) else MOST_BYTES


def bounded(application: Application) -> Application:
    """The same application, which never sees more of a body than it may."""

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        most = most_bytes(scope["path"])
        if _announced(scope) > most:
            await _refuse(send, most)
            return
        got, over, begun = 0, False, False

        async def counted() -> Mapping[str, Any]:
            nonlocal got, over
            message = await receive()
            got += len(message.get("body", b""))
            over = over or got > most
            return {"type": "http.disconnect"} if over else message

        async def noted(message: Mapping[str, Any]) -> None:
            nonlocal begun
            begun = True
            await send(message)

        await application(scope, counted, noted)
        if over and not begun:
            await _refuse(send, most)

    return inner


def _announced(scope: Scope) -> int:
    length = dict(scope["headers"]).get(b"content-length", b"0")
    return int(length) if length.isdigit() else 0


async def _refuse(send: Send, most: int) -> None:
    answer = problem(TooLarge(f"The request's body is too large; {most} bytes is the most here."))
    headers = [(b"content-type", b"application/problem+json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": answer.content})
