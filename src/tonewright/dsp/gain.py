"""Static gain, balance and polarity.

One factor per channel for the whole song: nothing can click, and at 0 dB the samples stay as they are, bit by bit.
"""

import numpy as np

from tonewright.base.params import Params, knob
from tonewright.base.signal import Block
from tonewright.base.units import db_to_gain
from tonewright.dsp.stage import Context, Stage


class GainParams(Params):
    """Level, balance and polarity, the same over the whole song."""

    gain_db: float = knob(0, -60, 36, unit="dB", help="Level of the whole signal.")
    left_db: float = knob(0, -24, 24, unit="dB", help="Level of the left channel on top; a mono signal ignores it.")
    right_db: float = knob(0, -24, 24, unit="dB", help="Level of the right channel on top; mono ignores it.")
    invert_left: bool = False
    invert_right: bool = False


PARAMS = GainParams


class GainStage:
    """One factor per channel. Holds nothing back and remembers nothing."""

    latency_frames = 0
    preroll_s = 0.0

    def __init__(self, factors: Block) -> None:
        self.factors = factors

    def process(self, block: Block) -> Block:
        return block * self.factors

    def flush(self) -> Block:
        return np.empty((len(self.factors), 0))


def factors(params: GainParams, channels: int) -> Block:
    """The factor of each channel, (channels, 1). Balance needs two channels; mono takes the left's polarity."""
    sides_db = (params.left_db, params.right_db) if channels == 2 else (0.0,)
    signs = (-1.0 if params.invert_left else 1.0, -1.0 if params.invert_right else 1.0)
    return np.array([[sign * db_to_gain(params.gain_db + db)] for sign, db in zip(signs, sides_db, strict=False)])


def design(params: GainParams, context: Context) -> Stage:
    return GainStage(factors(params, context.channels))


def static_gain_db(params: GainParams) -> float:
    """The level change in dB that `--delta` takes out, so that it plays what else is changed: balance, polarity."""
    return params.gain_db


def describe(params: GainParams) -> str:
    words = [f"gain {params.gain_db:+.2f} dB"] if params.gain_db else []
    if params.left_db or params.right_db:
        words.append(f"left {params.left_db:+.2f} dB, right {params.right_db:+.2f} dB")
    inverted = [name for name, on in (("left", params.invert_left), ("right", params.invert_right)) if on]
    if inverted:
        words.append(f"{' and '.join(inverted)} inverted")
    return ", ".join(words) or "unchanged"
