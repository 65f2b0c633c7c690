"""What `make run` does."""

from pathlib import Path

import pytest

from cli_files import contents
from tonewright.cli import first_run


def test_without_a_song_a_demo_is_mastered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_run, "DEMO_SECONDS", 8)
    out = tmp_path / "new folder" / "out"
    assert first_run.main("", str(out)) == 0
    said, err = capsys.readouterr()
    assert err == ""
    names = {"demo.wav", "demo-master.wav", "demo-report.html", "demo-recipe.json"}
    assert {path.name for path in out.iterdir()} == names
    for words in ("found", "done, and why", "Integrated loudness", "before", "after", *names):
        assert words in said.replace("\n", " ")


def test_with_a_song_that_song_is(song: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert first_run.main(str(song), str(tmp_path / "out")) == 0
    assert (tmp_path / "out" / "song-master.wav").exists()
    assert "demo" not in capsys.readouterr().out


def test_a_song_that_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert first_run.main(str(tmp_path / "-nowhere.wav"), str(tmp_path / "out")) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert "nowhere.wav" in err


def test_a_folder_that_can_not_be_made(song: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(tmp_path)
    assert first_run.main(str(song), str(song / "out")) == 6
    assert capsys.readouterr().err.count("\n") == 1
    assert contents(tmp_path) == before
