"""Copies of a bucket's files: as many as there is room for, the ones in use always."""

import hashlib
import os
from collections.abc import Generator
from pathlib import Path

import pytest

from tonewright.server.errors import StorageFailed
from tonewright.server.storage import Chunks, content_key
from tonewright.server.storage.cache import LocalCopies

EACH = 1000


def keys(count: int) -> list[str]:
    return [content_key(hashlib.sha256(bytes([n])).hexdigest()) for n in range(count)]


def chunks(content: bytes) -> Chunks:
    return (content[at : at + 300] for at in range(0, len(content), 300))


def content_of(key: str) -> bytes:
    return (key.encode() * EACH)[:EACH]


class Bucket:
    """Counts how often each file is fetched."""

    def __init__(self) -> None:
        self.fetched: list[str] = []

    def hold(self, copies: LocalCopies, key: str) -> bytes:
        with copies.held(key, lambda: self.fetch(key)) as path:
            return path.read_bytes()

    def fetch(self, key: str) -> Chunks:
        self.fetched.append(key)
        return chunks(content_of(key))


def test_a_file_is_fetched_once(tmp_path: Path) -> None:
    copies, bucket, (key, *_) = LocalCopies(tmp_path), Bucket(), keys(1)
    assert [bucket.hold(copies, key) for _ in range(3)] == [content_of(key)] * 3
    assert bucket.fetched == [key]


def test_what_was_used_longest_ago_goes_first(tmp_path: Path) -> None:
    copies, bucket = LocalCopies(tmp_path, most_bytes=3 * EACH), Bucket()
    first, second, *others = keys(4)
    for at, key in enumerate((first, second, *others)):
        bucket.hold(copies, key)
        os.utime(tmp_path / key, (at, at))
        bucket.hold(copies, first)  # used again and again, it stays
    bucket.fetched.clear()
    for key in (first, *others):
        bucket.hold(copies, key)
    assert bucket.fetched == []
    bucket.hold(copies, second)
    assert bucket.fetched == [second]


def test_what_is_in_use_stays_whatever_comes(tmp_path: Path) -> None:
    copies, bucket = LocalCopies(tmp_path, most_bytes=EACH), Bucket()
    held, *others = keys(5)
    with copies.held(held, lambda: bucket.fetch(held)) as path:
        for key in others:
            bucket.hold(copies, key)
        assert path.read_bytes() == content_of(held)
    left = [path for path in (tmp_path / "objects").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in left) <= EACH


def test_a_fetch_that_fails_leaves_nothing(tmp_path: Path) -> None:
    copies, (key, *_) = LocalCopies(tmp_path), keys(1)

    def broken() -> Chunks:
        def some() -> Generator[bytes, None, None]:
            yield b"beginning"
            raise StorageFailed("The bucket went away.")

        return some()

    with pytest.raises(StorageFailed), copies.held(key, broken):
        pytest.fail("there is no such file")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
