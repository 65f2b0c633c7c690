"""What a command prints: one JSON object, or a quiet summary for people.

Colour and width are rich's business: no colour when piped or with NO_COLOR, and tables that fit a narrow terminal.
"""

import json
import math
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tonewright.base.plain import plain

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

#: Shown where a value is undefined.
NOTHING = "–"


def show(as_json: bool, quiet: bool, document: Callable[[], Any], summary: Callable[["Console"], None]) -> None:
    """Print the result of a command: the document with --json, nothing with --quiet, else the summary."""
    if as_json:
        print_json(document())
    elif not quiet:
        summary(console())


def print_json(value: Any) -> None:
    """One JSON object on standard output: numbers unrounded, what is undefined or not finite null."""
    sys.stdout.write(json.dumps(plain(value), indent=2, allow_nan=False) + "\n")


def console(stderr: bool = False) -> "Console":
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, emoji=False, markup=False)


def table(*headings: str, title: str | None = None) -> "Table":
    """An open table: no frame, the first column words, the others numbers."""
    from rich.table import Table

    made = Table(title=title, title_justify="left", title_style="bold", box=None, header_style="dim")
    made.padding = (0, 1)
    for position, heading in enumerate(headings):
        made.add_column(heading, justify="left" if position == 0 else "right", overflow="fold")
    return made


def number(value: float | None, digits: int = 1, unit: str = "", signed: bool = False) -> str:
    """A number for people; the unit follows where there is one."""
    if value is None or not math.isfinite(value):
        return NOTHING
    rounded = round(float(value), digits) + 0.0  # so that -0.0 reads 0.0
    text = f"{rounded:+.{digits}f}" if signed and rounded else f"{rounded:.{digits}f}"
    return f"{text} {unit}".rstrip()
