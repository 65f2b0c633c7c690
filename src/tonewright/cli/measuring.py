"""measure, analyze, compare: what is in a file, and nothing changed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tonewright.base.errors import UsageError
from tonewright.base.paths import shown
from tonewright.cli.options import In, Json, ProgressMode, Quiet, in_argument
from tonewright.cli.output import show
from tonewright.cli.progress import reporting

if TYPE_CHECKING:
    from rich.console import Console


def measure(
    source: In,
    series: Annotated[
        bool,
        typer.Option("--series", help="With --json: add momentary and short-term loudness over time, in LUFS."),
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
    progress: ProgressMode = "auto",
) -> None:
    """Loudness follows ITU-R BS.1770-5 and EBU R 128, the loudness range EBU Tech 3342."""
    if series and not as_json:
        raise UsageError("--series is for --json: it is too long to read.", "Give --json too.")
    from tonewright.base.files import open_signal
    from tonewright.measure.meter import measure as meter

    with reporting(progress, quiet) as bar, open_signal(source) as signal:
        bar.stage("measuring", 1.0)
        found = meter(signal, bar)

    def summary(console: "Console") -> None:
        from tonewright.cli.summary import meter_table

        console.print(meter_table({shown(source.name): found}))

    show(as_json, quiet, lambda: found.to_json(series=series), summary)


def analyze(source: In, as_json: Json = False, quiet: Quiet = False, progress: ProgressMode = "auto") -> None:
    """Each finding says how sure it is, where it was heard, and what would help."""
    from tonewright.base.files import open_signal
    from tonewright.engine.analyze import analyze as analyse

    with reporting(progress, quiet) as bar, open_signal(source) as signal:
        bar.stage("analysing", 1.0)
        found = analyse(signal, signal.info, bar)

    def summary(console: "Console") -> None:
        from tonewright.cli.summary import print_analysis

        print_analysis(console, source, found)

    show(as_json, quiet, found.to_json, summary)


def compare(
    first: Annotated[Path, in_argument("The first file.")],
    second: Annotated[Path, in_argument("The second file; its differences from the first are reported.")],
    as_json: Json = False,
    quiet: Quiet = False,
    progress: ProgressMode = "auto",
) -> None:
    """Both are brought to the same loudness and laid over each other first, so louder does not pass for better."""
    from tonewright.engine.compare import compare as compared

    with reporting(progress, quiet) as bar:
        found = compared(first, second, bar)

    def summary(console: "Console") -> None:
        from tonewright.cli.summary import print_comparison

        print_comparison(console, (shown(first.name), shown(second.name)), found)

    show(as_json, quiet, found.to_json, summary)
