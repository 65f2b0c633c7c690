"""What shaped dither does to the noise, from its filter alone."""

import math

import numpy as np
from numpy.typing import NDArray

from tonewright.base.quantise import shaping_filter


def noise_response_db(rate_hz: int, frequency_hz: NDArray[np.floating]) -> NDArray[np.float64]:
    """By how much shaping raises the plain dither's noise at given frequencies."""
    taps = shaping_filter(rate_hz)
    z = np.exp(-2j * math.pi * np.outer(frequency_hz, np.arange(1, len(taps) + 1)) / rate_hz)
    response: NDArray[np.float64] = 20.0 * np.log10(np.abs(1.0 + z @ taps))
    return response
