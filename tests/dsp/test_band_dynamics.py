"""The compressor's kernels against slow, readable twins."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tonewright.dsp.band_dynamics import LOOK_TICKS, SPAN_TICKS, Dynamics, apply, spline_weights, tick_frames

TICK, TICKS = 8, 160
Floats = NDArray[np.float64]


def tick_power(x: Floats) -> Floats:
    """Twice the mean square under a triangle of two ticks that peaks at each tick (of silence before the first)."""
    padded = np.concatenate([np.zeros(TICK), x**2])
    places = np.arange(2 * TICK) + 0.5 - TICK
    triangle = 1.0 - np.abs(places) / TICK
    return np.array([2 * (triangle * padded[t : t + 2 * TICK]).sum() / TICK for t in range(0, len(x), TICK)])


def slow_gains(x: Floats, row: Floats, adapt: float) -> Floats:
    """Gains minus one, tick by tick, from the definitions; only what is inside the first chunk."""
    threshold, slope, knee, attack, release, half, most, makeup = row
    power = np.concatenate([np.zeros(2 * LOOK_TICKS), tick_power(x)])
    window = np.hanning(2 * int(half) + 3)[1:-1]
    reduction, gains = 0.0, []
    for t in range(LOOK_TICKS, len(power) - LOOK_TICKS):
        span = t // SPAN_TICKS * SPAN_TICKS
        around = power[span - 8 * SPAN_TICKS : span + 9 * SPAN_TICKS]
        shorter = min(1.0, 2 * (around.mean() + 1e-20) / (around.max() + 1e-20)) ** adapt
        level = float(window @ power[t - int(half) : t + int(half) + 1] / window.sum())
        over = 10 * np.log10(level + 1e-300) - threshold
        if 2 * over < -knee:
            wanted = 0.0
        elif 2 * over < knee:
            wanted = slope * (over + knee / 2) ** 2 / (2 * knee)
        else:
            wanted = slope * over
        wanted = min(wanted, most)
        constant = max((attack if wanted > reduction else release) * shorter, 0.1)
        reduction += (1 - np.exp(-1 / constant)) * (wanted - reduction)
        gains.append(10 ** ((makeup - reduction) / 20) - 1)
    return np.array(gains)


@pytest.mark.parametrize("adapt", [0.0, 0.5, 1.0])
def test_gains_equal_the_twins(adapt: float) -> None:
    rng = np.random.default_rng(1)
    x = rng.standard_normal(TICK * 4 * TICKS) * np.repeat(rng.uniform(0.001, 1.0, 4 * TICKS // 20), 20 * TICK)
    row = np.array([-18.0, 0.7, 9.0, 6.0, 40.0, 5.0, 14.0, 1.5])
    dynamics = Dynamics(row[None], 1, TICKS, peak=False, link=1.0, adapt=adapt, mix=1.0)
    made = []
    for start in range(0, len(x), TICK * TICKS):
        gains, _ = dynamics.gains(x[None, None, start : start + TICK * TICKS].copy(), 0, TICK)
        made.append(gains[0, 0, 3:].copy())
    np.testing.assert_allclose(np.concatenate(made), slow_gains(x, row, adapt), atol=1e-9)


def test_apply_adds_each_band_with_its_gain() -> None:
    rng = np.random.default_rng(2)
    lowpasses, gains = rng.standard_normal((3, 2, 10 * TICK)), rng.uniform(-0.5, 0.5, (3, 2, 13))
    weights = spline_weights(TICK)
    np.testing.assert_allclose(weights.sum(axis=0), 1.0)
    bands = np.diff(lowpasses, axis=0, prepend=0.0)
    wanted = lowpasses[-1].copy()
    for t in range(10):
        drawn = np.einsum("kj,bck->bcj", weights, gains[:, :, t : t + 4])
        wanted[:, t * TICK : (t + 1) * TICK] += (drawn * bands[:, :, t * TICK : (t + 1) * TICK]).sum(axis=0)
    np.testing.assert_allclose(apply(lowpasses, gains, weights), wanted, atol=1e-12)


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 48_000, 96_000, 192_000, 384_000])
def test_ticks_are_about_0_7_ms(rate_hz: int) -> None:
    tick = tick_frames(rate_hz)
    assert tick & (tick - 1) == 0
    assert 0.0004 < tick / rate_hz < 0.001
