"""Cutting a stream into frames on a fixed grid, so that any split into blocks gives the same frames."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tonewright.base.signal import Block


class Framer:
    """Frames of `size`, one every `hop`, handed out in batches of a fixed number of frames.

    The grid starts `lead` frames before the first sample (zeros are there); the end is filled up with zeros so that
    every sample is in at least one frame. Batches always begin at the same frame, so sums over a batch repeat.
    """

    def __init__(self, channels: int, size: int, hop: int, batch: int, lead: int = 0) -> None:
        self.size, self.hop, self.batch = size, hop, batch
        self._pending: list[Block] = [np.zeros((channels, lead))] if lead else []
        self._held = lead
        self._channels = channels
        self._fed = 0
        self._given = 0

    def feed(self, block: Block) -> Iterator[NDArray[np.float64]]:
        """Take a block (channels, n); gives arrays (channels, batch, size), read-only views."""
        if block.shape[1] == 0:
            return
        self._pending.append(block)
        self._held += block.shape[1]
        self._fed += block.shape[1]
        need = self.size + (self.batch - 1) * self.hop
        if self._held < need:
            return
        buffer = np.concatenate(self._pending, axis=1)
        start = 0
        while buffer.shape[1] - start >= need:
            yield self._frames(buffer[:, start : start + need])
            self._given += self.batch
            start += self.batch * self.hop
        rest = buffer[:, start:].copy()
        self._pending, self._held = [rest], rest.shape[1]

    def flush(self) -> Iterator[NDArray[np.float64]]:
        """The last, shorter batch; its last frame is filled up with zeros."""
        if self._fed == 0:
            return
        buffer = np.concatenate(self._pending, axis=1)
        covered = self.size - self.hop if self._given else 0
        left = buffer.shape[1] - covered
        if left <= 0:
            return
        count = max(1, -(-(buffer.shape[1] - self.size) // self.hop) + 1)
        need = self.size + (count - 1) * self.hop
        padded = np.zeros((self._channels, need))
        take = min(need, buffer.shape[1])
        padded[:, :take] = buffer[:, :take]
        for first in range(0, count, self.batch):
            some = min(self.batch, count - first)
            begin = first * self.hop
            yield self._frames(padded[:, begin : begin + self.size + (some - 1) * self.hop])
            self._given += some

    def _frames(self, stretch: Block) -> NDArray[np.float64]:
        return np.lib.stride_tricks.sliding_window_view(stretch, self.size, axis=1)[:, :: self.hop]


def frame_size(rate_hz: int, seconds: float) -> int:
    """The power of two nearest to this many seconds, on a logarithmic scale."""
    return int(2 ** max(6, round(np.log2(rate_hz * seconds))))
