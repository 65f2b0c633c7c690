"""Copies of a bucket's files on this machine, as many as there is room for; the ones used last stay."""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tonewright.base.errors import DiskFull
from tonewright.server.storage.durable import storing_error
from tonewright.server.storage.keys import check
from tonewright.server.storage.port import Chunks

#: What copies may take, in bytes. A song of an hour with its work file has some 3 GiB.
MOST_BYTES = 20 << 30
_LEFT_S = 3600.0
_SPARE_BYTES = 256 << 20


class LocalCopies:
    """Files by key, none of which has to be there. A file in use is locked, and stays."""

    def __init__(self, root: Path, most_bytes: int = MOST_BYTES) -> None:
        self._root, self._most_bytes = root, most_bytes
        self.spool = root / "spool"
        self.spool.mkdir(parents=True, exist_ok=True, mode=0o700)

    def take(self, path: Path, key: str) -> None:
        """Keep a file that is in the bucket by now; it is what will be asked for next. `path` is gone."""
        target = self._path(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.replace(target)
        except OSError:  # another disk: then it is fetched when somebody asks
            path.unlink(missing_ok=True)
        self._make_room()

    def drop(self, key: str) -> None:
        self._path(key).unlink(missing_ok=True)

    @contextlib.contextmanager
    def held(self, key: str, fetch: Callable[[], Chunks]) -> Iterator[Path]:
        """The copy, fetched if it is not there. Raises DiskFull, and what fetching raises."""
        path = self._path(key)
        descriptor = _locked(path)
        while descriptor is None:
            self._fetch(path, fetch)
            descriptor = _locked(path)
        try:
            os.utime(descriptor)
            yield path
        finally:
            os.close(descriptor)
        self._make_room()

    def _fetch(self, path: Path, fetch: Callable[[], Chunks]) -> None:
        chunks = fetch()
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=self.spool)
        try:
            with os.fdopen(descriptor, "wb") as file:
                for chunk in chunks:
                    file.write(chunk)
            Path(name).replace(path)
        except OSError as error:
            Path(name).unlink(missing_ok=True)
            raise storing_error(error) from error
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def _make_room(self) -> None:
        """Let go of copies that nobody uses, the longest unused first."""
        found = []
        for folder, _, names in os.walk(self._root):
            if Path(folder) != self.spool:
                for name in names:
                    path = Path(folder, name)
                    with contextlib.suppress(FileNotFoundError):
                        status = path.stat()
                        found.append((status.st_mtime, status.st_size, path))
        over = sum(size for _, size, _ in found) - self._most_bytes
        for _, size, path in sorted(found):
            if over <= 0:
                return
            if _let_go(path):
                over -= size

    def check_room(self, wanted_bytes: int) -> None:
        """Raises DiskFull if a file of this size can't pass through here."""
        if wanted_bytes + _SPARE_BYTES > shutil.disk_usage(self._root).free:
            raise DiskFull("There is no room left on the service's disk for this.", "Tell the operator.")

    def tidy(self) -> None:
        """Remove what killed processes left in the spool."""
        before = time.time() - _LEFT_S
        for path in self.spool.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < before:
                    path.unlink()

    def _path(self, key: str) -> Path:
        return self._root / check(key)


def _locked(path: Path) -> int | None:
    """Open a copy so that it stays; None if it is not there, or not any more."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    if path.exists() and os.fstat(descriptor).st_ino == path.stat().st_ino:
        return descriptor
    os.close(descriptor)
    return None


def _let_go(path: Path) -> bool:
    """Remove a copy that nobody uses."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink(missing_ok=True)
        return True
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
