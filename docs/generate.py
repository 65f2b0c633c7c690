"""Write the pages of docs/ that follow from declarations: the command line, the errors, the processors.

`make docs` runs this. tests/test_docs.py fails when a page is not what this would write.
"""

import importlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import django
import typer

from tonewright.base.errors import TonewrightError, every_error
from tonewright.base.params import knobs
from tonewright.cli.app import COMMANDS, load
from tonewright.dsp.processors import kinds, processor
from tonewright.engine.declared import bands_of
from tonewright.server.conf import PREFIX, Conf

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
    for entry in COMMANDS:
        anchor = entry.name.replace(" ", "-")
        lines.append(f"| [`{entry.name}`](#{anchor}) | {entry.summary} |")
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
        "0 means done. The HTTP status is what the service answers, as a problem document with the same code.",
        "",
        "| exit code | code | when | HTTP status |",
        "|---|---|---|---|",
    ]
    tree = sorted(declared_errors(), key=lambda error: error.exit_code)
    lines += [f"| {error.exit_code} | `{error.code}` | {error.__doc__} | {error.http_status} |" for error in tree]
    return "\n".join(lines) + "\n"


def declared_errors() -> list[type[TonewrightError]]:
    """The errors of the tree that have a code of their own, the service's among them."""
    importlib.import_module("tonewright.server.errors")
    return [error for error in every_error()[1:] if "code" in vars(error)]


def settings() -> str:
    """docs/settings.md: what the service is told by environment variables."""
    lines = [
        _NOTE,
        "",
        "# The service's settings",
        "",
        "Environment variables. With none of them set everything is embedded under one data directory.",
        "",
        "| variable | default | what it is |",
        "|---|---|---|",
    ]
    for name, info in Conf.model_fields.items():
        default = info.get_default()
        shown = "" if default == "" else f"`{str(default).lower() if isinstance(default, bool) else default}`"
        lines.append(f"| `{PREFIX}{name.upper()}` | {shown} | {info.description} |")
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


def openapi() -> str:
    """docs/openapi.json: the service's API, as /api/openapi.json answers it."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("TONEWRIGHT_DATA_DIR", folder)  # the document does not depend on what is in it
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tonewright.server.settings")
        django.setup()
        from tonewright.server.api.app import api
        from tonewright.server.api.document import written

        return written(api)


#: file name -> what it holds.
PAGES: dict[str, Callable[[], str]] = {
    "cli.md": cli,
    "errors.md": errors,
    "openapi.json": openapi,
    "processors.md": processors,
    "settings.md": settings,
}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
