"""Whatever is put in: one clear line, the documented exit code, nothing left behind."""

import json
from pathlib import Path

import numpy as np
import pytest

from cli_files import RATE_HZ, Failing, music, sparse_wav, write

#: The commands that read a file, with what follows IN.
READERS = [
    ("measure",),
    ("analyze",),
    ("master", "OUT"),
    ("limit", "OUT", "--lufs=-14", "--tp=-1"),
    ("convert", "OUT"),
]


def command(reader: tuple[str, ...], source: Path) -> list[str]:
    name, *rest = reader
    return [name, str(source), *(str(source.with_name("out.wav")) if word == "OUT" else word for word in rest)]


@pytest.fixture(params=READERS, ids=lambda reader: reader[0])
def reader(request: pytest.FixtureRequest) -> tuple[str, ...]:
    found: tuple[str, ...] = request.param
    return found


def test_missing(reader: tuple[str, ...], failing: Failing, tmp_path: Path) -> None:
    assert "nowhere.wav" in failing(3, *command(reader, tmp_path / "nowhere.wav"))


def test_a_folder(reader: tuple[str, ...], failing: Failing, tmp_path: Path) -> None:
    (tmp_path / "folder.wav").mkdir()
    assert "folder.wav" in failing(3, *command(reader, tmp_path / "folder.wav"))


def test_not_to_be_read(reader: tuple[str, ...], failing_for_a_user: Failing, users_folder: Path) -> None:
    song = write(users_folder / "song.wav", music(1.0))
    song.chmod(0)
    said = failing_for_a_user(3, *command(reader, song))
    assert "song.wav" in said
    assert "ermission" in said


def test_empty(reader: tuple[str, ...], failing: Failing, tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    assert "empty.wav" in failing(4, *command(reader, tmp_path / "empty.wav"))


@pytest.mark.parametrize(
    "content", [b"Dear diary,\n" * 500, b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, b"RIFF"]
)
def test_not_audio(content: bytes, reader: tuple[str, ...], failing: Failing, tmp_path: Path) -> None:
    (tmp_path / "diary.wav").write_bytes(content)
    assert "diary.wav" in failing(4, *command(reader, tmp_path / "diary.wav"))


@pytest.mark.parametrize("name", ["song.wav", "song.flac", "song.aiff", "song.ogg"])
def test_truncated(name: str, failing: Failing, tmp_path: Path) -> None:
    subtype = "VORBIS" if name.endswith("ogg") else "PCM_16"
    whole = write(tmp_path / name, music(3.0), subtype)
    content = whole.read_bytes()
    whole.write_bytes(content[: len(content) * 2 // 3])
    assert name in failing(4, "master", whole, tmp_path / "out.wav")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers(
    value: float, reader: tuple[str, ...], failing: Failing, tmp_path: Path
) -> None:
    samples = music(1.0)
    samples[1, 30_000] = value
    source = write(tmp_path / "broken.wav", samples, "FLOAT")
    assert "broken.wav" in failing(4, *command(reader, source))


def test_six_channels(reader: tuple[str, ...], failing: Failing, tmp_path: Path) -> None:
    said = failing(4, *command(reader, write(tmp_path / "surround.wav", music(1.0, channels=6))))
    assert "surround.wav" in said
    assert "stereo" in said  # what to send


@pytest.mark.parametrize("seconds", [0.0, 0.001, 0.3])
def test_under_400_ms(seconds: float, failing: Failing, tmp_path: Path) -> None:
    source = write(tmp_path / "short.wav", music(seconds))
    assert "short.wav" in failing(5, "master", source, tmp_path / "out.wav")


@pytest.mark.parametrize("level", [0.0, 1e-9])
def test_silence(level: float, failing: Failing, tmp_path: Path) -> None:
    source = write(tmp_path / "silence.wav", level * music(2.0), "FLOAT")
    assert "silence.wav" in failing(5, "master", source, tmp_path / "out.wav")
    assert "silence.wav" in failing(5, "limit", source, tmp_path / "out.wav", "--lufs=-14", "--tp=-1")


@pytest.mark.parametrize("command", [("master",), ("limit", "--lufs=-14", "--tp=-1")])
def test_nothing_but_an_offset(command: tuple[str, ...], failing: Failing, tmp_path: Path) -> None:
    source = write(tmp_path / "offset.wav", np.full((2, 3 * RATE_HZ), 0.25), "FLOAT")
    name, *settings = command
    assert "offset.wav is silent" in failing(5, name, source, tmp_path / "out.wav", *settings)


def test_series_are_for_scripts(failing: Failing, tmp_path: Path) -> None:
    assert "--json" in failing(2, "measure", write(tmp_path / "song.wav", music(1.0)), "--series")


def test_over_the_limit(reader: tuple[str, ...], failing: Failing, tmp_path: Path) -> None:
    source = sparse_wav(tmp_path / "long.wav", 13 * 3600)
    assert "long.wav" in failing(5, *command(reader, source))


def test_a_name_with_everything_in_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tonewright.cli.main import main

    source = write(tmp_path / "ein Lied [bold] %s für 'Ünï'.wav", music(1.0))
    assert main(["measure", str(source), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["channels"] == 2
    assert main(["measure", str(source)]) == 0
    assert "[bold]" in capsys.readouterr().out
