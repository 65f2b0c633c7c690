"""The store gives back what it was given, and does without where it can't keep it."""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tonewright.engine.segment_store import SegmentStore


def block(number: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.random.default_rng(number).normal(size=(2, 100 + number))


def test_what_is_put_comes_back() -> None:
    store = SegmentStore(1 << 20)
    assert store.get(0) is None
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: store.put(n, block(n)), range(40)))
        found = list(pool.map(store.get, range(40)))
    for number, kept in enumerate(found):
        assert kept is not None
        np.testing.assert_array_equal(kept, block(number))


def test_a_full_store_keeps_what_it_has() -> None:
    store = SegmentStore(3_000)
    for number in range(3):
        store.put(number, block(number))
    assert store.get(0) is not None
    assert store.get(2) is None


def test_without_a_disk_nothing_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    store = SegmentStore(1 << 20)
    store.put(0, block(0))
    assert store.get(0) is None


def test_nothing_is_left_on_the_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    store = SegmentStore(1 << 20)
    store.put(0, block(0))
    assert list(tmp_path.iterdir()) == []
