"""Tone curves and their fit by an equaliser."""

import numpy as np
import pytest

from tonewright.dsp.equaliser import magnitude_db
from tonewright.engine.advise.curves import CAP_DB, LEAST_DB, character_curve, fit
from tonewright.engine.intent import Character
from tonewright.measure.bands import THIRD_HZ

HZ = THIRD_HZ[(THIRD_HZ > 23) & (THIRD_HZ < 17_000)]


@pytest.mark.parametrize(
    ("character", "at_hz", "low_db", "high_db"),
    [
        (Character(low_end=100), 40, 3.0, 4.0),
        (Character(low_end=-100), 40, -4.0, -3.0),
        (Character(brightness=100), 12_000, 3.5, 4.0),
        (Character(brightness=100), 500, -0.1, 0.1),
        (Character(presence=100), 2800, 2.8, 3.0),
        (Character(presence=100), 100, 0.0, 0.1),
        (Character(warmth=100), 220, 2.2, 2.6),
        (Character(warmth=100), 12_000, -1.6, -1.2),
        (Character(), 1000, 0.0, 0.0),
    ],
)
def test_controls_act_where_they_say(character: Character, at_hz: float, low_db: float, high_db: float) -> None:
    value = float(character_curve(character, np.array([float(at_hz)]))[0])
    assert low_db <= value <= high_db


def test_opposite_controls_are_opposite_curves() -> None:
    up = character_curve(Character(warmth=40, brightness=10, low_end=70, presence=20), HZ)
    down = character_curve(Character(warmth=-40, brightness=-10, low_end=-70, presence=-20), HZ)
    np.testing.assert_allclose(up, -down)


@pytest.mark.parametrize("rate_hz", [44_100, 48_000, 96_000])
@pytest.mark.parametrize(
    "character",
    [
        Character(warmth=100),
        Character(brightness=-80),
        Character(low_end=60, presence=-50),
        Character(presence=100),
    ],
)
def test_a_fitted_curve_is_the_asked_one(character: Character, rate_hz: int) -> None:
    curve = character_curve(character, HZ)
    fitted = magnitude_db(fit(curve, HZ, rate_hz), HZ, rate_hz)
    assert np.sqrt(np.mean((fitted - curve) ** 2)) < 0.25
    assert np.max(np.abs(fitted - curve)) < 0.6


def test_a_ragged_curve_is_followed_smoothly_and_within_bounds() -> None:
    curve = np.random.default_rng(3).normal(0, 12, len(HZ))
    bands = fit(curve, HZ, 44_100)
    assert all(abs(band.gain_db) <= CAP_DB for band in bands)
    fitted = magnitude_db(bands, HZ, 44_100)
    assert np.max(np.abs(np.diff(fitted))) < 4.0


def test_what_cannot_be_heard_is_left_out() -> None:
    assert fit(np.full(len(HZ), 0.0), HZ, 44_100) == ()
    assert fit(character_curve(Character(warmth=3), HZ), HZ, 44_100) == ()
    assert all(abs(b.gain_db) >= LEAST_DB for b in fit(character_curve(Character(warmth=30), HZ), HZ, 44_100))


def test_low_rates_have_no_bands_beyond_their_reach() -> None:
    bands = fit(character_curve(Character(brightness=100), HZ), HZ, 8_000)
    assert bands
    assert all(band.frequency_hz < 0.4 * 8_000 for band in bands)
