"""Taking peaks down with as little audible error as can be: the solver of the maximiser.

The problem is convex: of all signals whose (interpolated) peaks stay under the ceiling, find the one whose difference
from the input, weighted by the ear, is least. Its solution is the input minus a sum of pulses, one at each peak that
reaches the ceiling, with the shape that maximiser_mask gives and amounts that are never negative. The amounts are
found by coordinate ascent on the dual (Hildreth's method) inside a chunk, and chunk by chunk, even ones and odd ones
in turn: a chunk's pulses do not reach past its neighbours, so that the result depends on a bounded stretch of signal.

Source: Defraene et al., IEEE TASLP 20(10), 2012 (the projection); Hildreth, Naval Research Logistics Quarterly 4,
1957 (the dual ascent).
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tonewright.dsp.maximiser_mask import PHASES

_Array = NDArray[np.float64]

HALF_TAPS = 12
MOST_PEAKS = 192  #: peaks of one chunk that can be held down
_ROUNDS = 3  # searches for further peaks in one visit of a chunk
_PASSES = 24  # of the dual ascent in one round


def interpolator(half_taps: int = HALF_TAPS, phases: int = PHASES, beta: float = 8.0) -> _Array:
    """(phases, 2 * half_taps) Kaiser-windowed sincs: row p reads the signal p / phases after tap half_taps - 1."""
    at = np.arange(phases)[:, None] / phases - np.arange(-half_taps + 1, half_taps + 1)[None, :]
    window = np.i0(beta * np.sqrt(np.maximum(0.0, 1.0 - (at / half_taps) ** 2))) / np.i0(beta)
    taps = np.sinc(at) * window
    return np.ascontiguousarray(taps / taps.sum(axis=1, keepdims=True))


@njit(cache=True, nogil=True)  # never fastmath: renders must repeat
def _visit(y, start, chunk, ceiling, pulse, taps, place, amount, sign, count, fine):  # type: ignore[no-untyped-def]
    """Hold down the peaks of one chunk y[start : start + chunk]; y is changed. Returns the peaks held.

    place, amount, sign: (MOST_PEAKS,) quarter sample in the chunk, pulse's height, and sign of each peak, updated.
    fine: scratch, (PHASES * (chunk + 2),).
    """
    half = taps.shape[1] // 2
    reach = pulse.shape[1] - 1
    room = place.size
    tolerance = 2e-4 * ceiling
    excess = np.empty(room)
    before = np.empty(room)
    for _ in range(_ROUNDS):
        # The chunk on the fine grid, from one sample before it to one after.
        for j in range(chunk + 2):
            n = start - 1 + j
            here, there = y[n], y[n + 1]
            q = PHASES * j
            fine[q] = here
            if max(abs(here), abs(there)) < 0.6 * ceiling:
                fine[q + 1] = here
                fine[q + 2] = here
                fine[q + 3] = there
                continue
            s1, s2, s3 = 0.0, 0.0, 0.0
            for t in range(2 * half):
                v = y[n - half + 1 + t]
                s1 += taps[1, t] * v
                s2 += taps[2, t] * v
                s3 += taps[3, t] * v
            fine[q + 1] = s1
            fine[q + 2] = s2
            fine[q + 3] = s3

        fresh = 0
        for q in range(PHASES, PHASES * (chunk + 1)):
            level = abs(fine[q])
            if level > ceiling + tolerance and level >= abs(fine[q - 1]) and level > abs(fine[q + 1]):
                known = False
                for k in range(count):
                    if place[k] == q - PHASES:
                        known = True
                        break
                if not known and count < room:
                    place[count] = q - PHASES
                    amount[count] = 0.0
                    sign[count] = 1.0 if fine[q] > 0 else -1.0
                    count += 1
                    fresh += 1
        if count == 0:
            return 0

        worst = 0.0
        for k in range(count):
            q = place[k] + PHASES
            top, left, right = sign[k] * fine[q], sign[k] * fine[q - 1], sign[k] * fine[q + 1]
            bend = 2.0 * top - left - right
            if bend > 1e-12 and top >= left and top >= right:
                top += 0.125 * (left - right) * (left - right) / bend  # the parabola's top, between grid points
            excess[k] = top - ceiling
            before[k] = amount[k]
            worst = max(worst, max(excess[k], min(amount[k], -excess[k])))
        if worst <= tolerance:
            break

        for _ in range(_PASSES):
            largest = 0.0
            for k in range(count):
                step = max(excess[k], -amount[k])
                if abs(step) < 0.1 * tolerance:
                    continue
                amount[k] += step
                largest = max(largest, abs(step))
                for j in range(count):
                    apart = abs(place[j] - place[k])
                    if apart < PHASES * reach:
                        excess[j] -= sign[j] * sign[k] * step * pulse[apart % PHASES, apart // PHASES]
            if largest <= tolerance:
                break

        for k in range(count):
            change = (amount[k] - before[k]) * sign[k]
            if change == 0.0:
                continue
            middle = start + place[k] // PHASES
            phase = place[k] % PHASES
            for o in range(reach):
                y[middle - o] -= change * pulse[phase, o]
            if phase == 0:
                for o in range(1, reach):
                    y[middle + o] -= change * pulse[0, o]
            else:
                for o in range(1, reach):
                    y[middle + o] -= change * pulse[PHASES - phase, o - 1]
    return count


@njit(cache=True, nogil=True)  # never fastmath: renders must repeat
def _sweep(y, first, last, sweeps, chunk, ceiling, pulse_of, pulses, taps, place, amount, sign, count):  # type: ignore[no-untyped-def]
    """One channel: let the chunks first..last - 1 enter, and do all visits that become due.

    Visit v of `2 * sweeps` goes to a chunk when v - 1 has been to both its neighbours; the chunks of one visit are
    all even or all odd. pulse_of: (chunks,) row of `pulses`, or -1 where nothing comes near the ceiling.
    place, amount, sign: (chunks, MOST_PEAKS); count: (chunks,).
    """
    fine = np.empty(PHASES * (chunk + 2))
    for entered in range(first, last):
        if entered % 2 == 0:
            continue
        for visit in range(2 * sweeps):
            i = entered - visit
            if i < 1 or pulse_of[i] < 0:
                continue
            count[i] = _visit(
                y,
                i * chunk,
                chunk,
                ceiling,
                pulses[pulse_of[i]],
                taps,
                place[i],
                amount[i],
                sign[i],
                count[i],
                fine,
            )


def sweep(
    y: _Array,
    first: int,
    last: int,
    sweeps: int,
    chunk: int,
    ceiling: float,
    pulse_of: NDArray[np.int64],
    pulses: _Array,
    taps: _Array,
    peaks: "Peaks",
    channel: int,
) -> None:
    """Let chunks first..last - 1 of one channel enter, and do the visits due; y is changed in place."""
    c = channel
    _sweep(
        y,
        first,
        last,
        sweeps,
        chunk,
        ceiling,
        pulse_of,
        pulses,
        taps,
        peaks.place[c],
        peaks.amount[c],
        peaks.sign[c],
        peaks.count[c],
    )


class Peaks:
    """What is known of the peaks of the chunks in hand: (channels, chunks, MOST_PEAKS) each."""

    def __init__(self, channels: int, chunks: int) -> None:
        self.place = np.zeros((channels, chunks, MOST_PEAKS), dtype=np.int64)
        self.amount = np.zeros((channels, chunks, MOST_PEAKS))
        self.sign = np.zeros((channels, chunks, MOST_PEAKS))
        self.count = np.zeros((channels, chunks), dtype=np.int64)

    def move(self, chunks: int) -> None:
        """Forget the first so many chunks."""
        for array in (self.place, self.amount, self.sign, self.count):
            array[:, :-chunks] = array[:, chunks:].copy()
            array[:, -chunks:] = 0
