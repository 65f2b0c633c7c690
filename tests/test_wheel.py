"""What is built from the source tree, where there is no Node."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.slow


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A source tree in which nothing has been built."""
    left_out = shutil.ignore_patterns("node_modules", "static", "__pycache__")
    for name in ("src", "ui"):
        shutil.copytree(ROOT / name, tmp_path / "tree" / name, ignore=left_out)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path / "tree" / name)
    return tmp_path / "tree"


def build(tree: Path, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tree / "dist")]
    environment = os.environ | {"PATH": str(tree / "nothing")} | more
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True)


def test_a_wheel_without_the_studios_pages_needs_no_node(tree: Path) -> None:
    done = build(tree, TONEWRIGHT_WITHOUT_UI="1")
    assert done.returncode == 0, done.stderr
    (wheel,) = (tree / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert "tonewright/server/page.py" in names
    assert not any("static/ui" in name for name in names)


def test_what_is_lacking_is_said(tree: Path) -> None:
    done = build(tree)
    assert done.returncode != 0
    assert "TONEWRIGHT_WITHOUT_UI=1" in done.stderr
