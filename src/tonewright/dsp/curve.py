"""The curve between samples, on finer grids, for stages that must act where its peaks are.

The same curve that measure/true_peak.py reads: first halfway between all samples (2x) with a long filter, flat to
0.486 of the rate; from that grid, whose upper half spectrum is empty, a short filter reads quarters, and a parabola
the top. See there for why a peak always shows on the 2x grid.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.base.kernels import kernel

_Array = NDArray[np.float64]

#: Samples on either side that shape the curve halfway; a multiple of 4. Kaiser window for 60 dB.
REACH = 64
_BETA = 5.653
#: Points of the 2x grid on either side that shape the curve a quarter further. Kaiser window for 100 dB.
QUARTER_REACH = 8
_QUARTER_BETA = 10.06
#: Samples that must be known on either side of what is read at quarters.
QUARTER_PAD = QUARTER_REACH // 2 + 1


def _rows(distance: NDArray[np.floating[Any]], reach: float, beta: float) -> _Array:
    inside = np.sqrt(np.maximum(0.0, 1.0 - (distance / reach) ** 2))
    row: _Array = np.sinc(distance) * np.i0(beta * inside)
    row /= row.sum()
    return row


@lru_cache(maxsize=1)
def halfway_taps() -> _Array:
    """(REACH,): what the samples k before and k + 1 after a frame weigh in the curve halfway to the next."""
    both = np.arange(REACH) + 0.5
    return np.ascontiguousarray(_rows(np.concatenate([-both, both]), REACH, _BETA)[REACH:])


@lru_cache(maxsize=1)
def quarter_taps() -> _Array:
    """(2 QUARTER_REACH,): weights of the 2x points around a quarter, the first one the furthest before it."""
    points = np.arange(-QUARTER_REACH + 1, QUARTER_REACH + 1) - 0.5
    return np.ascontiguousarray(_rows(points, QUARTER_REACH, _QUARTER_BETA))


@kernel
def _twice(x, first, taps, half, grid):  # type: ignore[no-untyped-def]
    """The 2x grid from frame `first` on: grid[2 i] = x[first + i], grid[2 i + 1] halfway to the next.

    x: (frames,) with the taps' reach to either side. half: scratch, (frames wanted,). grid: (2 * frames wanted,).
    """
    half[:] = 0.0
    for j in range(0, taps.size, 4):
        c0, c1, c2, c3 = taps[j], taps[j + 1], taps[j + 2], taps[j + 3]
        back, ahead = first - j, first + 1 + j
        p0, p1, p2, p3 = x[back:], x[back - 1 :], x[back - 2 :], x[back - 3 :]
        q0, q1, q2, q3 = x[ahead:], x[ahead + 1 :], x[ahead + 2 :], x[ahead + 3 :]
        for i in range(half.size):
            half[i] += (c0 * (p0[i] + q0[i]) + c1 * (p1[i] + q1[i])) + (c2 * (p2[i] + q2[i]) + c3 * (p3[i] + q3[i]))
    for i in range(half.size):
        grid[2 * i] = x[first + i]
        grid[2 * i + 1] = half[i]


@kernel
def _quarter(grid, q, taps):  # type: ignore[no-untyped-def]
    """The curve at q quarter samples from the start of a 2x grid."""
    if q % 2 == 0:
        return grid[q // 2]
    first = q // 2 - taps.size // 2 + 1
    total = 0.0
    for k in range(taps.size):
        total += taps[k] * grid[first + k]
    return total


@kernel
def _top(left, middle, right):  # type: ignore[no-untyped-def]
    """Height of the parabola through three neighbouring points of which the middle one is highest."""
    bend = 2.0 * middle - left - right
    return middle + (left - right) * (left - right) / (8.0 * bend) if bend > 1e-12 else middle
