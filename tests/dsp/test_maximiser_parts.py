"""The parts of the maximiser against slow twins: masks, pulses, the curve between samples, the dual solution."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import slow_meter
from tonewright.dsp import curve
from tonewright.dsp.maximiser_mask import PHASES, chunk_frames, pulses, tables, thresholds
from tonewright.dsp.maximiser_ride import Guard, guarded_peak
from tonewright.dsp.maximiser_shape import Shaper
from tonewright.dsp.maximiser_solve import _unfold
from tonewright.dsp.stage import Context, run_whole
from tonewright.measure import ear
from tonewright.measure.true_peak import true_peak

RATE_HZ = 48_000


def test_thresholds_are_the_ear_models() -> None:
    tab = tables(RATE_HZ)
    assert tab.frame == ear.FRAME
    frames = np.random.default_rng(1).normal(0.0, 0.1, (3, tab.frame)) * np.array([[1.0], [0.01], [1e-5]])
    power = np.abs(np.fft.rfft(frames * tab.window)) ** 2 * tab.response
    grouped = power @ ear.bin_shares(ear.FRAME, ear.RATE_HZ).T
    slow = ear.masking_threshold(ear.spread_in_frequency(grouped + ear.internal_noise()))
    assert_allclose(thresholds(frames, tab), slow, rtol=0.02)


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 96_000, 192_000])
def test_a_pulse_is_1_in_its_middle_ends_at_its_reach_and_has_the_masks_spectrum(rate_hz: int) -> None:
    tab = tables(rate_hz)
    n = np.arange(tab.frame)
    hum = 0.3 * np.sin(2 * np.pi * 0.02 * n)[None, :] + 1e-4 * np.random.default_rng(2).normal(size=(1, tab.frame))
    pulse = pulses(thresholds(hum, tab), tab)[0]
    assert pulse.shape == (PHASES, tab.reach + 1)
    assert pulse[0, 0] == 1.0
    assert np.max(np.abs(pulse)) <= 1.0 + 1e-12
    assert np.max(np.abs(pulse[:, -1])) < 1e-9
    whole = _unfold(pulse)
    spectrum = np.abs(np.fft.rfft(whole[0], 8 * tab.reach))
    # Most of it lies about the tone, which is what hides it.
    peak = np.argmax(spectrum) / (8 * tab.reach)
    assert peak < 0.06
    assert spectrum[int(0.3 * 8 * tab.reach)] < 0.1 * spectrum.max()


def test_the_phases_of_a_pulse_are_one_curve() -> None:
    tab = tables(RATE_HZ)
    frame = np.random.default_rng(3).normal(0.0, 0.1, (1, tab.frame))
    whole = _unfold(pulses(thresholds(frame, tab), tab)[0])
    middle = tab.reach - 1
    assert_allclose(whole[0, middle + 1 :], whole[0, middle - 1 :: -1])
    assert_allclose(whole[2, middle + 1 :], whole[2, middle:0:-1])
    assert_allclose(whole[1, 1:], whole[3, :0:-1])


def test_chunks_are_as_long_at_every_rate() -> None:
    assert {rate: chunk_frames(rate) for rate in (44_100, 48_000, 96_000, 192_000)} == {
        44_100: 512,
        48_000: 512,
        96_000: 1_024,
        192_000: 2_048,
    }


def test_the_curve_reads_a_tone_at_quarters() -> None:
    n = np.arange(400)
    tone = np.sin(2 * np.pi * 0.21 * n + 0.3)
    frames = 100
    half, grid = np.empty(frames), np.empty(2 * frames)
    curve._twice(tone, 150, curve.halfway_taps(), half, grid)
    quarters = np.array([curve._quarter(grid, q, curve.quarter_taps()) for q in range(40, 300)])
    expected = np.sin(2 * np.pi * 0.21 * (150 + np.arange(40, 300) / 4) + 0.3)
    assert_allclose(quarters, expected, atol=2e-3)


def test_the_shaper_meets_its_ceiling_with_less_weighted_error_than_clipping() -> None:
    rng = np.random.default_rng(4)
    n = np.arange(RATE_HZ)
    samples = np.sin(2 * np.pi * 70 / RATE_HZ * n) * 0.5 + 0.05 * rng.normal(size=n.size)
    samples = np.convolve(samples, np.hanning(12) / np.hanning(12).sum(), "same")[None, :]
    ceiling = 0.4
    shaped = run_whole(Shaper(ceiling, Context(RATE_HZ, 1)), samples)
    clipped = np.clip(samples, -ceiling, ceiling)
    assert true_peak(shaped, RATE_HZ) < ceiling * 1.02
    ours = ear.noise_to_mask(samples, shaped, RATE_HZ).total_db
    theirs = ear.noise_to_mask(samples, clipped, RATE_HZ).total_db
    assert ours < theirs - 6.0


def test_shaping_only_reaches_as_far_as_its_pulses() -> None:
    samples = 0.2 * np.sin(np.arange(60_000) * 0.05)[None, :]
    samples[0, 30_000:30_020] = 0.9
    shaped = run_whole(Shaper(0.5, Context(RATE_HZ, 1)), samples)
    changed = np.flatnonzero(shaped != samples)
    assert changed.min() >= 30_000 - 256 - 64
    assert changed.max() <= 30_020 + 256 + 64


def test_the_guard_meets_the_ceiling_between_samples() -> None:
    rng = np.random.default_rng(5)
    samples = np.convolve(rng.normal(0, 1.0, 40_000), np.hanning(9) / 4.0, "same")[None, :]
    out = run_whole(Guard(0.5, 0.0015, Context(RATE_HZ, 1)), samples)
    assert slow_meter.true_peak_at(out, 16) <= 0.5 * 1.003
    assert np.all(np.abs(out) <= np.abs(samples) + 1e-15)


def test_the_guarded_peak_is_the_true_peak_of_what_has_nothing_near_half_the_rate() -> None:
    samples = 0.7 * np.sin(2 * np.pi * 0.125 * np.arange(20_000) + np.pi / 8)[None, :]
    assert guarded_peak([samples], 0.3, Context(RATE_HZ, 1)) == pytest.approx(true_peak(samples, RATE_HZ), rel=5e-3)
