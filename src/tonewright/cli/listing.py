"""targets, formats, processors: what there is, from the same declarations that run."""

from typing import TYPE_CHECKING, Annotated

import typer

from tonewright.cli.options import Json, ProgressMode, Quiet
from tonewright.cli.output import number, show, table

if TYPE_CHECKING:
    from rich.console import Console


def targets(as_json: Json = False, quiet: Quiet = False, progress: ProgressMode = "auto") -> None:
    """They are dated data with sources, not constants. TONEWRIGHT_TARGETS may name a file of your own, laid over
    them."""
    from tonewright.engine.targets import targets as every_target

    known = every_target()

    def summary(console: "Console") -> None:
        rows = table("target", "LUFS", "dBTP", "plays at", "as of", "what it is")
        rows.columns[-1].justify = "left"
        for target in known:
            rows.add_row(
                target.name,
                number(target.lufs),
                number(target.ceiling_dbtp),
                number(target.plays_at_lufs),
                target.as_of,
                f"{target.title}. {target.note}".strip(),
            )
        console.print(rows)

    show(as_json, quiet, lambda: {"targets": known}, summary)


def formats(as_json: Json = False, quiet: Quiet = False, progress: ProgressMode = "auto") -> None:
    """Read and written without any other program installed."""
    from tonewright.base.files import formats as every_format

    known = every_format()

    def summary(console: "Console") -> None:
        read = table("read", "extensions", "codecs", "bits")
        for row in known["read"]:
            read.add_row(row["name"], *(" ".join(row[name]) for name in ("extensions", "codecs", "words")))
        written = table("written", "extensions", "bits, or quality", "rates")
        for row in known["written"]:
            kept = " ".join(row["words"]) or ", ".join(f"{name}: {what}" for name, what in row["qualities"].items())
            written.add_row(row["name"], " ".join(row["extensions"]), kept, row["rates"])
        for each in (read, written):
            for column in each.columns:
                column.justify = "left"
            console.print(each)
            console.print()

    show(as_json, quiet, lambda: known, summary)


def processors(
    kind: Annotated[str | None, typer.Argument(metavar="[KIND]", help="Only this one.", show_default=False)] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    progress: ProgressMode = "auto",
) -> None:
    """These are the steps a recipe may hold. With --json, each with the JSON schema of its settings."""
    from tonewright.dsp.processors import kinds, processor
    from tonewright.engine.declared import every_knob, first_line, processor_document

    known = [processor(name) for name in ([kind] if kind else kinds())]

    def summary(console: "Console") -> None:
        for each in known:
            rows = table("setting", "range", "default", "", title=f"{each.kind}: {first_line(each.params)}")
            rows.columns[-1].justify = "left"
            for spec in every_knob(each.params):
                rows.add_row(
                    spec.name, f"{spec.low:g} … {spec.high:g} {spec.unit}".strip(), f"{spec.default:g}", spec.help
                )
            console.print(rows)

    show(as_json, quiet, lambda: {"processors": [processor_document(each) for each in known]}, summary)
