"""Audio in memory: float64 blocks of shape (channels, frames), full scale 1.0."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

#: (channels, frames), full scale 1.0.
Block = NDArray[np.float64]

#: Frames handed from stage to stage at once: long enough that Python costs nothing, short enough to stay in cache.
BLOCK_FRAMES = 32_768

MIN_RATE_HZ = 8_000
MAX_RATE_HZ = 384_000


@dataclass(frozen=True)
class Layout:
    """What a stage or a meter must know about the signal before the first block."""

    rate_hz: int
    channels: int


class Signal(Protocol):
    """Audio that can be read from anywhere: a file, or an array in memory.

    read() returns (channels, frames), shorter at the end and empty past it.
    """

    @property
    def rate_hz(self) -> int: ...
    @property
    def channels(self) -> int: ...
    @property
    def frames(self) -> int: ...
    def read(self, start: int, frames: int) -> Block: ...


class ArraySignal:
    """A signal in memory. Wraps (channels, frames); reads are copies, so no one changes it unawares."""

    def __init__(self, samples: Block, rate_hz: int) -> None:
        if samples.ndim != 2:
            raise ValueError("samples must have the shape (channels, frames)")
        self.samples = np.ascontiguousarray(samples, dtype=np.float64)
        self.rate_hz = rate_hz

    @property
    def channels(self) -> int:
        return int(self.samples.shape[0])

    @property
    def frames(self) -> int:
        return int(self.samples.shape[1])

    def read(self, start: int, frames: int) -> Block:
        return self.samples[:, start : start + frames].copy()


def layout_of(signal: Signal) -> Layout:
    return Layout(signal.rate_hz, signal.channels)


def blocks(signal: Signal, start: int = 0, stop: int | None = None, frames: int = BLOCK_FRAMES) -> Iterator[Block]:
    """The signal from start to stop (default: its end), in order, in blocks of at most `frames`."""
    stop = signal.frames if stop is None else min(stop, signal.frames)
    for position in range(start, stop, frames):
        yield signal.read(position, min(frames, stop - position))
