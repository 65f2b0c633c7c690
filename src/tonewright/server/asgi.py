"""The web process: `uvicorn tonewright.server.asgi:application`, or `tonewright serve`."""

import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tonewright.server.settings")
django.setup(set_prefix=False)

from tonewright.server import lifespan  # noqa: E402 Django has to be ready first
from tonewright.server.api.bodies import bounded  # noqa: E402
from tonewright.server.handler import OneThreadHandler  # noqa: E402

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

_bounded = bounded(OneThreadHandler())


async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Django for requests; what runs beside them begins and ends with the process."""
    if scope["type"] != "lifespan":
        await _bounded(scope, receive, send)
        return
    await receive()
    try:
        await lifespan.begin()
    except Exception as error:
        await send({"type": "lifespan.startup.failed", "message": str(error)})
        return
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await lifespan.end()
    await send({"type": "lifespan.shutdown.complete"})
