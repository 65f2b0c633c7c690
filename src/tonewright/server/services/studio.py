"""The studio: songs that lie open in warm rooms, so that what is changed is heard at once.

Which sounds a song is made of is read from the rows (sound_of); the rooms belong to the web process's event loop.
"""

import asyncio
from collections import OrderedDict
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog

from tonewright.base.errors import TonewrightError
from tonewright.engine.recipe import Recipe
from tonewright.server.conf import conf
from tonewright.server.errors import Superseded
from tonewright.server.models import Audio, Song
from tonewright.server.services.access import Actor, get
from tonewright.server.services.masters import mix_of
from tonewright.server.sound import room as sound_room
from tonewright.server.sound.jobs import ReferenceFile
from tonewright.server.sound.room import Room
from tonewright.server.storage import storage

log = structlog.get_logger()

#: The longest stretch that is rendered at once; a loop is longer only rarely, and then comes in pieces.
MOST_WINDOW_S = 30.0
#: So many songs keep their files at hand. The rooms themselves hold fewer, and open again what they let go.
_MOST_OPEN = 32


@dataclass(frozen=True)
class LedBy:
    key: str
    name: str
    weight: float


@dataclass(frozen=True)
class Sound:
    """What lies open: a mix by its work file, and those of the songs that it is led by. name: what rooms call it."""

    name: str
    key: str
    references: tuple[LedBy, ...]
    rate_hz: int
    frames: int


def sound_of(actor: Actor, song_id: UUID, audio_id: UUID | None = None) -> tuple[Sound, Song]:
    """A song's sound. audio_id: another mix than the song's.

    Raises NotFound, and Conflict while there is no mix to listen to.
    """
    song = get(actor, Song, song_id)
    audio = mix_of(song, audio_id)
    led_by = song.audios.filter(role=Audio.Role.REFERENCE, state=Audio.State.READY, removed_at=None)
    references = tuple(LedBy(row.work_key, row.filename, row.weight) for row in led_by.order_by("created_at", "id"))
    assert audio.rate_hz is not None
    assert audio.frames is not None
    return Sound(str(audio.pk), audio.work_key, references, audio.rate_hz, audio.frames), song


@dataclass(frozen=True)
class Window:
    """A stretch of a sound, in frames."""

    start_frame: int
    frames: int


def window_of(sound: Sound, start_s: float, seconds: float) -> Window:
    """The stretch from start_s on, as far as there is any; past the end it is the last frame."""
    start = min(round(start_s * sound.rate_hz), sound.frames - 1)
    return Window(start, max(1, min(round(seconds * sound.rate_hz), sound.frames - start)))


@dataclass
class _Open:
    sound: Sound
    files: ExitStack


class Rooms:
    """Keeps the files of open songs at hand, and has them opened anew where their references have changed."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._open: OrderedDict[str, _Open] = OrderedDict()
        self._locks: dict[str, asyncio.Lock] = {}

    async def propose(
        self, sound: Sound, intent: dict[str, Any], listener: str, listened_to: Window | None
    ) -> dict[str, Any]:
        """What the assistant would do. listened_to: the window that will be asked for next.

        Raises what Room.propose does, and Superseded of the tree for a request that a newer one replaced.
        """
        await self._ready(sound)
        span = None if listened_to is None else (listened_to.start_frame, listened_to.frames)
        try:
            return await self._room.propose(sound.name, intent, listener, span)
        except sound_room.Superseded as error:
            raise _superseded() from error

    async def settle(self, sound: Sound, intent: dict[str, Any], listener: str) -> dict[str, Any]:
        """Exactly what a master would be. Raises what propose does."""
        await self._ready(sound)
        try:
            return await self._room.settle(sound.name, intent, listener)
        except sound_room.Superseded as error:
            raise _superseded() from error

    async def window(
        self, sound: Sound, recipe: Recipe, window: Window, mode: str, bypass: list[str], listener: str
    ) -> bytes:
        """A stretch as FLAC. Raises what Room.window does, and Superseded of the tree."""
        await self._ready(sound)
        try:
            return await self._room.window(
                sound.name, recipe, window.start_frame, window.frames, mode, bypass, listener
            )
        except sound_room.Superseded as error:
            raise _superseded() from error

    async def start(self) -> None:
        """Have the rooms warmed up."""
        await self._room.start()

    async def close(self) -> None:
        """End the rooms and let go of all files."""
        await self._room.close()
        for each in self._open.values():
            each.files.close()
        self._open.clear()

    async def _ready(self, sound: Sound) -> None:
        async with self._locks.setdefault(sound.name, asyncio.Lock()):
            found = self._open.get(sound.name)
            if found is None or found.sound != sound:
                await self._take_in(sound)
            self._open.move_to_end(sound.name)
        while len(self._open) > _MOST_OPEN:
            name, oldest = self._open.popitem(last=False)
            self._locks.pop(name, None)
            await self._room.close_song(name)
            oldest.files.close()

    async def _take_in(self, sound: Sound) -> None:
        files = ExitStack()
        try:
            keys = [sound.key, *(each.key for each in sound.references)]
            # a bucket's file is fetched first, which takes a while
            paths = [await asyncio.to_thread(files.enter_context, storage().local(key)) for key in keys]
            references = [
                ReferenceFile(path=path, name=each.name, weight=each.weight)
                for path, each in zip(paths[1:], sound.references, strict=True)
            ]
            await self._room.open(sound.name, paths[0], references)
        except BaseException:
            files.close()
            raise
        before = self._open.pop(sound.name, None)
        if before is not None:
            before.files.close()
        self._open[sound.name] = _Open(sound, files)


def _superseded() -> Superseded:
    return Superseded("A newer request took this one's place.")


_rooms: Rooms | None = None


def rooms() -> Rooms:
    """The rooms of this process, started when they are first needed."""
    global _rooms
    if _rooms is None:
        _rooms = Rooms(Room(conf().rooms))
    return _rooms


async def warm_up() -> None:
    """Have the rooms ready before somebody listens. If they can't be, the first request tells why."""
    try:
        await rooms().start()
    except TonewrightError as error:
        log.warning("studio.not_warm", error=str(error))


async def close() -> None:
    """The process ends."""
    global _rooms
    if _rooms is not None:
        closing, _rooms = _rooms, None
        await closing.close()
