"""`tonewright remote` against a service as users start it: sent, worked on, waited for, fetched, gone on with."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import soundfile

from cli_files import music, write
from service import Person, Service, owner_of, running

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("remote")) as found:
        yield found


@pytest.fixture(scope="module")
def owner(service: Service) -> Iterator[Person]:
    with owner_of(service) as person:
        yield person


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


class Ran:
    """A command line that has run."""

    def __init__(self, home: Path, *arguments: str | Path, stdin: str = "") -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("TONEWRIGHT_")}
        environment = clean | {"XDG_CONFIG_HOME": str(home), "NO_PROXY": "*"}
        command = [sys.executable, "-m", "tonewright", "remote", *map(str, arguments)]
        done = subprocess.run(command, env=environment, input=stdin, capture_output=True, text=True, timeout=240)
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    def json(self) -> Any:
        assert self.out, self.err
        return json.loads(self.out)


@pytest.fixture(scope="module")
def known(service: Service, owner: Person, home: Path) -> Path:
    """A home from which somebody has logged in."""
    token = owner.http.headers["Authorization"].removeprefix("Bearer ")
    assert Ran(home, "login", service.url, stdin="twk_wrong\n").code == 3
    assert not (home / "tonewright" / "remote.json").exists()
    done = Ran(home, "login", service.url, "--json", stdin=f"{token}\n")
    assert done.code == 0, done.err
    assert done.json()["email"] == "owner@example.org"
    assert token not in done.out
    return home


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("songs")
    write(folder / "01 First.wav", music(4.0, seed=1))
    write(folder / "02 Second.flac", music(4.0, seed=2))
    (folder / "cover.jpg").write_bytes(b"\xff\xd8")
    return folder


def test_a_folder_is_sent_worked_on_and_fetched_and_a_second_run_sends_nothing(
    known: Path, songs: Path, tmp_path: Path
) -> None:
    first = Ran(known, "upload", songs, "--project", "EP", "--download", tmp_path, "--format", "flac", "--json")
    assert first.code == 0, first.err
    told = first.json()
    assert [Path(row["file"]).name for row in told["songs"]] == ["01 First.wav", "02 Second.flac"]
    assert [Path(name).name for name in told["left"]] == ["cover.jpg"]
    for row, number in zip(told["songs"], ("First", "Second"), strict=True):
        assert row["master"]["state"] == "ready"
        assert Path(row["downloaded"]).name == f"{number} (Master 1, 24-bit).flac"
        info = soundfile.info(row["downloaded"])
        assert (info.format, info.subtype, info.frames) == ("FLAC", "PCM_24", 4 * 44_100)

    again = Ran(known, "upload", songs, "--project", "EP", "--json").json()
    assert [row["upload_id"] for row in again["songs"]] == [row["upload_id"] for row in told["songs"]]
    listed = Ran(known, "list", "--project", "EP", "--json").json()["projects"]
    assert [(each["title"], each["kind"]) for each in listed] == [("EP", "album")]
    assert sorted(song["title"] for song in listed[0]["songs"]) == ["First", "Second"]


def test_a_song_is_waited_for_and_fetched_by_its_title(known: Path, songs: Path, tmp_path: Path) -> None:
    assert Ran(known, "upload", songs / "01 First.wav", "--project", "Single", "--quiet").out == ""
    song = Ran(known, "list", "--project", "Single", "--json").json()["projects"][0]["songs"][0]
    waited = Ran(known, "wait", song["id"], "--json", "--progress", "json")
    assert waited.code == 0, waited.err
    assert waited.json()["master"]["number"] == 1
    assert all(json.loads(line)["done"] <= 1 for line in waited.err.splitlines())
    got = Ran(known, "download", song["id"], tmp_path / "new", "--format", "mp3", "--json")
    assert got.code == 0, got.err
    assert Path(got.json()["file"]).name == "First (Master 1).mp3"
    assert Path(got.json()["file"]).stat().st_size > 10_000
    master = got.json()["master"]["id"]
    plain = Ran(known, "download", master, tmp_path, "--bits", "16")
    assert plain.out.strip() == str(tmp_path / "First (Master 1, 16-bit).wav"), plain.err


def test_what_was_begun_is_gone_on_with(known: Path, owner: Person, tmp_path: Path) -> None:
    song = write(tmp_path / "long.wav", music(35.0, seed=3), subtype="PCM_24")
    content = song.read_bytes()
    about = {"filename": "long.wav", "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    begun = owner.ask("POST", "/api/uploads", json=about, headers={"Idempotency-Key": "begun"})
    part = content[: begun["part_bytes"]]
    assert len(part) < len(content)
    kept = owner.ask(
        "PUT",
        f"/api/uploads/{begun['id']}/parts/1",
        content=part,
        headers={"Content-SHA256": hashlib.sha256(part).hexdigest()},
    )
    done = Ran(known, "upload", song, "--json")
    assert done.code == 0, done.err
    assert done.json()["songs"][0]["upload_id"] == begun["id"]
    upload = owner.ask("GET", f"/api/uploads/{begun['id']}")
    assert upload["state"] == "done"
    assert kept["sha256"] == hashlib.sha256(part).hexdigest()


def test_one_bad_file_does_not_keep_the_others_and_gives_its_code(known: Path, songs: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"this is no sound" * 1000)
    done = Ran(known, "upload", bad, songs / "02 Second.flac", "--project", "Mixed", "--json")
    assert done.code == 4, done.err
    rows = done.json()["songs"]
    assert rows[0]["error"]["code"] == "not_audio"
    assert "bad.wav" in rows[0]["error"]["message"]
    assert rows[1]["song_id"]
    assert json.loads(done.err.splitlines()[-1])["code"] == "not_audio"


def test_a_song_with_nothing_in_it_is_refused_in_words(known: Path, tmp_path: Path) -> None:
    silence = write(tmp_path / "silence.wav", music(3.0) * 0.0)
    done = Ran(known, "upload", silence, "--wait", "--json")
    assert done.code == 5, done.err
    assert json.loads(done.err.splitlines()[-1])["code"] == "silent"


def test_what_is_not_there_is_told(known: Path, tmp_path: Path) -> None:
    assert Ran(known, "wait", "No Such Song").code == 2
    assert Ran(known, "wait", "00000000-0000-4000-8000-000000000000").code == 3
    assert Ran(known, "upload", tmp_path / "none.wav").code == 3
