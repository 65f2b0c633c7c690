"""Settings of the whole process, for a process that is ours alone: the command line, and later a worker.

A library leaves its host's process alone, so nothing here runs on import.
"""

import gc
import os
import sys

#: mallopt's parameters, as in glibc's malloc.h.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -2, -3, -8
_KEEP_BYTES = 1 << 30
_TOP_PAD_BYTES = 16 << 20


def tune() -> None:
    """Spend the process's time on audio.

    - Blocks and segments are allocated and freed all the time. glibc would hand each back to the system and fetch it
      anew, page by page: kept instead, a master takes a tenth less time and memory.
    - Kernels and imports make many objects and hardly any cycles: looking for cycles less often is enough.
    - Linear algebra here is small; its threads would only spin beside ours.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.set_threshold(50_000, 20, 100)
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
