"""The frame of a stage that works in chunks of a fixed length and holds frames back.

Whatever blocks are fed, the work is done on the same chunks, so that any split gives the same samples.
"""

from abc import ABC, abstractmethod

import numpy as np

from tonewright.base.signal import Block


class Chunked(ABC):
    """A stage whose `advance` turns chunks of one length into as many frames, delayed.

    chunk_frames: frames of one chunk. delay_frames: how much later a frame leaves `advance` than it enters.
    grid_frames, start_frame: chunks begin on multiples of grid_frames of the song, wherever the render begins, so
    that what is decided once per so many frames is decided at the same places of the song.
    """

    def __init__(
        self, channels: int, chunk_frames: int, delay_frames: int, grid_frames: int = 1, start_frame: int = 0
    ) -> None:
        lead = start_frame % grid_frames
        self.latency_frames = delay_frames + chunk_frames - 1
        self._chunk = np.zeros((channels, chunk_frames))
        self._filled = lead  # the chunk begins with silence that stands for the frames before the first
        self._drop = lead + delay_frames
        self._owed = 0

    @abstractmethod
    def advance(self, chunk: Block) -> Block:
        """The next (channels, chunk_frames), of which `chunk` is only lent, to as many frames."""

    def process(self, block: Block) -> Block:
        self._owed += block.shape[1]
        return self._feed(block)

    def flush(self) -> Block:
        channels = len(self._chunk)
        parts = [np.empty((channels, 0))]
        while self._owed > 0:
            owed = self._owed
            parts.append(self._feed(np.zeros((channels, self._chunk.shape[1] - self._filled)))[:, :owed])
        return np.concatenate(parts, axis=1)

    def _feed(self, block: Block) -> Block:
        size = self._chunk.shape[1]
        parts = []
        position = 0
        while position < block.shape[1]:
            taken = min(size - self._filled, block.shape[1] - position)
            self._chunk[:, self._filled : self._filled + taken] = block[:, position : position + taken]
            self._filled += taken
            position += taken
            if self._filled == size:
                self._filled = 0
                out = self.advance(self._chunk)
                dropped = min(self._drop, size)
                self._drop -= dropped
                parts.append(out[:, dropped:])
        made = np.concatenate(parts, axis=1) if parts else np.empty((len(block), 0))
        self._owed -= made.shape[1]
        return made
