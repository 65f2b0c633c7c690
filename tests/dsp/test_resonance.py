"""The resonance suppressor cuts what rings, only while it rings, and only so far."""

from typing import Any

import numpy as np
import pytest

from tonewright.base.signal import Block
from tonewright.dsp.resonance import ResonanceParams, describe, design
from tonewright.dsp.stage import Context, run_whole

RATE_HZ = 44_100
RING_HZ = 700.0


def through(samples: Block, rate_hz: int = RATE_HZ, **band: Any) -> Block:
    params = ResonanceParams.parse({"bands": [{"frequency_hz": RING_HZ, **band}]}, "resonance")
    return run_whole(design(params, Context(rate_hz, len(samples))), samples)


def noise(seconds: float, level: float = 0.1, seed: int = 1, rate_hz: int = RATE_HZ) -> Block:
    return np.random.default_rng(seed).normal(0, level, (2, round(seconds * rate_hz)))


def ring(seconds: float, amplitude: float) -> Block:
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return np.stack([amplitude * np.sin(2 * np.pi * RING_HZ * time)] * 2)


def ring_moved_db(before: Block, after: Block) -> float:
    """Change of the line at the ring's frequency over the last second."""
    lines = [
        np.abs(np.fft.rfft(each[0, -RATE_HZ:] * np.hanning(RATE_HZ)))[round(RING_HZ)] for each in (before, after)
    ]
    return float(20 * np.log10(lines[1] / lines[0]))


@pytest.mark.parametrize("level", [1.0, 0.03])
def test_a_strong_ring_is_cut_by_the_depth_at_any_level(level: float) -> None:
    x = level * (noise(2.5, 0.02) + ring(2.5, 0.3))
    assert ring_moved_db(x, through(x, depth_db=5)) == pytest.approx(-5.0, abs=0.15)


def test_a_mild_ring_is_brought_down_to_the_threshold() -> None:
    """As far as it stands out beyond threshold and half the knee: no more is taken than needed."""
    q = 12.0
    density_db = 20 * np.log10(0.02) - 10 * np.log10(RATE_HZ / 2)
    bandwidth_hz = 0.5 * np.pi * RING_HZ / q
    amplitude = np.sqrt(2 * 10 ** ((density_db + 14.0) / 10) * bandwidth_hz)  # 14 dB above the noise, per hertz
    x = noise(4.0, 0.02) + ring(4.0, float(amplitude))
    assert ring_moved_db(x, through(x, q=q, depth_db=18, threshold_db=6)) == pytest.approx(-6.5, abs=1.0)


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 192_000])
def test_noise_of_any_level_reads_no_resonance(rate_hz: int) -> None:
    """The statistics of noise let a band twitch now and then; on the mean it has to be left alone."""
    for level in (1.0, 1e-3):
        x = noise(1.5, level, rate_hz=rate_hz)
        change = through(x, rate_hz, depth_db=6) - x
        assert np.std(change) < 0.003 * np.std(x)


def test_a_loud_note_elsewhere_is_no_resonance_here() -> None:
    time = np.arange(2 * RATE_HZ) / RATE_HZ
    x = noise(2.0, 0.01) + 0.5 * np.sin(2 * np.pi * 1_500 * time)
    change = through(x, depth_db=6) - x
    assert np.std(change) < 1e-3 * np.std(x)


def test_the_cut_goes_when_the_ring_goes() -> None:
    x = noise(3.0, 0.02)
    x[:, :RATE_HZ] += ring(1.0, 0.3)
    change = through(x, depth_db=9, threshold_db=4) - x
    assert np.max(np.abs(change[:, : RATE_HZ // 2])) > 0.05
    assert np.max(np.abs(change[:, 2 * RATE_HZ :])) < 1e-3


def test_nothing_is_ever_lifted() -> None:
    """Each line of the spectrum, with the cut held open by a steady ring."""
    comb_hz = np.geomspace(100, 20_000, 60).astype(np.int64)
    time = np.arange(3 * RATE_HZ) / RATE_HZ
    x = np.stack([1e-3 * np.sum(np.sin(2 * np.pi * comb_hz[:, None] * time + comb_hz[:, None] ** 2), axis=0)] * 2)
    x += ring(3.0, 0.3)
    y = through(x, depth_db=12, q=8)
    before, after = (np.abs(np.fft.rfft(each[0, -RATE_HZ:]))[comb_hz] for each in (x, y))
    moved_db = 20 * np.log10(after / before)
    assert np.max(moved_db) < 0.001
    assert np.min(moved_db) > -12.001


def test_silence_and_hiss_are_left_alone() -> None:
    x = noise(1.0, 1e-6) + ring(1.0, 2e-5)
    np.testing.assert_array_equal(through(x, depth_db=12), x)


def test_what_it_is_called() -> None:
    params = ResonanceParams.parse({"bands": [{"frequency_hz": 2_480, "depth_db": 3}]}, "resonance")
    assert describe(params) == "resonances held down: 2.48 kHz by up to 3.0 dB"
    assert describe(ResonanceParams()) == "no resonance held down"
