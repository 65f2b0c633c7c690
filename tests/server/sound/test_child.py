"""The child process: its lines, its limits, and what is left of it when it is killed."""

import json
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sound_jobs import RATE, said, start, write
from tonewright.base.errors import every_error
from tonewright.engine.demo import demo_song

EXIT_CODES = {each.code: each.exit_code for each in every_error()}


def waited_for(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Return once the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def running(pid: int) -> bool:
    """Whether there is such a process, and it is no zombie."""
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()[:200]
    except FileNotFoundError:
        return False


def arrive(source: Path, folder: Path, **values: Any) -> dict[str, Any]:
    folder.mkdir()
    return {"job": "arrive", "source": str(source), "filename": source.name, "folder": str(folder)} | values


def named(folder: Path) -> list[str]:
    """What looks finished."""
    return [path.name for path in folder.iterdir() if not path.name.startswith(".")]


@pytest.mark.parametrize("options", [[], ["--warm"]])
def test_it_tells_its_stages_and_its_result(mix: Path, tmp_path: Path, options: list[str]) -> None:
    process = start(arrive(mix, tmp_path / "in"), *options)
    lines = said(process)
    assert process.returncode == 0
    assert [line["stage"] for line in lines if "stage" in line] == ["decode", "listen"]
    assert sum(line["share"] for line in lines if "stage" in line) == pytest.approx(1.0)
    assert all(0.0 <= line["done"] <= 1.0 for line in lines if "done" in line)
    assert lines[-1]["result"]["frames"] > 0


def test_a_warm_one_without_a_job_ends_quietly() -> None:
    command = [sys.executable, "-m", "tonewright.server.sound.child", "--warm"]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert json.loads(ended.stdout) == {"ready": True}


def wav(fmt: bytes, data_bytes: int, samples: bytes) -> bytes:
    body = b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt + b"data" + struct.pack("<I", data_bytes) + samples
    return b"RIFF" + struct.pack("<I", len(body)) + body


def pcm(channels: int, rate_hz: int, bits: int = 16, tag: int = 1) -> bytes:
    return struct.pack(
        "<HHIIHH", tag, channels, rate_hz, rate_hz * channels * bits // 8, channels * bits // 8, bits
    )


NAN = np.full((RATE, 2), np.nan, dtype="<f4").tobytes()
#: A FLAC header that promises 2^36 - 1 frames, and nothing behind it.
BOMB = (
    b"fLaC\x80\x00\x00\x22"
    + struct.pack(">HH", 4096, 4096)
    + bytes(6)
    + ((44_100 << 44) | (1 << 41) | (15 << 36) | (2**36 - 1)).to_bytes(8, "big")
    + bytes(16)
)
HOSTILE = {
    "text renamed": (b"This is no song.\n" * 100, {"not_audio"}),
    "truncated": (wav(pcm(2, RATE), 400_000, bytes(1_000)), {"damaged_audio"}),
    "not a number": (wav(pcm(2, RATE, 32, 3), len(NAN), NAN), {"damaged_audio"}),
    "six channels": (wav(pcm(6, RATE), 12 * RATE, bytes(12 * RATE)), {"unsupported_layout"}),
    "promises years": (BOMB, {"damaged_audio", "too_large", "not_audio"}),
    "nothing": (b"", {"not_audio", "damaged_audio", "too_short"}),
    "too short": (wav(pcm(2, RATE), 400, bytes(400)), {"too_short"}),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_files_are_refused_in_words_and_leave_nothing(kind: str, tmp_path: Path) -> None:
    content, codes = HOSTILE[kind]
    source = tmp_path / "evil.wav"
    source.write_bytes(content)
    process = start(arrive(source, tmp_path / "in"))
    error = said(process)[-1]["error"]
    assert error["code"] in codes
    assert process.returncode == EXIT_CODES[error["code"]]
    assert "evil.wav" in error["message"]
    assert str(tmp_path) not in error["message"] + error["remedy"]
    assert list((tmp_path / "in").iterdir()) == []


def test_what_is_no_job_is_a_usage_error() -> None:
    command = [sys.executable, "-m", "tonewright.server.sound.child"]
    ended = subprocess.run(command, input="{", capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert json.loads(ended.stdout)["error"]["code"] == "usage"


def test_a_job_beyond_its_memory_fails_with_a_reason(mix: Path, tmp_path: Path) -> None:
    process = start(arrive(mix, tmp_path / "in", memory_bytes=128 << 20))
    error = said(process)[-1]["error"]
    assert (error["code"], process.returncode) == ("too_large", EXIT_CODES["too_large"])
    assert named(tmp_path / "in") == []


def test_a_file_beyond_its_limit_fails_with_a_reason(mix: Path, tmp_path: Path) -> None:
    process = start(arrive(mix, tmp_path / "in", file_bytes=1 << 20))
    assert said(process)[-1]["error"]["code"] == "disk_full"
    assert list((tmp_path / "in").iterdir()) == []


def test_a_longer_song_than_allowed_is_refused(mix: Path, tmp_path: Path) -> None:
    lines = said(start(arrive(mix, tmp_path / "in", max_duration_s=10.0)))
    assert lines[-1]["error"]["code"] == "too_large"


def test_killed_at_any_moment_it_leaves_nothing_that_looks_finished(
    arrived: tuple[Path, Any], tmp_path: Path
) -> None:
    for moment, stage in enumerate(("set the loudness", "limit and write", "draw")):
        folder = tmp_path / str(moment)
        folder.mkdir()
        process = start({"job": "master", "source": str(arrived[0] / "work.bin"), "folder": str(folder)})
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line).get("stage") == stage:
                break
        process.kill()
        said(process)
        assert process.returncode == -signal.SIGKILL
        # the master itself is whole, and has its name, once it begins to be drawn
        assert [name for name in named(folder) if name != "master.wav" or stage != "draw"] == []


def test_it_dies_with_its_parent(tmp_path: Path) -> None:
    song = write(tmp_path / "long.wav", np.tile(demo_song(30.0, seed=1), 10))
    job = json.dumps(arrive(song, tmp_path / "in"))
    parent_code = (
        "import subprocess, sys, os, json, time\n"
        "job = json.loads(sys.argv[1]) | {'parent': os.getpid()}\n"
        "child = subprocess.Popen([sys.executable, '-m', 'tonewright.server.sound.child'],"
        " stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "child.stdin.write(json.dumps(job).encode()); child.stdin.close()\n"
        "child.stdout.readline()\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", parent_code, job], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert running(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    waited_for(lambda: not running(child), 10.0)
    assert named(tmp_path / "in") == []


def test_one_whose_parent_is_gone_already_does_not_begin(mix: Path, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tonewright.server.sound.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(arrive(mix, tmp_path / "in", parent=os.getppid())))
    process.stdin.close()
    assert said(process) == []
    assert process.returncode == -signal.SIGKILL
