"""Several processes kept running: started, started again when they end, stopped together.

They die with this one, however it ends: each asks the system for that as it starts (sound/limits.py).
"""

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

#: A process that ends at once is started again after so many seconds, then after twice as many, and so on.
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 30.0
#: One that ran for so long had started well.
_WELL_S = 30.0
#: How long a process may take to stop when it is told to.
_STOP_S = 10.0
_LOOK_S = 0.1


@dataclass
class Part:
    """One process. command: without the interpreter. sockets: file descriptors that it inherits."""

    name: str
    command: tuple[str, ...]
    sockets: tuple[int, ...] = ()
    process: "subprocess.Popen[bytes] | None" = None
    started_s: float = 0.0
    wait_s: float = _FIRST_WAIT_S
    again_s: float = field(default=0.0)

    def start(self) -> None:
        self.process = subprocess.Popen(
            (sys.executable, *self.command),
            pass_fds=self.sockets,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the supervisor, which stops them in order
        )
        self.started_s = time.monotonic()


def supervise(parts: list[Part], stop: threading.Event, tell: Callable[[str], None]) -> None:
    """Keep the parts running until `stop`, then stop them. tell: what happened, in words. Call it on the main thread:
    processes die with the thread that started them."""
    for part in parts:
        part.start()
    try:
        while not stop.wait(_LOOK_S):
            for part in parts:
                _look_after(part, tell)
    finally:
        _end(parts)


def _look_after(part: Part, tell: Callable[[str], None]) -> None:
    now = time.monotonic()
    if part.process is None:
        if now >= part.again_s:
            part.start()
    elif (code := part.process.poll()) is not None:
        if now - part.started_s > _WELL_S:
            part.wait_s = _FIRST_WAIT_S
        tell(f"The {part.name} process ended with {code}; it is started again in {part.wait_s:g} s.")
        part.process, part.again_s = None, now + part.wait_s
        part.wait_s = min(part.wait_s * 2.0, _LONGEST_WAIT_S)


def _end(parts: list[Part]) -> None:
    running = [part.process for part in parts if part.process is not None]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + _STOP_S
    for process in running:
        try:
            process.wait(max(deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
