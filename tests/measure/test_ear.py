"""The ear model of BS.1387: closed forms, a slow twin of the spreading, and what the ratio must do."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from tonewright.measure import ear
from tonewright.measure.ear import noise_to_mask

RATE_HZ = 48_000
Samples = NDArray[np.float64]


def noise(seconds: float = 2.0, level: float = 0.1, seed: int = 7, rate_hz: int = RATE_HZ) -> Samples:
    return np.random.default_rng(seed).normal(0.0, level, (2, int(seconds * rate_hz)))


def tone(hz: float, amplitude: float, seconds: float = 2.0) -> Samples:
    return np.asarray(amplitude * np.sin(2.0 * np.pi * hz / RATE_HZ * np.arange(int(seconds * RATE_HZ)))[None, :])


def slow_spread(power: NDArray[np.float64]) -> NDArray[np.float64]:
    """BS.1387 eq. 15 to 22 as printed: every band's slope to every other band, one by one."""
    centre = ear.bands().centre_hz

    def unnormalised(levels: NDArray[np.float64]) -> NDArray[np.float64]:
        total = np.zeros(109)
        for masker in range(109):
            upper_db = -24.0 - 230.0 / centre[masker] + 0.2 * 10.0 * math.log10(levels[masker])
            slope_db = [
                0.25 * (27.0 * (band - masker) if band < masker else upper_db * (band - masker))
                for band in range(109)
            ]
            slope = 10.0 ** (np.array(slope_db) / 10.0)
            total += (levels[masker] * slope / slope.sum()) ** 0.4
        return np.asarray(total ** (1.0 / 0.4))

    return unnormalised(power) / unnormalised(np.ones(109))


def test_the_bands_are_the_standards() -> None:
    bands = ear.bands()
    assert bands.centre_hz.size == 109
    # BS.1387 table 5: first, second and last band.
    assert_allclose([bands.low_hz[0], bands.centre_hz[0], bands.high_hz[0]], [80.0, 91.708, 103.445], atol=0.01)
    assert bands.centre_hz[1] == pytest.approx(115.216, abs=0.01)
    assert_allclose(
        [bands.low_hz[-1], bands.centre_hz[-1], bands.high_hz[-1]], [17385.42, 17690.045, 18000.0], atol=0.01
    )


def test_the_ear_hears_best_near_3_khz() -> None:
    hz = np.arange(20.0, 20_000.0, 10.0)
    response = ear.ear_response(hz)
    assert hz[np.argmax(response)] == pytest.approx(3_300.0, abs=300.0)
    assert 10.0 * math.log10(ear.ear_response(np.array([1_000.0]))[0]) == pytest.approx(
        -2.184 + 6.5 * math.exp(-0.6 * 2.3**2) - 0.001
    )


def test_a_full_scale_tone_excites_its_band_with_the_listening_level() -> None:
    power = ear.spectra(tone(1_019.5, 1.0)[0])[10]
    weighed = 10.0 * math.log10(ear.ear_response(np.array([1_019.5]))[0])
    assert 10.0 * math.log10(power.max()) == pytest.approx(ear.LISTENING_LEVEL_DB + weighed, abs=0.2)


def test_grouping_keeps_the_power_between_the_lowest_and_the_highest_band() -> None:
    power = np.random.default_rng(1).random((3, 1025))
    shares = ear.bin_shares(ear.FRAME, ear.RATE_HZ)
    assert_allclose(ear.group(power), power @ shares.T, rtol=1e-12)
    inside = shares.sum(axis=0)
    assert inside.max() == pytest.approx(1.0)
    assert_allclose(ear.group(power).sum(axis=1), power @ inside, rtol=1e-12)


def test_spreading_agrees_with_the_slow_twin() -> None:
    levels = 10.0 ** np.random.default_rng(2).uniform(-1.0, 8.0, (4, 109))
    assert_allclose(ear.spread_in_frequency(levels), [slow_spread(row) for row in levels], rtol=1e-9)


def test_a_flat_pattern_of_0_db_stays_flat() -> None:
    assert_allclose(ear.spread_in_frequency(np.ones((1, 109))), 1.0, rtol=1e-12)


def test_masking_outlasts_the_masker_and_never_precedes_it() -> None:
    power = np.full((20, 109), 1.0)
    power[8] = 1e6
    spread = ear.spread_in_time(power)
    assert_allclose(spread[:8], 1.0)
    assert_allclose(spread[8], 1e6)
    assert np.all(spread[9] > 1.0)
    seconds = 0.008 + 100.0 / ear.bands().centre_hz * 0.022
    pole = np.exp(-ear.HOP / ear.RATE_HZ / seconds)
    assert_allclose(spread[10] / spread[9], np.maximum(pole, 1.0 / spread[9]), rtol=1e-2)


def test_the_offset_is_3_db_and_grows_above_12_bark() -> None:
    offset = ear.masking_offset_db()
    assert_allclose(offset[:49], 3.0)
    assert offset[100] == pytest.approx(0.25 * 25.0)


@pytest.mark.parametrize("gain", [0.5, 0.9, 0.99])
def test_a_change_of_level_is_noise_of_that_level_over_the_offset(gain: float) -> None:
    # The mask lies the offset below what is excited, or less: neighbouring bands and the past add to it.
    x = noise(8.0)
    offset_db = 10.0 * math.log10(np.mean(10.0 ** (ear.masking_offset_db() / 10.0)))
    over_mask = noise_to_mask(x, gain * x, RATE_HZ).total_db - 20.0 * math.log10(1.0 - gain)
    assert offset_db - 4.0 < over_mask < offset_db
    assert over_mask == pytest.approx(
        noise_to_mask(x, 0.7 * x, RATE_HZ).total_db - 20.0 * math.log10(0.3), abs=1e-6
    )


def test_ten_times_less_error_is_20_db_less() -> None:
    x = noise()
    ratios = [noise_to_mask(x, x * (1.0 + error), RATE_HZ).total_db for error in (0.1, 0.01, 0.001)]
    assert_allclose(np.diff(ratios), -20.0, atol=1e-6)


def test_it_rises_with_the_error() -> None:
    x, error = noise(), noise(seed=8)
    ratios = [noise_to_mask(x, x + share * error, RATE_HZ).total_db for share in (0.001, 0.01, 0.03, 0.1, 0.3)]
    assert np.all(np.diff(ratios) > 5.0)


def test_an_error_under_the_masker_counts_less_than_one_far_from_it() -> None:
    masker = tone(1_000.0, 0.3)
    near = noise_to_mask(masker, masker + tone(1_080.0, 0.003), RATE_HZ).total_db
    above = noise_to_mask(masker, masker + tone(3_000.0, 0.003), RATE_HZ).total_db
    below = noise_to_mask(masker, masker + tone(300.0, 0.003), RATE_HZ).total_db
    assert near < above - 10.0
    assert near < below - 10.0


def test_silence_has_no_noise_and_the_ear_has_its_own() -> None:
    silence = np.zeros((2, RATE_HZ))
    assert noise_to_mask(silence, silence, RATE_HZ).total_db < -110.0
    inaudible = noise(1.0, 1e-8)
    assert noise_to_mask(silence, inaudible, RATE_HZ).total_db < 0.0


def test_frames_tell_when() -> None:
    x = noise(4.0)
    y = x.copy()
    y[:, 100_000:110_000] *= 0.8
    frames = noise_to_mask(x, y, RATE_HZ).frames_db
    assert frames.size == math.ceil((x.shape[1] - ear.FRAME) / ear.HOP) + 1
    hit = np.flatnonzero(frames > -60.0) * ear.HOP
    assert hit.min() >= 100_000 - ear.FRAME
    assert hit.max() <= 110_000


def test_other_rates_read_alike() -> None:
    found = []
    for rate_hz in (44_100, 48_000, 96_000):
        n = np.arange(2 * rate_hz)
        x = sum(np.sin(2 * np.pi * hz / rate_hz * n) for hz in (110.0, 523.0, 1570.0, 4186.0))[None, :] * 0.1
        found.append(noise_to_mask(x, x + 0.002 * np.sin(2 * np.pi * 2500.0 / rate_hz * n), rate_hz).total_db)
    assert_allclose(found, found[1], atol=0.3)


def test_signals_must_match() -> None:
    with pytest.raises(ValueError, match="same shape"):
        noise_to_mask(np.zeros((2, 100)), np.zeros((2, 101)), RATE_HZ)
