"""The dynamic equaliser stands still below its threshold and never goes beyond its range."""

from typing import Any

import numpy as np
import pytest

from tonewright.base.signal import Block
from tonewright.dsp.dynamic_eq import DynamicEqParams, describe, design
from tonewright.dsp.stage import Context, run_whole

RATE_HZ = 44_100


def through(samples: Block, **band: Any) -> Block:
    params = DynamicEqParams.parse({"bands": [band]}, "dynamic_eq")
    return run_whole(design(params, Context(RATE_HZ, len(samples))), samples)


def tone(frequency_hz: float, level_db: float, seconds: float = 1.0) -> Block:
    """A tone of that power, both channels."""
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    one = np.sqrt(2) * 10 ** (level_db / 20) * np.sin(2 * np.pi * frequency_hz * time)
    return np.stack([one, one])


def moved_db(before: Block, after: Block) -> float:
    """Change of level over the last third, where all has settled."""
    third = before.shape[1] // 3
    return float(20 * np.log10(np.std(after[:, -third:]) / np.std(before[:, -third:])))


@pytest.mark.parametrize("kind", ["bell", "low_shelf", "high_shelf"])
def test_below_the_threshold_nothing_is_touched(kind: str) -> None:
    x = np.random.default_rng(1).normal(0, 0.05, (2, 30_000))
    np.testing.assert_array_equal(through(x, kind=kind, frequency_hz=500, threshold_db=-12, range_db=-6), x)


def test_above_the_threshold_the_ratio_holds_until_the_range() -> None:
    for level_db, want_db in ((-31, 0.0), (-20, -5.0), (-10, -10.0), (-6, -12.0), (0, -12.0)):
        x = tone(3_000, level_db)
        y = through(x, threshold_db=-30, ratio=2, knee_db=0, range_db=-12)
        assert moved_db(x, y) == pytest.approx(want_db, abs=0.05)


def test_the_knee_is_where_it_is_said_to_be() -> None:
    x = tone(3_000, -27)  # 3 dB into a knee of 6: 0.5 * 3^2 / 12
    assert moved_db(x, through(x, threshold_db=-30, ratio=2, knee_db=6, range_db=-12)) == pytest.approx(
        -0.375, abs=0.02
    )


def test_it_can_lift_what_is_soft_and_leave_what_is_loud() -> None:
    soft, loud = tone(3_000, -45), tone(3_000, -20)
    settings = {"threshold_db": -35, "ratio": 4, "knee_db": 0, "range_db": 4, "when": "below"}
    assert moved_db(soft, through(soft, **settings)) == pytest.approx(4.0, abs=0.05)
    start = RATE_HZ // 2  # before the level is known, even what is loud counts as soft
    np.testing.assert_array_equal(through(loud, **settings)[:, start:], loud[:, start:])


def test_what_lies_outside_the_band_does_not_move_it() -> None:
    x = tone(100, -10)
    y = through(x, frequency_hz=5_000, q=4, threshold_db=-40, range_db=-12)
    np.testing.assert_array_equal(y, x)


def test_a_bass_note_is_turned_down_not_distorted() -> None:
    """The gain must not follow the wave: at 60 Hz, attack 1 ms, all harmonics stay below -80 dB."""
    x = tone(60, -12, seconds=2.0)
    y = through(x, frequency_hz=60, threshold_db=-24, ratio=4, range_db=-9, attack_ms=1)[0, -RATE_HZ:]
    spectrum = np.abs(np.fft.rfft(y * np.blackman(len(y))))
    harmonics = [np.max(spectrum[60 * n - 3 : 60 * n + 4]) for n in range(2, 12)]
    assert 20 * np.log10(max(harmonics) / np.max(spectrum)) < -80


def test_a_band_above_the_rate_is_left_out() -> None:
    x = np.random.default_rng(1).normal(0, 0.3, (1, 5_000))
    params = DynamicEqParams.parse({"bands": [{"frequency_hz": 15_000, "threshold_db": -90}]}, "dynamic_eq")
    np.testing.assert_array_equal(run_whole(design(params, Context(8_000, 1)), x), x)


def test_what_it_is_called() -> None:
    params = DynamicEqParams.parse({"bands": [{"frequency_hz": 250, "threshold_db": -28}, {"range_db": 0}]}, "x")
    assert describe(params) == "bell at 250 Hz up to -3.0 dB above -28 dBFS"
    assert describe(DynamicEqParams()) == "no active band"
