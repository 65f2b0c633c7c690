"""A room: a warm process that holds open songs and renders what is asked for, soonest first.

    python -m tonewright.server.sound.room_process [--aside]

Messages (wire.py) come on standard input and are answered on standard output, each with its `id`. Requests are
carried out one after the other; --aside makes way for other processes, for what takes seconds (settle).

    {"id", "do": "open", "song", "path", "references": [{path, name, weight}]}     -> {"rate_hz", "channels", "frames"}
    {"id", "do": "propose", "song", "listener", "intent", "listened_to": [start_frame, frames] | null}
                                                              -> {"recipe", "recipe_digest", "decisions", "shortfalls",
                                                                  "state": "estimate" | "exact"}
    {"id", "do": "settle", "song", "listener", "intent"}      -> the same, with "integrated_lufs"
    {"id", "do": "learn", "song", "proposal", "recipe", "shortfalls"}                                          -> {}
    {"id", "do": "window", "song", "listener", "recipe", "start_frame", "frames", "mode", "bypass"}  -> {}, and FLAC
    {"id", "do": "close", "song"}                                                                              -> {}

A failure is answered by {"id", "error": {"code", "message", "remedy"}}; the code is "not_open" for a song that is not
(any more), and "superseded" where a newer request of the same listener took a request's place.
"""

import os
import sys
import threading
import traceback
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tonewright.base.errors import Bug, UsageError
from tonewright.base.process import tune
from tonewright.engine.intent import Intent
from tonewright.engine.recipe import parse
from tonewright.server.sound import wire
from tonewright.server.sound.child import explain, own_stdout
from tonewright.server.sound.jobs import ReferenceFile
from tonewright.server.sound.limits import die_with_parent
from tonewright.server.sound.open_song import OpenSong
from tonewright.server.sound.sounds import Sounds, Token
from tonewright.server.sound.warm_up import warm_up

_MOST_SONGS = 8
_MOST_BYTES = 512 << 20
_NICER = 10


class NotOpen(Exception):
    """The song is not open, or not any more."""


@dataclass(eq=False)
class _Request:
    head: dict[str, Any]
    token: Token


class Waiting:
    """Requests in the order they came. A newer one of the same song and listener takes the place of older ones.

    Windows of the same sound don't take each other's place: a loop is fetched in pieces.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[_Request] = []
        self._running: _Request | None = None

    def put(self, head: dict[str, Any]) -> list[dict[str, Any]]:
        """Take a request; gives those that it takes the place of."""
        with self._changed:
            gone = [each for each in self._waiting if _replaces(head, each.head)]
            self._waiting = [each for each in self._waiting if each not in gone]
            if self._running is not None and _replaces(head, self._running.head):
                self._running.token.stopped = True
            self._waiting.append(_Request(head, Token()))
            self._changed.notify()
        return [each.head for each in gone]

    def take(self) -> _Request:
        with self._changed:
            self._running = None
            self._changed.wait_for(lambda: self._waiting)
            self._running = self._waiting.pop(0)
            return self._running


def _replaces(newer: dict[str, Any], older: dict[str, Any]) -> bool:
    kinds = ("propose", "settle", "window")
    if newer["do"] not in kinds or older["do"] not in kinds:
        return False
    if any(newer.get(name) != older.get(name) for name in ("song", "listener")):
        return False
    if newer["do"] == older["do"] == "window":
        return any(newer.get(name) != older.get(name) for name in ("recipe", "mode", "bypass"))
    return True


class Songs:
    """The open songs, the last used ones for as long as there is room."""

    def __init__(self) -> None:
        self._songs: OrderedDict[str, OpenSong] = OrderedDict()
        self._sounds = Sounds()

    def open(self, name: str, path: Path, led_by: tuple[ReferenceFile, ...]) -> OpenSong:
        self.close(name)
        found = self._songs[name] = OpenSong(name, path, led_by, self._sounds)
        while len(self._songs) > 1 and (
            len(self._songs) > _MOST_SONGS or sum(song.size_bytes for song in self._songs.values()) > _MOST_BYTES
        ):
            self.close(next(iter(self._songs)))
        return found

    def get(self, name: str) -> OpenSong:
        """Raises NotOpen."""
        if name not in self._songs:
            raise NotOpen
        self._songs.move_to_end(name)
        return self._songs[name]

    def close(self, name: str) -> None:
        song = self._songs.pop(name, None)
        if song is not None:
            song.close()


class Room:
    """Carries requests out."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out, self._lock = out, threading.Lock()
        self._songs = Songs()
        self.waiting = Waiting()

    def answer(self, head: dict[str, Any], body: bytes = b"") -> None:
        with self._lock:
            self._out.write(wire.pack(head, body))
            self._out.flush()

    def take(self, head: dict[str, Any]) -> None:
        """A request has come."""
        for gone in self.waiting.put(head):
            self.answer({"id": gone["id"], "error": _SUPERSEDED})

    def work(self) -> None:
        """Answer requests for ever."""
        while True:
            request = self.waiting.take()
            try:
                found, body = self._carry_out(request)
            except NotOpen:
                found, body = {"error": _NOT_OPEN}, b""
            except BaseException as error:
                found, body = {"error": _SUPERSEDED if request.token.stopped else _explained(error)}, b""
            self.answer({"id": request.head["id"]} | found, body)

    def _carry_out(self, request: _Request) -> tuple[dict[str, Any], bytes]:
        head, what = request.head, request.head["do"]
        if what == "open":
            led_by = tuple(ReferenceFile.parse(each, "A reference") for each in head.get("references", ()))
            song = self._songs.open(head["song"], Path(head["path"]), led_by)
            return vars(song.layout) | {"frames": song.frames}, b""
        if what == "close":
            self._songs.close(head["song"])
            return {}, b""
        song = self._songs.get(head["song"])
        if what == "propose":
            return song.propose(Intent.parse(head["intent"], "The intent"), head.get("listened_to")), b""
        if what == "settle":
            return song.settle(Intent.parse(head["intent"], "The intent"), request.token), b""
        if what == "learn":
            song.learn(head["proposal"], parse(head["recipe"]), head["shortfalls"])
            return {}, b""
        if what == "window":
            recipe, bypass = parse(head["recipe"]), list(head.get("bypass", ()))
            start, frames, mode = head["start_frame"], head["frames"], head.get("mode", "full")
            return {}, song.window(recipe, start, frames, mode, bypass, request.token)
        raise UsageError(f"A room does not know how to {what}.")


_NOT_OPEN = {"code": "not_open", "message": "The song is not open.", "remedy": "Open it."}
_SUPERSEDED = {"code": "superseded", "message": "A newer request took its place.", "remedy": ""}


def _explained(error: BaseException) -> dict[str, str]:
    explained = explain(error)
    if isinstance(explained, Bug):
        traceback.print_exception(error, file=sys.stderr)
    return {"code": explained.code, "message": explained.message, "remedy": explained.remedy}


def main() -> int:
    """Answer what comes on standard input until it ends."""
    die_with_parent()
    aside = "--aside" in sys.argv[1:]
    if aside:
        os.nice(_NICER)
    out = own_stdout()
    tune()
    warm_up()
    room = Room(out)
    try:
        room.answer({"ready": True})
    except BrokenPipeError:
        return 0  # whoever started it was killed meanwhile
    threading.Thread(target=room.work, daemon=True).start()
    while (message := wire.read(sys.stdin.buffer)) is not None:
        room.take(message[0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
