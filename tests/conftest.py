"""Shared by all tests."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cli_files import contents, music, write
from tonewright.cli.main import main


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """Three seconds of stereo, 16 bits."""
    return write(tmp_path / "song.wav", music(3.0))


@pytest.fixture
def failing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command line that must fail with this code, print one line and leave nothing behind. Gives the line."""

    def run(code: int, *arguments: str | Path) -> str:
        before = contents(tmp_path)
        status = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert (status, out) == (code, ""), err
        assert err.startswith("tonewright: ")
        assert err.count("\n") == 1
        assert "Traceback" not in err
        assert contents(tmp_path) == before
        return err

    return run
