"""Loudness maximiser: drives a signal against a true-peak ceiling with as little audible damage as can be.

Peaks are not cut off but reshaped: at each peak a short pulse is subtracted whose spectrum is the masking threshold
of what sounds there, in the least amounts that meet the ceiling between samples as well (maximiser_shape). Peaks that
rise higher than shaping may take down are first ridden down with a smooth look-ahead gain, and the same kind of riding,
faster, guards the ceiling at the end (maximiser_ride). A signal that stays under the ceiling passes unchanged.

Source: Defraene et al., "Real-time perception-based clipping of audio signals using convex optimization", IEEE TASLP
20(10), 2012, for the shaping; Hämäläinen, DAFx 2002, for the riding.
"""

import math

import numpy as np

from tonewright.base.params import Params, knob
from tonewright.base.signal import Block
from tonewright.base.units import db_to_gain
from tonewright.dsp.maximiser_ride import Guard, Rider
from tonewright.dsp.maximiser_shape import Shaper
from tonewright.dsp.stage import Context, Stage

MOST_SHAPING_DB = 24.0
#: The guard's look-ahead: it corrects tenths of a dB, so it may be quick.
_GUARD_LOOK_S = 0.0015
#: The release follows the programme: what must come down by more than this moves so much more slowly, so that a dense
#: passage is turned down as a whole and single peaks within it are only touched.
_DEEP_DB = 3.0
_DEEP_SLOWER = 4.0
#: How far below the ceiling the guard stays, for what rings from beyond its filters' reach; and the shaper, so that
#: the guard has next to nothing to do.
_GUARD_MARGIN_DB = 0.01
_SHAPER_MARGIN_DB = 0.022


class MaximiserParams(Params):
    """Drive against a true-peak ceiling."""

    drive_db: float = knob(0, -40, 40, unit="dB", help="Level change before the ceiling; the gain is never higher.")
    ceiling_dbtp: float = knob(-1, -20, 0, unit="dBTP", help="True peaks stay below this.")
    shaping_db: float = knob(
        MOST_SHAPING_DB,
        0,
        MOST_SHAPING_DB,
        unit="dB",
        step=0.5,
        help="How far peaks are reshaped (the least audible way); beyond it the gain is ridden. 0 rides only.",
    )
    release_ms: float = knob(
        60,
        5,
        500,
        unit="ms",
        step=1,
        scale="log",
        help="How slowly a ridden gain moves; deep changes move 4 times slower.",
    )


PARAMS = MaximiserParams


class Maximiser:
    """Drive, riding, shaping and guard in a row."""

    def __init__(self, params: MaximiserParams, context: Context) -> None:
        ceiling = db_to_gain(params.ceiling_dbtp)
        self.drive = db_to_gain(params.drive_db)
        self.channels = context.channels
        self.stages: list[Stage] = []
        if params.shaping_db < MOST_SHAPING_DB:
            above = ceiling * db_to_gain(params.shaping_db)
            release_s = params.release_ms / 1000.0
            self.stages.append(Rider(above * db_to_gain(_DEEP_DB), _DEEP_SLOWER * release_s, context))
            self.stages.append(Rider(above, release_s, context))
        if params.shaping_db > 0.0:
            self.stages.append(Shaper(ceiling * db_to_gain(-_SHAPER_MARGIN_DB), context))
        self.stages.append(Guard(ceiling * db_to_gain(-_GUARD_MARGIN_DB), _GUARD_LOOK_S, context))
        self.latency_frames = sum(stage.latency_frames for stage in self.stages)
        self.preroll_s = sum(stage.preroll_s for stage in self.stages)

    def process(self, block: Block) -> Block:
        block = block * self.drive
        for stage in self.stages:
            block = stage.process(block)
        return block

    def flush(self) -> Block:
        block = np.empty((self.channels, 0))
        for stage in self.stages:
            block = np.concatenate([stage.process(block), stage.flush()], axis=1)
        return block


def design(params: MaximiserParams, context: Context) -> Maximiser:
    return Maximiser(params, context)


def static_gain_db(params: MaximiserParams) -> float:
    """The level change in dB that `--delta` takes out, so that it plays what limiting took away."""
    return params.drive_db


def describe(params: MaximiserParams) -> str:
    words = f"driven by {params.drive_db:+.1f} dB under {round(params.ceiling_dbtp, 2):g} dBTP"
    if params.shaping_db <= 0.0:
        return f"{words}, gain riding"
    if params.shaping_db < MOST_SHAPING_DB:
        return (
            f"{words}, peaks above it reshaped by up to {math.floor(params.shaping_db * 10) / 10:g} dB, then ridden"
        )
    return f"{words}, peaks above it reshaped"
