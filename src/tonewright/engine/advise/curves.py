"""Tone as a curve over third octaves: what the character controls ask for, and a curve as a few equaliser bands."""

import numpy as np
from numpy.typing import NDArray

from tonewright.dsp.eq_bands import Band
from tonewright.dsp.equaliser import magnitude_db
from tonewright.engine.intent import Character

Curve = NDArray[np.float64]

#: No tone move is larger, whatever asks for it: beyond it the mix should be fixed.
CAP_DB = 6.0
#: A band that moves less than this is left out: it can't be heard and would only make the recipe longer.
LEAST_DB = 0.2

#: The places an equaliser is fitted at: broad and few, so that a fitted curve is smooth whatever it follows.
_PLACES: tuple[tuple[str, float, float], ...] = (
    ("low_shelf", 70.0, 0.71),
    ("bell", 130.0, 0.9),
    ("bell", 260.0, 0.9),
    ("bell", 520.0, 0.9),
    ("bell", 1050.0, 0.9),
    ("bell", 2100.0, 0.9),
    ("bell", 4200.0, 0.9),
    ("high_shelf", 8500.0, 0.71),
)


def character_curve(character: Character, frequency_hz: Curve) -> Curve:
    """What warmth, brightness, low end and presence ask of the tone, in dB per band."""
    octave = np.log2(frequency_hz)
    low_end = 4.0 * _below(octave, 110.0)
    warmth = 2.5 * _around(octave, 220.0, 1.1) - 1.5 * _above(octave, 6000.0)
    brightness = 4.0 * _above(octave, 4500.0)
    presence = 3.0 * _around(octave, 2800.0, 0.8)
    curve: Curve = (
        character.low_end * low_end
        + character.warmth * warmth
        + character.brightness * brightness
        + character.presence * presence
    ) / 100.0
    return curve


def _above(octave: Curve, corner_hz: float) -> Curve:
    """0 well below the corner, 1 well above it, over about three octaves."""
    rise: Curve = 0.5 * (1.0 + np.tanh(octave - np.log2(corner_hz)))
    return rise


def _below(octave: Curve, corner_hz: float) -> Curve:
    fall: Curve = 1.0 - _above(octave, corner_hz)
    return fall


def _around(octave: Curve, centre_hz: float, octaves: float) -> Curve:
    """A bump of height 1; `octaves` is its standard deviation."""
    bump: Curve = np.exp(-0.5 * ((octave - np.log2(centre_hz)) / octaves) ** 2)
    return bump


def fit(curve_db: Curve, frequency_hz: Curve, rate_hz: int) -> tuple[Band, ...]:
    """The few broad bands whose response comes nearest to a curve (least squares in dB).

    curve_db, frequency_hz: (bands,). Bands above 0.45 of the rate count for nothing. Bands under LEAST_DB are left
    out and the rest is fitted anew. The overall level is not part of the tone: it is left to the loudness.
    """
    curve_db = np.clip(curve_db, -CAP_DB, CAP_DB)
    usable = frequency_hz < 0.45 * rate_hz
    places = [place for place in _PLACES if place[1] < 0.4 * rate_hz]
    while places:
        gains = _gains(curve_db[usable], frequency_hz[usable], places, rate_hz)
        kept = [place for place, gain in zip(places, gains, strict=True) if abs(gain) >= LEAST_DB]
        if kept == places:
            return tuple(_band(place, gain) for place, gain in zip(places, gains, strict=True))
        places = kept
    return ()


def _gains(curve_db: Curve, frequency_hz: Curve, places: list[tuple[str, float, float]], rate_hz: int) -> Curve:
    """Gains by least squares; responses in dB are nearly linear in the gain, so two rounds are enough."""
    gains = np.full(len(places), 3.0)
    for _ in range(3):
        anchor = np.where(np.abs(gains) < 0.5, 0.5, gains)
        basis = np.stack(
            [magnitude_db((_band(p, g),), frequency_hz, rate_hz) / g for p, g in zip(places, anchor, strict=True)]
        )
        # a little ridge keeps neighbours from fighting each other over noise in the curve
        normal = basis @ basis.T + 0.05 * np.eye(len(places))
        gains = np.clip(np.linalg.solve(normal, basis @ curve_db), -CAP_DB, CAP_DB)
    return gains


def _band(place: tuple[str, float, float], gain_db: float) -> Band:
    kind, frequency_hz, q = place
    return Band.model_validate(
        {"kind": kind, "frequency_hz": frequency_hz, "q": q, "gain_db": round(float(gain_db), 2)}
    )
