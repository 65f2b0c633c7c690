"""What `make run SONG=...` does."""

from pathlib import Path

import pytest

from cli_files import contents
from tonewright.cli import first_run


def test_a_song_is_mastered_into_a_folder_with_its_papers(
    song: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new folder" / "out"
    assert first_run.main(str(song), str(out)) == 0
    said, err = capsys.readouterr()
    assert err == ""
    names = {"song-master.wav", "song-report.html", "song-recipe.json"}
    assert {path.name for path in out.iterdir()} == names
    for words in ("found", "done, and why", "Integrated loudness", "before", "after", *names):
        assert words in said.replace("\n", " ")


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
