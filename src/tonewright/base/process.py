"""Settings of the whole process, for a process that is ours alone: the command line, and later a worker.

A library leaves its host's process alone, so nothing here runs on import.
"""

import gc
import os
import stat
import sys
from pathlib import Path

#: mallopt's parameters, as in glibc's malloc.h.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -2, -3, -8
_KEEP_BYTES = 1 << 30
_TOP_PAD_BYTES = 16 << 20
#: Mastering makes 130 000 objects that stay, nearly all of them imports.
_OBJECTS_BETWEEN_LOOKS = 200_000


def tune() -> None:
    """Spend the process's time on audio.

    - Blocks and segments are allocated and freed all the time. glibc would hand each back to the system and fetch it
      anew, page by page: kept instead, a master takes a tenth less time and memory.
    - Kernels and imports make many objects and hardly any cycles: looking for cycles less often is enough. What a
      command imports stays under the threshold.
    - Linear algebra here is small; its threads would only spin beside ours.
    - pydantic would look for plug-ins in whatever else is installed, at every start.
    - Compiled kernels are kept for the next run, somewhere.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    _find_room_for_kernels()
    gc.set_threshold(_OBJECTS_BETWEEN_LOOKS, 20, 100)
    if sys.platform == "linux":
        _keep_freed_memory()


def _keep_freed_memory() -> None:
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return  # not glibc
    mallopt(_ARENA_MAX, 1)
    mallopt(_MMAP_THRESHOLD, _KEEP_BYTES)
    mallopt(_TRIM_THRESHOLD, _KEEP_BYTES)
    mallopt(_TOP_PAD, _TOP_PAD_BYTES)


def _find_room_for_kernels() -> None:
    """Name a place for compiled kernels where numba, which looks beside the code and at home, would find none.

    Without one it refuses to work. Both are closed to, for instance, a service user without a home.
    """
    if "NUMBA_CACHE_DIR" in os.environ:
        return
    package = Path(__file__).parent
    beside = package / "__pycache__"
    home = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "numba"  # noqa: PTH111 never fails
    if _may_write(beside if beside.exists() else package) or _may_write(home):
        return
    import tempfile

    os.environ["NUMBA_CACHE_DIR"] = _own_folder(Path(tempfile.gettempdir()) / f"tonewright-kernels-{os.geteuid()}")


def _may_write(folder: Path) -> bool:
    """Whether files can be made in a folder, or the folder itself and those above it."""
    there = next(each for each in (folder, *folder.parents) if each.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def _own_folder(folder: Path) -> str:
    """This folder if it is ours alone, else a new one: what lies in it is run, so no one else may write to it."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077:
            return str(folder)
    except OSError:
        pass
    import tempfile

    return tempfile.mkdtemp(prefix="tonewright-kernels-")
