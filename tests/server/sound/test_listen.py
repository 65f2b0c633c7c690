"""Listening files: segments by themselves, and together the very samples."""

import io

import numpy as np
import pytest
import soundfile

from tonewright.base.signal import Block, Layout
from tonewright.server.sound.listen import SEGMENT_S, ListenIndex, ListenWriter, flac, listening_rate_hz


def listened(samples: Block, rate_hz: int, piece: int) -> tuple[bytes, ListenIndex]:
    file = io.BytesIO()
    with ListenWriter(file, Layout(rate_hz, samples.shape[0])) as listen:
        for start in range(0, samples.shape[1], piece):
            listen.feed(samples[:, start : start + piece])
        return_index = listen.finish()
    return file.getvalue(), return_index


def decoded(raw: bytes) -> tuple[Block, int]:
    samples, rate_hz = soundfile.read(io.BytesIO(raw), dtype="float64", always_2d=True)
    return samples.T, rate_hz


@pytest.mark.parametrize(("rate_hz", "channels", "seconds"), [(8_000, 2, 13.37), (8_000, 1, 5.0), (44_100, 2, 5.1)])
def test_segments_join_to_the_sample(rate_hz: int, channels: int, seconds: float) -> None:
    steps = np.random.default_rng(1).integers(-(2**23), 2**23, (channels, round(seconds * rate_hz)))
    samples = steps / 2.0**23
    raw, index = listened(samples, rate_hz, 1_777)
    pieces = [raw[a:b] for a, b in zip(index.offsets, index.offsets[1:], strict=False)]
    assert index.offsets[-1] == len(raw)
    assert index.frames == samples.shape[1]
    assert index.segment_frames == SEGMENT_S * rate_hz
    assert len(pieces) == -(-samples.shape[1] // index.segment_frames)
    joined = []
    for number, piece in enumerate(pieces):
        block, told_hz = decoded(piece)
        assert told_hz == rate_hz == index.rate_hz
        if number < len(pieces) - 1:
            assert block.shape[1] == index.segment_frames
        joined.append(block)
    np.testing.assert_array_equal(np.concatenate(joined, axis=1), samples)


def test_any_split_gives_the_same_file() -> None:
    samples = np.random.default_rng(2).normal(0.0, 0.1, (2, 90_001))
    assert listened(samples, 8_000, 100) == listened(samples, 8_000, 90_001)


def test_what_is_finer_is_rounded_and_what_is_louder_cut_off() -> None:
    block, _ = decoded(flac(np.array([[0.1, 1.5, -1.5]]), 44_100))
    assert abs(block[0, 0] - 0.1) <= 2.0**-24
    assert block[0, 1:].tolist() == [1.0 - 2.0**-23, -1.0]


@pytest.mark.parametrize(
    ("rate_hz", "told_hz"), [(44_100, 44_100), (65_535, 65_535), (65_537, 65_540), (384_000, 384_000)]
)
def test_rates_are_told_as_flac_can_tell_them(rate_hz: int, told_hz: int) -> None:
    assert listening_rate_hz(rate_hz) == told_hz
    assert decoded(flac(np.zeros((1, 5_000)), rate_hz))[1] == told_hz


def test_json_has_the_documented_names() -> None:
    _, index = listened(np.zeros((1, 100)), 8_000, 100)
    assert index.to_json() == {
        "rate_hz": 8_000,
        "frames": 100,
        "segment_frames": 40_000,
        "offsets": list(index.offsets),
    }
