"""What was backed up comes back as it was, row by row and file by file; nothing damaged is taken in."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli_files import music, write
from service import DATABASES, Person, owner_of, running, settings_of
from tonewright.base.errors import Impossible
from tonewright.server.conf import Conf
from tonewright.server.ops import backup

pytestmark = pytest.mark.slow


class Place:
    """Where a service keeps what it has. settings: TONEWRIGHT_<name in capitals>."""

    def __init__(self, data: Path, settings: dict[str, str]) -> None:
        self.data, self.settings = data, settings

    def admin(self, *arguments: str, fails: int = 0) -> Any:
        """`tonewright admin` here."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("TONEWRIGHT_")}
        named = {f"TONEWRIGHT_{name.upper()}": value for name, value in self.settings.items()}
        done = subprocess.run(
            [sys.executable, "-m", "tonewright", "admin", *arguments, "--json"],
            env=clean | named | {"TONEWRIGHT_DATA_DIR": str(self.data)},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == fails, done.stderr
        return json.loads(done.stdout if not fails else done.stderr.splitlines()[-1])

    def rows(self) -> dict[str, list[Any]]:
        """Everything in the tables, but for what a running service changes all the time."""
        with self._connected() as database:
            names = [name for (name,) in database.execute(self._tables).fetchall()]
            kept = [name for name in names if name not in ("tonewright_worker", "sqlite_sequence")]
            return {name: sorted(database.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr) for name in kept}

    @property
    def _tables(self) -> str:
        if "database_url" in self.settings:
            return "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        return "SELECT name FROM sqlite_master WHERE type = 'table'"

    def _connected(self) -> Any:
        if "database_url" in self.settings:
            import psycopg

            return psycopg.connect(self.settings["database_url"])
        return closing(sqlite3.connect(self.data / "tonewright.sqlite3"))

    def files(self) -> dict[str, bytes]:
        objects = self.data / "files" / "objects"
        return {
            str(path.relative_to(self.data)): path.read_bytes() for path in objects.rglob("*") if path.is_file()
        }


@dataclass
class Taken:
    """place: of a service with a song in it. folder: its backup, taken while it ran. token: its owner's."""

    place: Place
    folder: Path
    token: str
    song: str


@pytest.fixture(scope="module", params=DATABASES)
def taken(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Taken]:
    folder = tmp_path_factory.mktemp("backup")
    with settings_of(request.param) as settings:
        with running(folder / "service", demo="false", **settings) as service, owner_of(service) as owner:
            song = owner.send(write(folder / "song.wav", music(3.0)))["song_id"]
            owner.wait_until(song, "master", "done")
            there = Place(Path(service.environment["TONEWRIGHT_DATA_DIR"]), settings)
            about = there.admin("backup", str(folder / "taken"))
            assert (about["database"], about["file_count"]) == (request.param, len(there.files()))
            token = owner.http.headers["Authorization"].partition(" ")[2]
            service.stop()
            shutil.copytree(there.data, folder / "data")
        yield Taken(Place(folder / "data", settings), folder / "taken", token, song)


@pytest.fixture
def new(taken: Taken, tmp_path: Path) -> Iterator[Place]:
    """An empty place of the same kind."""
    with settings_of("postgresql" if taken.place.settings else "sqlite") as settings:
        yield Place(tmp_path / "data", settings)


def test_a_backup_brings_everything_back(taken: Taken, new: Place) -> None:
    new.admin("restore", str(taken.folder))
    assert new.rows() == taken.place.rows()
    assert new.files() == taken.place.files()
    key = new.data / "secret-key"
    assert key.read_text() == (taken.place.data / "secret-key").read_text()
    assert key.stat().st_mode & 0o077 == 0


def test_a_restored_service_goes_on(taken: Taken, new: Place) -> None:
    new.admin("restore", str(taken.folder))
    with running(new.data.parent, demo="false", **new.settings) as service:
        assert service.environment["TONEWRIGHT_DATA_DIR"] == str(new.data)
        with closing(Person(service, taken.token)) as owner:
            master = owner.ask("GET", f"/api/songs/{taken.song}/masters")["items"][0]
            owner.ask("POST", f"/api/masters/{master['id']}/deliveries", json={"format": "flac"})
            owner.wait_until(taken.song, "deliver", "done")


def test_a_backup_is_for_its_owners_eyes(taken: Taken) -> None:
    assert taken.folder.stat().st_mode & 0o077 == 0


def test_nothing_is_restored_over_what_is_there(taken: Taken, new: Place) -> None:
    before = taken.place.rows()
    assert taken.place.admin("restore", str(taken.folder), fails=7)["code"] == "impossible"
    without_files = Place(new.data, taken.place.settings)
    if taken.place.settings:
        assert without_files.admin("restore", str(taken.folder), fails=7)["code"] == "impossible"
        assert without_files.files() == {}
    assert taken.place.rows() == before


def test_a_damaged_backup_is_refused(taken: Taken, new: Place, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(taken.folder, copy)
    victim = max(
        (path for path in (copy / "files").rglob("*") if path.is_file()), key=lambda path: path.stat().st_size
    )
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes(content)
    assert new.admin("restore", str(copy), fails=4)["code"] == "damaged_audio"
    assert new.rows() == {}


def test_what_is_no_backup_is_refused(new: Place, tmp_path: Path) -> None:
    assert new.admin("restore", str(tmp_path), fails=3)["code"] == "input_unreadable"


def test_a_backup_replaces_nothing(taken: Taken) -> None:
    assert taken.place.admin("backup", str(taken.folder), fails=6)["code"] == "output_failed"


def test_a_password_is_no_part_of_a_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "pg_dump"
    program.write_text('#!/bin/sh\necho "$@, $PGPASSWORD" >&2\nexit 1\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    settings = Conf(database_url="postgresql://me:p%2Fw@db.example:5433/songs?sslmode=require")
    monkeypatch.setattr(backup, "conf", lambda: settings)
    with pytest.raises(Impossible, match=r"=postgresql://me@db\.example:5433/songs\?sslmode=require, p/w$"):
        backup._run("pg_dump")
    (tmp_path / "pg_dump").unlink()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Impossible, match="pg_dump is not there"):
        backup._run("pg_dump")
