"""A job's child process, seen from the worker: started, listened to, stopped, and its end put into words.

Starting takes a second or two, for imports and compiled kernels, so one child is always started ahead: it waits, warm,
for the next job on its standard input (server/sound/child.py).
"""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tonewright.base.errors import Bug, DamagedAudio, TonewrightError, TooLarge, every_error
from tonewright.server.sound.limits import no_memory

_COMMAND = (sys.executable, "-m", "tonewright.server.sound.child", "--warm")
#: Between two looks whether the job was cancelled, and between two reports of progress.
_LOOK_S = 0.25
#: What a child says last, when it says nothing in its own words.
_TAIL_BYTES = 4000

Report = Callable[[str, float], None]
#: A line, an error that the child could not tell in a line, or the end.
_Said = str | TonewrightError | None


class Children:
    """The child processes of one worker. spares: how many are kept warm."""

    def __init__(self, spares: int) -> None:
        # A child dies with the thread that started it (limits.die_with_parent), so one that lives as long as the
        # worker starts them all.
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="children")
        self._warm: queue.SimpleQueue[subprocess.Popen[str]] = queue.SimpleQueue()
        self._all: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()
        self.closed = threading.Event()
        for _ in range(spares):
            self._starter.submit(self._warm_up)

    def _start(self) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            _COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # Ctrl-C is the worker's to answer
        )
        with self._lock:
            self._all.add(process)
        return process

    def _warm_up(self) -> None:
        if not self.closed.is_set():
            self._warm.put(self._start())

    @contextlib.contextmanager
    def _taken(self) -> Iterator["subprocess.Popen[str]"]:
        """A running child that waits for its job; it is gone afterwards, whatever happened."""
        process = self._next()
        with contextlib.suppress(RuntimeError):  # closed meanwhile
            self._starter.submit(self._warm_up)
        try:
            yield process
        finally:
            self._end(process)

    def _end(self, process: "subprocess.Popen[str]") -> None:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        with self._lock:
            self._all.discard(process)

    def _next(self) -> "subprocess.Popen[str]":
        with contextlib.suppress(queue.Empty):
            while True:
                process = self._warm.get_nowait()
                if process.poll() is None:
                    return process
                self._end(process)
        return self._starter.submit(self._start).result()

    def run(self, job: dict[str, Any], seconds: float, report: Report) -> dict[str, Any]:
        """Have a job carried out; gives its result.

        job: as server/sound/jobs.py declares it. report: told (stage, done 0..1 of the whole) at least every _LOOK_S;
        what it raises stops the child. Raises the child's error, or what its end means in words.
        """
        with self._taken() as process:
            said, tail = _listen(process)
            assert process.stdin is not None
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(json.dumps(job | {"parent": os.getpid()}))
                process.stdin.close()
            try:
                return _follow(said, seconds, report)
            except _Ended:
                pass
            code = process.wait()
            self._stop_here_if_closed()
            raise _explain(code, job["job"], "".join(tail))

    def pids(self) -> set[int]:
        """Those that run."""
        with self._lock:
            return {process.pid for process in self._all if process.poll() is None}

    def close(self) -> None:
        """Kill them all; whoever waits for a result waits for ever, because nobody failed."""
        self.closed.set()
        self._starter.shutdown()
        with contextlib.suppress(queue.Empty):
            while True:
                self._end(self._warm.get_nowait())
        with self._lock:
            for process in self._all:
                process.kill()

    def _stop_here_if_closed(self) -> None:
        if self.closed.is_set():
            threading.Event().wait()


class _Ended(Exception):
    """The child closed its standard output without a result."""


def _listen(process: "subprocess.Popen[str]") -> "tuple[queue.SimpleQueue[_Said], list[str]]":
    """The child's lines as they come, None at their end; and the end of what it wrote to standard error.

    A thread that gets no memory to begin with tells standard error alone, and Python waits for it for ever: so a
    MemoryError there is the child's last word.
    """
    said: queue.SimpleQueue[_Said] = queue.SimpleQueue()
    tail: list[str] = []
    assert process.stdout is not None
    assert process.stderr is not None
    out, err = process.stdout, process.stderr

    def read_lines() -> None:
        with contextlib.suppress(ValueError, OSError):
            for line in out:
                said.put(line)
        said.put(None)

    def read_errors() -> None:
        with contextlib.suppress(ValueError, OSError):
            while text := err.readline(1024):
                tail[:] = ["".join(tail)[-_TAIL_BYTES:] + text]
                if text.startswith(MemoryError.__name__):
                    said.put(no_memory())

    for read in (read_lines, read_errors):
        threading.Thread(target=read, daemon=True).start()
    return said, tail


def _follow(said: "queue.SimpleQueue[_Said]", seconds: float, report: Report) -> dict[str, Any]:
    """Pass progress on until the result comes. Raises the child's error, TooLarge after `seconds`, or _Ended."""
    stage, before, share, done = "", 0.0, 0.0, 0.0
    started = reported = time.monotonic()
    report(stage, 0.0)
    while True:
        now = time.monotonic()
        if now - started > seconds:
            raise TooLarge(
                f"This took longer than one job may take, {seconds / 60:.0f} minutes.", "Send it in shorter parts."
            )
        try:
            line = said.get(timeout=max(reported + _LOOK_S - now, 0.0))
        except queue.Empty:
            report(stage, min(before + share * done, 1.0))
            reported = time.monotonic()
            continue
        if line is None:
            raise _Ended
        if isinstance(line, TonewrightError):
            raise line
        told = json.loads(line)
        if "stage" in told:
            before, share, stage, done = before + share, told["share"], told["stage"], 0.0
        elif "done" in told:
            done = told["done"]
        elif "result" in told:
            result: dict[str, Any] = told["result"]
            return result
        elif "error" in told:
            raise _error(told["error"])


_BY_CODE = {each.code: each for each in every_error()}


def _error(told: dict[str, str]) -> TonewrightError:
    return _BY_CODE.get(told["code"], Bug)(told["message"], told["remedy"])


def _explain(code: int, kind: str, tail: str) -> TonewrightError:
    """What the end of a child that gave neither result nor error means."""
    if code == -signal.SIGKILL:
        return TooLarge(
            "The song needs more memory than there is.", "Try again later, or send it in shorter parts."
        )
    if code < 0 and kind == "arrive":
        return DamagedAudio("The file brings its decoder to a fall.", "Export it anew, as WAV or FLAC.")
    last = tail.strip().splitlines()[-1:] or ["it said nothing"]
    return Bug(f"The render ended with {code}: {last[0][:200]}", "Try again, or tell the operator.")
