import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tonewright.base.units import gain_to_db
from tonewright.dsp.leveller import LevelCurve, LevellerParams, LevelPoint, describe, design
from tonewright.dsp.stage import Context, run_whole


def params(*points: tuple[float, float], slope: float = 3.0) -> LevellerParams:
    return LevellerParams(
        points=tuple(LevelPoint(time_s=time, gain_db=gain) for time, gain in points), max_slope_db_per_s=slope
    )


def gain_db(settings_: LevellerParams, context: Context, frames: int) -> NDArray[np.float64]:
    """What the stage does to a constant 1."""
    factors: NDArray[np.float64] = run_whole(design(settings_, context), np.ones((context.channels, frames)))[0]
    return gain_to_db(factors)


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 192_000])
def test_the_gain_at_the_points_and_beyond_them(rate_hz: int) -> None:
    measured = gain_db(params((0.5, -1), (2, 2), (3, 0.5)), Context(rate_hz, 1), 4 * rate_hz)
    for time, gain in ((0, -1), (0.5, -1), (2, 2), (3, 0.5), (3.9, 0.5)):
        assert measured[round(time * rate_hz)] == pytest.approx(gain, abs=1e-4)


def test_without_points_or_at_zero_db_it_is_bit_exact() -> None:
    x = np.random.default_rng(1).standard_normal((2, 100_000))
    for settings_ in (params(), params((0, 0), (1, 0))):
        assert run_whole(design(settings_, Context(44_100, 2)), x).tobytes() == x.tobytes()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    points=st.lists(st.tuples(st.floats(0, 60), st.floats(-12, 12)), max_size=12),
    slope=st.floats(0.1, 12),
)
def test_never_steeper_and_never_louder_than_asked(points: list[tuple[float, float]], slope: float) -> None:
    """No pumping: whatever the points, the gain's slope is bounded; and easing a slope only ever lowers."""
    settings_ = params(*points, slope=slope)
    curve = LevelCurve(settings_)
    time = np.linspace(-1, 61, 20_001)
    drawn = curve.at(time)
    steepest = np.max(np.abs(np.diff(drawn))) / (time[1] - time[0])
    assert steepest <= slope * (1 + 1e-9)
    for at, gain in {point.time_s: point.gain_db for point in settings_.points}.items():
        assert curve.at(np.array([at]))[0] <= gain + 1e-9


def test_gentle_points_are_met_exactly_and_not_overshot() -> None:
    curve = LevelCurve(params((0, 0), (10, 4), (20, 4), (30, -2)))
    np.testing.assert_allclose(curve.at(np.array([0.0, 10, 15, 20, 30])), [0, 4, 4, 4, -2], atol=1e-12)
    drawn = curve.at(np.linspace(0, 30, 3_001))
    assert drawn.max() <= 4.0 + 1e-12
    assert drawn.min() >= -2.0 - 1e-12


def test_a_step_is_ridden_at_the_given_slope() -> None:
    measured = gain_db(params((2, 0), (2.001, -6), slope=2.0), Context(8_000, 1), 6 * 8_000)
    slopes = np.abs(np.diff(measured)) * 8_000
    assert slopes.max() <= 2.0 * 1.001
    assert measured[-1] == pytest.approx(-6, abs=1e-6)


def test_the_curve_follows_the_songs_time_wherever_the_render_begins() -> None:
    settings_ = params((1, -3), (2, 1), (4, 0))
    whole = gain_db(settings_, Context(44_100, 2), 5 * 44_100)
    begin = 77_777
    part = gain_db(settings_, Context(44_100, 2, begin), 5 * 44_100 - begin)
    np.testing.assert_array_equal(part, whole[begin:])


def test_the_drawn_curve_is_the_designed_one() -> None:
    """The straight lines between the grid's frames miss the curve by nothing that could be heard."""
    settings_ = params((0, 0), (1, 6), (2, -6), slope=12)
    measured = gain_db(settings_, Context(8_000, 1), 3 * 8_000)
    designed = LevelCurve(settings_).at(np.arange(3 * 8_000) / 8_000)
    assert np.max(np.abs(measured - designed)) < 5e-4


def test_words() -> None:
    assert describe(params()) == "unchanged"
    assert describe(params((63, 2), (75, -1))) == (
        "level ridden from -1.0 dB at 1:15.0 to +2.0 dB at 1:03.0, at most 3 dB/s"
    )
