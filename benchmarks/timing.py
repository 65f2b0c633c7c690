"""What things take: a call, in processor seconds; a whole process, measured from outside."""

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

#: How often a call is timed.
ROUNDS = 3


def cpu_s(work: Callable[[], object]) -> float:
    """The least of a few rounds: what is above it is other people's, or compiling."""
    taken = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        work()
        taken.append(time.process_time() - begin)
    return min(taken)


@dataclass(frozen=True)
class Cost:
    """What one process took, its children included. peak_mib is the largest resident size of any one of them."""

    wall_s: float
    cpu_s: float
    peak_mib: float


class Failed(RuntimeError):
    """A process that should have been measured ended with an error."""


def cost(command: Sequence[str], environment: Mapping[str, str] | None = None, cwd: str | None = None) -> Cost:
    """Run a command to its end. Raises Failed with the tail of its standard error.

    Bytecode is kept from one run to the next, as that of an installed program is.
    """
    environment = {k: v for k, v in (environment or os.environ).items() if k != "PYTHONDONTWRITEBYTECODE"}
    begin = time.perf_counter()
    process = subprocess.Popen(
        command,
        env=environment,
        cwd=cwd,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said = process.stderr.read()  # until it ends: the process keeps the pipe open
    _, status, usage = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - begin
    process.stderr.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise Failed(f"{' '.join(command)}: exit code {process.returncode}\n{said[-2000:]}")
    return Cost(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def middle(costs: Sequence[Cost]) -> Cost:
    """The median of each figure."""
    return Cost(median(c.wall_s for c in costs), median(c.cpu_s for c in costs), median(c.peak_mib for c in costs))


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100).__int__() - 1)]


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows as a table in Markdown; the first row is the heading, the first column words."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| "
        + " | ".join(
            cell.ljust(width) if not column else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        + " |"
        for row in rows
    ]
    rule = (
        "|"
        + "|".join("-" * (width + 1) + ("-" if not column else ":") for column, width in enumerate(widths))
        + "|"
    )
    return "\n".join([lines[0], rule, *lines[1:]])
