"""Dynamic equaliser: bands whose gain moves with the level in the band.

A band stands still, to the bit, as long as the level stays on its quiet side of the threshold; beyond it the gain
moves towards its range. It can cut or lift what is loud (`above`) or what is soft (`below`). All bands listen to
what comes in, so their order does not matter to when they act.

Source: active_band.py.
"""

from typing import Literal

from pydantic import Field

from tonewright.base.params import Params, knob
from tonewright.base.units import hertz
from tonewright.dsp.active_band import ActiveBand, ActiveBands, Filter
from tonewright.dsp.stage import Context, Stage

MOST_BANDS = 12

#: Shelves of a higher Q would overshoot the range next to their corner.
_SHELF_Q = 0.70710678
#: The level is taken over so many cycles of the band's frequency at least, or it would follow the wave itself.
_CYCLES = 3.0
#: A band from here on, of the rate, is not there: the filter's own range ends at half the rate.
_TOP = 0.46


class DynamicBand(Params):
    """One band that acts on what is loud, or on what is soft."""

    kind: Literal["bell", "low_shelf", "high_shelf"] = "bell"
    frequency_hz: float = knob(
        3000, 20, 20_000, unit="Hz", step=1, scale="log", help="Centre of a bell, corner of a shelf."
    )
    q: float = knob(1, 0.2, 20, step=0.01, scale="log", help="How narrow a bell is; shelves take at most 0.71.")
    threshold_db: float = knob(
        -30,
        -90,
        0,
        unit="dBFS",
        step=0.5,
        help="Level within the band (mean power of the channels) where it begins.",
    )
    range_db: float = knob(
        -3, -18, 18, unit="dB", step=0.1, help="The gain at most; negative cuts, positive lifts."
    )
    when: Literal["above", "below"] = "above"
    ratio: float = knob(
        2, 1, 20, unit=":1", step=0.1, scale="log", help="Level in per level out beyond the threshold."
    )
    knee_db: float = knob(6, 0, 24, unit="dB", step=0.5, help="The first decibels beyond the threshold act softly.")
    attack_ms: float = knob(10, 1, 200, unit="ms", step=0.5, scale="log", help="Time in which the gain sets in.")
    release_ms: float = knob(
        150, 10, 1500, unit="ms", step=1, scale="log", help="Time in which the whole range is let go."
    )


class DynamicEqParams(Params):
    """Turn parts of the spectrum down (or up) only while they are too loud (or too soft)."""

    bands: tuple[DynamicBand, ...] = Field((), max_length=MOST_BANDS, description="The bands.")


PARAMS = DynamicEqParams


def design(params: DynamicEqParams, context: Context) -> Stage:
    """Bands that can't act, or lie above what the rate can hold, are left out."""
    bands = [_active(b) for b in params.bands if _acts(b) and b.frequency_hz < _TOP * context.rate_hz]
    return ActiveBands(bands, context)


def describe(params: DynamicEqParams) -> str:
    words = [
        f"{band.kind.replace('_', ' ')} at {hertz(band.frequency_hz)} up to {band.range_db:+.1f} dB "
        f"{band.when} {band.threshold_db:.0f} dBFS"
        for band in params.bands
        if _acts(band)
    ]
    return "; ".join(words) or "no active band"


def _acts(band: DynamicBand) -> bool:
    return band.range_db != 0.0 and band.ratio > 1.0


def _active(band: DynamicBand) -> ActiveBand:
    q = band.q if band.kind == "bell" else min(band.q, _SHELF_Q)
    filter_ = Filter(band.frequency_hz, q)
    return ActiveBand(
        shape=band.kind,
        filter=filter_,
        sense=filter_,
        sense_shape=band.kind,
        threshold_db=band.threshold_db,
        slope=1.0 - 1.0 / band.ratio,
        knee_db=band.knee_db,
        range_db=band.range_db,
        below=band.when == "below",
        window_s=min(max(band.attack_ms / 1000.0, _CYCLES / band.frequency_hz), 0.15),
        attack_s=band.attack_ms / 1000.0,
        release_s=band.release_ms / 1000.0,
    )
