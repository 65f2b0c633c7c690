"""Write the pages of docs/ that follow from declarations: the command line, the errors, the processors.

`make docs` runs this. tests/test_docs.py fails when a page is not what this would write.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer

from tonewright.base.errors import TonewrightError, every_error
from tonewright.base.params import knobs
from tonewright.cli.app import COMMANDS, load
from tonewright.cli.listing import bands_of
from tonewright.dsp.processors import kinds, processor

DOCS = Path(__file__).parent
_NOTE = "<!-- Written by docs/generate.py (`make docs`); edit the declarations, not this page. -->"

_CLI_HEAD = """
# The command line

`tonewright` is the one executable. Results go to standard output, progress and failures to standard error.

With `--json` a command prints one JSON object and nothing else, numbers unrounded, what is undefined `null`. A
failure is then one line of JSON on standard error with `code`, `exit_code`, `message` and `remedy`. With
`--progress json` standard error carries one JSON object a line: `stage`, `done` (0 to 1, of the whole) and `eta_s`
(seconds left, or `null`). Exit codes are in [errors.md](errors.md).

| command | what it does |
|---|---|"""


def cli() -> str:
    """docs/cli.md: each command with its options."""
    lines = [_NOTE, _CLI_HEAD]
    lines += [f"| [`{entry.name}`](#{entry.name}) | {entry.summary} |" for entry in COMMANDS]
    for entry in COMMANDS:
        lines += ["", *_command(entry.name)]
    return "\n".join(lines) + "\n"


def _command(name: str) -> list[str]:
    command = load(name)
    with typer.Context(command, info_name=f"tonewright {name}") as context:
        usage = " ".join(piece.strip("{}") for piece in command.collect_usage_pieces(context))
        parameters: list[Any] = [p for p in command.get_params(context) if not getattr(p, "hidden", False)]
        lines = [f"## {name}", "", f"    tonewright {name} {usage}", "", command.help or ""]
        arguments = [p for p in parameters if p.param_type_name == "argument"]
        if arguments:
            lines += ["", *[f"- `{p.metavar or p.name}`: {p.help}" for p in arguments]]
        panels: dict[str, list[Any]] = {}
        for parameter in parameters:
            if parameter.param_type_name == "option" and parameter.name != "help":
                panels.setdefault(parameter.rich_help_panel or "Options", []).append(parameter)
        for panel, options in panels.items():
            lines += ["", f"| {panel} | |", "|---|---|"]
            lines += [f"| {_flags(option, context)} | {_help(option)} |" for option in options]
    return lines


def _flags(option: Any, context: Any) -> str:
    flags = ", ".join(f"`{flag}`" for flag in option.opts)
    if option.is_flag:
        return flags
    value = option.metavar or str(option.display_type(context)).strip("<>")
    return f"{flags} `{value}`".replace("|", "\\|")


def _help(option: Any) -> str:
    text = str(option.help or "").replace("|", "\\|")
    shown = option.default not in (None, False, "", ()) and option.show_default
    return f"{text} Default: `{option.default}`." if shown else text


def errors() -> str:
    """docs/errors.md: each error of the tree."""
    lines = [
        _NOTE,
        "",
        "# Errors and exit codes",
        "",
        "Every failure is one line on standard error that says what is wrong, with which input, and what to do.",
        "Nothing is left half written. The exit code follows from the error; `--json` gives its stable `code`.",
        "0 means done. The HTTP status is what a service built on this answers.",
        "",
        "| exit code | code | when | HTTP status |",
        "|---|---|---|---|",
    ]
    declared = [error for error in every_error()[1:] if error.__module__ == TonewrightError.__module__]
    tree = sorted(declared, key=lambda error: error.exit_code)
    lines += [f"| {error.exit_code} | `{error.code}` | {error.__doc__} | {error.http_status} |" for error in tree]
    return "\n".join(lines) + "\n"


def processors() -> str:
    """docs/processors.md: each processor with its settings."""
    lines = [
        _NOTE,
        "",
        "# Processors",
        "",
        "The steps that a [recipe](recipe.md) may hold, in the order of a usual chain. How to write one stands in",
        "[add-a-processor.md](add-a-processor.md).",
    ]
    for kind in kinds():
        params = processor(kind).params
        lines += ["", f"## {kind}", "", " ".join((params.__doc__ or "").split()), *_settings(params)]
        for name, band in bands_of(params).items():
            lines += ["", f"Each of `{name}`: {' '.join((band.__doc__ or '').split())}", *_settings(band)]
    return "\n".join(lines) + "\n"


def _settings(params: Any) -> list[str]:
    specs = knobs(params)
    lines = ["", "| setting | range | default | |", "|---|---|---|---|"]
    bands = bands_of(params)
    for name, info in params.model_fields.items():
        if name in bands:
            continue
        if name in specs:
            spec = specs[name]
            span = f"{spec.low:g} … {spec.high:g} {spec.unit}".strip()
            lines.append(f"| `{name}` | {span} | {spec.default:g} | {spec.help} |")
        else:
            default = "" if info.is_required() else f"`{info.get_default(call_default_factory=True)}`"
            lines.append(f"| `{name}` | {_type(info.annotation)} | {default} | {info.description or ''} |")
    return lines if len(lines) > 3 else []


def _type(annotation: Any) -> str:
    """A type in words: the choices of a Literal, or the type's own name."""
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(annotation))
    return (annotation.__name__ if isinstance(annotation, type) else str(annotation)).replace("|", "\\|")


#: file name -> what it holds.
PAGES: dict[str, Callable[[], str]] = {"cli.md": cli, "errors.md": errors, "processors.md": processors}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
