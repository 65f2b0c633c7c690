import numpy as np
import pytest
from numpy.typing import NDArray

from tonewright.base.signal import Block
from tonewright.base.units import gain_to_db
from tonewright.dsp.fir_bank import magnitude
from tonewright.dsp.stage import Context, run_whole
from tonewright.dsp.stereo import StereoParams, describe, design

WIDE = StereoParams(width_low_pct=40, width_low_mid_pct=130, width_high_mid_pct=160, width_high_pct=200)


def through(params: StereoParams, samples: Block, rate_hz: int) -> Block:
    return run_whole(design(params, Context(rate_hz, len(samples))), samples)


def mix(rate_hz: int, seconds: float, side: float, seed: int = 1) -> Block:
    """Noise with a middle of 0.1 and an independent side of so much of it."""
    rng = np.random.default_rng(seed)
    middle, difference = 0.1 * rng.standard_normal((2, round(seconds * rate_hz)))
    return np.stack([middle + side * difference, middle - side * difference])


def side_response(params: StereoParams, rate_hz: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Measured magnitude of side out to side in, by an impulse in the side beside a middle that satisfies the guard."""
    frames = 2 * rate_hz
    impulse = np.zeros(frames)
    impulse[rate_hz] = 1e-3
    # the middle is loud everywhere, and the same in both channels
    middle = np.random.default_rng(9).standard_normal(frames)
    out = through(params, np.stack([middle + impulse, middle - impulse]), rate_hz)
    response = np.fft.rfft(0.5 * (out[0] - out[1])) * 1e3
    hz: NDArray[np.float64] = np.arange(len(response)) / 2.0
    magnitudes: NDArray[np.float64] = np.abs(response)
    return hz, magnitudes


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 192_000])
@pytest.mark.parametrize(
    "params", [WIDE, StereoParams(mono_below_hz=120), WIDE.model_copy(update={"mono_below_hz": 150})]
)
def test_the_mono_sum_is_untouched(params: StereoParams, rate_hz: int) -> None:
    x = mix(rate_hz, 0.6, 0.7)
    y = through(params, x, rate_hz)
    np.testing.assert_allclose(y.sum(axis=0), x.sum(axis=0), rtol=0, atol=4e-16)
    assert not np.allclose(y, x, atol=1e-3)


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 96_000])
def test_the_side_has_the_designed_response(rate_hz: int) -> None:
    """Widths and mono bass, within 0.05 dB, down to where the side is 40 dB lower."""
    params = WIDE.model_copy(update={"mono_below_hz": 110.0, "min_correlation": 0.0})
    hz, measured = side_response(params, rate_hz)
    lowpasses = [np.zeros(len(hz)), *(magnitude(edge, hz) for edge in (200, 1_500, 6_000)), np.ones(len(hz))]
    bands = np.diff(np.array(lowpasses), axis=0)
    designed = np.array([0.4, 1.3, 1.6, 2.0]) @ bands * (1 - magnitude(110, hz))
    clear = designed > 0.01
    difference = 20 * np.log10(measured[clear] / designed[clear])
    assert np.max(np.abs(difference)) < 0.05
    assert np.all(measured[~clear] < 0.011)


def test_mono_bass_falls_smoothly() -> None:
    hz, measured = side_response(StereoParams(mono_below_hz=120), 44_100)
    level = gain_to_db(np.asarray(measured[1:]))
    assert level[np.argmin(np.abs(hz[1:] - 120))] == pytest.approx(-6.02, abs=0.05)
    assert level[np.argmin(np.abs(hz[1:] - 60))] == pytest.approx(-24.6, abs=0.5)
    assert np.max(np.abs(level[hz[1:] > 1_000])) < 0.01
    assert np.max(level) < 0.01, "no bump"


def test_neutral_and_mono_are_bit_exact() -> None:
    x = mix(44_100, 0.5, 0.5)
    assert through(StereoParams(), x, 44_100).tobytes() == x.tobytes()
    assert through(WIDE, x[:1], 44_100).tobytes() == x[:1].tobytes()


def test_a_mono_signal_on_two_channels_stays_bit_exact() -> None:
    x = np.repeat(mix(44_100, 0.5, 0.0)[:1], 2, axis=0)
    assert np.array_equal(through(WIDE.model_copy(update={"mono_below_hz": 100.0}), x, 44_100), x)


def test_the_balance_is_kept() -> None:
    x = mix(44_100, 3.0, 0.5)
    y = through(WIDE, x, 44_100)
    before, after = (10 * np.log10(np.mean(z[0] ** 2) / np.mean(z[1] ** 2)) for z in (x, y))
    assert after == pytest.approx(before, abs=0.1)


def correlation(samples: Block) -> float:
    return float(np.asarray(np.corrcoef(samples))[0, 1])


@pytest.mark.parametrize("bound", [0.0, 0.3, 0.6])
def test_widening_stops_at_the_bound(bound: float) -> None:
    """Noise of correlation 0.72 would fall to -0.02 at 200 %: the guard holds it at the bound, over every 0.2 s."""
    x = mix(44_100, 4.0, 0.4)
    params = StereoParams(
        width_low_pct=200, width_low_mid_pct=200, width_high_mid_pct=200, width_high_pct=200, min_correlation=bound
    )
    y = through(params, x, 44_100)
    assert correlation(x) > 0.7
    pieces = np.array_split(y[:, 8_820:-8_820], 18, axis=1)
    assert min(correlation(piece) for piece in pieces) > bound - 0.03
    if bound == 0.3:
        assert correlation(y) < 0.45, "it widens as far as it may"


def test_the_guard_leaves_a_wide_mix_as_it_was() -> None:
    """What is below the bound already is not widened, and not narrowed either."""
    x = mix(44_100, 2.0, 1.5)
    y = through(StereoParams(width_high_mid_pct=180, width_high_pct=180), x, 44_100)
    np.testing.assert_allclose(y, x, atol=1e-12)


def test_the_guard_follows_the_song() -> None:
    """Wide material in the middle is let alone, the narrow one around it is widened."""
    rate_hz = 44_100
    x = np.concatenate([mix(rate_hz, 2, 0.2, 1), mix(rate_hz, 2, 1.5, 2), mix(rate_hz, 2, 0.2, 3)], axis=1)
    y = through(StereoParams(width_high_mid_pct=150, width_high_pct=150), x, rate_hz)
    change = np.abs(y - x)[0]
    assert change[: int(1.8 * rate_hz)].mean() > 1e-3
    assert change[int(2.2 * rate_hz) : int(3.8 * rate_hz)].max() < 1e-12
    assert change[int(4.2 * rate_hz) :].mean() > 1e-3


def test_a_tone_stays_pure_while_the_guard_moves() -> None:
    """Steady tones in middle and side: what is added to the side is the side's tone and nothing else."""
    rate_hz = 44_100
    time = np.arange(3 * rate_hz) / rate_hz
    middle, side = 0.3 * np.sin(2 * np.pi * 3_001 * time), 0.2 * np.sin(2 * np.pi * 2_503 * time)
    y = through(StereoParams(width_high_mid_pct=200), np.stack([middle + side, middle - side]), rate_hz)
    found = np.abs(np.fft.rfft((y[0] - y[1])[rate_hz : 2 * rate_hz]))
    tone = found[2_503]
    found[2_503] = 0
    assert 20 * np.log10(found.max() / tone) < -100


def test_words() -> None:
    assert describe(StereoParams()) == "unchanged"
    assert describe(StereoParams(width_high_pct=130, mono_below_hz=100)) == "highs 130 % wide, mono below 100 Hz"
