"""Rate conversion in figures: aligned, flat, and without aliases."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tonewright.base.errors import Impossible
from tonewright.base.resample import Resampler, resampled_frames
from tonewright.base.signal import Block, Layout
from whole import resample_whole

RATES_HZ = (8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000, 384_000)
USUAL_HZ = (44_100, 48_000, 88_200, 96_000, 176_400, 192_000, 384_000)
PAIRS = [(a, b) for a in RATES_HZ for b in RATES_HZ if a != b]
USUAL = [(a, b) for a in USUAL_HZ for b in USUAL_HZ if a != b]


def lines_db(y: Block, spared_bins: tuple[float, ...] = ()) -> float:
    """The highest line of a spectrum (Kaiser window, side lobes below -200 dB) but for some bins."""
    middle = y[0, y.shape[1] // 4 : 3 * y.shape[1] // 4]
    window = np.kaiser(len(middle), 30.0)
    spectrum = 2 * np.abs(np.fft.rfft(middle * window)) / window.sum()
    for spared in spared_bins:
        centre = spared * len(middle)
        spectrum[max(0, int(centre) - 30) : int(centre) + 31] = 0.0
    return float(20 * np.log10(spectrum.max() + 1e-30))


@pytest.mark.parametrize(("source_hz", "target_hz"), USUAL)
def test_aliases_and_images_lie_below_140_db(source_hz: int, target_hz: int) -> None:
    frames = source_hz // 5
    t = np.arange(frames) / source_hz
    low = 0.5 * min(source_hz, target_hz)
    worst_db = -300.0
    if target_hz < source_hz:  # what the lower rate can't carry has to vanish, right from its Nyquist frequency up
        for f in np.linspace(low * 1.0005, 0.4995 * source_hz, 7):
            worst_db = max(
                worst_db, lines_db(resample_whole(np.sin(2 * np.pi * f * t)[None], source_hz, target_hz))
            )
    for f in np.linspace(0.02 * low, 0.9 * low, 5):  # and what it can has to come alone
        y = resample_whole(np.sin(2 * np.pi * f * t)[None], source_hz, target_hz)
        worst_db = max(worst_db, lines_db(y, (f / target_hz,)))
    assert worst_db < -140.0


@pytest.mark.parametrize(("source_hz", "target_hz"), PAIRS)
def test_the_pass_band_is_flat_and_an_impulse_stays_in_its_place(source_hz: int, target_hz: int) -> None:
    frames = source_hz // 4 + 17
    x = np.zeros((1, frames))
    at = frames // 3
    x[0, at] = 1.0
    y = resample_whole(x, source_hz, target_hz)
    assert y.shape[1] == int(frames * target_hz / source_hz + 0.5)
    centre = np.sum(np.arange(y.shape[1]) * y[0] ** 2) / np.sum(y**2)
    assert centre == pytest.approx(at * target_hz / source_hz, abs=1e-3)
    frequency_hz = np.fft.rfftfreq(1 << 19, 1 / target_hz)
    top_hz = min(20_000.0, 0.9 * 0.5 * min(source_hz, target_hz))
    response = np.abs(np.fft.rfft(y[0], 1 << 19))[frequency_hz <= top_hz] * source_hz / target_hz
    assert np.abs(20 * np.log10(response)).max() < 0.01


def test_20_khz_passes_at_44_1_khz() -> None:
    t = np.arange(96_000) / 96_000
    for source_hz, target_hz in ((96_000, 44_100), (48_000, 44_100), (44_100, 96_000)):
        x = np.sin(2 * np.pi * 20_000 * t[:source_hz] * 96_000 / source_hz)[None]
        y = resample_whole(x, source_hz, target_hz)[0]
        level = np.sqrt(2 * np.mean(y[len(y) // 4 : 3 * len(y) // 4] ** 2))
        assert abs(20 * np.log10(level)) < 0.01


@pytest.mark.parametrize(("source_hz", "target_hz"), [(44_100, 48_000), (96_000, 44_100), (8_000, 384_000)])
def test_any_split_gives_the_same_samples(source_hz: int, target_hz: int) -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (2, 12_345))
    whole = resample_whole(x, source_hz, target_hz)
    for cuts in ([1, 2, 3], [5_000], list(range(0, 12_345, 777)), [0, 0, 12_000]):
        stream = Resampler(Layout(source_hz, 2), target_hz)
        parts = [stream.process(np.ascontiguousarray(part)) for part in np.split(x, cuts, axis=1)]
        assert_array_equal(np.concatenate([*parts, stream.flush()], axis=1), whole)


@pytest.mark.parametrize("frames", [0, 1, 2, 3, 10, 100, 147, 160, 161])
def test_short_signals_have_the_right_length(frames: int) -> None:
    for source_hz, target_hz in ((44_100, 48_000), (48_000, 44_100), (384_000, 8_000), (8_000, 384_000)):
        y = resample_whole(np.ones((2, frames)), source_hz, target_hz)
        assert y.shape == (2, resampled_frames(frames, source_hz, target_hz))
        assert np.isfinite(y).all()


def test_the_same_rate_changes_nothing() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (1, 1_000))
    assert_array_equal(resample_whole(x, 44_100, 44_100), x)


def test_silence_stays_silence_and_channels_stay_apart() -> None:
    x = np.zeros((2, 5_000))
    x[0] = np.random.default_rng(0).uniform(-1, 1, 5_000)
    y = resample_whole(x, 44_100, 48_000)
    assert not y[1].any()


def test_rates_that_can_not_be() -> None:
    for rate_hz in (0, 7_999, 384_001):
        with pytest.raises(Impossible):
            Resampler(Layout(44_100, 2), rate_hz)
