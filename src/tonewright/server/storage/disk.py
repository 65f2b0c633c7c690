"""Files on this machine's disk.

They are written here and not through obstore: its LocalStore (0.12) never forces a file or a folder onto the disk, so
what it has acknowledged may be gone after a power cut; and a file that is finished would have to be copied in.
"""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Self

from tonewright.base.errors import DiskFull, InputUnreadable
from tonewright.server.storage.durable import move_in, storing_error, sync_folder
from tonewright.server.storage.keys import check
from tonewright.server.storage.port import CHUNK_BYTES, Chunks

#: What lies in the spool for longer was left by a process that was killed.
_LEFT_S = 3600.0
#: What is left free for the database and for files on their way.
_SPARE_BYTES = 256 << 20


class DiskStorage:
    """See port.Storage. root: the folder of it all; made if it is not there."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._spool = root / "spool"
        self._spool.mkdir(parents=True, exist_ok=True, mode=0o700)

    @property
    def spool(self) -> Path:
        return self._spool

    def adopt(self, path: Path, key: str) -> None:
        try:
            move_in(path, self._path(key))
        except OSError as error:
            path.unlink(missing_ok=True)
            raise storing_error(error) from error

    def put(self, key: str, content: bytes) -> None:
        descriptor, name = tempfile.mkstemp(dir=self._spool)
        path = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
        except OSError as error:
            path.unlink(missing_ok=True)
            raise storing_error(error) from error
        self.adopt(path, key)

    def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        return b"".join(self.stream(key, start, length))

    def stream(self, key: str, start: int = 0, length: int | None = None) -> Chunks:
        try:
            file = self._path(key).open("rb", buffering=0)
        except FileNotFoundError as error:
            raise missing(key) from error
        return _Chunks(file, start, length)

    def size(self, key: str) -> int | None:
        try:
            return self._path(key).stat().st_size
        except FileNotFoundError:
            return None

    def delete(self, key: str) -> None:
        path = self._path(key)
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
            sync_folder(path.parent)

    def delete_below(self, prefix: str) -> None:
        shutil.rmtree(self._path(prefix), ignore_errors=True)

    def keys(self, prefix: str) -> Iterator[str]:
        for folder, _, names in os.walk(self._path(prefix)):
            yield from (str(Path(folder, name).relative_to(self._root)) for name in names if name[0] != ".")

    @contextlib.contextmanager
    def local(self, key: str) -> Iterator[Path]:
        path = self._path(key)
        if not path.exists():
            raise missing(key)
        yield path

    def check_room(self, wanted_bytes: int) -> None:
        free = shutil.disk_usage(self._root).free
        if wanted_bytes + _SPARE_BYTES > free:
            raise DiskFull("There is no room left on the service's disk for this.", "Tell the operator.")

    def tidy(self) -> None:
        before = time.time() - _LEFT_S
        for path in self._spool.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < before:
                    path.unlink()

    def _path(self, key: str) -> Path:
        return self._root / check(key)


class _Chunks:
    """A range of an open file, in chunks; closes it at the end, or when told to."""

    def __init__(self, file: IO[bytes], start: int, length: int | None) -> None:
        self._file, self._left = file, length
        file.seek(start)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        wanted = CHUNK_BYTES if self._left is None else min(self._left, CHUNK_BYTES)
        chunk = b"" if self._file.closed else self._file.read(wanted)
        if not chunk:
            self.close()
            raise StopIteration
        if self._left is not None:
            self._left -= len(chunk)
        return chunk

    def close(self) -> None:
        self._file.close()


def missing(key: str) -> InputUnreadable:
    """A file that should be there is not."""
    return InputUnreadable(f"A kept file is not there any more ({key[-12:]}).", "Tell the operator.")
