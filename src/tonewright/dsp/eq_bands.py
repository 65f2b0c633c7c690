"""The bands of the equaliser: what a band is, and the analogue filter it stands for.

Every band is a product of analogue sections N(s)/D(s), s in units of the band's frequency:

    bell        (s² + s·A/Q + 1) / (s² + s/(A·Q) + 1)                       A = 10^(gain/40)
    high shelf  A·(A·s² + s·√A/Q + 1) / (s² + s·√A/Q + A)
    low shelf   A·(s² + s·√A/Q + A) / (A·s² + s·√A/Q + 1)
    tilt        (s·T + 1) / (s + T)                                         T = 10^(gain/20)
    notch       (s² + 1) / (s² + s/Q + 1)
    cuts        Butterworth of the asked order; of 12 dB per octave also with any Q

A bell and its opposite cancel exactly, and so do shelves and tilts: the gain's sign swaps N and D.

Source: the shapes of bells and shelves are those of R. Bristow-Johnson's Audio EQ Cookbook (analogue prototypes);
Butterworth poles are in any text on filters.
"""

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tonewright.base.params import Params, knob
from tonewright.base.units import hertz

BandKind = Literal["bell", "low_shelf", "high_shelf", "tilt", "low_cut", "high_cut", "notch"]
Part = Literal["both", "mid", "side"]

#: Coefficients of s², s, 1.
Polynomial = tuple[float, float, float]
#: Numerator and denominator of one analogue section, s in units of the band's frequency.
AnalogueSection = tuple[Polynomial, Polynomial]

_GAINLESS = frozenset({"low_cut", "high_cut", "notch"})
_WORDS = {
    "bell": "bell",
    "low_shelf": "low shelf",
    "high_shelf": "high shelf",
    "tilt": "tilt",
    "low_cut": "low cut",
    "high_cut": "high cut",
    "notch": "notch",
}


class Band(Params):
    """One band of the equaliser."""

    kind: BandKind = "bell"
    frequency_hz: float = knob(
        1000, 10, 40_000, unit="Hz", step=1, scale="log", help="Centre of a bell or notch, corner of all others."
    )
    gain_db: float = knob(0, -24, 24, unit="dB", step=0.1, help="Cuts and notches have none; a tilt adds it above.")
    q: float = knob(
        0.71,
        0.1,
        40,
        step=0.01,
        scale="log",
        help="How narrow a bell or notch, how steep a shelf; tilts have none.",
    )
    slope_db_per_octave: Literal[6, 12, 18, 24, 36, 48] = 12
    part: Part = "both"


def is_active(band: Band) -> bool:
    """Whether the band changes anything."""
    return band.kind in _GAINLESS or band.gain_db != 0.0


def analogue(band: Band) -> list[AnalogueSection]:
    """The band's analogue sections."""
    q = band.q
    match band.kind:
        case "bell":
            a = 10.0 ** (band.gain_db / 40.0)
            return [((1.0, a / q, 1.0), (1.0, 1.0 / (a * q), 1.0))]
        case "low_shelf" | "high_shelf":
            a = 10.0 ** (band.gain_db / 40.0)
            middle = math.sqrt(a) / q
            wide, plain = (a, middle, 1.0), (1.0, middle, a)
            if band.kind == "high_shelf":
                return [((a * a, a * middle, a), plain)]
            return [((a, a * middle, a * a), wide)]
        case "tilt":
            t = 10.0 ** (band.gain_db / 20.0)
            return [((0.0, t, 1.0), (0.0, 1.0, t))]
        case "notch":
            return [((1.0, 0.0, 1.0), (1.0, 1.0 / q, 1.0))]
        case "low_cut" | "high_cut":
            return _cut(band)


def _cut(band: Band) -> list[AnalogueSection]:
    order = band.slope_db_per_octave // 6
    low = band.kind == "low_cut"
    sections: list[AnalogueSection] = []
    if order % 2:
        sections.append(((0.0, 1.0, 0.0) if low else (0.0, 0.0, 1.0), (0.0, 1.0, 1.0)))
    for pair in range(order // 2):
        inverse_q = 2.0 * math.sin(math.pi * (2 * pair + 1) / (2 * order))
        if order == 2:
            inverse_q = 1.0 / band.q
        sections.append(((1.0, 0.0, 0.0) if low else (0.0, 0.0, 1.0), (1.0, inverse_q, 1.0)))
    return sections


def analogue_db(band: Band, frequency_hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Magnitude of the analogue band in dB, floored at -300."""
    s = 1j * frequency_hz / band.frequency_hz
    total = np.ones(len(s), dtype=np.complex128)
    for numerator, denominator in analogue(band):
        total *= np.polyval(numerator, s) / np.polyval(denominator, s)
    decibels: NDArray[np.float64] = 20.0 * np.log10(np.maximum(np.abs(total), 1e-15))
    return decibels


def describe_band(band: Band) -> str:
    """For instance "high shelf at 9 kHz +1.5 dB (side)"."""
    words = f"{_WORDS[band.kind]} at {hertz(band.frequency_hz)}"
    if band.kind in ("low_cut", "high_cut"):
        words += f", {band.slope_db_per_octave} dB per octave"
    elif band.kind == "notch":
        words += f", Q {band.q:.3g}"
    else:
        words += f" {band.gain_db:+.1f} dB"
    return words if band.part == "both" else f"{words} ({band.part})"
