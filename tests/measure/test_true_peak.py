"""The true peak is that of the band-limited curve, at any rate, at both ends of a file, near half the rate."""

import math
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

import slow_meter
from tonewright.base.signal import Block, Layout
from tonewright.measure.true_peak import (
    HOPS_PER_S,
    REACH_FRAMES,
    TruePeak,
    _filters,
    hop_edge,
    true_peak,
)

RATES_HZ = (8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000, 384_000)


def db(ratio: float) -> float:
    return 20.0 * math.log10(ratio)


def faded(samples: NDArray[np.float64], fade: int = 600) -> NDArray[np.float64]:
    """Fades of sin^2, so that the ends of a tone don't spread its spectrum past half the rate."""
    envelope = np.ones(samples.shape[-1])
    envelope[:fade] = np.sin(np.linspace(0.0, np.pi / 2, fade)) ** 2
    envelope[-fade:] = envelope[:fade][::-1]
    return samples * envelope


def band_limited(rng: np.random.Generator, frames: int, edge: float) -> NDArray[np.float64]:
    """Noise without anything above `edge` (in parts of the rate)."""
    spectrum = np.fft.rfft(rng.standard_normal(frames))
    spectrum[np.arange(len(spectrum)) > edge * frames] = 0.0
    return faded(np.fft.irfft(spectrum, n=frames))


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("part_of_rate", [0.01, 0.1, 0.25, 1 / 3, 0.4, 0.45, 0.48])
def test_a_tone_reads_its_amplitude(rate_hz: int, part_of_rate: float) -> None:
    """Within 0.02 dB, at every rate, for phases that put the samples beside the peaks. A 4x meter is 0.55 dB low at
    0.45 of the rate."""
    n = np.arange(6_000)
    for phase in (0.0, 0.3, math.pi / 4, 1.2):
        tone = faded(0.8 * np.sin(2.0 * np.pi * part_of_rate * n + phase))[None, :]
        # near half the rate the samples beat against the peaks: they come close to one only every so often
        assert db(true_peak(tone, rate_hz) / 0.8) == pytest.approx(0.0, abs=0.02)


@pytest.mark.parametrize("edge", [0.05, 0.2, 0.35, 0.45, 0.48])
@pytest.mark.parametrize("seed", range(4))
def test_band_limited_noise_reads_what_ideal_oversampling_finds(edge: float, seed: int) -> None:
    noise = band_limited(np.random.default_rng(seed), 20_000, edge)[None, :]
    assert db(true_peak(noise, 44_100) / slow_meter.true_peak_at(noise, 16)) == pytest.approx(0.0, abs=0.02)


@pytest.mark.parametrize("drive", [1.0, 2.0, 4.0])
@pytest.mark.parametrize("seed", range(4))
def test_a_16x_check_of_clipped_music_finds_no_more(drive: float, seed: int) -> None:
    """Noise with music's long-term slope (-4.5 dB per octave), hard-clipped or saturated: spectra up to half the rate,
    peaks beside the samples. (On clipped white noise two ideal filters of different length differ by more.)"""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft(rng.standard_normal(40_000))
    spectrum[1:] /= np.arange(1, len(spectrum)) ** 0.75
    music = faded(np.fft.irfft(spectrum, n=40_000))
    music *= drive / music.std() / 3.0
    for samples in (np.clip(music, -1.0, 1.0)[None, :], np.tanh(music)[None, :]):
        assert db(true_peak(samples, 44_100) / slow_meter.true_peak_at(samples, 16)) == pytest.approx(0.0, abs=0.1)


def exhaustive(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """|curve| at every eighth of a frame, from the first sample on, each local maximum lifted to the
    top of its parabola: the slow twin of the search, which looks everywhere and decides nothing."""
    halfway, fine = _filters()
    padded = np.pad(samples, 2 * REACH_FRAMES)
    grid = np.empty(2 * len(padded))
    grid[::2] = padded
    grid[1::2] = np.convolve(padded, np.concatenate([halfway[::-1], halfway]))[REACH_FRAMES:][: len(padded)]
    curve = np.stack([grid, *(np.convolve(grid, row[::-1], mode="same") for row in fine[4:])], axis=1).ravel()
    top: NDArray[np.float64] = np.abs(curve)
    before, here, after = (np.sign(curve[1:-1]) * part for part in (curve[:-2], curve[1:-1], curve[2:]))
    bend = 2.0 * here - before - after
    peaks = (here >= before) & (here >= after) & (bend > 0.0)
    top[1:-1][peaks] += ((before - after) ** 2)[peaks] / (8.0 * bend[peaks])
    return np.asarray(top[8 * 2 * REACH_FRAMES :])


def hard_signals() -> Iterator[NDArray[np.float64]]:
    """What could lead the search astray: many peaks of one height, plateaus, ripples on slow waves, spikes."""
    rng = np.random.default_rng(3)
    n = np.arange(6_400)
    for _ in range(12):
        yield rng.standard_normal(6_400)
        yield np.clip(3.0 * band_limited(rng, 6_400, rng.uniform(0.05, 0.5)), -0.5, 0.5)
        yield sum((np.sin(2 * np.pi * f * n + 9 * f) for f in rng.uniform(0.0, 0.5, 4)), np.zeros(6_400))
        yield np.sin(0.002 * n) + rng.uniform(0.0, 0.5) * np.sin(2.0 * np.pi * rng.uniform(0.3, 0.5) * n)
        yield np.sign(np.sin(2.0 * np.pi * rng.uniform(0.001, 0.1) * n)) + rng.uniform(-1.0, 1.0)
        yield rng.laplace(size=6_400) ** 3


def test_nothing_is_lost_by_skipping_and_climbing() -> None:
    """In each hop the search finds what looking everywhere finds, to 0.002 dB."""
    rate_hz = 8_000
    for samples in hard_signals():
        meter = TruePeak(Layout(rate_hz, 1))
        meter.feed(samples[None, :])
        curve = exhaustive(samples)
        for hop, found in enumerate(meter.series()[0][1:-1], start=1):
            start, end = (8 * hop_edge(hop + k, rate_hz) for k in (0, 1))
            # a climb from the first or last point of a hop may end half a frame outside
            assert curve[start : end - 4].max() * 0.9998 <= found <= curve[start - 4 : end + 4].max() * 1.0002


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_peaks_before_the_first_and_after_the_last_sample_are_found(rate_hz: int) -> None:
    """The file starts and ends in the middle of an alternation: the curve swings past full scale outside of it."""
    burst = np.array([1.0, -1.0, 1.0, -1.0])
    quiet = np.zeros(rate_hz // 5 + 3)
    inside = db(slow_meter.true_peak_at(np.concatenate([quiet, burst, quiet])[None, :]))
    assert inside > 1.0
    for samples in (burst, np.concatenate([burst, quiet]), np.concatenate([quiet, burst]), -burst):
        # the burst reaches past the filter's edge: both filters agree to 0.15 dB there
        assert db(true_peak(samples[None, :], rate_hz)) == pytest.approx(inside, abs=0.15)


@pytest.mark.parametrize("where", [-0.5, -1.0])
def test_a_swing_wholly_outside_the_file_is_found(where: float) -> None:
    """A tone near half the rate that is cut off at its height: its highest swing lies ahead of the file, or behind
    it when reversed."""
    samples = np.zeros((1, 300))
    samples[0, :24] = np.sin(np.pi * 0.46 * (np.arange(24) * 2 + where)) * np.cos(np.pi * np.arange(24) / 48) ** 2
    head = np.abs(curve_before(samples[0])).max()
    inside = np.abs(samples).max()
    assert head > inside  # the trap is set: looking between the samples only would miss it
    assert true_peak(samples, 48_000) >= head * 0.98
    assert true_peak(samples[:, ::-1].copy(), 48_000) >= head * 0.98


def curve_before(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """The ideal curve over the four frames before the first sample, by its definition: a sum of sincs."""
    t = np.linspace(-4.0, -0.01, 400)
    return np.asarray(np.sinc(t[:, None] - np.arange(len(samples))) @ samples)


def test_a_constant_is_kept() -> None:
    """DC counts towards overload (BS.1770-5, annex 2): a faded-in constant plus a tone reads their sum."""
    n = np.arange(20_000)
    assert true_peak(faded(np.full(20_000, 0.5))[None, :], 48_000) == pytest.approx(0.5, rel=1e-4)
    both = faded(0.5 + 0.25 * np.sin(2 * np.pi * 0.25 * n + np.pi / 4))[None, :]
    assert true_peak(both, 48_000) == pytest.approx(0.75, rel=2e-3)


def test_never_below_the_sample_peak() -> None:
    rng = np.random.default_rng(9)
    for _ in range(20):
        samples = rng.standard_normal((1, 3_000)) * (rng.random((1, 3_000)) < 0.01)
        assert true_peak(samples, 44_100) >= np.abs(samples).max()


def test_silence_and_nothing() -> None:
    assert true_peak(np.zeros((2, 10_000)), 44_100) == 0.0
    assert true_peak(np.zeros((2, 0)), 44_100) == 0.0
    assert TruePeak(Layout(44_100, 2)).series().shape == (2, 0)
    assert true_peak(np.full((1, 1), -0.7), 8_000) == pytest.approx(0.7)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 44_100])
def test_the_series_says_when(rate_hz: int) -> None:
    """One hop per 100 ms, the last one as long as the file; a burst is read in its own hop."""
    samples = np.zeros((2, round(2.345 * rate_hz)))
    at = round(1.234 * rate_hz)
    samples[1, at : at + 4] = [0.5, -0.5, 0.5, -0.5]
    meter = TruePeak(Layout(rate_hz, 2))
    meter.feed(samples)
    found = meter.series()
    assert found.shape == (2, 24)
    assert found[0].max() == 0.0
    assert int(found[1].argmax()) == 12
    assert [hop_edge(hop, rate_hz) for hop in (0, 10, 20)] == [0, rate_hz, 2 * rate_hz]
    assert hop_edge(1, rate_hz) == math.floor(rate_hz / HOPS_PER_S + 0.5)


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(0, 5_000), max_size=12), rate_hz=st.sampled_from([8_000, 11_025, 44_100]))
def test_any_split_gives_the_same_bits(cuts: list[int], rate_hz: int) -> None:
    samples: Block = np.random.default_rng(4).standard_normal((2, 5_000))
    whole, parts = TruePeak(Layout(rate_hz, 2)), TruePeak(Layout(rate_hz, 2))
    whole.feed(samples)
    for part in np.split(samples, sorted(cuts), axis=1):
        parts.feed(part)
        parts.series()  # looking does not disturb
    assert_array_equal(whole.series(), parts.series())
