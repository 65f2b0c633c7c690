"""One pass over the samples themselves: flat tops, levels, zero runs, sharp steps, word length, DC.

The samples are taken in chunks of a quarter of a second on a fixed grid, each channel by itself. What is kept of a
chunk is small; what looks suspicious is read again from the signal later, where it can be looked at in full.

Flat excursions: an excursion above 90 % of the chunk's peak is compared with the parabola that its slopes at that
threshold promise; a natural peak reaches it, a clipped one falls short even after a codec has bent its flat top.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tonewright.base.signal import Block, Layout
from tonewright.measure.waveform_kernel import TILE, scan

CHUNK_S = 0.25
_HISTOGRAM_BINS = 2048
_RUNS_PER_CHUNK = 32
#: Sharp steps are looked for in so many chunks at once.
_CHUNKS_LOOKED_OVER = 16

#: Columns of WaveformFacts.tops.
PEAK, FLATS, FLAT_SAMPLES, FLAT_LEVEL, EXCURSIONS, FLAT_EXCURSIONS = range(6)


@dataclass(frozen=True)
class WaveformFacts:
    """What the pass found.

    tops: (chunks, channels, 2, 6): for the positive and the negative side the peak, the count of flat tops, the samples
        in them, their level, the excursions near the peak and how many of these are flat.
    energy: (chunks, channels) mean square. mean: (chunks, channels).
    histogram: (channels, 2, 2048) samples by magnitude, from 0 to the least power of two above all (1/64 or more).
    zero_runs: (runs, 5): channel, first frame, frames, magnitude before, magnitude after; runs of 0.5 ms and longer.
    steps: (steps, 3): channel, frame, how far the third difference stands out of both its sides.
    used_bits: the shortest word that holds every sample, 25 when 24 do not.
    """

    rate_hz: int
    frames: int
    chunk_s: float
    tops: NDArray[np.float64]
    energy: NDArray[np.float64]
    mean: NDArray[np.float64]
    histogram: NDArray[np.int64]
    zero_runs: NDArray[np.float64]
    steps: NDArray[np.float64]
    used_bits: int


#: A sharp step's block must stand out of the blocks on both sides by this factor to be looked at again.
_STEP_RATIO = 8.0
_STEP_CONTEXT = 10
#: Third differences under this are no audible click (-66 dB of full scale).
_STEP_FLOOR = 5e-4
#: The sharpest so many are kept.
_STEPS_KEPT = 1000


class WaveformPass:
    """Feed blocks, then take the facts. Memory grows by about 0.5 kB a second."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._chunk = round(layout.rate_hz * CHUNK_S)
        channels = layout.channels
        self._pending = np.zeros((channels, 0))
        self._frames = 0
        self._history = np.zeros((channels, 3))
        self._histogram = np.zeros((channels, 2, _HISTOGRAM_BINS), np.int64)
        self._top = np.full((channels, 2), 2.0**-6)
        self._run = np.zeros((channels, 3))
        self._bits = np.zeros(channels, np.int64)
        self._per_ms = max(4, round(layout.rate_hz / 1000))
        self._tops: list[NDArray[np.float64]] = []
        self._energy: list[NDArray[np.float64]] = []
        self._mean: list[NDArray[np.float64]] = []
        self._runs: list[tuple[float, ...]] = []
        self._steps = np.zeros((0, 3))
        self._crests = np.empty((2, -(-self._chunk // TILE)))
        self._ms: list[NDArray[np.float64]] = [np.zeros((channels, 2, 0))]
        self._ms_start: list[NDArray[np.int64]] = [np.zeros(0, np.int64)]

    def feed(self, block: Block) -> None:
        block = np.ascontiguousarray(block)
        data = np.concatenate([self._pending, block], axis=1) if self._pending.shape[1] else block
        first = 0
        while data.shape[1] - first >= self._chunk:
            self._take(data, first, self._chunk)
            first += self._chunk
        self._pending = data[:, first:].copy()

    def result(self) -> WaveformFacts:
        if self._pending.shape[1]:
            self._take(self._pending, 0, self._pending.shape[1])
            self._pending = self._pending[:, :0].copy()
        self._find_steps()
        channels = self.layout.channels
        for c in range(channels):
            if self._run[c, 0] > 0:
                self._runs.append((c, self._run[c, 1], self._run[c, 0], self._run[c, 2], 0.0))
                self._run[c, 0] = 0
        return WaveformFacts(
            rate_hz=self.layout.rate_hz,
            frames=self._frames,
            chunk_s=self._chunk / self.layout.rate_hz,
            tops=np.array(self._tops).reshape(-1, channels, 2, 6),
            energy=np.array(self._energy).reshape(-1, channels),
            mean=np.array(self._mean).reshape(-1, channels),
            histogram=self._histogram.copy(),
            zero_runs=np.array(self._runs, dtype=np.float64).reshape(-1, 5),
            steps=self._steps,
            used_bits=_used_bits(self._bits),
        )

    def _take(self, data: Block, first: int, frames: int) -> None:
        channels = len(data)
        blocks = -(-frames // self._per_ms)
        tops, sums = np.empty((channels, 2, 6)), np.empty((channels, 2))
        ms = np.empty((channels, 2, blocks))
        runs = np.empty((channels, _RUNS_PER_CHUNK, 4))
        found = scan(
            data,
            first,
            frames,
            self._history,
            self._frames,
            self.layout.rate_hz * 0.0005,
            tops,
            sums,
            self._histogram,
            self._top,
            self._run,
            runs,
            self._bits,
            self._per_ms,
            ms,
            self._crests,
        )
        self._runs.extend((c, *runs[c, r]) for c in range(channels) for r in range(found[c]))
        self._tops.append(tops)
        self._energy.append(sums[:, 0])
        self._mean.append(sums[:, 1])
        self._ms.append(ms)
        self._ms_start.append(self._frames + np.arange(blocks) * self._per_ms)
        self._frames += frames
        if len(self._tops) % _CHUNKS_LOOKED_OVER == 0:
            self._find_steps()

    def _find_steps(self) -> None:
        """Blocks of a millisecond whose third difference stands out of the ten on either side."""
        ms, start = np.concatenate(self._ms, axis=2), np.concatenate(self._ms_start)
        span = _STEP_CONTEXT
        if ms.shape[2] > 2 * span:
            total = np.cumsum(np.pad(ms[:, 1], ((0, 0), (1, 0))), axis=1)
            middle = np.arange(span, ms.shape[2] - span)
            before = (total[:, middle - 1] - total[:, middle - span]) / (span - 1)
            after = (total[:, middle + span] - total[:, middle + 2]) / (span - 2)
            here = ms[:, 0][:, middle]
            ratio = here / np.maximum(np.maximum(before, after), 1e-9)
            c, at = np.nonzero((ratio > _STEP_RATIO) & (here > _STEP_FLOOR))
            found = np.stack([c, start[middle[at]], ratio[c, at]], axis=1)
            self._steps = np.concatenate([self._steps, found])
            if len(self._steps) > 2 * _STEPS_KEPT:
                sharpest = np.argsort(-self._steps[:, 2], kind="stable")
                self._steps = self._steps[sharpest[:_STEPS_KEPT]]
        self._ms, self._ms_start = [ms[:, :, -2 * span :].copy()], [start[-2 * span :].copy()]


def _used_bits(ored: NDArray[np.int64]) -> int:
    """The word length that holds every sample: 25 when some sample is no 24-bit number."""
    if np.any(ored < 0):
        return 25
    together = int(np.bitwise_or.reduce(ored.ravel()))
    if together == 0:
        return 0
    zeros = (together & -together).bit_length() - 1
    return 24 - zeros
