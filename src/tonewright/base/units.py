"""Decibels and other units, in one place."""

import math
from typing import overload

import numpy as np
from numpy.typing import NDArray

#: Below this a level is silence: -200 dB is 2^-33 of full scale, far under a 24-bit step.
SILENCE_DB = -200.0
_SILENCE_AMPLITUDE = 10.0 ** (SILENCE_DB / 20.0)


@overload
def db_to_gain(db: float) -> float: ...
@overload
def db_to_gain(db: NDArray[np.float64]) -> NDArray[np.float64]: ...
def db_to_gain(db: float | NDArray[np.float64]) -> float | NDArray[np.float64]:
    """Amplitude ratio of a level in dB."""
    return 10.0 ** (db / 20.0)


@overload
def gain_to_db(gain: float) -> float: ...
@overload
def gain_to_db(gain: NDArray[np.float64]) -> NDArray[np.float64]: ...
def gain_to_db(gain: float | NDArray[np.float64]) -> float | NDArray[np.float64]:
    """Level in dB of an amplitude, never below SILENCE_DB."""
    if isinstance(gain, np.ndarray):
        floored: NDArray[np.float64] = 20.0 * np.log10(np.maximum(np.abs(gain), _SILENCE_AMPLITUDE))
        return floored
    return 20.0 * math.log10(max(abs(gain), _SILENCE_AMPLITUDE))


@overload
def power_to_db(power: float) -> float: ...
@overload
def power_to_db(power: NDArray[np.float64]) -> NDArray[np.float64]: ...
def power_to_db(power: float | NDArray[np.float64]) -> float | NDArray[np.float64]:
    """Level in dB of a power (mean square), never below SILENCE_DB."""
    if isinstance(power, np.ndarray):
        floored: NDArray[np.float64] = 10.0 * np.log10(np.maximum(power, _SILENCE_AMPLITUDE**2))
        return floored
    return 10.0 * math.log10(max(power, _SILENCE_AMPLITUDE**2))


def clock(seconds: float) -> str:
    """A position as people read it on a transport: 1:03.2, or 1:02:03.4 past the hour."""
    tenths = round(seconds * 10)
    hours, rest = divmod(tenths, 36_000)
    minutes, rest = divmod(rest, 600)
    tail = f"{rest // 10:02d}.{rest % 10}"
    return f"{hours}:{minutes:02d}:{tail}" if hours else f"{minutes}:{tail}"


def hertz(frequency_hz: float) -> str:
    """A frequency as people say it: 80 Hz, 2.5 kHz."""
    return f"{frequency_hz / 1000:.3g} kHz" if frequency_hz >= 1000 else f"{frequency_hz:.3g} Hz"
