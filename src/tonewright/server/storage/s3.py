"""Files in a bucket of an S3 service, by obstore. What the engine works on is copied to this machine and kept a while.

Keys and endpoint come from the environment as for any S3 client (AWS_ACCESS_KEY_ID, AWS_REGION, AWS_ENDPOINT_URL, ...).
"""

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Self, TypeVar

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore, S3Store

from tonewright.base.errors import UsageError
from tonewright.server.errors import StorageFailed
from tonewright.server.storage.cache import LocalCopies
from tonewright.server.storage.disk import missing
from tonewright.server.storage.keys import check
from tonewright.server.storage.port import CHUNK_BYTES, Chunks

T = TypeVar("T")

#: S3 takes an object in at most 10,000 parts of at least 5 MiB.
_PART_BYTES = 8 << 20
_MOST_PARTS = 9_000
_READ_BYTES = 1 << 20


class BucketStorage:
    """See port.Storage. store: any of obstore's. cache: a folder on this machine for copies and the spool."""

    def __init__(self, store: ObjectStore, cache: Path) -> None:
        self._store = store
        self._copies = LocalCopies(cache)

    @classmethod
    def from_url(cls, url: str, cache: Path, retries: int = 5) -> Self:
        """url: s3://bucket/prefix. Raises UsageError for another."""
        if not url.startswith("s3://"):
            raise UsageError("TONEWRIGHT_STORAGE_URL is no s3:// address.", "Use s3://bucket/prefix.")
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL", "")
        plain = endpoint.startswith("http://")
        store = S3Store.from_url(
            url, client_options={"allow_http": True} if plain else None, retry_config={"max_retries": retries}
        )
        return cls(store, cache)

    @property
    def spool(self) -> Path:
        return self._copies.spool

    def adopt(self, path: Path, key: str) -> None:
        chunk_bytes = max(_PART_BYTES, path.stat().st_size // _MOST_PARTS)
        _asked(lambda: obstore.put(self._store, check(key), path, chunk_size=chunk_bytes))
        self._copies.take(path, key)

    def put(self, key: str, content: bytes) -> None:
        _asked(lambda: obstore.put(self._store, check(key), content))

    def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        return b"".join(self.stream(key, start, length))

    def stream(self, key: str, start: int = 0, length: int | None = None) -> Chunks:
        size = self.size(key)
        if size is None:
            raise missing(key)
        stop = size if length is None else min(start + length, size)
        return self._ranges(key, start, stop)

    def _ranges(self, key: str, start: int, stop: int) -> Generator[bytes, None, None]:
        """Range after range: a reader that goes away, or is slow, keeps no connection open."""
        while start < stop:
            got = self._range(key, start, min(start + _READ_BYTES, stop))
            for offset in range(0, len(got), CHUNK_BYTES):
                yield got[offset : offset + CHUNK_BYTES]
            start += len(got)

    def _range(self, key: str, start: int, end: int) -> bytes:
        return _asked(lambda: obstore.get_range(self._store, check(key), start=start, end=end)).to_bytes()

    def size(self, key: str) -> int | None:
        try:
            return int(_asked(lambda: obstore.head(self._store, check(key)))["size"])
        except FileNotFoundError:
            return None

    def delete(self, key: str) -> None:
        self._copies.drop(key)
        try:
            _asked(lambda: obstore.delete(self._store, check(key)))
        except FileNotFoundError:
            return

    def delete_below(self, prefix: str) -> None:
        found = list(self.keys(prefix))
        if found:
            _asked(lambda: obstore.delete(self._store, found))

    def keys(self, prefix: str) -> Iterator[str]:
        pages = iter(obstore.list(self._store, check(prefix), chunk_size=1000))
        while (page := _asked(lambda: next(pages, None))) is not None:
            yield from (each["path"] for each in page)

    def local(self, key: str) -> AbstractContextManager[Path]:
        return self._copies.held(key, lambda: self.stream(key))

    def check_room(self, wanted_bytes: int) -> None:
        self._copies.check_room(wanted_bytes)

    def tidy(self) -> None:
        self._copies.tidy()


def _asked(act: Callable[[], T]) -> T:
    try:
        return act()
    except BaseError as error:
        raise StorageFailed("The storage can't be reached.", "Try again in a while.") from error
