"""One pass over the samples themselves: flat tops, levels, zero runs, sharp steps, word length, DC.

The samples are taken in chunks of a quarter of a second on a fixed grid, each channel by itself. What is kept of a
chunk is small; what looks suspicious is read again from the signal later, where it can be looked at in full.

Flat excursions: an excursion above 90 % of the chunk's peak is compared with the parabola that its slopes at that
threshold promise; a natural peak reaches it, a clipped one falls short even after a codec has bent its flat top.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tonewright.base.signal import Block, Layout

CHUNK_S = 0.25
#: Half a 16-bit step: what is under it is zero in any 16-bit file.
_ZERO = 0.5 / 32768.0
#: A flat run's neighbours must be lower by at least eight 16-bit steps, or a quantised bass note's crest would count.
_EDGE_STEP = 8.0 / 32768.0
#: Shortest run of equal samples that counts as a flat top.
_FLAT_SAMPLES = 3
_THRESHOLD = 0.9
_HISTOGRAM_BINS = 2048
_RUNS_PER_CHUNK = 32

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


@njit(cache=True, nogil=True)  # never fastmath: results must repeat
def _scan(x, history, start, shortest, tops, sums, histogram, top, run, runs, bits, per_ms, ms_max, ms_mean):  # type: ignore[no-untyped-def]
    """Scan one chunk of one channel.

    x: (frames,). history: (3,) the samples before, updated. start: frame number of x[0]. shortest: frames of
    the shortest zero run to keep. tops: (2, 6) out. sums: (2,) mean square and mean, out. histogram: (2, bins),
    top: (2,) updated. run: (3,) state of the zero run: frames so far, first frame, magnitude before; updated.
    runs: (n, 4) out: first frame, frames, before, after. bits: (1,) OR of the samples as 24-bit integers, -1 when
    they are none; updated. per_ms: frames in a step block; ms_max, ms_mean: (blocks,) out, of the third difference.
    Returns the count of zero runs.
    """
    frames = x.size
    energy, total, high, low = 0.0, 0.0, 0.0, 0.0
    found = 0
    for n in range(frames):
        v = x[n]
        energy += v * v
        total += v
        high = max(high, v)
        low = min(low, v)
        side = 0 if v >= 0.0 else 1
        size = abs(v)
        while size >= top[side]:  # double the range; two bins become one
            for b in range(histogram.shape[1] // 2):
                histogram[side, b] = histogram[side, 2 * b] + histogram[side, 2 * b + 1]
            for b in range(histogram.shape[1] // 2, histogram.shape[1]):
                histogram[side, b] = 0
            top[side] *= 2.0
        histogram[side, int(size / top[side] * histogram.shape[1])] += 1
        if size <= _ZERO:
            if run[0] == 0:
                run[1] = start + n
                run[2] = abs(history[2]) if n == 0 else abs(x[n - 1])
            run[0] += 1
        elif run[0] > 0:
            if run[0] >= shortest and found < runs.shape[0]:
                runs[found, 0] = run[1]
                runs[found, 1] = run[0]
                runs[found, 2] = run[2]
                runs[found, 3] = size
                found += 1
            run[0] = 0
        if bits[0] >= 0:
            scaled = size * 8388608.0
            whole = np.int64(scaled)
            if scaled == whole:
                bits[0] |= whole
            else:
                bits[0] = -1
    sums[0] = energy / frames
    sums[1] = total / frames

    a, b, c = history[0], history[1], history[2]
    for block in range(ms_max.size):
        first, end = block * per_ms, min(frames, (block + 1) * per_ms)
        biggest, mean = 0.0, 0.0
        for n in range(first, end):
            third = abs(x[n] - 3.0 * c + 3.0 * b - a)
            a, b, c = b, c, x[n]
            biggest = max(biggest, third)
            mean += third
        ms_max[block] = biggest
        ms_mean[block] = mean / max(1, end - first)
    history[0], history[1], history[2] = a, b, c

    for side in range(2):
        sign = 1.0 if side == 0 else -1.0
        peak = high if side == 0 else -low
        tops[side, :] = 0.0
        tops[side, 0] = peak
        if peak < 1e-3:
            continue
        n = 1
        while n < frames - 1:  # flat tops
            v = sign * x[n]
            if v < 0.97 * peak or v - sign * x[n - 1] < _EDGE_STEP:
                n += 1
                continue
            end = n + 1
            while end < frames and abs(sign * x[end] - v) <= 1e-7:
                end += 1
            if end < frames and end - n >= _FLAT_SAMPLES and v - sign * x[end] >= _EDGE_STEP:
                tops[side, 1] += 1
                tops[side, 2] += end - n
                tops[side, 3] = max(tops[side, 3], v)
            n = end
        threshold = _THRESHOLD * peak
        n = 1
        while n < frames - 1:  # excursions
            before, v = sign * x[n - 1], sign * x[n]
            if v < threshold or before >= threshold:
                n += 1
                continue
            end, crest = n, v
            while end < frames and sign * x[end] >= threshold:
                crest = max(crest, sign * x[end])
                end += 1
            if end < frames and end - n >= 4:
                rise, fall = v - before, sign * x[end - 1] - sign * x[end]
                width = (end - 1 - n) + (v - threshold) / rise + (sign * x[end - 1] - threshold) / fall
                tops[side, 4] += 1
                if crest - threshold < 0.6 * width * (rise + fall) / 8.0:
                    tops[side, 5] += 1
            n = end
    return found


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
        self._bits = np.zeros((channels, 1), np.int64)
        self._per_ms = max(4, round(layout.rate_hz / 1000))
        self._tops: list[NDArray[np.float64]] = []
        self._energy: list[NDArray[np.float64]] = []
        self._mean: list[NDArray[np.float64]] = []
        self._runs: list[tuple[float, ...]] = []
        self._steps: list[tuple[float, ...]] = []
        self._ms_before = np.zeros((channels, 2, 0))
        self._ms_start = np.zeros(0, np.int64)

    def feed(self, block: Block) -> None:
        data = np.concatenate([self._pending, block], axis=1) if self._pending.shape[1] else block
        start = 0
        while data.shape[1] - start >= self._chunk:
            self._take(data[:, start : start + self._chunk])
            start += self._chunk
        self._pending = data[:, start:].copy()

    def result(self) -> WaveformFacts:
        if self._pending.shape[1]:
            self._take(self._pending)
            self._pending = self._pending[:, :0]
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
            steps=np.array(self._steps, dtype=np.float64).reshape(-1, 3),
            used_bits=_used_bits(self._bits),
        )

    def _take(self, chunk: Block) -> None:
        channels, frames = chunk.shape
        blocks = -(-frames // self._per_ms)
        tops, sums = np.empty((channels, 2, 6)), np.empty((channels, 2))
        ms = np.empty((channels, 2, blocks))
        runs = np.empty((_RUNS_PER_CHUNK, 4))
        shortest = self.layout.rate_hz * 0.0005
        for c in range(channels):
            found = _scan(
                np.ascontiguousarray(chunk[c]),
                self._history[c],
                self._frames,
                shortest,
                tops[c],
                sums[c],
                self._histogram[c],
                self._top[c],
                self._run[c],
                runs,
                self._bits[c],
                self._per_ms,
                ms[c, 0],
                ms[c, 1],
            )
            self._runs.extend((c, *runs[r]) for r in range(found))
        self._tops.append(tops)
        self._energy.append(sums[:, 0].copy())
        self._mean.append(sums[:, 1].copy())
        self._find_steps(ms, self._frames + np.arange(blocks) * self._per_ms)
        self._frames += frames

    def _find_steps(self, ms: NDArray[np.float64], start: NDArray[np.int64]) -> None:
        """Blocks of a millisecond whose third difference stands out of the ten on either side."""
        ms = np.concatenate([self._ms_before, ms], axis=2)
        start = np.concatenate([self._ms_start, start])
        span = _STEP_CONTEXT
        if ms.shape[2] > 2 * span:
            total = np.cumsum(np.pad(ms[:, 1], ((0, 0), (1, 0))), axis=1)
            middle = np.arange(span, ms.shape[2] - span)
            before = (total[:, middle - 1] - total[:, middle - span]) / (span - 1)
            after = (total[:, middle + span] - total[:, middle + 2]) / (span - 2)
            here = ms[:, 0][:, middle]
            ratio = here / np.maximum(np.maximum(before, after), 1e-9)
            for c, at in np.argwhere((ratio > _STEP_RATIO) & (here > _STEP_FLOOR)):
                self._steps.append((c, start[middle[at]], ratio[c, at]))
            if len(self._steps) > 2 * _STEPS_KEPT:
                self._steps = sorted(self._steps, key=lambda step: -step[2])[:_STEPS_KEPT]
        self._ms_before = ms[:, :, -2 * span :].copy()
        self._ms_start = start[-2 * span :].copy()


def _used_bits(ored: NDArray[np.int64]) -> int:
    """The word length that holds every sample: 25 when some sample is no 24-bit number."""
    if np.any(ored < 0):
        return 25
    together = int(np.bitwise_or.reduce(ored.ravel()))
    if together == 0:
        return 0
    zeros = (together & -together).bit_length() - 1
    return 24 - zeros
