"""Landing on a loudness: exactly where it can be reached, and in words where it can't."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

import slow_meter
from tonewright.base.errors import Silent
from tonewright.base.signal import ArraySignal
from tonewright.base.units import db_to_gain, gain_to_db
from tonewright.engine.loudness_search import search
from tonewright.measure.meter import measure

RATE_HZ = 44_100


def music(seconds: float = 12.0, level_db: float = -20.0) -> ArraySignal:
    """Drums over a chord that swells: peaks 12 dB over the body, sections of different loudness."""
    rng = np.random.default_rng(11)
    n = np.arange(int(seconds * RATE_HZ))
    chord = sum(
        np.sin(2 * np.pi * hz / RATE_HZ * n + k) for k, hz in enumerate((110.0, 165.0, 277.0, 440.0, 1320.0))
    )
    swell = 0.4 + 0.6 * (n / n.size)
    left, right = swell * chord, swell * np.roll(chord, 40)
    hit_frames = RATE_HZ // 4
    decay = np.exp(-np.arange(hit_frames) / (0.015 * RATE_HZ))
    for start in range(0, n.size - hit_frames, RATE_HZ // 2):
        hit = 8.0 * decay * rng.normal(0.0, 1.0, hit_frames)
        left[start : start + hit_frames] += hit
        right[start : start + hit_frames] += 0.7 * hit
    both = np.stack([left, right])
    return ArraySignal(both * db_to_gain(level_db) / np.sqrt(np.mean(both**2)), RATE_HZ)


def integrated_lufs(samples: NDArray[np.float64]) -> float:
    found = measure(ArraySignal(samples, RATE_HZ)).integrated_lufs
    assert found is not None
    return found


def true_peak_dbtp(samples: NDArray[np.float64]) -> float:
    return gain_to_db(slow_meter.true_peak_at(samples, 16))


def whole(signal: ArraySignal) -> NDArray[np.float64]:
    return signal.read(0, signal.frames)


@pytest.mark.slow
@pytest.mark.parametrize("target_lufs", [-16.0, -11.0, -8.0])
def test_it_lands_within_a_tenth(target_lufs: float) -> None:
    found = search(music(), target_lufs, -1.0, harm_nmr_db=None)
    out = found.signal.read(0, found.signal.frames)
    assert found.why_short == ""
    assert integrated_lufs(out) == pytest.approx(target_lufs, abs=0.1)
    assert integrated_lufs(out) == pytest.approx(found.lufs, abs=0.02)
    assert true_peak_dbtp(out) <= -1.0 + 0.05


def test_below_the_ceiling_it_is_gain_alone() -> None:
    song = music(6.0, level_db=-40.0)  # one segment: where two are joined, a fade between equal samples may round
    found = search(song, -35.0, -1.0)
    heard, told = found.signal.read(0, song.frames), whole(song) * db_to_gain(found.params.drive_db)
    assert_array_equal(heard, told)
    assert integrated_lufs(found.signal.read(0, song.frames)) == pytest.approx(-35.0, abs=0.03)
    assert found.nmr_db <= -150.0


def test_without_a_target_the_loudness_stays() -> None:
    song = music(level_db=-30.0)
    assert search(song, None, -1.0).params.drive_db == pytest.approx(0.0, abs=1e-9)


def test_where_peaks_may_not_be_limited_the_loudest_decides_and_it_says_so() -> None:
    song = music(6.0)
    found = search(song, -8.0, -1.0, may_limit=False)
    out = found.signal.read(0, song.frames)
    assert_allclose(out, whole(song) * db_to_gain(found.params.drive_db), rtol=1e-12)
    # White noise up to half the rate: what converters may make of it is counted in.
    assert -1.8 < true_peak_dbtp(out) <= -1.0
    assert found.lufs < -8.0
    assert "dynamics" in found.why_short
    assert found.evidence["peaks_over_db"] == pytest.approx(-8.0 - found.lufs)


@pytest.mark.slow
def test_it_stops_where_limiting_would_be_heard_and_says_what_it_would_cost() -> None:
    song = music(6.0)
    free = search(song, -6.0, -1.0, harm_nmr_db=None)
    found = search(song, -6.0, -1.0, harm_nmr_db=-25.0)
    assert free.nmr_db > -25.0
    assert found.nmr_db <= -24.0
    assert found.lufs < free.lufs - 0.2
    assert "distortion" in found.why_short
    assert found.evidence["nmr_at_target_db"] > -25.0


def test_silence_has_no_loudness() -> None:
    with pytest.raises(Silent):
        search(ArraySignal(np.zeros((2, RATE_HZ)), RATE_HZ), -14.0, -1.0)
