"""Files that last through a power cut, once the system has said so."""

import contextlib
import errno
import os
import shutil
from pathlib import Path

from tonewright.base.errors import DiskFull, OutputFailed

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def storing_error(error: OSError) -> OutputFailed:
    """What an operating system's error means for whoever sent something to be kept."""
    if error.errno in _NO_ROOM:
        return DiskFull("There is no room left on the service's disk.", "Tell the operator; then try again.")
    return OutputFailed(f"The service's disk can't be written: {error.strerror or error}.", "Tell the operator.")


def move_in(path: Path, target: Path) -> None:
    """Give a finished file its place: its content first, then its name, then the folders that hold the name.

    Raises OSError, and leaves nothing half-written.
    """
    _make_folders(target.parent)
    try:
        _sync(path)
        path.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy_in(path, target)
        path.unlink()
    sync_folder(target.parent)


def _copy_in(path: Path, target: Path) -> None:
    """The same from another file system."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        shutil.copyfile(path, part)
        _sync(part)
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _make_folders(folder: Path) -> None:
    missing = []
    at = folder
    while not at.exists():
        missing.append(at)
        at = at.parent
    for each in reversed(missing):
        with contextlib.suppress(FileExistsError):
            each.mkdir(mode=0o700)
        sync_folder(each.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder last."""
    _sync(folder)
