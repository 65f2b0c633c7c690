"""Progress as people and programs see it: a bar on a terminal, JSON lines, or nothing.

All of it goes to standard error; standard output holds results only.
"""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, Literal

from tonewright.base.progress import NoProgress, Progress

Mode = Literal["auto", "none", "json"]

#: How often a report is made at most. Ten a second look alive and cost nothing.
_SECONDS_BETWEEN = 0.1
#: A time left is told only after this much, since before it would be a guess.
_SECONDS_BEFORE_ESTIMATE = 1.0
_DONE_BEFORE_ESTIMATE = 0.02

Report = Callable[[str, float, float | None], None]


class Tracker:
    """Adds the stages up to one figure and one time left, and passes them on now and then.

    report: told (stage, done 0..1 of the whole, seconds left or None), in order, never going back.
    clock: monotonic seconds.
    """

    def __init__(self, report: Report, clock: Callable[[], float] = time.monotonic) -> None:
        self._report = report
        self._clock = clock
        self._started = clock()
        self._last_report: float | None = None
        self._name = ""
        self._before = 0.0  # of the whole, by the stages that are finished
        self._share = 0.0
        self._done = 0.0
        self._lock = threading.Lock()  # stages may be advanced from several threads

    def stage(self, name: str, share: float) -> None:
        with self._lock:
            self._before += self._share
            self._name, self._share = name, share
            self._tell(0.0, always=True)

    def advance(self, done: float) -> None:
        with self._lock:
            self._tell(done, always=False)

    def finish(self) -> None:
        """All work is done, whatever the shares added up to."""
        with self._lock:
            self._before, self._share = 1.0, 0.0
            self._tell(1.0, always=True)

    def _tell(self, done: float, always: bool) -> None:
        now = self._clock()
        self._done = max(self._done, min(self._before + self._share * min(max(done, 0.0), 1.0), 1.0))
        if not always and self._last_report is not None and now - self._last_report < _SECONDS_BETWEEN:
            return
        self._last_report = now
        self._report(self._name, self._done, self._seconds_left(now - self._started))

    def _seconds_left(self, elapsed: float) -> float | None:
        if self._done >= 1.0:
            return 0.0
        if elapsed < _SECONDS_BEFORE_ESTIMATE or self._done < _DONE_BEFORE_ESTIMATE:
            return None
        return elapsed / self._done * (1.0 - self._done)


@contextmanager
def reporting(mode: Mode, quiet: bool) -> Iterator[Progress]:
    """The progress of one command. auto: a bar if standard error is a terminal, else nothing."""
    if mode == "json":
        tracker = Tracker(_json_lines(sys.stderr))
        yield tracker
        tracker.finish()
    elif mode == "none" or quiet or not sys.stderr.isatty():
        yield NoProgress()
    else:
        with _bar() as report:
            yield Tracker(report)


def _json_lines(stream: IO[str]) -> Report:
    def report(stage: str, done: float, eta_s: float | None) -> None:
        with suppress(BrokenPipeError):  # nobody reads any more; the work goes on
            print(json.dumps({"stage": stage, "done": done, "eta_s": eta_s}), file=stream, flush=True)

    return report


@contextmanager
def _bar() -> Iterator[Report]:
    """A bar that disappears when the work is done."""
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn
    from rich.progress import Progress as Bar

    from tonewright.cli.output import console

    columns = (
        TextColumn("{task.description}", style="bold"),
        BarColumn(bar_width=None),
        TaskProgressColumn(),
        TextColumn("{task.fields[left]}", style="dim"),
    )
    with Bar(*columns, console=console(stderr=True), transient=True, expand=True) as bar:
        task = bar.add_task("", total=1.0, left="")

        def report(stage: str, done: float, eta_s: float | None) -> None:
            left = "" if eta_s is None else f"{_minutes(eta_s)} left"
            bar.update(task, description=stage, completed=done, left=left)

        yield report


def _minutes(seconds: float) -> str:
    """Whole seconds as m:ss, or h:mm:ss past the hour."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
