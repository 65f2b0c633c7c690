"""Fast convolution against the slow one, and the design of symmetric filters against its wish."""

import numpy as np

from tonewright.dsp.eq_bands import Band
from tonewright.dsp.eq_match import matched_sections
from tonewright.dsp.overlap_save import OverlapSave, symmetric_filters
from tonewright.dsp.stage import run_whole

RATE_HZ = 44_100


def test_it_is_plain_convolution() -> None:
    (filter_,) = symmetric_filters([matched_sections(Band(frequency_hz=800, gain_db=9, q=2), RATE_HZ)], RATE_HZ)
    taps = np.fft.irfft(filter_.spectrum, filter_.size)
    whole = np.concatenate([taps[-filter_.half :], taps[: filter_.half + 1]])
    x = np.random.default_rng(1).normal(0, 0.3, (2, 20_000))
    want = np.stack([np.convolve(channel, whole)[filter_.half : filter_.half + 20_000] for channel in x])
    np.testing.assert_allclose(run_whole(OverlapSave(filter_, 2, RATE_HZ), x), want, atol=1e-13)


def test_blocks_of_any_size_come_back_whole() -> None:
    (filter_,) = symmetric_filters([matched_sections(Band(frequency_hz=800, gain_db=9), RATE_HZ)], RATE_HZ)
    x = np.random.default_rng(1).normal(0, 0.3, (1, 3 * filter_.size + 17))
    want = run_whole(OverlapSave(filter_, 1, RATE_HZ), x)
    for step in (1_000, filter_.size // 2, filter_.size, filter_.size + 1):
        stage = OverlapSave(filter_, 1, RATE_HZ)
        parts = [stage.process(x[:, at : at + step]) for at in range(0, x.shape[1], step)]
        np.testing.assert_array_equal(np.concatenate([*parts, stage.flush()], axis=1), want)


def test_a_narrow_low_band_gets_a_longer_filter_than_a_broad_high_one() -> None:
    narrow, broad = (
        symmetric_filters([matched_sections(band, RATE_HZ)], RATE_HZ)[0].half
        for band in (Band(frequency_hz=40, gain_db=6, q=4), Band(frequency_hz=4_000, gain_db=6, q=0.7))
    )
    assert narrow > 50 * broad
    assert narrow < RATE_HZ  # and still under a second


def test_filters_of_one_stage_have_one_length() -> None:
    bands = (Band(frequency_hz=60, gain_db=6, q=3), Band(kind="high_shelf", frequency_hz=8_000, gain_db=3))
    first, second = symmetric_filters([matched_sections(band, RATE_HZ) for band in bands], RATE_HZ)
    assert (first.half, first.size) == (second.half, second.size)
