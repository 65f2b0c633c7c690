"""Resonance suppressor: narrow bands that cut only while the resonance stands above its surroundings.

The frequencies are found by the analysis and stand in the recipe. In each band the power within the resonance is
compared with the power around it, both per hertz, so white noise of any level reads 0 dB. What the resonance stands
out by more than the threshold is taken away, down to the depth at most; nothing is ever lifted, and a band that
finds no resonance leaves the sound as it is to the bit.

The surroundings are the difference of a broad and the narrow band-pass. Both have gain 1 and no phase at the centre,
so the difference is blind to the resonance itself.

Source: active_band.py for the bands and their control.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tonewright.base.params import Params, knob
from tonewright.base.units import hertz
from tonewright.dsp.active_band import ActiveBand, ActiveBands, Filter
from tonewright.dsp.stage import Context, Stage

MOST_BANDS = 12

#: The surroundings are this much broader than the resonance.
_BROADER = 6.0
#: The level of noise in a band of B hertz over T seconds is sure to about 4.34·√(1/(B·T)) dB; B·T = 4 is 2.2 dB.
_BANDWIDTH_TIMES_WINDOW = 4.0
_WINDOW_S = (0.02, 0.3)
_KNEE_DB = 3.0
#: Below this there is nothing to hear: hiss under a fade is no resonance.
_FLOOR_DB = -90.0
_TOP = 0.46


class ResonanceBand(Params):
    """One resonance."""

    frequency_hz: float = knob(
        400, 40, 16_000, unit="Hz", step=1, scale="log", help="Where the resonance lies, as the analysis found it."
    )
    q: float = knob(12, 4, 60, step=0.5, scale="log", help="How narrow the cut is.")
    depth_db: float = knob(4, 0, 18, unit="dB", step=0.1, help="The cut is never deeper.")
    threshold_db: float = knob(
        2, 0, 24, unit="dB", step=0.5, help="So far may the resonance stand above its surroundings, per hertz."
    )


class ResonanceParams(Params):
    """Hold ringing frequencies down, but only while they ring."""

    bands: tuple[ResonanceBand, ...] = Field((), max_length=MOST_BANDS, description="The resonances.")
    attack_ms: float = knob(20, 2, 200, unit="ms", step=1, scale="log", help="Time in which the cut sets in.")
    release_ms: float = knob(
        150, 10, 1000, unit="ms", step=5, scale="log", help="Time in which the whole cut is let go."
    )


PARAMS = ResonanceParams


def design(params: ResonanceParams, context: Context) -> Stage:
    """Bands without depth, or above what the rate can hold, are left out."""
    bands = [
        _active(band, params, context.rate_hz)
        for band in params.bands
        if band.depth_db > 0.0 and band.frequency_hz < _TOP * context.rate_hz
    ]
    return ActiveBands(bands, context)


def describe(params: ResonanceParams) -> str:
    words = [
        f"{hertz(band.frequency_hz)} by up to {band.depth_db:.1f} dB" for band in params.bands if band.depth_db
    ]
    return f"resonances held down: {', '.join(words)}" if words else "no resonance held down"


def _active(band: ResonanceBand, params: ResonanceParams, rate_hz: int) -> ActiveBand:
    narrow, broad = Filter(band.frequency_hz, band.q), Filter(band.frequency_hz, band.q / _BROADER)
    window_s = _BANDWIDTH_TIMES_WINDOW * band.q / band.frequency_hz
    return ActiveBand(
        shape="bell",
        filter=narrow,
        sense=narrow,
        against=broad,
        without_sense=True,
        offset_db=_surroundings_db(narrow, broad, rate_hz),
        threshold_db=band.threshold_db,
        knee_db=_KNEE_DB,
        range_db=-band.depth_db,
        floor_db=_FLOOR_DB,
        window_s=min(max(window_s, _WINDOW_S[0]), _WINDOW_S[1]),
        attack_s=params.attack_ms / 1000.0,
        release_s=params.release_ms / 1000.0,
    )


@lru_cache(maxsize=64)
def _surroundings_db(narrow: Filter, broad: Filter, rate_hz: int) -> float:
    """How much more white noise the surroundings hold than the resonance's band, in dB."""
    w = np.geomspace(1e-3, 1e3, 20_001)  # in units of the filters' frequency
    angle = 2.0 * np.arctan(np.tan(np.pi * narrow.frequency_hz / rate_hz) * w)
    in_narrow, in_broad = _band_pass(w, narrow.q), _band_pass(w, broad.q)
    inside = np.trapezoid(np.abs(in_narrow) ** 2, angle)
    outside = np.trapezoid(np.abs(in_broad - in_narrow) ** 2, angle)
    return float(10.0 * np.log10(outside / inside))


def _band_pass(w: NDArray[np.float64], q: float) -> NDArray[np.complex128]:
    """Response of the band-pass of peak 1 at w times its frequency."""
    return np.asarray((1j * w / q) / (1.0 - w * w + 1j * w / q), dtype=np.complex128)
