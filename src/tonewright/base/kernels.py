"""Kernels: loops compiled by numba, kept on the disk, and ready at once in the next process.

numba's own cache prepares for compiling (it types and lowers a thousand functions that none of our loops calls, and
imports scipy.linalg for them) before it looks whether there is anything to compile: half a second of every start. Here
the kept kernel is looked up first; what only compiling needs is prepared when there is something to compile.
"""

from collections.abc import Callable
from typing import Any

from numba import njit
from numba.core.caching import FunctionCache
from numba.core.runtime.nrt import rtsys


class _ReadyFirst(FunctionCache):
    """numba's cache without `target_context.refresh()` before the look-up; the compiler itself calls that too."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        rtsys.initialize(target_context)  # what a loaded kernel needs of it: memory
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)  # type: ignore[no-untyped-call]


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a plain loop when it is first called. It runs without the interpreter lock.

    Never with fastmath: a render, and a reading, must repeat to the bit. Division by zero is not looked for (it gives
    what it gives in numpy), so that a loop that divides can be done in vectors.
    """
    compiled: Any = njit(nogil=True, error_model="numpy")(function)
    compiled._cache = _ReadyFirst(function)  # type: ignore[no-untyped-call]  # as `cache=True` sets numba's own
    return compiled
