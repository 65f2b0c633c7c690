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
from numpy.typing import NDArray

from tonewright.base.kernels import kernel
from tonewright.dsp.curve import QUARTER_PAD, _quarter, _top, _twice, halfway_taps, quarter_taps
from tonewright.dsp.maximiser_mask import PHASES

_Array = NDArray[np.float64]

MOST_PEAKS = 192  #: peaks of one chunk that can be held down
_ROUNDS = 3  # searches for further peaks in one visit of a chunk
_PASSES = 24  # of the dual ascent in one round
_TOLERANCE = 2e-4  # of the ceiling: 0.002 dB
#: Where the 2x grid is this far below the ceiling, the curve stays below it, but for content above 0.3 of the rate.
_NEAR = 0.88


@kernel
def _visit(y, start, chunk, ceiling, pulse, taps, quarters, place, amount, sign, count):  # type: ignore[no-untyped-def]
    """Hold down the peaks of one chunk y[start : start + chunk]; y is changed. Gives the number of peaks held.

    place, amount, sign: (MOST_PEAKS,) quarter sample in the chunk, pulse's height, and sign of each peak, updated.
    """
    pad = QUARTER_PAD
    reach = pulse.shape[1] - 1
    room = place.size
    tolerance = _TOLERANCE * ceiling
    half = np.empty(chunk + 2 * pad)
    grid = np.empty(2 * (chunk + 2 * pad))
    whole = np.empty((0, 0))
    excess = np.empty(room)
    before = np.empty(room)
    for _ in range(_ROUNDS):
        _twice(y, start - pad, taps, half, grid)
        for g in range(2 * pad, 2 * (pad + chunk)):
            level = abs(grid[g])
            if level < _NEAR * ceiling or level < abs(grid[g - 1]) or level <= abs(grid[g + 1]):
                continue
            s = 1.0 if grid[g] > 0.0 else -1.0
            q = 2 * g
            before_it, after_it = s * _quarter(grid, q - 1, quarters), s * _quarter(grid, q + 1, quarters)
            if before_it > level and before_it >= after_it:
                q, level = q - 1, before_it
            elif after_it > level:
                q, level = q + 1, after_it
            if level <= ceiling + tolerance or count == room:
                continue
            q -= PHASES * pad
            if q < 0 or q >= PHASES * chunk:
                continue
            known = False
            for k in range(count):
                if place[k] == q:
                    known = True
                    break
            if not known:
                place[count] = q
                amount[count] = 0.0
                sign[count] = s
                count += 1
        if count == 0:
            return 0

        worst = 0.0
        for k in range(count):
            q = place[k] + PHASES * pad
            middle = sign[k] * _quarter(grid, q, quarters)
            left, right = sign[k] * _quarter(grid, q - 1, quarters), sign[k] * _quarter(grid, q + 1, quarters)
            if middle >= left and middle >= right:
                middle = _top(left, middle, right)
            excess[k] = middle - ceiling
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

        if whole.size == 0:
            whole = _unfold(pulse)
        for k in range(count):
            change = (amount[k] - before[k]) * sign[k]
            if change != 0.0:
                row = whole[place[k] % PHASES]
                target = y[start + place[k] // PHASES - reach + 1 :]
                for o in range(row.size):
                    target[o] -= change * row[o]
    return count


@kernel
def _unfold(pulse):  # type: ignore[no-untyped-def]
    """Both halves of a pulse: (PHASES, 2 reach - 1); column reach - 1 is the sample that the phase counts from."""
    reach = pulse.shape[1] - 1
    whole = np.empty((PHASES, 2 * reach - 1))
    for phase in range(PHASES):
        for o in range(reach):
            whole[phase, reach - 1 - o] = pulse[phase, o]
        for o in range(1, reach):
            whole[phase, reach - 1 + o] = pulse[0, o] if phase == 0 else pulse[PHASES - phase, o - 1]
    return whole


@kernel
def _sweep(  # type: ignore[no-untyped-def]
    y, first, last, offset, sweeps, chunk, ceiling, has_pulse, pulses, taps, quarters, place, amount, sign, count
):
    """One channel: let the chunks first..last - 1 enter, and do all visits that become due.

    Visit v of `2 * sweeps` goes to a chunk when v - 1 has been to both its neighbours; the chunks of one visit are
    all even or all odd. What is known of chunk i stands in row (offset + i) % rows of the other arrays: has_pulse
    (rows,), pulses (rows, PHASES, reach + 1), place, amount, sign (rows, MOST_PEAKS), count (rows,).
    """
    rows = count.size
    for entered in range(first, last):
        if entered % 2 == 0:
            continue
        for visit in range(2 * sweeps):
            i = entered - visit
            r = (offset + i) % rows
            if i >= 1 and has_pulse[r]:
                count[r] = _visit(
                    y, i * chunk, chunk, ceiling, pulses[r], taps, quarters, place[r], amount[r], sign[r], count[r]
                )


class Peaks:
    """What is known of the chunks in hand: their pulses and the peaks held down, in a ring of rows."""

    def __init__(self, channels: int, rows: int, reach: int) -> None:
        self.rows = rows
        self.has_pulse = np.zeros((channels, rows), dtype=np.bool_)
        self.pulse = np.zeros((channels, rows, PHASES, reach + 1))
        self.place = np.zeros((channels, rows, MOST_PEAKS), dtype=np.int64)
        self.amount = np.zeros((channels, rows, MOST_PEAKS))
        self.sign = np.zeros((channels, rows, MOST_PEAKS))
        self.count = np.zeros((channels, rows), dtype=np.int64)

    def forget(self, first: int, last: int) -> None:
        """Clear the rows for chunks first..last - 1 that now enter."""
        rows = np.arange(first, last) % self.rows
        self.has_pulse[:, rows] = False
        self.count[:, rows] = 0


def sweep(
    y: _Array,
    first: int,
    last: int,
    offset: int,
    sweeps: int,
    chunk: int,
    ceiling: float,
    peaks: Peaks,
    channel: int,
) -> None:
    """Let chunks first..last - 1 of one channel (frames,) enter, and do the visits due; y is changed in place."""
    c = channel
    _sweep(
        y,
        first,
        last,
        offset,
        sweeps,
        chunk,
        ceiling,
        peaks.has_pulse[c],
        peaks.pulse[c],
        halfway_taps(),
        quarter_taps(),
        peaks.place[c],
        peaks.amount[c],
        peaks.sign[c],
        peaks.count[c],
    )
