"""The de-esser acts on s sounds, at any level, in time, and on nothing else."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tonewright.base.signal import Block
from tonewright.dsp.deesser import DeesserParams, describe, design
from tonewright.dsp.stage import Context, run_whole

RATE_HZ = 44_100
#: Where the s sounds lie in voice(), in seconds.
ESSES = ((0.40, 0.52), (1.00, 1.08), (1.60, 1.75))


def band_noise(frames: int, low_hz: float, high_hz: float, seed: int) -> NDArray[np.float64]:
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(0, 1, frames))
    frequency_hz = np.arange(len(spectrum)) * RATE_HZ / frames
    spectrum[(frequency_hz < low_hz) | (frequency_hz > high_hz)] = 0.0
    noise = np.fft.irfft(spectrum, frames)
    return np.asarray(noise / np.std(noise), dtype=np.float64)


def voice(s_level: float = 0.1) -> Block:
    """Two seconds: vowels (harmonics falling with frequency), faded out where an s stands instead. Stereo, centred."""
    frames = 2 * RATE_HZ
    time = np.arange(frames) / RATE_HZ
    vowel = np.sum([0.3 / n**1.5 * np.sin(2 * np.pi * 160 * n * time + n) for n in range(1, 40)], axis=0)
    s_sound = s_level * band_noise(frames, 4_500, 11_000, 3)
    is_s = np.zeros(frames)
    for start, stop in ESSES:
        is_s[round(start * RATE_HZ) : round(stop * RATE_HZ)] = 1.0
    is_s = np.convolve(is_s, np.hanning(441) / np.hanning(441).sum(), mode="same")
    one = vowel * (1 - is_s) + s_sound * is_s
    return np.stack([one, one])


def through(samples: Block, **settings: Any) -> Block:
    params = DeesserParams.parse(settings, "deesser")
    return run_whole(design(params, Context(RATE_HZ, len(samples))), samples)


def inside(samples: Block, margin_s: float = 0.02) -> Block:
    """The middles of the s sounds."""
    parts = [samples[:, round((a + margin_s) * RATE_HZ) : round((b - margin_s) * RATE_HZ)] for a, b in ESSES]
    return np.concatenate(parts, axis=1)


@pytest.mark.parametrize(("mode", "part"), [("split", "both"), ("wide", "both"), ("split", "mid")])
def test_the_s_goes_down_by_the_range_and_vowels_stay_to_the_bit(mode: str, part: str) -> None:
    x = voice()
    y = through(x, range_db=6, mode=mode, part=part)
    moved_db = 20 * np.log10(np.std(inside(y)) / np.std(inside(x)))
    assert moved_db == pytest.approx(-6.0, abs=0.05) if mode == "wide" else -6.0 < moved_db < -5.2
    for before, after in zip((0.0, 0.52, 1.08, 1.75), (0.40, 1.00, 1.60, 2.0), strict=True):
        vowel = slice(round((before + 0.08) * RATE_HZ), round((after - 0.02) * RATE_HZ))
        np.testing.assert_array_equal(y[:, vowel], x[:, vowel])


def test_loud_and_soft_are_treated_alike() -> None:
    x = voice()
    y = through(x)
    for level in (1.0, 0.1, 0.01):
        np.testing.assert_allclose(through(level * x) / level, y, atol=1e-9)


def test_a_mild_s_is_left_and_a_sharp_one_brought_to_the_threshold() -> None:
    mild, sharp = voice(s_level=0.001), voice(s_level=0.1)
    # Between vowels an s alone is sharp at any level: what is mild is an s that the voice covers.
    vowels = voice(s_level=0.0)
    covered = vowels + 0.004 * band_noise(vowels.shape[1], 4_500, 11_000, 9)
    np.testing.assert_array_equal(through(covered)[:, :15_000], covered[:, :15_000])
    assert np.std(inside(through(sharp))) < 0.7 * np.std(inside(sharp))
    assert np.std(inside(through(mild))) <= np.std(inside(mild))


def test_the_cut_is_there_when_the_s_begins() -> None:
    """An s that starts from one sample to the next: its first 3 ms are turned down as much as the rest of it."""
    x = voice(s_level=0.0)
    at = round(0.5 * RATE_HZ)
    x[:, at:] = 0.1 * band_noise(x.shape[1] - at, 4_500, 11_000, 5)
    y = through(x, range_db=9, mode="wide")
    first, later = (slice(at + n, at + n + 130) for n in (0, 2_000))
    moved_db = [20 * np.log10(np.std(y[:, part]) / np.std(x[:, part])) for part in (first, later)]
    assert moved_db[1] < -5.0
    assert moved_db[0] == pytest.approx(moved_db[1], abs=1.0)


def test_mid_leaves_the_side_untouched() -> None:
    x = voice()
    x[0] += 0.05 * np.random.default_rng(8).normal(0, 1, x.shape[1])
    y = through(x, part="mid", threshold_db=-6)
    assert np.max(np.abs(y - x)) > 0.01
    np.testing.assert_allclose(y[0] - y[1], x[0] - x[1], atol=1e-15)


def test_the_gain_is_bounded_and_never_lifts() -> None:
    x = voice(s_level=0.5)
    y = through(x, range_db=4, mode="wide", threshold_db=-30)
    heard = np.abs(x) > 1e-4
    gain = y[heard] / x[heard]
    assert gain.max() <= 1.0 + 1e-12
    assert gain.min() >= 10 ** (-4 / 20) - 1e-12


def test_no_range_is_no_change() -> None:
    x = voice()
    np.testing.assert_array_equal(through(x, range_db=0), x)


def test_what_it_is_called() -> None:
    assert describe(DeesserParams()) == "de-esser at 6.8 kHz: up to -5.0 dB above 3.06 kHz"
    assert describe(DeesserParams(range_db=0)) == "no de-essing"
