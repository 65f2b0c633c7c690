"""What every storage does."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

#: How much is read and handed on at a time.
CHUNK_BYTES = 256 << 10


class Chunks(Protocol):
    """Bytes on their way out. Close it where the end is not waited for."""

    def __iter__(self) -> Iterator[bytes]: ...

    def __next__(self) -> bytes: ...

    def close(self) -> None: ...


class Storage(Protocol):
    """Files by key. All of it raises StorageFailed where the storage can't be reached, and ValueError for a key that is
    none; what reads raises InputUnreadable for a file that is not there."""

    @property
    def spool(self) -> Path:
        """A folder for files on their way in: adopting one from here costs least. What is left there is swept away."""
        ...

    def adopt(self, path: Path, key: str) -> None:
        """Take a finished file in. On return it is whole and lasts; `path` is gone. Raises DiskFull."""
        ...

    def put(self, key: str, content: bytes) -> None:
        """Keep something small. Raises DiskFull."""
        ...

    def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """A range of a file's bytes, as far as there are."""
        ...

    def stream(self, key: str, start: int = 0, length: int | None = None) -> Chunks:
        """The same in chunks of at most CHUNK_BYTES or so. Raises before the first chunk, not at it."""
        ...

    def size(self, key: str) -> int | None:
        """How many bytes a file has; None if it is not there."""
        ...

    def delete(self, key: str) -> None:
        """Remove a file; one that is not there is no error."""
        ...

    def delete_below(self, prefix: str) -> None:
        """Remove every file below a prefix."""
        ...

    def keys(self, prefix: str) -> Iterator[str]:
        """The keys below a prefix, in no order."""
        ...

    def local(self, key: str) -> AbstractContextManager[Path]:
        """The file as one on this machine, to be read as long as the block lasts. Raises DiskFull."""
        ...

    def check_room(self, wanted_bytes: int) -> None:
        """Raises DiskFull if it is known beforehand that so much can't be kept."""
        ...

    def tidy(self) -> None:
        """Remove what killed processes left on their way in."""
        ...
