"""Peaks against a slow twin that looks at every sample of every column."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tonewright.base.signal import Block, Layout
from tonewright.server.sound.peaks import BASE_FRAMES, FACTOR, HEADER_BYTES, PeaksHeader, PeaksMeter


def drawn(samples: Block, piece: int) -> bytes:
    meter = PeaksMeter(Layout(8_000, samples.shape[0]))
    for start in range(0, samples.shape[1], piece):
        meter.feed(samples[:, start : start + piece])
    return meter.file()


def away_from_zero(value: float) -> int:
    steps = max(-127.0, min(127.0, 127.0 * value))
    return math.floor(steps) if steps < 0 else math.ceil(steps)


def slowly(samples: Block, level: int) -> list[list[tuple[int, int]]]:
    """[column][channel] -> (least, greatest)."""
    width = BASE_FRAMES * FACTOR**level
    columns = []
    for start in range(0, samples.shape[1], width):
        part = samples[:, start : start + width].tolist()
        columns.append([(away_from_zero(min(row)), away_from_zero(max(row))) for row in part])
    return columns


@given(
    frames=st.integers(1, 300_000), channels=st.integers(1, 2), piece=st.integers(1, 50_000), seed=st.integers(0, 9)
)
@settings(max_examples=8, deadline=None)
def test_every_level_is_what_a_slow_look_finds(frames: int, channels: int, piece: int, seed: int) -> None:
    samples = np.random.default_rng(seed).normal(0.0, 0.4, (channels, frames))
    raw = drawn(samples, max(piece, frames // 50))
    header = PeaksHeader.parse(raw[:HEADER_BYTES])
    assert (header.channels, header.frames, header.rate_hz) == (channels, frames, 8_000)
    for level in range(len(header.levels)):
        offset, count = header.place(level)
        found = np.frombuffer(raw[offset : offset + count], dtype=np.int8).reshape(-1, channels, 2)
        assert [[tuple(pair) for pair in column] for column in found.tolist()] == slowly(samples, level)
    assert sum(header.place(len(header.levels) - 1)) == len(raw)


def test_levels_go_up_until_they_are_short() -> None:
    header = PeaksHeader.parse(drawn(np.zeros((1, BASE_FRAMES * 5000)), 100_000))
    assert [columns for _, columns in header.levels] == [5000, 1250, 313]


def test_a_slice_is_found_without_the_rest() -> None:
    samples = np.random.default_rng(1).normal(0.0, 0.3, (2, 100_000))
    raw = drawn(samples, 9_999)
    header = PeaksHeader.parse(raw[:HEADER_BYTES])
    offset, count = header.place(0, 100, 7)
    assert count == 7 * 4
    found = np.frombuffer(raw[offset : offset + count], dtype=np.int8).reshape(-1, 2, 2)
    assert [[tuple(pair) for pair in column] for column in found.tolist()] == slowly(samples, 0)[100:107]
    assert header.place(0, 10**9, 5)[1] == 0
    assert header.place(0, 0, 10**9) == header.place(0)
    with pytest.raises(IndexError):
        header.place(99)


@pytest.mark.parametrize("raw", [b"", b"TWPK", b"RIFF" + bytes(600)])
def test_what_is_no_peaks_file_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match="not a peaks file"):
        PeaksHeader.parse(raw)
