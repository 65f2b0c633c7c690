"""How long the command takes to answer: `python -m benchmarks.startup`.

The medians of several runs, each a process of its own. The first line is Python itself, which no program can beat.
"""

import argparse
import sys

from benchmarks.timing import cost, middle, table

COMMANDS = {
    "python, doing nothing": ["-c", "pass"],
    "import tonewright": ["-c", "import tonewright"],
    "tonewright --version": ["-m", "tonewright", "--version"],
    "tonewright --help": ["-m", "tonewright", "--help"],
    "tonewright master --help": ["-m", "tonewright", "master", "--help"],
    "tonewright targets": ["-m", "tonewright", "targets"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    rows = [["", "wall ms", "CPU ms", "peak MiB"]]
    for name, arguments in COMMANDS.items():
        each = middle([cost([sys.executable, *arguments]) for _ in range(runs)])
        rows.append([name, f"{1000 * each.wall_s:.0f}", f"{1000 * each.cpu_s:.0f}", f"{each.peak_mib:.0f}"])
    print(table(rows))


if __name__ == "__main__":
    main()
