"""Shared by all tests."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli_files import contents, music, write
from tonewright.cli.main import main

pytest_plugins = ["people", "served", "service_people", "sound_songs", "world"]

#: Anyone but root, when root runs the tests.
NOBODY = 65_534


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
        return must_have_failed(code, status, capsys, tmp_path, before)

    return run


@pytest.fixture
def users_folder() -> Iterator[Path]:
    """A folder that belongs to a user who is not root, below nothing that is closed to them."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o755)
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def failing_for_a_user(users_folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Like `failing`, but never run as root, who may read and write everything."""

    def run(code: int, *arguments: str | Path) -> str:
        words = [str(argument) for argument in arguments]
        before = contents(users_folder)
        if os.geteuid() == 0:
            # Root is let through, so nothing but the permission is in the way; and what is imported late may lie
            # where only root may read.
            assert main(words) == 0, capsys.readouterr().err
            for path in contents(users_folder).keys() - before.keys():
                path.unlink()
            capsys.readouterr()
            group = os.getegid()
            os.setegid(NOBODY)
            os.seteuid(NOBODY)
            try:
                status = main(words)
            finally:
                os.seteuid(0)
                os.setegid(group)
        else:
            status = main(words)
        return must_have_failed(code, status, capsys, users_folder, before)

    return run


def must_have_failed(
    code: int,
    status: int,
    capsys: pytest.CaptureFixture[str],
    folder: Path,
    before: dict[Path, bytes | None],
) -> str:
    """One line and nothing else was printed, and the folder is as it was before. Gives the line."""
    out, err = capsys.readouterr()
    assert (status, out) == (code, ""), err
    assert err.startswith("tonewright: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err
    assert contents(folder) == before
    return err
