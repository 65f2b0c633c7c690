"""One job in a process of its own: `python -m tonewright.server.sound.child`.

The job is one JSON object on standard input (sound/jobs.py); with --warm everything is loaded before it is read, so
that a process started ahead begins at once, and no job at all is a quiet end. Standard output holds JSON lines:

    {"ready": true}                           all is loaded; only with --warm
    {"stage": "listen", "share": 0.6}         a stage begins, and is about this part of the whole
    {"done": 0.25}                            so much of the stage is finished
    {"result": {...}}                         the last line of a job that was carried out
    {"error": {"code", "message", "remedy"}}  the last line of one that was not; the exit code is the tree's

What is decoded here comes from strangers, so the process bounds itself before it opens anything and dies with its
parent. To cancel it, kill it: what it leaves in its folder under hidden names is not finished.
"""

import errno
import json
import os
import sys
import tempfile
import threading
import time
import traceback
from typing import IO, Any

from tonewright.base.errors import Bug, DiskFull, TonewrightError, UsageError
from tonewright.server.sound import jobs
from tonewright.server.sound.limits import confine, die_with_parent, no_memory

#: Between two reports of a stage.
_SECONDS_BETWEEN = 0.1
#: What the system says when there is no room: the disk, the quota, or the largest file allowed.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Lines:
    """Progress as JSON lines. Several threads may report."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._next_s = 0.0

    def say(self, line: dict[str, Any]) -> None:
        with self._lock:
            self._stream.write(json.dumps(line).encode() + b"\n")
            self._stream.flush()

    def stage(self, name: str, share: float) -> None:
        self.say({"stage": name, "share": share})

    def advance(self, done: float) -> None:
        now = time.monotonic()
        if done >= 1.0 or now >= self._next_s:
            self._next_s = now + _SECONDS_BETWEEN
            self.say({"done": min(max(done, 0.0), 1.0)})


def main() -> int:
    """Carry out the job on standard input; gives the exit code."""
    lines = Lines(own_stdout())
    try:
        if "--warm" in sys.argv[1:]:
            die_with_parent()
            _warm_up()
            lines.say({"ready": True})
        text = sys.stdin.read()
        if not text:
            return 0
        result = _carry_out(text, lines)
    except BaseException as error:
        explained = explain(error)
        if isinstance(explained, Bug):
            traceback.print_exception(error, file=sys.stderr)
        lines.say({"error": {"code": explained.code, "message": explained.message, "remedy": explained.remedy}})
        return explained.exit_code
    lines.say({"result": result})
    return 0


def _warm_up() -> None:
    from tonewright.base.process import tune

    tune()
    from tonewright.server.sound.warm_up import warm_up

    warm_up()


def _carry_out(text: str, lines: Lines) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise UsageError("Standard input holds no JSON object.") from error
    job = jobs.parse(document)
    confine(job.memory_bytes, job.file_bytes, job.parent)
    tempfile.tempdir = os.environ["TMPDIR"] = str(job.folder)
    from tonewright.base.process import tune

    tune()
    return jobs.runner(job)(lines)


def explain(error: BaseException) -> TonewrightError:
    """The error as one of the tree."""
    if isinstance(error, TonewrightError):
        return error
    if isinstance(error, MemoryError) or "can't start new thread" in str(error):
        return no_memory()
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return DiskFull("There is no room left for the files of this song.", "Free some space, or raise the limit.")
    return Bug(
        f"A bug in Tonewright ({type(error).__name__}): nothing was made.", "Try again, or tell the operator."
    )


def own_stdout() -> IO[bytes]:
    """Standard output for our own words alone: whatever a library prints goes to standard error."""
    own = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return os.fdopen(own, "wb")


if __name__ == "__main__":
    sys.exit(main())
