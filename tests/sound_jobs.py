"""The service's jobs in sound, for its tests: carried out in this process, or in a child."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tonewright.base.files import Delivery, Tags, open_writer
from tonewright.base.signal import Block, Layout
from tonewright.server.sound import jobs

RATE = 44_100
SECONDS = 22.0


class Told:
    """A progress that remembers."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, float]] = []

    def stage(self, name: str, share: float) -> None:
        self.stages.append((name, share))

    def advance(self, done: float) -> None:
        assert 0.0 <= done <= 1.0


def write(path: Path, samples: Block, bits: str = "24", rate_hz: int = RATE) -> Path:
    tags = Tags(title="Nine Lives", artist="The Tests", isrc="GBAYE6800011")
    with open_writer(
        path, Delivery.parse({"bits": bits}, "test"), Layout(rate_hz, samples.shape[0]), tags
    ) as writer:
        writer.write(samples)
        writer.finish()
    return path


def carried_out(folder: Path, job: str, **values: Any) -> dict[str, Any]:
    """A job's result, in this process."""
    folder.mkdir()
    return jobs.runner(jobs.parse({"job": job, "folder": str(folder)} | values))(Told())


def start(job: dict[str, Any], *options: str) -> "subprocess.Popen[str]":
    """A child process with its job on the way."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tonewright.server.sound.child", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(job | {"parent": os.getpid()}))
    process.stdin.close()
    return process


def said(process: "subprocess.Popen[str]") -> list[dict[str, Any]]:
    """All the lines of a child, which has ended then."""
    assert process.stdout is not None
    assert process.stderr is not None
    lines = [json.loads(line) for line in process.stdout]
    process.wait()
    process.stdout.close()
    process.stderr.close()
    return lines
