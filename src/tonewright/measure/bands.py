"""Frequency bands: third-octaves and octaves around 1 kHz, base 2.

Source: IEC 61260-1:2014, clause 5 (mid-band frequencies; base 2 as the standard's earlier edition permits: within
0.6 % of base 10 from 20 Hz to 20 kHz).
"""

import numpy as np
from numpy.typing import NDArray

#: Third-octaves are numbered from 1 kHz: -17 is 19.7 Hz, 13 is 20.2 kHz.
FIRST_THIRD, LAST_THIRD = -17, 13
#: Fine bands in each third-octave: 24 to the octave.
FINE_PER_THIRD = 8

THIRD_HZ: NDArray[np.float64] = 1000.0 * np.exp2(np.arange(FIRST_THIRD, LAST_THIRD + 1, dtype=np.float64) / 3.0)
FINE_EDGES_HZ: NDArray[np.float64] = 1000.0 * 2.0 ** (
    (np.arange((LAST_THIRD - FIRST_THIRD + 1) * FINE_PER_THIRD + 1) / FINE_PER_THIRD + FIRST_THIRD - 0.5) / 3.0
)
FINE_HZ: NDArray[np.float64] = np.sqrt(FINE_EDGES_HZ[1:] * FINE_EDGES_HZ[:-1])
#: Octaves 31.25 Hz to 16 kHz.
OCTAVE_HZ: NDArray[np.float64] = 1000.0 * np.exp2(np.arange(-5.0, 5.0))


def usable(centre_hz: NDArray[np.float64], rate_hz: int) -> NDArray[np.bool_]:
    """Which bands lie below half the rate with at least their centre."""
    return centre_hz < 0.5 * rate_hz


def bin_overlap(low_hz: float, high_hz: float, bins: int, rate_hz: int) -> NDArray[np.float64]:
    """Weight (0..1) of each of `bins` rfft bins in a band: the part of the bin's width that lies in it."""
    width = 0.5 * rate_hz / (bins - 1)
    centre = np.arange(bins) * width
    inside = np.minimum(centre + width / 2, high_hz) - np.maximum(centre - width / 2, low_hz)
    share: NDArray[np.float64] = np.clip(inside / width, 0.0, 1.0)
    return share
