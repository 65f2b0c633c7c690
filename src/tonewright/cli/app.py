"""The list of commands. A command's module is imported when that command runs, so that help comes at once.

To add a command: write a function of its name in one of the modules, and add one line here.
"""

import importlib
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

import tonewright


@dataclass(frozen=True)
class Entry:
    """One command: its name, the module of this package that holds the function of that name, and its listing."""

    name: str
    module: str
    panel: str
    summary: str


COMMANDS = [
    Entry("master", "mastering", "Master", "Master a song: analyse it, decide, render, check."),
    Entry("render", "rendering", "Master", "Render a song through a recipe; nothing is decided."),
    Entry("analyze", "measuring", "Measure", "Meter, spectrum, structure and findings of a file."),
    Entry("measure", "measuring", "Measure", "Loudness, range and peaks of a file."),
    Entry("compare", "measuring", "Measure", "The level-matched difference of two files, in numbers."),
    Entry("limit", "single", "One step alone", "The maximiser alone, driven to a loudness."),
    Entry("eq", "single", "One step alone", "The equaliser alone."),
    Entry("convert", "single", "One step alone", "Change format, sample rate and word length only."),
    Entry("targets", "listing", "What there is", "The platforms and formats that a master can be made for."),
    Entry("formats", "listing", "What there is", "The audio formats that can be read and written."),
    Entry("processors", "listing", "What there is", "The processors and their settings, with units and ranges."),
    Entry("demo", "demonstrate", "What there is", "Write a demo song, made by a small music generator."),
]
_BY_NAME = {entry.name: entry for entry in COMMANDS}


def load(name: str) -> TyperCommand:
    """Import a command's module and build the command with its options."""
    entry = _BY_NAME[name]
    module = importlib.import_module(f"tonewright.cli.{entry.module}")
    single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    single.command(name, help=f"{entry.summary}\n\n{_details(getattr(module, name))}")(getattr(module, name))
    command = typer.main.get_command(single)
    assert isinstance(command, TyperCommand)
    return command


def _details(function: Any) -> str:
    """The docstring without its indentation, paragraphs kept, lines joined."""
    paragraphs = (function.__doc__ or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


class Commands(TyperGroup):
    """The group of all commands. The listing needs none of their modules."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for entry in COMMANDS:
            self.add_command(TyperCommand(entry.name, help=entry.summary, rich_help_panel=entry.panel))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, listed, rest = super().resolve_command(ctx, args)
        return name, load(name) if name in _BY_NAME else listed, rest


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tonewright {tonewright.__version__}")
        raise typer.Exit


app = typer.Typer(
    cls=Commands,
    name="tonewright",
    help="Audio mastering that measures, decides, explains and does no harm.",
    epilog="`tonewright COMMAND --help` shows a command's options with their units and ranges.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """The options that stand before a command."""
