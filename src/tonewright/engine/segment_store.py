"""Rendered segments kept on the disk, so that hearing a song twice costs memory once, and little of it.

The file has no name, so nothing is left behind however the process ends. Where the disk has no room, or the song is
longer than what is kept, segments are simply rendered again: the store is a help and never a condition.
"""

import os
import tempfile
import threading
import weakref

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
        self._descriptor: int | None = None

    def put(self, index: int, block: Block) -> None:
        """Keep a segment (channels, frames), if there is room."""
        with self._lock:
            if index in self._places or self._end + block.nbytes > self._room:
                return
            raw = np.ascontiguousarray(block)
            try:
                if self._descriptor is None:
                    self._open()
                assert self._descriptor is not None
                _write(self._descriptor, raw, self._end)
            except OSError:
                self._room = 0  # no room on the disk: nothing more is kept
                return
            self._places[index] = (self._end, block.shape)
            self._end += raw.nbytes

    def get(self, index: int) -> Block | None:
        """The segment, if it was kept."""
        with self._lock:
            place = self._places.get(index)
            descriptor = self._descriptor
        if place is None or descriptor is None:
            return None
        at, (channels, frames) = place
        block = np.empty((channels, frames))
        view = block.data.cast("B")
        done = 0
        while done < len(view):
            count = os.preadv(descriptor, [view[done:]], at + done)
            if count == 0:
                return None
            done += count
        return block

    def _open(self) -> None:
        with tempfile.TemporaryFile(prefix="tonewright-") as file:
            self._descriptor = os.dup(file.fileno())
        weakref.finalize(self, os.close, self._descriptor)


def _write(descriptor: int, raw: Block, at: int) -> None:
    view = raw.data.cast("B")
    done = 0
    while done < len(view):
        done += os.pwrite(descriptor, view[done:], at + done)
