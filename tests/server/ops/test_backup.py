"""What was backed up comes back as it was, row by row and file by file; nothing damaged is taken in."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cli_files import music, write
from service import owner_of, running

pytestmark = pytest.mark.slow


def admin(data: Path, *arguments: str, fails: int = 0) -> Any:
    """`tonewright admin` on a data directory."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TONEWRIGHT_")}
    done = subprocess.run(
        [sys.executable, "-m", "tonewright", "admin", *arguments, "--json"],
        env=environment | {"TONEWRIGHT_DATA_DIR": str(data)},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == fails, done.stderr
    return json.loads(done.stdout if not fails else done.stderr.splitlines()[-1])


def rows(data: Path) -> dict[str, list[Any]]:
    """Everything in the tables, but for what a running service changes all the time."""
    with closing(sqlite3.connect(data / "tonewright.sqlite3")) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        kept = [name for name in names if name not in ("tonewright_worker", "sqlite_sequence")]
        return {name: sorted(database.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr) for name in kept}


def files(data: Path) -> dict[str, bytes]:
    objects = data / "files" / "objects"
    return {str(path.relative_to(data)): path.read_bytes() for path in objects.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(data directory of a service with a song in it, its backup, taken while it ran)."""
    folder = tmp_path_factory.mktemp("backup")
    with running(folder / "service", demo="false") as service, owner_of(service) as owner:
        song = owner.send(write(folder / "song.wav", music(3.0)))["song_id"]
        owner.wait_until(song, "master", "done")
        data = Path(service.environment["TONEWRIGHT_DATA_DIR"])
        about = admin(data, "backup", str(folder / "taken"))
        assert (about["database"], about["file_count"]) == ("sqlite", len(files(data)))
        service.stop()
        shutil.copytree(data, folder / "data")
    return folder / "data", folder / "taken"


def test_a_backup_brings_everything_back(taken: tuple[Path, Path], tmp_path: Path) -> None:
    data, backup = taken
    admin(tmp_path / "new", "restore", str(backup))
    assert rows(tmp_path / "new") == rows(data)
    assert files(tmp_path / "new") == files(data)
    assert (tmp_path / "new" / "secret-key").read_text() == (data / "secret-key").read_text()
    assert (tmp_path / "new" / "secret-key").stat().st_mode & 0o077 == 0


def test_a_backup_is_for_its_owners_eyes(taken: tuple[Path, Path]) -> None:
    assert taken[1].stat().st_mode & 0o077 == 0


def test_nothing_is_restored_over_what_is_there(taken: tuple[Path, Path]) -> None:
    data, backup = taken
    before = rows(data)
    assert admin(data, "restore", str(backup), fails=7)["code"] == "impossible"
    assert rows(data) == before


def test_a_damaged_backup_is_refused(taken: tuple[Path, Path], tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(taken[1], copy)
    victim = max(
        (path for path in (copy / "files").rglob("*") if path.is_file()), key=lambda path: path.stat().st_size
    )
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes(content)
    assert admin(tmp_path / "new", "restore", str(copy), fails=4)["code"] == "damaged_audio"
    assert not (tmp_path / "new" / "tonewright.sqlite3").exists()


def test_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    assert admin(tmp_path / "new", "restore", str(tmp_path), fails=3)["code"] == "input_unreadable"


def test_a_backup_replaces_nothing(taken: tuple[Path, Path]) -> None:
    assert admin(taken[0], "backup", str(taken[1]), fails=6)["code"] == "output_failed"
