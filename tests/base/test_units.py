"""Units: levels and how they are said."""

import math

import numpy as np
import pytest

from tonewright.base.units import SILENCE_DB, clock, db_to_gain, gain_to_db, hertz, power_to_db


def test_decibels_and_gains_are_inverse() -> None:
    levels = np.linspace(-120, 40, 33)
    np.testing.assert_allclose(gain_to_db(db_to_gain(levels)), levels, atol=1e-12)
    assert gain_to_db(db_to_gain(-6.0)) == pytest.approx(-6.0)
    assert power_to_db(0.5) == pytest.approx(10 * math.log10(0.5))
    np.testing.assert_allclose(power_to_db(np.array([1.0, 0.01])), [0.0, -20.0])


def test_silence_has_a_floor() -> None:
    assert gain_to_db(0.0) == pytest.approx(SILENCE_DB)
    assert power_to_db(0.0) == pytest.approx(SILENCE_DB)
    np.testing.assert_allclose(gain_to_db(np.zeros(2)), SILENCE_DB)


def test_positions_read_as_on_a_transport() -> None:
    assert [clock(t) for t in (0, 63.2, 59.96, 3723.4)] == ["0:00.0", "1:03.2", "1:00.0", "1:02:03.4"]


def test_frequencies_are_said_as_people_say_them() -> None:
    assert [hertz(f) for f in (80, 2500, 9000, 12345)] == ["80 Hz", "2.5 kHz", "9 kHz", "12.3 kHz"]
