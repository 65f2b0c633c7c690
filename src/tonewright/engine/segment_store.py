"""Rendered segments kept on the disk, so that hearing a song twice costs memory once, and little of it.

The file has no name, so nothing is left behind however the process ends. Where the disk has no room, or the song is
longer than what is kept, segments are simply rendered again: the store is a help and never a condition.
"""

import tempfile
import threading
import weakref
from io import BufferedRandom

import numpy as np

from tonewright.base.signal import Block


class SegmentStore:
    """Segments by number. Safe to use from several threads.

    room_bytes: no more than this is kept; what comes after it is not.
    """

    def __init__(self, room_bytes: int) -> None:
        self._lock = threading.Lock()
        self._room = room_bytes
        self._end = 0
        self._places: dict[int, tuple[int, tuple[int, int]]] = {}
        self._file: BufferedRandom | None = None

    def put(self, index: int, block: Block) -> None:
        """Keep a segment (channels, frames), if there is room."""
        with self._lock:
            if index in self._places or self._end + block.nbytes > self._room:
                return
            raw = np.ascontiguousarray(block)
            try:
                if self._file is None:
                    self._file = self._open()
                self._file.seek(self._end)
                self._file.write(raw.data.cast("B"))
                self._file.flush()
            except OSError:
                self._room = 0  # no room on the disk: nothing more is kept
                return
            self._places[index] = (self._end, block.shape)
            self._end += raw.nbytes

    def get(self, index: int) -> Block | None:
        """The segment, if it was kept."""
        with self._lock:
            place = self._places.get(index)
            if place is None or self._file is None:
                return None
            at, shape = place
            block = np.empty(shape)
            self._file.seek(at)
            self._file.readinto(block.data.cast("B"))
        return block

    def _open(self) -> BufferedRandom:
        file = tempfile.TemporaryFile(prefix="tonewright-")  # noqa: SIM115 - open for as long as the store lives
        weakref.finalize(self, file.close)
        return file
