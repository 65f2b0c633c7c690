"""Peaks for drawing waveforms: least and greatest sample of every so many frames, at several scales.

A peaks file, little-endian:

    4 bytes    "TWPK"
    u16        version, 1
    u16        channels
    u32        rate_hz
    u64        frames
    u32        base_frames: frames in a column of level 0
    u16        factor: columns of one level in a column of the next
    u16        levels
    levels *   u64 offset from the file's start, u64 columns
    ...        the levels, one after the other: for each column, for each channel, int8 least, int8 greatest

A value v stands for v / 127 of full scale, rounded away from zero, so that nothing seems lower than it is; beyond full
scale it is 127. The last column of a level may cover fewer frames.
"""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tonewright.base.signal import Block, Layout

BASE_FRAMES = 256
FACTOR = 4
#: A level with no more columns than this is the last.
_FEW_COLUMNS = 1000
_HEAD = struct.Struct("<4sHHIQIHH")
_LEVEL = struct.Struct("<QQ")
_MAGIC = b"TWPK"
_VERSION = 1
#: So many bytes from the start hold the whole header of any song.
HEADER_BYTES = 512

#: (columns, channels, 2): least and greatest.
Columns = NDArray[np.int8]


class PeaksMeter:
    """Takes blocks, gives the file. Any split into blocks gives the same bytes."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._frames = 0
        self._columns: list[Columns] = []
        self._rest = np.empty((layout.channels, 0))

    def feed(self, block: Block) -> None:
        """Take (channels, n)."""
        self._frames += block.shape[1]
        if self._rest.shape[1]:
            block = np.concatenate([self._rest, block], axis=1)
        whole = block.shape[1] - block.shape[1] % BASE_FRAMES
        self._rest = block[:, whole:].copy()
        if whole:
            self._columns.append(_columns(block[:, :whole].reshape(block.shape[0], -1, BASE_FRAMES)))

    def file(self) -> bytes:
        """The peaks file of what was fed so far."""
        parts = list(self._columns)
        if self._rest.shape[1]:
            parts.append(_columns(self._rest[:, None, :]))
        levels = [np.concatenate(parts) if parts else np.empty((0, self._layout.channels, 2), np.int8)]
        while len(levels[-1]) > _FEW_COLUMNS:
            levels.append(_coarser(levels[-1]))
        head = _HEAD.pack(
            _MAGIC,
            _VERSION,
            self._layout.channels,
            self._layout.rate_hz,
            self._frames,
            BASE_FRAMES,
            FACTOR,
            len(levels),
        )
        offset = len(head) + _LEVEL.size * len(levels)
        places = b""
        for level in levels:
            places += _LEVEL.pack(offset, len(level))
            offset += level.nbytes
        return head + places + b"".join(level.tobytes() for level in levels)


def _columns(samples: Block) -> Columns:
    """(channels, columns, frames) -> (columns, channels, 2)."""
    low, high = samples.min(axis=2) * 127.0, samples.max(axis=2) * 127.0
    both = np.stack(
        [np.where(low < 0, np.floor(low), np.ceil(low)), np.where(high < 0, np.floor(high), np.ceil(high))]
    )
    return np.ascontiguousarray(np.clip(both, -127, 127).astype(np.int8).transpose(2, 1, 0))


def _coarser(level: Columns) -> Columns:
    filler = -len(level) % FACTOR
    padded = np.concatenate([level, np.repeat(level[-1:], filler, axis=0)])
    grouped = padded.reshape(-1, FACTOR, *level.shape[1:])
    return np.stack([grouped[..., 0].min(axis=1), grouped[..., 1].max(axis=1)], axis=2)


@dataclass(frozen=True)
class PeaksHeader:
    """What a peaks file holds, from its first HEADER_BYTES. levels: (offset, columns) of each."""

    channels: int
    rate_hz: int
    frames: int
    base_frames: int
    factor: int
    levels: tuple[tuple[int, int], ...]

    @classmethod
    def parse(cls, raw: bytes) -> "PeaksHeader":
        """Raises ValueError for what is no peaks file."""
        try:
            magic, version, channels, rate_hz, frames, base_frames, factor, count = _HEAD.unpack_from(raw)
            places = [_LEVEL.unpack_from(raw, _HEAD.size + n * _LEVEL.size) for n in range(count)]
        except struct.error as error:
            raise ValueError("not a peaks file") from error
        if magic != _MAGIC or version != _VERSION:
            raise ValueError("not a peaks file")
        return cls(channels, rate_hz, frames, base_frames, factor, tuple(places))

    def place(self, level: int, start: int = 0, count: int | None = None) -> tuple[int, int]:
        """(offset, bytes) in the file of `count` columns from `start` on, as far as there are. Raises IndexError."""
        if not 0 <= level < len(self.levels):
            raise IndexError(f"there are {len(self.levels)} levels")
        offset, columns = self.levels[level]
        start = min(max(start, 0), columns)
        stop = columns if count is None else min(start + max(count, 0), columns)
        column_bytes = 2 * self.channels
        return offset + start * column_bytes, (stop - start) * column_bytes
