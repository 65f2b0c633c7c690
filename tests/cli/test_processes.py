"""The real executable as a process: signals, kills, pipes, terminals."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from cli_files import RATE_HZ, contents, music, write

EXECUTABLE = Path(sys.executable).with_name("tonewright")


Process = subprocess.Popen[str]
Start = Callable[..., Process]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start the executable; whatever still runs when the test is over is ended."""
    started: list[Process] = []

    def run(*arguments: str | Path) -> Process:
        command = [EXECUTABLE, *arguments]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1)
        started.append(process)
        return process

    yield run
    for process in started:
        with process:  # closes its pipes and waits for it
            process.kill()


def until_stage(process: Process, words: Sequence[str]) -> list[dict[str, object]]:
    """Read progress until a stage whose name holds one of the words has begun and moved on; gives all lines."""
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(json.loads(line))
        if any(word in str(lines[-1]["stage"]) for word in words):
            return lines
    raise AssertionError(f"the run ended early: {lines[-3:]}")


@pytest.fixture
def long_song(tmp_path: Path) -> Path:
    """Long enough to be caught at work."""
    return write(tmp_path / "long.wav", np.tile(music(10.0), 4))


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_while_writing_nothing_stays(
    start: Start, number: signal.Signals, long_song: Path, tmp_path: Path
) -> None:
    before = contents(tmp_path)
    out, report = tmp_path / "out.wav", tmp_path / "report.html"
    process = start("master", long_song, out, "--report", report, "--progress=json")
    until_stage(process, ["write"])
    process.send_signal(number)
    rest = process.communicate(timeout=60)[1]
    assert process.returncode == 9, rest
    last = json.loads(rest.splitlines()[-1])
    assert last["code"] == "interrupted"
    assert number.name in last["message"]
    assert contents(tmp_path) == before


@pytest.mark.slow
def test_stopped_while_listening(start: Start, long_song: Path, tmp_path: Path) -> None:
    before = contents(tmp_path)
    process = start("master", long_song, tmp_path / "out.wav", "--progress=json")
    until_stage(process, [""])
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=60)
    assert process.returncode == 9
    assert contents(tmp_path) == before


@pytest.mark.slow
def test_killed_while_writing_there_is_no_half_master(start: Start, long_song: Path, tmp_path: Path) -> None:
    out = write(tmp_path / "out.wav", music(1.0))
    old = out.read_bytes()
    process = start("master", long_song, out, "--progress=json")
    until_stage(process, ["write"])
    process.kill()
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert out.read_bytes() == old
    # what the kill left is hidden, and the next run that writes the same target removes it
    subprocess.run([EXECUTABLE, "convert", out, tmp_path / "other.wav"], check=True, capture_output=True)
    subprocess.run([EXECUTABLE, "convert", tmp_path / "other.wav", out], check=True, capture_output=True)
    assert {path.name for path in tmp_path.iterdir()} == {"long.wav", "out.wav", "other.wav"}


@pytest.mark.slow
def test_a_master_by_the_executable(start: Start, tmp_path: Path) -> None:
    song = write(tmp_path / "song.wav", music(4.0))
    process = start("master", song, tmp_path / "out.wav", "--json", "--progress=json")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0
    assert json.loads(out)["files"]["master"] == str(tmp_path / "out.wav")
    lines = [json.loads(line) for line in err.splitlines()]
    assert all(line.keys() == {"stage", "done", "eta_s"} for line in lines)
    figures = [line["done"] for line in lines]
    assert figures == sorted(figures)
    assert figures[-1] == 1.0
    assert len({line["stage"] for line in lines}) > 1


def on_a_terminal(arguments: Sequence[str | Path], environment: dict[str, str] | None = None) -> tuple[int, str]:
    """Run the executable on a terminal of 80 columns and give its exit code and everything it showed."""
    ours, theirs = pty.openpty()
    settings = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", **(environment or {})}
    process = subprocess.Popen([EXECUTABLE, *arguments], stdout=theirs, stderr=theirs, env=settings, close_fds=True)
    os.close(theirs)
    shown = b""
    while True:
        if not select.select([ours], [], [], 120)[0]:
            process.kill()
            break
        try:
            part = os.read(ours, 65_536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(ours)
    return process.wait(), shown.decode()


@pytest.mark.slow
def test_a_terminal_sees_a_bar_and_colour(tmp_path: Path) -> None:
    song = write(tmp_path / "song.wav", np.tile(music(10.0), 3))
    code, shown = on_a_terminal(["measure", song])
    assert code == 0
    assert "measuring" in shown
    assert "━" in shown
    assert "Integrated loudness" in shown
    code, shown = on_a_terminal(["measure", song, "--progress=none"])
    assert "measuring" not in shown


def test_no_colour_where_none_is_wanted(tmp_path: Path) -> None:
    song = write(tmp_path / "song.wav", music(1.0))
    code, shown = on_a_terminal(["analyze", song, "--progress=none"], {"NO_COLOR": "1"})
    assert code == 0
    assert "\x1b[3" not in shown  # no colour; bold and dim are allowed (no-color.org speaks of colour)


def test_a_reader_that_leaves_early_is_no_failure(start: Start, tmp_path: Path) -> None:
    song = write(tmp_path / "song.wav", np.zeros((1, RATE_HZ)))
    process = start("measure", song, "--json", "--series")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(60) == 0


def test_without_standard_streams_nothing_goes_astray(tmp_path: Path) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", '"$0" measure nowhere.wav --progress=json 2>&-', EXECUTABLE],
        stdout=subprocess.PIPE,
        check=False,
    )
    assert done.returncode == 3
    assert done.stdout == b""
    song = write(tmp_path / "song.wav", music(1.0))
    closed = '"$0" convert "$1" "$2" --progress=json <&- >&- 2>&-'
    done = subprocess.run(["/bin/sh", "-c", closed, EXECUTABLE, song, tmp_path / "out.wav"], check=False)
    assert done.returncode == 0
    assert soundfile.info(tmp_path / "out.wav").frames == RATE_HZ


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str) -> None:
    environment = {
        **os.environ,
        "_TONEWRIGHT_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": "tonewright ma",
        "COMP_CWORD": "1",
        "_TYPER_COMPLETE_ARGS": "tonewright ma",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    done = subprocess.run([EXECUTABLE], env=environment, capture_output=True, text=True, check=False)
    assert "master" in done.stdout
    assert "measure" not in done.stdout
