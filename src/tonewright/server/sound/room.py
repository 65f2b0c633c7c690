"""Rooms as the web process sees them: a few warm processes that render what is being listened to.

A song always goes to the same process, where it lies open. A process that died, or that does not answer in time, is
started anew and opens its songs again; whoever waited is told so and may simply ask again. What takes seconds
(settle) is done by processes of its own, which make way for those that somebody listens to.
"""

import asyncio
import contextlib
import itertools
import json
import sys
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tonewright.base.errors import Bug, TonewrightError, every_error
from tonewright.engine.recipe import Recipe
from tonewright.server.errors import RoomLost
from tonewright.server.sound import wire
from tonewright.server.sound.jobs import ReferenceFile

_COMMAND = (sys.executable, "-m", "tonewright.server.sound.room_process")
#: Starting takes seconds, the very first time minutes: the kernels are compiled.
_START_S = 600.0
_ANSWER_S = 30.0
_SETTLE_S = 600.0


class Superseded(Exception):
    """A newer request of the same listener took this one's place: its answer is wanted by nobody."""


class _NotOpen(Exception):
    """The process does not have the song open."""


@dataclass(frozen=True)
class Place:
    """Where a song lies: its work file, and those of the songs that it is led by."""

    path: Path
    references: tuple[ReferenceFile, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "path": str(self.path),
            "references": [reference.model_dump(mode="json") for reference in self.references],
        }


class Room:
    """A pool of room processes. Belongs to one event loop; `async with`, or start() and close().

    processes: how many there are; a song's is told by its name.
    """

    def __init__(self, processes: int = 1) -> None:
        self._rooms = [_Process(()) for _ in range(max(1, processes))]
        self._aside = [_Process(("--aside",)) for _ in self._rooms]
        self._places: dict[str, Place] = {}

    async def start(self) -> None:
        """Have the processes started and warmed up, so that the first listener need not wait. Raises RoomLost."""
        await asyncio.gather(*(room.ready() for room in self._rooms))

    async def close(self) -> None:
        """End the processes."""
        await asyncio.gather(*(room.close() for room in (*self._rooms, *self._aside)))

    async def __aenter__(self) -> "Room":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self, song: str, path: Path, references: Sequence[ReferenceFile] = ()) -> dict[str, Any]:
        """Have a song lie open: {"rate_hz", "channels", "frames"}. song: any name that tells it from others.

        path: its work file. Opening it anew, with other references for instance, takes the place of the old.
        Raises InputUnreadable, RoomLost.
        """
        place = Place(path, tuple(references))
        self._places.pop(song, None)
        self._places[song] = place
        answer, _ = await self._of(self._rooms, song).ask({"do": "open", "song": song} | place.to_json(), _ANSWER_S)
        return answer

    async def propose(
        self, song: str, intent: dict[str, Any], listener: str = "", listened_to: tuple[int, int] | None = None
    ) -> dict[str, Any]:
        """{"recipe", "recipe_digest", "decisions", "shortfalls", "state"}: what the assistant would do.

        state: "estimate", or "exact" where settle found it before. intent: engine.intent.Intent without references.
        listener: who asks; of one listener only the newest request counts. listened_to: (start frame, frames) of the
        window that will be asked for next; it is begun meanwhile. Raises Superseded, Impossible, RoomLost.
        """
        request = {"do": "propose", "intent": intent, "listener": listener, "listened_to": listened_to}
        answer, _ = await self._ask(self._rooms, song, request, _ANSWER_S)
        return answer

    async def settle(self, song: str, intent: dict[str, Any], listener: str = "") -> dict[str, Any]:
        """As propose, with the recipe that a master with this intent gets, and its "integrated_lufs". Takes seconds."""
        request = {"do": "settle", "intent": intent, "listener": listener}
        found, _ = await self._ask(self._aside, song, request, _SETTLE_S)
        learnt = {"proposal": found.pop("proposal"), "recipe": found["recipe"], "shortfalls": found["shortfalls"]}
        with contextlib.suppress(TonewrightError):  # it would only have been quicker next time
            await self._ask(self._rooms, song, {"do": "learn"} | learnt, _ANSWER_S)
        return found

    async def window(
        self,
        song: str,
        recipe: dict[str, Any] | Recipe,
        start_frame: int,
        frames: int,
        mode: str = "full",
        bypass: Sequence[str] = (),
        listener: str = "",
    ) -> bytes:
        """A stretch as FLAC, 24 bits: to the sample what a master by this recipe holds there.

        mode: full; source; only:STEP; delta:STEP. bypass: ids of steps that are left out.
        Raises Superseded, Impossible, RecipeInvalid, RoomLost.
        """
        request = {
            "do": "window",
            "recipe": recipe.to_json() if isinstance(recipe, Recipe) else recipe,
            "start_frame": start_frame,
            "frames": frames,
            "mode": mode,
            "bypass": list(bypass),
            "listener": listener,
        }
        _, body = await self._ask(self._rooms, song, request, _ANSWER_S)
        return body

    async def close_song(self, song: str) -> None:
        """Nobody listens to it any more."""
        if self._places.pop(song, None) is not None:
            for rooms in (self._rooms, self._aside):
                if self._of(rooms, song).alive:
                    with contextlib.suppress(TonewrightError):
                        await self._of(rooms, song).ask({"do": "close", "song": song}, _ANSWER_S)

    def is_open(self, song: str) -> bool:
        return song in self._places

    async def _ask(
        self, rooms: "list[_Process]", song: str, request: dict[str, Any], within_s: float
    ) -> wire.Message:
        """Ask about a song that is to lie open; where it does not any more, it is opened again first."""
        process, request = self._of(rooms, song), request | {"song": song}
        try:
            return await process.ask(request, within_s)
        except _NotOpen:
            place = self._places.get(song)
            if place is None:
                raise Bug(f"The song {song!r} was never opened in this room.") from None
        await process.ask({"do": "open", "song": song} | place.to_json(), _ANSWER_S)
        try:
            return await process.ask(request, within_s)
        except _NotOpen as error:
            raise RoomLost("The preview has too much to do.", "Try again in a moment.") from error

    def _of(self, rooms: "list[_Process]", song: str) -> "_Process":
        return rooms[zlib.crc32(song.encode()) % len(rooms)]


class _Process:
    """One room process, started when it is first needed and again whenever it is gone."""

    def __init__(self, options: tuple[str, ...]) -> None:
        self._options = options
        self._ids = itertools.count(1)
        self._process: asyncio.subprocess.Process | None = None
        self._asked: dict[int, asyncio.Future[wire.Message]] = {}
        self._reader: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None and self._reader is not None

    async def ready(self) -> asyncio.subprocess.Process:
        """The process, warm. Raises RoomLost."""
        async with self._starting:
            if self._process is not None and self.alive:
                return self._process
            await self.close()
            process = await asyncio.create_subprocess_exec(
                *_COMMAND,
                *self._options,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
            self._process = process
            try:
                await asyncio.wait_for(_message(process), _START_S)
            except (TimeoutError, EOFError, ValueError) as error:
                await self.close()
                raise RoomLost("The preview could not be started.", "Try again, or tell the operator.") from error
            self._reader = asyncio.create_task(self._read(process))
            return process

    async def ask(self, request: dict[str, Any], within_s: float) -> wire.Message:
        """Send a request and wait for its answer. Raises what the answer says, Superseded, RoomLost."""
        process = await self.ready()
        number = next(self._ids)
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        try:
            assert process.stdin is not None
            process.stdin.write(wire.pack(request | {"id": number}))
            await process.stdin.drain()
            head, body = await asyncio.wait_for(answer, within_s)
        except TimeoutError as error:
            if process is self._process:
                await self.close()
            raise RoomLost("The preview took too long.", "Try again.") from error
        except (ConnectionError, EOFError) as error:
            raise RoomLost("The preview's process ended.", "Try again.") from error
        finally:
            self._asked.pop(number, None)
        _raise(head)
        return {name: value for name, value in head.items() if name != "id"}, body

    async def close(self) -> None:
        """Kill the process, if there is one; who waits for an answer gets RoomLost."""
        process, reader = self._process, self._reader
        self._process = self._reader = None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        if reader is not None:
            await reader

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        """Hand answers to those who wait for them, until the process is gone."""
        try:
            while True:
                head, body = await _message(process)
                waiting = self._asked.get(head.get("id", 0))
                if waiting is not None and not waiting.done():
                    waiting.set_result((head, body))
        except EOFError:
            pass  # it has ended, or is about to
        except ValueError:
            process.kill()  # what it says can't be understood
        await process.wait()
        for waiting in self._asked.values():
            if not waiting.done():
                waiting.set_exception(EOFError("the process ended"))


async def _message(process: asyncio.subprocess.Process) -> wire.Message:
    """The next message. Raises EOFError (IncompleteReadError is one) and ValueError."""

    assert process.stdout is not None
    head_bytes, body_bytes = wire.sizes(await process.stdout.readexactly(wire.HEAD.size))
    head = json.loads(await process.stdout.readexactly(head_bytes))
    return head, await process.stdout.readexactly(body_bytes)


_BY_CODE = {each.code: each for each in every_error()}


def _raise(head: dict[str, Any]) -> None:
    """Raise what an answer says went wrong, if it does."""
    told = head.get("error")
    if told is None:
        return
    if told["code"] == "superseded":
        raise Superseded
    if told["code"] == "not_open":
        raise _NotOpen
    raise _BY_CODE.get(told["code"], Bug)(told["message"], told["remedy"])
