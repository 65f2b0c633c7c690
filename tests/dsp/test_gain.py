import numpy as np
import pytest

from tonewright.base.signal import Block
from tonewright.dsp.gain import GainParams, describe, design
from tonewright.dsp.stage import Context, run_whole


def noise(channels: int) -> Block:
    return np.random.default_rng(3).standard_normal((channels, 1_000))


def test_zero_db_is_bit_exact() -> None:
    x = noise(2)
    y = run_whole(design(GainParams(), Context(48_000, 2)), x)
    assert y.tobytes() == x.tobytes()


def test_gain_balance_and_polarity_are_the_numbers_asked_for() -> None:
    x = noise(2)
    params = GainParams(gain_db=-6, left_db=1.5, right_db=-0.5, invert_right=True)
    y = run_whole(design(params, Context(48_000, 2)), x)
    np.testing.assert_allclose(y[0], x[0] * 10 ** (-4.5 / 20), rtol=1e-14)
    np.testing.assert_allclose(y[1], -x[1] * 10 ** (-6.5 / 20), rtol=1e-14)


def test_mono_has_no_balance() -> None:
    x = noise(1)
    y = run_whole(design(GainParams(gain_db=3, left_db=9, right_db=9, invert_left=True), Context(48_000, 1)), x)
    np.testing.assert_allclose(y, -x * 10 ** (3 / 20), rtol=1e-14)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        (GainParams(), "unchanged"),
        (GainParams(gain_db=-1.5), "gain -1.50 dB"),
        (GainParams(right_db=0.8, invert_left=True), "left +0.00 dB, right +0.80 dB, left inverted"),
    ],
)
def test_words(params: GainParams, words: str) -> None:
    assert describe(params) == words
