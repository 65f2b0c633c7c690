"""What begins with the web process and ends with it: the queue's end where jobs are put in, the studio's warm rooms."""

import asyncio

from tonewright.server.api.live import hub
from tonewright.server.services import studio
from tonewright.server.services.jobs import on_queued
from tonewright.server.work import upkeep

#: What goes on beside the answering; a task that nobody holds may be collected.
_beside: set[asyncio.Task[None]] = set()


async def begin() -> None:
    on_queued(upkeep.queue)
    warming = asyncio.create_task(studio.warm_up())
    _beside.add(warming)
    warming.add_done_callback(_beside.discard)


def ending() -> None:
    """The process was told to stop: end what would keep its connections open."""
    hub().close()


async def end() -> None:
    """All requests are answered."""
    for task in list(_beside):
        task.cancel()
    await studio.close()
