"""What a process that works on strangers' files may take, set by itself before it opens any."""

import ctypes
import os
import resource
import signal
import sys

from tonewright.base.errors import TooLarge

#: prctl's parameter, as in Linux's sys/prctl.h.
_PR_SET_PDEATHSIG = 1
#: Renders make way for the room, where somebody is waiting for a sound.
_NICER = 10


def confine(memory_bytes: int, file_bytes: int, parent: int | None = None) -> None:
    """Bound this process: its memory, the size of any file it writes, its precedence, and its life by its parent's.

    memory_bytes: of its own data (heap, threads, private mappings); programs and mapped files don't count.
    parent: the process that started it; where that one is gone already, this one ends at once.
    """
    _bound(resource.RLIMIT_DATA, memory_bytes)
    _bound(resource.RLIMIT_FSIZE, file_bytes)
    _bound(resource.RLIMIT_CORE, 0)
    os.nice(_NICER)
    die_with_parent(parent)


def die_with_parent(parent: int | None = None) -> None:
    """Be killed when the thread that started this process ends, as it does with its process."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if parent is not None and os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def no_memory() -> TooLarge:
    """What it means to run into `memory_bytes`."""
    return TooLarge("The song needs more memory than one job may take.", "Send it in shorter parts.")


def _bound(what: int, most: int) -> None:
    _, hard = resource.getrlimit(what)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (most, most))
