"""Who carries jobs out: names that outlive a process, and how others find out that one is gone.

A worker takes the first free slot of its data directory, by a lock that the system releases when the process ends,
however it ends. The slot's name is the same after a restart, so what was begun is taken up at once. Workers elsewhere
know each other by their heartbeats alone.
"""

import fcntl
import os
import secrets
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, Self

from django.utils import timezone

from tonewright.server.conf import conf
from tonewright.server.models import Worker

#: Silent for longer: dead. Ten beats, because a machine under load may miss some.
DEAD_AFTER = timedelta(seconds=30)
_MOST_SLOTS = 64


class Slot:
    """A place among the workers of one data directory. A context manager that holds it."""

    def __init__(self) -> None:
        self.folder = conf().data / "work"
        self.executor = ""
        self._lock: IO[str] | None = None

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        house = _house(self.folder)
        for number in range(_MOST_SLOTS):
            self._lock = _locked(self.folder / f"slot-{number}.lock")
            if self._lock is not None:
                self.executor = f"{house}-{number}"
                return self
        raise RuntimeError(f"all {_MOST_SLOTS} slots of {self.folder} are taken")

    def __exit__(self, *_: object) -> None:
        if self._lock is not None:
            self._lock.close()

    def beat(self, slots: int, totals: dict[str, Any]) -> None:
        """Say that this worker lives, and what it has done."""
        now = timezone.now()
        found = {"pid": os.getpid(), "slots": slots, "totals": totals, "beat_at": now}
        if not Worker.objects.filter(pk=self.executor, pid=os.getpid()).update(**found):
            Worker.objects.update_or_create(pk=self.executor, defaults=found | {"started_at": now})

    def leave(self) -> None:
        """Say that it does no more."""
        Worker.objects.filter(pk=self.executor).delete()

    def dead(self, executors: set[str]) -> set[str]:
        """Those of the named that are alive no more. Never this one."""
        alive = set(Worker.objects.filter(beat_at__gt=timezone.now() - DEAD_AFTER).values_list("pk", flat=True))
        house, _, _ = self.executor.rpartition("-")
        gone = set()
        for executor in executors - {self.executor}:
            its_house, _, number = executor.rpartition("-")
            if its_house == house and number.isdigit():
                lock = _locked(self.folder / f"slot-{number}.lock")
                if lock is not None:
                    lock.close()
                    gone.add(executor)
            elif executor not in alive:
                gone.add(executor)
        return gone


def _house(folder: Path) -> str:
    """A name for a data directory that no other has."""
    path = folder / "name"
    try:
        with path.open("x") as file:
            file.write(secrets.token_hex(4))
    except FileExistsError:
        pass
    return path.read_text().strip()


def _locked(path: Path) -> IO[str] | None:
    """The file, locked, as long as it is open; None where another holds it."""
    file = path.open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file
