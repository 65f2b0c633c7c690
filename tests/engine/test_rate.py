"""A signal at another rate is the converted stream, readable from anywhere."""

from pathlib import Path

import numpy as np
import pytest

from tonewright.base.errors import Impossible
from tonewright.base.signal import ArraySignal
from tonewright.engine.rate import AtRate
from whole import resample_whole

SONG = ArraySignal(np.random.default_rng(2).normal(0, 0.1, (2, 50_001)), 44_100)


def test_it_is_the_whole_conversion_read_from_anywhere() -> None:
    whole = resample_whole(SONG.samples, 44_100, 48_000)
    with AtRate(SONG, 48_000, Path("song.wav")) as converted:
        assert (converted.rate_hz, converted.channels, converted.frames) == (48_000, 2, whole.shape[1])
        np.testing.assert_array_equal(converted.read(1234, 777), whole[:, 1234 : 1234 + 777])
        assert converted.read(converted.frames - 5, 50).shape == (2, 5)
        assert converted.read(converted.frames + 5, 50).shape == (2, 0)


def test_a_rate_that_is_none_is_refused() -> None:
    with pytest.raises(Impossible):
        AtRate(SONG, 4_000, Path("song.wav"))
