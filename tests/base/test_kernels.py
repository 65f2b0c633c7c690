"""Kernels are compiled once, and from then on loaded without what only compiling needs."""

import subprocess
import sys
from pathlib import Path

_MODULE = """
import numpy as np
from tonewright.base.kernels import kernel


@kernel
def _half(values):
    out = np.empty_like(values)
    for n in range(values.size):
        out[n] = 0.5 * values[n]
    return out


@kernel
def quarter(values):
    return _half(_half(values))
"""
_RUN = """
import sys
import numpy as np
import kept
print(kept.quarter(np.arange(3.0)).tolist(), "numba.np.linalg" in sys.modules)
"""


def test_a_kept_kernel_is_loaded_without_the_compiler(tmp_path: Path) -> None:
    (tmp_path / "kept.py").write_text(_MODULE)
    environment = {"PYTHONPATH": str(tmp_path), "NUMBA_CACHE_DIR": str(tmp_path / "kernels")}
    runs = [
        subprocess.run([sys.executable, "-c", _RUN], env=environment, capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert [run.stdout.strip() for run in runs] == ["[0.0, 0.25, 0.5] True", "[0.0, 0.25, 0.5] False"]


_LISTEN = """
import sys
import numpy as np
from tonewright.base.signal import ArraySignal
from tonewright.engine.facts import gather
gather(ArraySignal(np.random.default_rng(1).uniform(-0.5, 0.5, (2, 88_200)), 44_100))
print("numba.np.linalg" in sys.modules)
"""


def test_listening_needs_nothing_of_the_compiler() -> None:
    """A kernel that calls, for instance, an array's .max() would load numba's linear algebra at every start."""
    for _ in range(2):  # the first compiles what is not kept yet
        run = subprocess.run([sys.executable, "-c", _LISTEN], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
