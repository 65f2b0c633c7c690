"""Word length: exact where nothing is to be done, and dither as the theory says where something is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from shaping import noise_response_db

from tonewright.base.errors import Bug
from tonewright.base.quantise import (
    GRID_FRAMES,
    Dither,
    Quantiser,
    hearing_threshold_db,
    lead_in_frames,
    shaping_filter,
    words_to_samples,
)
from tonewright.base.signal import Block

RATES_HZ = (8_000, 22_050, 44_100, 48_000, 88_200, 96_000, 192_000, 384_000)


def errors(x: Block, bits: int, dither: Dither, rate_hz: int = 44_100, seed: int = 0) -> Block:
    """Error of every sample, in steps."""
    words = Quantiser(bits, rate_hz, len(x), dither=dither, seed=seed).process(x)
    return words - x * 2.0 ** (bits - 1)


def slow_shaped(x: Block, bits: int, rate_hz: int, start: int = 0) -> np.ndarray:
    """The kernel again, in plain Python with whole numbers that don't overflow."""
    mask = 2**64 - 1
    taps = shaping_filter(rate_hz)
    scale = 2.0 ** (bits - 1)
    out = np.empty(x.shape, dtype=np.int64)
    for c in range(len(x)):
        past = [0.0] * len(taps)
        for n in range(x.shape[1]):
            if (start + n) % GRID_FRAMES == 0:
                past = [0.0] * len(taps)
            wanted = x[c, n] * scale
            for tap, error in zip(taps, past, strict=True):
                wanted += tap * error
            z = ((c + 1) * 0xA0761D6478BD642F + (start + n + 1) * 0x9E3779B97F4A7C15) & mask
            z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
            z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
            z ^= z >> 31
            rounded = np.floor(wanted + ((z >> 32) + (z & 0xFFFFFFFF) + 1.0) * 2.0**-32 - 0.5)
            past = [rounded - wanted, *past[:-1]]
            out[c, n] = min(max(rounded, -scale), scale - 1)
    return out


@pytest.mark.parametrize("level", [0.0, 0.25, 0.5, 1 / 3, 0.999])
def test_tpdf_error_does_not_depend_on_the_signal(level: float) -> None:
    """Mean 0, variance a quarter step squared, whatever the level between two steps is."""
    n = 400_000
    e = errors(np.full((2, n), (100 + level) * 2.0**-15), 16, "tpdf")
    # 5 standard deviations of the mean and of the variance of so many samples
    assert np.abs(e.mean(axis=1)).max() < 5 * 0.5 / np.sqrt(n)
    assert np.abs(e.var(axis=1) - 0.25).max() < 5 * 0.35 / np.sqrt(n)


def test_tpdf_noise_is_93_3_db_below_a_full_scale_sine() -> None:
    """Standards: at 16 bits, LSB^2/4 against a sine of full scale."""
    t = np.arange(200_000)
    x = (0.5 * np.sin(0.01234 * t))[None]
    e = errors(x, 16, "tpdf") * 2.0**-15
    assert 10 * np.log10(np.mean(e**2) / 0.5) == pytest.approx(-93.3, abs=0.05)


def test_tpdf_is_white_and_independent_between_channels() -> None:
    n = 1 << 18
    t = np.arange(n)
    e = errors(np.array([0.3 * np.sin(0.05 * t)] * 2), 16, "tpdf")
    for lag in (1, 2, 3, 7, 64):
        assert abs(np.mean(e[0, lag:] * e[0, :-lag]) / 0.25) < 5 / np.sqrt(n)
    assert abs(np.mean(e[0] * e[1]) / 0.25) < 5 / np.sqrt(n)
    spectrum = np.abs(np.fft.rfft(e[0].reshape(64, -1), axis=1)[:, 1:-1]) ** 2
    bands = spectrum.mean(axis=0)[:2_032].reshape(16, -1).mean(axis=1)
    assert np.abs(bands / bands.mean() - 1).max() < 0.05
    # a tone a step high is kept as a tone, without harmonics: the error has no line at any multiple of it
    tone = np.sin(2 * np.pi * 1_000 * t / 48_000)
    e = errors((tone * 2.0**-16)[None], 16, "tpdf")
    for harmonic in (1, 2, 3, 5):
        line = np.mean(e[0] * np.exp(-2j * np.pi * harmonic * 1_000 * t / 48_000))
        assert abs(line) < 5 * 0.5 / np.sqrt(n)


def test_without_dither_words_are_the_nearest() -> None:
    rng = np.random.default_rng(1)
    x = rng.uniform(-1, 1, (2, 10_000))
    assert np.abs(errors(x, 24, "none")[np.abs(x * 2**23) < 2**23 - 1]).max() <= 0.5


@pytest.mark.parametrize("bits", [8, 16, 24, 32])
def test_what_lies_on_the_steps_is_untouched(bits: int) -> None:
    rng = np.random.default_rng(bits)
    words = rng.integers(-(2 ** (bits - 1)), 2 ** (bits - 1), (2, 10_000))
    x = words / 2.0 ** (bits - 1)
    quantiser = Quantiser(bits, 44_100, 2, dither="tpdf", exact=True)
    assert_array_equal(quantiser.process(x), words)
    assert_array_equal(words_to_samples(words.astype(np.int32), bits), x)
    assert quantiser.clipped == 0
    with pytest.raises(Bug):
        quantiser.process(x + 2.0 ** (-bits - 1))


@pytest.mark.parametrize("dither", ["none", "tpdf", "shaped"])
@pytest.mark.parametrize("bits", [16, 24, 32])
def test_full_scale_and_beyond_is_held_and_counted(dither: Dither, bits: int) -> None:
    x = np.array([[1.0, -1.0, 5.0, -5.0, 1.0 - 2.0 ** (1 - bits), 0.0] * 200])
    quantiser = Quantiser(bits, 44_100, 1, dither=dither)
    words = quantiser.process(x)
    assert words.max() == 2 ** (bits - 1) - 1
    assert words.min() == -(2 ** (bits - 1))
    assert quantiser.clipped >= 600
    # and what follows is none the worse for it
    assert np.abs(words[0, 5::6] * 1.0).max() < 60


@settings(deadline=None, max_examples=25)
@given(
    cuts=st.lists(st.integers(1, 4_000), min_size=1, max_size=12),
    dither=st.sampled_from(["none", "tpdf", "shaped"]),
    start=st.integers(0, 3 * GRID_FRAMES),
)
def test_any_split_gives_the_same_words(cuts: list[int], dither: Dither, start: int) -> None:
    x = np.random.default_rng(2).uniform(-0.9, 0.9, (2, sum(cuts)))
    whole = Quantiser(16, 48_000, 2, dither=dither, start_frame=start).process(x)
    quantiser = Quantiser(16, 48_000, 2, dither=dither, start_frame=start)
    parts = [quantiser.process(part) for part in np.split(x, np.cumsum(cuts)[:-1], axis=1)]
    assert_array_equal(np.concatenate(parts, axis=1), whole)


@pytest.mark.parametrize("dither", ["tpdf", "shaped"])
def test_a_window_gives_the_words_of_the_whole(dither: Dither) -> None:
    x = np.random.default_rng(2).uniform(-0.9, 0.9, (2, GRID_FRAMES + 20_000))
    whole = Quantiser(16, 48_000, 2, dither=dither).process(x)
    for start in (5_000, GRID_FRAMES + 7):
        lead = lead_in_frames(start, dither)
        window = Quantiser(16, 48_000, 2, dither=dither, start_frame=start - lead).process(x[:, start - lead :])
        assert_array_equal(window[:, lead:], whole[:, start:])


def test_seeds_differ() -> None:
    x = np.zeros((1, 1_000))
    assert np.any(errors(x, 16, "tpdf", seed=1) != errors(x, 16, "tpdf", seed=2))


def test_the_kernel_does_what_its_slow_twin_does() -> None:
    x = np.random.default_rng(4).uniform(-1.05, 1.05, (2, 1_500))
    start = GRID_FRAMES - 700
    fast = Quantiser(16, 44_100, 2, dither="shaped", start_frame=start).process(x)
    assert_array_equal(fast, slow_shaped(x, 16, 44_100, start))


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_shaped_noise_has_the_designed_spectrum(rate_hz: int) -> None:
    size, count = 4_096, 60
    t = np.arange(size * count)
    e = errors((0.4 * np.sin(0.02 * t))[None], 16, "shaped", rate_hz)[0]
    window = np.hanning(size)
    power = np.mean(np.abs(np.fft.rfft(e.reshape(count, size) * window, axis=1)) ** 2, axis=0)
    measured_db = 10 * np.log10(power / (0.25 * np.sum(window**2)))
    frequency_hz = np.fft.rfftfreq(size, 1 / rate_hz)
    designed_db = noise_response_db(rate_hz, frequency_hz)
    smooth = np.convolve(measured_db - designed_db, np.ones(65) / 65, "valid")
    assert np.abs(smooth + 0.072).max() < 1.2  # the mean of a log lies a little below the log of a mean


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_shaping_is_quieter_by_ear_and_bounded(rate_hz: int) -> None:
    taps = shaping_filter(rate_hz)
    assert np.abs(np.roots([1.0, *taps])).max() < 1.0  # minimum phase: the least noise there can be
    frequency_hz = np.linspace(20.0, rate_hz / 2, 4_000)
    weight = 10 ** (-hearing_threshold_db(frequency_hz) / 10)
    shape = 10 ** (noise_response_db(rate_hz, frequency_hz) / 10)
    change_db = 10 * np.log10(np.sum(weight * shape) / np.sum(weight))
    assert change_db < (-16.0 if rate_hz >= 44_100 else -1.9)
    assert 10 * np.log10(1 + np.sum(taps**2)) < 15.0
    # Gerzon and Craven: the mean of the log of any such shape is zero
    assert np.mean(noise_response_db(rate_hz, np.linspace(0.0, rate_hz / 2, 20_001))) == pytest.approx(0, abs=0.05)
