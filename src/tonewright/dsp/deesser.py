"""De-esser: turns sharp s sounds down while they last.

An s is known by its balance, not by its level: the power in the sibilance band is compared with the power in the
voice's body, so a whispered verse and a shouted chorus are treated alike, and what lies under the threshold is left
as it is to the bit. The gain is one for all channels and is there when the s begins (look-ahead).

The body is taken from about 300 Hz to 3 kHz: below is the kick's, and an s under a kick is an s all the same.

Source: active_band.py for band and control; that sibilants are known by the ratio of bands is common knowledge of
phonetics (fricatives put most of their power above 4 kHz, vowels below).
"""

from typing import Literal

import numpy as np

from tonewright.base.params import Params, knob
from tonewright.base.signal import Block
from tonewright.base.units import hertz
from tonewright.dsp.active_band import ActiveBand, Filter, Follower
from tonewright.dsp.stage import Context, Stage

_SENSE_Q = 1.2  # about 4.6 to 10.2 kHz at the default
_BODY = Filter(950.0, 0.35)  # about 300 Hz to 3 kHz
#: The shelf that turns the band down begins this much below the sibilance's centre, so that it is down there.
_SHELF_BELOW = 0.45
_SHELF_Q = 0.70710678
_KNEE_DB = 3.0
_WINDOW_S = 0.006
#: Below this level in the band there is only hiss.
_FLOOR_DB = -80.0
_TOP = 0.46


class DeesserParams(Params):
    """Soften sibilance, however loud or soft the voice is."""

    frequency_hz: float = knob(
        6800, 3000, 12_000, unit="Hz", step=50, scale="log", help="Centre of the band in which the s lies."
    )
    threshold_db: float = knob(
        0, -30, 20, unit="dB", step=0.5, help="The band's power against that of the voice's body, where it begins."
    )
    range_db: float = knob(5, 0, 18, unit="dB", step=0.1, help="The cut is never deeper.")
    mode: Literal["split", "wide"] = "split"
    part: Literal["both", "mid"] = "both"
    attack_ms: float = knob(1.5, 0.5, 20, unit="ms", step=0.1, scale="log", help="Time in which the cut sets in.")
    release_ms: float = knob(
        50, 10, 300, unit="ms", step=1, scale="log", help="Time in which the whole cut is let go."
    )


PARAMS = DeesserParams


def design(params: DeesserParams, context: Context) -> Stage:
    """`part` mid listens to the mid alone and leaves the side untouched; a mono signal is all mid."""
    return _Deesser(params, context)


def describe(params: DeesserParams) -> str:
    if params.range_db == 0.0:
        return "no de-essing"
    where = {"split": f"above {hertz(_SHELF_BELOW * params.frequency_hz)}", "wide": "on everything"}[params.mode]
    words = f"de-esser at {hertz(params.frequency_hz)}: up to -{params.range_db:.1f} dB {where}"
    return words if params.part == "both" else f"{words} (mid)"


def active_band(params: DeesserParams, rate_hz: int) -> ActiveBand:
    """The band as it acts at this rate; where the rate ends early, so does the band."""
    highest_hz = _TOP * rate_hz
    return ActiveBand(
        shape="high_shelf" if params.mode == "split" else "wide",
        filter=Filter(min(_SHELF_BELOW * params.frequency_hz, highest_hz), _SHELF_Q),
        sense=Filter(min(params.frequency_hz, highest_hz), _SENSE_Q),
        against=_BODY,
        threshold_db=params.threshold_db,
        knee_db=_KNEE_DB,
        range_db=-params.range_db,
        floor_db=_FLOOR_DB,
        window_s=_WINDOW_S,
        attack_s=params.attack_ms / 1000.0,
        release_s=params.release_ms / 1000.0,
    )


class _Deesser:
    """The band's filter runs on the sound, delayed by the look-ahead; the control hears it at once."""

    def __init__(self, params: DeesserParams, context: Context) -> None:
        band = active_band(params, context.rate_hz)
        self._mid = params.part == "mid" and context.channels == 2
        self._follower = Follower(band, context, 1 if self._mid else context.channels)
        self.latency_frames = band.control_frames(context.rate_hz)
        self.preroll_s = band.control_memory_s(context.rate_hz) + band.filter.settling_s(context.rate_hz)
        self._held = np.zeros((context.channels, self.latency_frames))
        self._before = self.latency_frames  # frames still to come out that lie before the first

    def process(self, block: Block) -> Block:
        frames = block.shape[1]
        joined = np.concatenate([self._held, block], axis=1)
        self._held = joined[:, frames:].copy()
        out = joined[:, :frames].copy()
        heard = np.ascontiguousarray(block)
        if self._mid:
            out += self._follower.change(0.5 * (heard[:1] + heard[1:]), 0.5 * (out[:1] + out[1:]))
        else:
            out += self._follower.change(heard, out)
        skipped = min(self._before, frames)
        self._before -= skipped
        return out[:, skipped:]

    def flush(self) -> Block:
        return self.process(np.zeros_like(self._held))
