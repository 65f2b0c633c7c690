"""DC and subsonic filter: a Butterworth high-pass below hearing.

Removes DC, rumble and the infrasound that costs headroom and cutter heads and is heard by nobody.

Source: Butterworth poles, bilinear transform with the corner pre-warped (any text on digital filters, for instance
Zölzer, Digital Audio Signal Processing, ch. 5).
"""

import math
from typing import Literal

import numpy as np

from tonewright.base.params import Params, knob
from tonewright.dsp.biquad import Cascade, Sections
from tonewright.dsp.stage import Context, Stage


class SubsonicParams(Params):
    """Remove DC and what lies below hearing."""

    corner_hz: float = knob(20, 5, 60, unit="Hz", step=1, scale="log", help="The level is down by 3 dB here.")
    order: Literal[2, 4, 6] = 4


PARAMS = SubsonicParams


def sections(params: SubsonicParams, rate_hz: int) -> Sections:
    """One section for each pair of poles."""
    k = math.tan(math.pi * params.corner_hz / rate_hz)
    rows = []
    for pair in range(params.order // 2):
        inverse_q = 2.0 * math.sin(math.pi * (2 * pair + 1) / (2 * params.order))
        norm = 1.0 / (1.0 + inverse_q * k + k * k)
        rows.append([norm, -2.0 * norm, norm, 2.0 * (k * k - 1.0) * norm, (1.0 - inverse_q * k + k * k) * norm])
    return np.array(rows)


def design(params: SubsonicParams, context: Context) -> Stage:
    return Cascade(sections(params, context.rate_hz), context.channels, context.rate_hz)


def describe(params: SubsonicParams) -> str:
    return f"high-pass at {params.corner_hz:g} Hz, {6 * params.order} dB per octave"
