"""Files that appear whole or not at all.

What is written goes to a hidden file beside the target (`.song.wav.1234-0.tonewright-part`), which takes the target's
name only once it is complete and on the disk. A failed or interrupted run removes it. A run that was killed outright
leaves the hidden file, never a half target; it held a lock that died with it, so the next run that writes the same
target knows the leftover for what it is and sweeps it away.
"""

import contextlib
import errno
import fcntl
import io
import itertools
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from tonewright.base.errors import DiskFull, OutputFailed, OutputIsInput
from tonewright.base.paths import shown

#: Ends the name of every file that is not finished.
PART_SUFFIX = ".tonewright-part"

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_serial = itertools.count()


def output_error(error: OSError, target: Path) -> OutputFailed:
    """What an operating system's error means for whoever wanted to write the target."""
    if error.errno in _NO_ROOM:
        return DiskFull(f"No room left to write {shown(target)}.", "Free some space, or write to another disk.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return OutputFailed(
            f"{shown(target)} can't be written: permission denied.", "Choose a folder you may write to."
        )
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return OutputFailed(
            f"{shown(target)} can't be written: its folder does not exist.", "Create the folder first."
        )
    if error.errno == errno.ENAMETOOLONG:
        return OutputFailed(f"{shown(target)} can't be written: the name is too long.", "Choose a shorter name.")
    return OutputFailed(f"{shown(target)} can't be written: {error.strerror or error}.", "Choose another place.")


def refuse_inputs(target: Path, inputs: tuple[Path, ...]) -> None:
    """Raises OutputIsInput if the target is one of the inputs, under whatever name or link."""
    for source in inputs:
        try:
            same = target.exists() and target.samefile(source)
        except OSError:
            same = False
        if same or Path(os.path.realpath(target)) == Path(os.path.realpath(source)):
            raise OutputIsInput(f"{shown(target)} is the input itself.", "Give the output another name.")


class AtomicFile:
    """A binary file open for writing and reading that becomes `target` on commit(), or vanishes.

    As a context manager it commits nothing by itself: leaving without commit() removes what was written.
    Links are followed, so a link stays a link and what it points to is replaced.

    Raises OutputFailed or DiskFull.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self._real = Path(os.path.realpath(target))
        self._check()
        _sweep(self._real)
        self.path = self._real.with_name(f".{_short(self._real.name)}.{os.getpid()}-{next(_serial)}{PART_SUFFIX}")
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise output_error(error, target) from error
        _lock(descriptor)  # held until the file is closed, and let go by the system if this process dies
        self.file: IO[bytes] = os.fdopen(descriptor, "w+b", buffering=1 << 18)

    def _check(self) -> None:
        try:
            mode = self._real.stat().st_mode
        except FileNotFoundError:
            return
        except OSError as error:
            raise output_error(error, self.target) from error
        if stat.S_ISDIR(mode):
            raise OutputFailed(f"{shown(self.target)} is a folder.", "Name a file in it.")
        if not stat.S_ISREG(mode):
            raise OutputFailed(f"{shown(self.target)} is not a regular file.", "Name a file to be written.")
        if not os.access(self._real, os.W_OK):
            raise OutputFailed(f"{shown(self.target)} is write-protected.", "Choose another name.")

    def commit(self) -> None:
        """Put the file on the disk, then give it the target's name."""
        try:
            self.file.flush()
            os.fsync(self.file.fileno())
            if self._real.exists():
                os.fchmod(self.file.fileno(), stat.S_IMODE(self._real.stat().st_mode))
            self.path.replace(self._real)
            self.file.close()
            _sync_folder(self._real.parent)
        except OSError as error:
            self.abort()
            raise output_error(error, self.target) from error

    def abort(self) -> None:
        """Remove what was written. Does nothing after commit() or a second time."""
        if self.file.closed:
            return
        with contextlib.suppress(OSError):
            self.path.unlink()
        with contextlib.suppress(OSError):
            self.file.close()

    def __enter__(self) -> "AtomicFile":
        return self

    def __exit__(self, *_: object) -> None:
        self.abort()


@contextlib.contextmanager
def writing(target: Path, inputs: tuple[Path, ...] = ()) -> Iterator[IO[bytes]]:
    """A binary file to write: it becomes `target` when the block ends well, and is gone when it does not.

    Raises OutputIsInput, OutputFailed or DiskFull.
    """
    refuse_inputs(target, inputs)
    with AtomicFile(target) as file:
        try:
            yield file.file
        except OSError as error:
            raise output_error(error, target) from error
        file.commit()


def write_bytes(target: Path, content: bytes, inputs: tuple[Path, ...] = ()) -> None:
    """Write a whole small file, or nothing."""
    with writing(target, inputs) as file:
        file.write(content)


def write_text(target: Path, content: str, inputs: tuple[Path, ...] = ()) -> None:
    """Write a whole small text file as UTF-8, or nothing."""
    write_bytes(target, content.encode(), inputs)


class Guarded(io.RawIOBase):
    """A file for encoders that can't pass an error on: they get on, and check() raises what went wrong.

    base: where in the file the encoder's own position 0 lies.
    """

    def __init__(self, file: IO[bytes], target: Path, base: int = 0) -> None:
        self._file = file
        self._target = target
        self._base = base
        self._error: OSError | None = None
        file.seek(base)

    def check(self) -> None:
        if self._error is not None:
            raise output_error(self._error, self._target) from self._error

    def write(self, data: bytes) -> int:  # type: ignore[override]
        if self._error is None:
            try:
                self._file.write(data)
            except OSError as error:
                self._error = error
        return len(data)

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size)

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if self._error is not None:
            return 0
        try:
            return self._file.seek(offset + self._base if whence == io.SEEK_SET else offset, whence) - self._base
        except OSError as error:
            self._error = error
            return 0

    def tell(self) -> int:
        return self._file.tell() - self._base

    def flush(self) -> None:
        if self._error is None and not self._file.closed:
            try:
                self._file.flush()
            except OSError as error:
                self._error = error

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True


def _short(name: str) -> str:
    """So much of a name that the hidden one stays under 255 bytes."""
    return os.fsencode(name)[:180].decode(errors="ignore")


def _lock(descriptor: int) -> bool:
    """Take the lock of an unfinished file; True if no one else holds it (or the disk knows no locks)."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _sweep(real: Path) -> None:
    """Remove what killed runs left of this target. Files that a living run writes are locked, and stay."""
    start = f".{_short(real.name)}."
    try:
        left = [p for p in real.parent.iterdir() if p.name.startswith(start) and p.name.endswith(PART_SUFFIX)]
    except OSError:
        return
    for path in left:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
        except OSError:
            pass
        finally:
            os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a power cut, where the system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
