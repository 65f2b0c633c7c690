"""Two versions with a known difference: the comparison has to say which."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from tonewright.base.signal import ArraySignal
from tonewright.engine.compare import Comparison, compare_signals
from tonewright.engine.demo import demo_song
from whole import resample_whole

RATE = 44_100
Floats = NDArray[np.float64]


@pytest.fixture(scope="module")
def song() -> Floats:
    return demo_song(8.0, 1, "band", RATE)


def compared(a: Floats, b: Floats, a_rate_hz: int = RATE, b_rate_hz: int = RATE) -> Comparison:
    return compare_signals(ArraySignal(a, a_rate_hz), ArraySignal(b, b_rate_hz))


def late(samples: Floats, frames: float) -> Floats:
    """The whole signal later by any number of frames, through its spectrum."""
    size = samples.shape[1]
    angle = -2j * np.pi * np.fft.rfftfreq(size) * frames
    moved: Floats = np.fft.irfft(np.fft.rfft(samples) * np.exp(angle), size)
    return moved


def test_a_copy_is_identical(song: Floats) -> None:
    found = compared(song, song.copy())
    assert found.identical
    assert found.alignment.frames == 0
    assert found.alignment.fraction == 0.0
    assert found.alignment.similarity == pytest.approx(1.0)
    assert found.null_db == -200.0
    assert found.loudness_gain_db == 0.0
    assert not found.notes
    assert set(found.differences.values()) == {0.0}
    assert found.spectrum["difference_db"] == [pytest.approx(0.0, abs=1e-9)] * len(found.spectrum["centre_hz"])


@pytest.mark.parametrize("gain_db", [-9.0, 3.5])
def test_gain_alone_nulls(song: Floats, gain_db: float) -> None:
    found = compared(song, song * 10 ** (gain_db / 20))
    assert not found.identical
    assert found.loudness_gain_db == pytest.approx(gain_db, abs=0.1)  # a gate may move a block
    assert found.null_gain_db == pytest.approx(-gain_db, abs=1e-6)
    assert found.null_db is not None
    assert found.null_db < -140.0
    assert found.differences["true_peak_dbtp"] == pytest.approx(gain_db, abs=1e-6)


@pytest.mark.parametrize("frames", [1, -317, 44_100 * 2 + 13, -90_001])
def test_the_offset_is_found_to_the_frame(song: Floats, frames: int) -> None:
    silence = np.zeros((2, abs(frames)))
    longer = np.concatenate([silence, song], axis=1)
    found = compared(song, longer) if frames > 0 else compared(longer, song)
    assert found.alignment.frames == frames
    assert found.alignment.fraction == 0.0
    assert found.null_db is not None
    assert found.null_db < -140.0
    assert not found.identical
    assert "were compared" in found.notes[0]


@pytest.mark.parametrize("frames", [0.5, -0.25, 100.37, -7.9])
def test_a_fraction_of_a_frame_is_found_and_taken_out(song: Floats, frames: float) -> None:
    found = compared(song, late(song, frames))
    assert found.alignment.frames + found.alignment.fraction == pytest.approx(frames, abs=0.002)
    assert found.null_db is not None
    assert found.null_db < -55.0


def test_polarity_by_channel(song: Floats) -> None:
    found = compared(song, song * np.array([[1.0], [-0.5]]))
    assert found.to_json()["alignment"]["polarity"] == ["same", "inverted"]
    both = compared(song, -song)
    assert both.alignment.polarity == (-1, -1)
    assert not both.identical
    assert both.null_db is not None
    assert both.null_db < -140.0


@pytest.mark.parametrize("noise_db", [-20.0, -50.0])
def test_the_null_is_as_deep_as_what_was_added(song: Floats, noise_db: float) -> None:
    hiss = np.random.default_rng(1).standard_normal(song.shape)
    hiss *= math.sqrt(np.mean(song**2) / np.mean(hiss**2)) * 10 ** (noise_db / 20)
    found = compared(song, song + hiss)
    assert found.null_db == pytest.approx(noise_db, abs=0.2)


def test_a_filter_shows_in_its_bands_and_keeps_coherence(song: Floats) -> None:
    def tilted(samples: Floats) -> Floats:
        frequency = np.fft.rfftfreq(samples.shape[1], 1 / RATE)
        rise = 10 ** (6.0 / 20 * (frequency > 3000.0))
        out: Floats = np.fft.irfft(np.fft.rfft(samples) * rise, samples.shape[1])
        return out

    found = compared(song, tilted(song))
    hz = np.array(found.spectrum["centre_hz"])
    change = np.array(found.spectrum["difference_db"], dtype=float)
    assert found.loudness_gain_db is not None
    raised = change[(hz > 4500) & (hz < 15_000)] + found.loudness_gain_db
    kept = change[(hz > 60) & (hz < 2000)] + found.loudness_gain_db
    np.testing.assert_allclose(raised, 6.0, atol=0.1)
    np.testing.assert_allclose(kept, 0.0, atol=0.1)
    assert (
        min(value for value, f in zip(found.spectrum["coherence"], hz, strict=True) if value and f < 15_000) > 0.97
    )


def test_clipping_costs_coherence_and_crest(song: Floats) -> None:
    found = compared(song, np.clip(4.0 * song, -0.5, 0.5))
    assert found.differences["crest_db"] is not None
    assert found.differences["crest_db"] < -4.0
    assert min(value for value in found.spectrum["coherence"] if value is not None) < 0.95
    assert found.null_db is not None
    assert -30.0 < found.null_db < -5.0


def test_width_and_balance(song: Floats) -> None:
    middle, side = 0.5 * (song[0] + song[1]), 0.5 * (song[0] - song[1])
    wide = np.stack([middle + 2 * side, middle - 2 * side])
    found = compared(song, wide)
    assert found.stereo is not None
    assert found.stereo["difference"]["width_db"] == pytest.approx(20 * math.log10(2), abs=0.05)
    left = compared(song, song * np.array([[1.0], [10 ** (-3 / 20)]]))
    assert left.stereo is not None
    assert left.stereo["difference"]["balance_db"] == pytest.approx(3.0, abs=0.05)


def test_other_rates_and_mono_are_handled_and_said(song: Floats) -> None:
    spectrum = np.fft.rfft(song)
    spectrum[:, np.fft.rfftfreq(song.shape[1], 1 / RATE) > 19_000] = 0.0  # what a converter's low-pass leaves alone
    low = np.fft.irfft(spectrum, song.shape[1])
    found = compared(low, resample_whole(low, RATE, 48_000), RATE, 48_000)
    assert "converted from 48000 to 44100 Hz" in found.notes[0]
    assert found.alignment.frames + found.alignment.fraction == pytest.approx(0.0, abs=0.01)
    assert found.null_db is not None
    assert found.null_db < -60.0
    mono = compared(song, song.mean(axis=0, keepdims=True))
    assert "mono" in mono.notes[0]
    assert mono.stereo is not None
    assert mono.stereo["b"]["correlation"] == pytest.approx(1.0)
    both = compared(song[:1], song[1:])
    assert both.stereo is None


def test_strangers_are_called_strangers(song: Floats) -> None:
    found = compared(song, np.random.default_rng(2).standard_normal((2, 6 * RATE)) * 0.1)
    assert any("hardly resemble" in note for note in found.notes)


def test_silence_gives_undefined_not_failure(song: Floats) -> None:
    found = compared(song, np.zeros((2, 5 * RATE))).to_json()
    assert found["loudness_gain_db"] is None
    assert found["null"]["residual_db"] == pytest.approx(0.0)
    assert found["null"]["gain_db"] is None
    assert compared(np.zeros((2, RATE)), np.zeros((2, RATE))).to_json()["null"]["residual_db"] is None


def test_the_same_twice(song: Floats) -> None:
    other = late(song, 3.3) * 0.7
    assert compared(song, other).to_json() == compared(song, other).to_json()
