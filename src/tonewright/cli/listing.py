"""targets, formats, processors: what there is, from the same declarations that run."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tonewright.cli.options import Json, ProgressMode, Quiet
from tonewright.cli.output import number, show, table

if TYPE_CHECKING:
    from rich.console import Console

    from tonewright.base.params import KnobSpec, Params


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

    known = [processor(name) for name in ([kind] if kind else kinds())]

    def document() -> dict[str, Any]:
        return {
            "processors": [
                {
                    "kind": each.kind,
                    "help": _first_line(each.params),
                    "knobs": [*_every_knob(each.params)],
                    "schema": each.params.model_json_schema(),
                }
                for each in known
            ]
        }

    def summary(console: "Console") -> None:
        for each in known:
            rows = table("setting", "range", "default", "", title=f"{each.kind}: {_first_line(each.params)}")
            rows.columns[-1].justify = "left"
            for spec in _every_knob(each.params):
                rows.add_row(
                    spec.name, f"{spec.low:g} … {spec.high:g} {spec.unit}".strip(), f"{spec.default:g}", spec.help
                )
            console.print(rows)

    show(as_json, quiet, document, summary)


def _every_knob(params: "type[Params]") -> "list[KnobSpec]":
    """The numbers of a processor, those of its bands too, named band.setting."""
    from dataclasses import replace

    from tonewright.base.params import knobs

    found = list(knobs(params).values())
    for name, band in bands_of(params).items():
        found += [replace(spec, name=f"{name}.{spec.name}") for spec in knobs(band).values()]
    return found


def bands_of(params: "type[Params]") -> "dict[str, type[Params]]":
    """The settings that are themselves settings, or lists of them, by name."""
    from typing import get_args

    from tonewright.base.params import Params

    found = {}
    for name, info in params.model_fields.items():
        for part in (info.annotation, *get_args(info.annotation)):
            if isinstance(part, type) and issubclass(part, Params):
                found[name] = part
    return found


def _first_line(params: "type[Params]") -> str:
    return (params.__doc__ or "").strip().split("\n")[0]
