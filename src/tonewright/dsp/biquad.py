"""Second-order sections: the kernel that every recursive filter of the house runs on.

Transposed direct form II, double precision. Coefficients are rows (b0, b1, b2, a1, a2) with a0 = 1.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tonewright.base.kernels import kernel
from tonewright.base.signal import Block

#: (sections, 5): b0, b1, b2, a1, a2 of each section.
Sections = NDArray[np.float64]


@kernel
def _cascade(block, sections, state, out):  # type: ignore[no-untyped-def]
    """Run sections in series. block, out: (channels, frames). state: (channels, sections, 2), updated."""
    channels, frames = block.shape
    count = sections.shape[0]
    for c in range(channels):
        for n in range(frames):
            y = block[c, n]
            for s in range(count):
                x = y
                y = sections[s, 0] * x + state[c, s, 0]
                state[c, s, 0] = sections[s, 1] * x - sections[s, 3] * y + state[c, s, 1]
                state[c, s, 1] = sections[s, 2] * x - sections[s, 4] * y
            out[c, n] = y


class Cascade:
    """Sections in series over all channels, with state. A Stage that holds nothing back."""

    latency_frames = 0

    def __init__(self, sections: Sections, channels: int, rate_hz: int) -> None:
        self.sections = np.ascontiguousarray(sections, dtype=np.float64)
        self.state = np.zeros((channels, len(sections), 2))
        self.preroll_s = settling_s(self.sections, rate_hz)

    def process(self, block: Block) -> Block:
        out = np.empty_like(block)
        _cascade(block, self.sections, self.state, out)
        return out

    def flush(self) -> Block:
        return np.empty((self.state.shape[0], 0))


def settling_s(sections: Sections, rate_hz: int, decay_db: float = 140.0) -> float:
    """Seconds until the slowest pole has decayed by decay_db; sections in series add up."""
    nepers = decay_db / 20.0 * math.log(10.0)
    total = 0.0
    for _, _, _, a1, a2 in sections:
        radius = max(abs(np.roots([1.0, a1, a2])), default=0.0)
        if 0.0 < radius < 1.0:
            total += nepers / -math.log(radius) / rate_hz
    return total


def response(sections: Sections, frequency_hz: NDArray[np.float64], rate_hz: int) -> NDArray[np.complex128]:
    """Complex response of the series at the given frequencies."""
    z = np.exp(-2j * np.pi * frequency_hz / rate_hz)
    total = np.ones(len(z), dtype=np.complex128)
    for b0, b1, b2, a1, a2 in sections:
        total *= (b0 + b1 * z + b2 * z * z) / (1.0 + a1 * z + a2 * z * z)
    return total
