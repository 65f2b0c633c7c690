"""Compiled kernels find a place wherever Tonewright is installed and whoever runs it."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tonewright.base import process


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Neither the package nor the home may be written to; gives the folder for temporary files."""
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(process, "_may_write", lambda folder: False)
    return tmp_path


def _chosen() -> Path:
    process._find_room_for_kernels()
    return Path(os.environ["NUMBA_CACHE_DIR"])


def test_the_second_run_finds_the_kernels_of_the_first(closed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = _chosen()
    assert first.parent == closed
    assert stat.S_IMODE(first.stat().st_mode) == 0o700
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    assert _chosen() == first


@pytest.mark.parametrize("trap", ["open to others", "a link", "a file"])
def test_a_folder_that_others_could_write_to_is_not_trusted(closed: Path, trap: str) -> None:
    laid = closed / f"tonewright-kernels-{os.geteuid()}"
    if trap == "a file":
        laid.touch()
    elif trap == "a link":
        (closed / "elsewhere").mkdir(mode=0o700)
        laid.symlink_to(closed / "elsewhere")
    else:
        laid.mkdir()
        laid.chmod(0o777)
    chosen = _chosen()
    assert chosen != laid
    assert stat.S_IMODE(chosen.stat().st_mode) == 0o700


def test_a_chosen_place_stays(closed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(closed / "mine"))
    assert _chosen() == closed / "mine"


def test_where_numba_finds_a_place_it_is_left_to_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "not" / "there" / "yet"))
    process._find_room_for_kernels()
    assert "NUMBA_CACHE_DIR" not in os.environ


def test_a_kernel_runs_without_a_home(tmp_path: Path) -> None:
    """As numba itself sees it: with no place of its own it would raise on import."""
    program = (
        "from tonewright.base import process\n"
        "process._may_write = lambda folder: False\n"
        "process.tune()\n"
        "import numpy as np\n"
        "from tonewright.dsp.biquad import Cascade\n"
        "print(Cascade(np.array([[2.0, 0, 0, 0, 0]]), 1, 48_000).process(np.ones((1, 3)))[0].tolist())\n"
    )
    environment = {"PATH": os.environ["PATH"], "HOME": "/proc/none", "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "[2.0, 2.0, 2.0]\n"
    assert list(tmp_path.rglob("*.nbi"))


_START = """
import gc, sys
from tonewright.base.process import tune
tune()
before = sum(each["collections"] for each in gc.get_stats())
import tonewright.cli.mastering
import tonewright.engine.master
import tonewright.base.files.write_pcm
print(sum(each["collections"] for each in gc.get_stats()) - before, "ssl" in sys.modules)
"""


def test_a_start_spends_no_time_on_cycles_and_networks() -> None:
    """Either would be felt at every start: a look for cycles among all imports, and what only a network needs."""
    done = subprocess.run([sys.executable, "-c", _START], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "False"]
