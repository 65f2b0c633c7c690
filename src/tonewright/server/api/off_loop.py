"""What waits, away from the event loop."""

from collections.abc import Callable
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from django.db import close_old_connections

T = TypeVar("T")


async def off_loop(what: Callable[..., T], *arguments: Any) -> T:
    """Have it done in a thread: it waits for a disk, a bucket or the database, and other requests go on meanwhile."""

    def work() -> T:
        try:
            return what(*arguments)
        finally:
            close_old_connections()  # the thread may not be asked again for long

    return await sync_to_async(work, thread_sensitive=False)()
