"""Event streams: one look at the database a quarter of a second serves everybody who listens to this process."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from tonewright.server.api.off_loop import off_loop
from tonewright.server.models import Event
from tonewright.server.ops.metrics import LISTENERS
from tonewright.server.services import listening
from tonewright.server.services.access import Actor

log = structlog.get_logger()

_LOOK_S = 0.25
#: Proxies close what is silent for longer, mostly after 30 or 60 s.
HEARTBEAT_S = 10.0
#: Who may see a song is asked anew after so long.
_PEOPLE_S = 5.0
#: A listener that is so far behind is let go; it comes back and goes on where it was.
_MOST_WAITING = 1000


@dataclass(eq=False)
class _Listener:
    user_id: UUID
    song: UUID | None
    waiting: "asyncio.Queue[Event | None]" = field(default_factory=lambda: asyncio.Queue(_MOST_WAITING))
    over: bool = False

    def offer(self, event: Event) -> None:
        """Give it an event."""
        try:
            self.waiting.put_nowait(event)
        except asyncio.QueueFull:
            self.end()

    def end(self) -> None:
        """That was all; what still waits is not sent any more."""
        self.over = True
        while not self.waiting.empty():
            self.waiting.get_nowait()
        self.waiting.put_nowait(None)


class Hub:
    """The listeners of one event loop, and the task that looks for events while there are any."""

    def __init__(self) -> None:
        self._listeners: set[_Listener] = set()
        self._task: asyncio.Task[None] | None = None
        self._last = 0
        self._people: dict[UUID, tuple[float, frozenset[UUID]]] = {}
        self._starting = asyncio.Lock()

    def count(self, user_id: UUID) -> int:
        """How many streams somebody has open here."""
        return sum(listener.user_id == user_id for listener in list(self._listeners))

    async def listen(
        self, actor: Actor, song: UUID | None, after: int | None, allowed: Callable[[], bool]
    ) -> AsyncIterator[str]:
        """The lines of an event stream, for as long as `allowed` says so; that is asked at each heartbeat.

        song: only its events. after: the last event that is known; None begins now.
        """
        listener = _Listener(actor.user.pk, song)
        LISTENERS.inc()
        try:
            begun_at = await self._join(listener)
            yield "retry: 2000\n\n"
            sent = begun_at if after is None else min(after, begun_at)
            while sent < begun_at:
                found = await off_loop(listening.missed, actor, sent, begun_at, song)
                for event in found:
                    yield _text(event)
                sent = found[-1].pk if len(found) == listening.MOST_AT_ONCE else begun_at
            while True:
                try:
                    event_or_end = await asyncio.wait_for(listener.waiting.get(), HEARTBEAT_S)
                except TimeoutError:
                    if not await off_loop(allowed):
                        return
                    yield ": still here\n\n"
                    continue
                if event_or_end is None:
                    return
                yield _text(event_or_end)
        finally:
            self._listeners.discard(listener)
            LISTENERS.dec()

    async def _join(self, listener: _Listener) -> int:
        """Begin to hear; gives the last event that is not heard that way."""
        async with self._starting:
            if self._task is None or self._task.done():
                self._last = await off_loop(listening.newest)
                self._task = asyncio.create_task(self._look())
            self._listeners.add(listener)
            return self._last

    async def _look(self) -> None:
        """Hand on what happens, until nobody listens."""
        while self._listeners:
            await asyncio.sleep(_LOOK_S)
            try:
                found = await off_loop(listening.since, self._last)
                for event in found:
                    await self._hand_on(event)
                    self._last = event.pk
            except Exception:
                log.exception("listening")  # the database may be away for a while

    async def _hand_on(self, event: Event) -> None:
        people = frozenset({event.owner_id}) if event.song_id is None else await self._may_see(event.song_id)
        for listener in list(self._listeners):
            if not listener.over and listener.user_id in people and listener.song in (None, event.song_id):
                listener.offer(event)

    async def _may_see(self, song_id: UUID) -> frozenset[UUID]:
        now = time.monotonic()
        at, people = self._people.get(song_id, (0.0, frozenset()))
        if song_id not in self._people or now - at > _PEOPLE_S:
            people = await off_loop(listening.people_of, song_id)
            self._people = {song: known for song, known in self._people.items() if now - known[0] <= _PEOPLE_S}
            self._people[song_id] = (now, people)
        return people

    def close(self) -> None:
        """End all streams: the process stops."""
        for listener in list(self._listeners):
            listener.end()


def _text(event: Event) -> str:
    return f"event: {event.kind}\nid: {event.pk}\ndata: {json.dumps(event.body)}\n\n"


_hub: Hub | None = None


def hub() -> Hub:
    """This process's."""
    global _hub
    if _hub is None:
        _hub = Hub()
    return _hub
