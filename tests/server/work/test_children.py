"""A job's child process: its result and progress, how it is stopped, and what its end means in words."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli_files import music, write
from service import START_S, wait_for
from tonewright.base.errors import Bug, DamagedAudio, DiskFull, Interrupted, NotAudio, TooLarge
from tonewright.server.work import child
from tonewright.server.work.child import Children

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def children() -> Iterator[Children]:
    found = Children(spares=1)
    yield found
    found.close()
    wait_for(lambda: not found.pids(), START_S, "all are gone")


@pytest.fixture(scope="module")
def long_song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("songs") / "long.wav", music(60.0))


def job_for(source: Path, folder: Path, **more: Any) -> dict[str, Any]:
    folder.mkdir()
    return {"job": "arrive", "source": str(source), "filename": "My Mix.wav", "folder": str(folder)} | more


def ignore(stage: str, done: float) -> None:
    """Nobody wants to know."""


def test_a_job_gives_its_result_and_tells_how_far_it_is(children: Children, song: Path, tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    result = children.run(job_for(song, tmp_path / "job"), 60.0, lambda *now: told.append(now))
    assert (result["rate_hz"], result["channels"]) == (44_100, 2)
    assert [done for _, done in told] == sorted(done for _, done in told)


def test_an_error_comes_in_its_own_words(children: Children, tmp_path: Path) -> None:
    source = tmp_path / "words.wav"
    source.write_text("These are words, and not a sound. " * 100)
    with pytest.raises(NotAudio) as refused:
        children.run(job_for(source, tmp_path / "job"), 60.0, ignore)
    assert "My Mix.wav" in refused.value.message


def test_what_the_report_raises_stops_the_child(children: Children, long_song: Path, tmp_path: Path) -> None:
    def cancelled(stage: str, done: float) -> None:
        if stage:
            raise Interrupted("Cancelled.")

    before = children.pids()
    with pytest.raises(Interrupted):
        children.run(job_for(long_song, tmp_path / "job"), 60.0, cancelled)
    wait_for(lambda: not before & children.pids(), START_S, "the child is gone")


def test_a_job_that_takes_too_long_is_stopped(children: Children, long_song: Path, tmp_path: Path) -> None:
    waiting: set[int] = wait_for(children.pids, START_S, "a child waits")
    for pid in waiting:
        os.kill(pid, signal.SIGSTOP)  # it would never end by itself
    with pytest.raises(TooLarge, match="longer than one job may take"):
        children.run(job_for(long_song, tmp_path / "job"), 0.2, ignore)
    wait_for(lambda: not waiting & children.pids(), START_S, "the child is gone")


def test_a_job_that_needs_too_much_memory_is_refused(children: Children, long_song: Path, tmp_path: Path) -> None:
    with pytest.raises(TooLarge, match="memory"):
        children.run(job_for(long_song, tmp_path / "job", memory_bytes=128 << 20), 60.0, ignore)


def test_a_job_whose_file_grows_too_large_is_refused(children: Children, long_song: Path, tmp_path: Path) -> None:
    with pytest.raises(DiskFull):
        children.run(job_for(long_song, tmp_path / "job", file_bytes=1 << 20), 60.0, ignore)


@pytest.mark.parametrize(
    ("number", "error", "words"), [(signal.SIGKILL, TooLarge, "memory"), (signal.SIGSEGV, DamagedAudio, "decoder")]
)
def test_a_child_that_is_killed_from_outside(
    children: Children, long_song: Path, tmp_path: Path, number: int, error: type[Exception], words: str
) -> None:
    before: set[int] = wait_for(children.pids, START_S, "a child waits")

    def kill(stage: str, done: float) -> None:
        if stage:
            for pid in before & children.pids():
                os.kill(pid, number)

    with pytest.raises(error, match=words):
        children.run(job_for(long_song, tmp_path / "job"), 60.0, kill)


def test_a_child_that_ends_without_a_word_is_a_bug(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "_COMMAND", ("/bin/sh", "-c", "cat >/dev/null; echo went wrong >&2; exit 3"))
    silent = Children(spares=0)
    with pytest.raises(Bug, match="went wrong"):
        silent.run({"job": "arrive"}, 10.0, ignore)
    silent.close()
