"""The list of commands. A command's module is imported when that command runs, so that help comes at once.

To add a command: write a function of its name in one of the modules, and add one line here. A name of two words is a
command of a group, and its function has an underscore in its name: `remote upload` is remote_upload.
"""

import importlib
from collections.abc import Sequence
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
    Entry("serve", "serving", "The service", "Bring the online service up: web and worker together."),
    Entry("worker", "serving", "The service", "Carry out the service's jobs, in a process of its own."),
    Entry("admin", "operating", "The service", "Look after the online service: tables, accounts, backups."),
    Entry("remote login", "remote", "The service", "Keep the address of a service and a token for it."),
    Entry("remote upload", "remote", "The service", "Send songs or whole folders; go on where it stopped."),
    Entry("remote list", "remote", "The service", "What is there: projects, songs, and how they stand."),
    Entry("remote wait", "remote", "The service", "Wait until a song's work is done."),
    Entry("remote download", "remote", "The service", "Fetch a master in any format."),
    Entry("demo", "demonstrate", "What there is", "Write a demo song, made by a small music generator."),
]
#: The first words of commands of two, and what is said of them all.
GROUPS = {
    "remote": Entry("remote", "", "The service", "An online service from here: send songs, wait, fetch masters."),
}
_BY_NAME = {entry.name: entry for entry in COMMANDS}


def named(words: Sequence[str]) -> str:
    """The command that words on the command line begin with."""
    return " ".join(words[:2]) if words[0] in GROUPS else words[0]


def load(name: str) -> TyperCommand:
    """Import a command's module and build the command with its options."""
    entry = _BY_NAME[name]
    module = importlib.import_module(f"tonewright.cli.{entry.module}")
    function = getattr(module, name.replace(" ", "_"))
    single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    single.command(name.split()[-1], help=f"{entry.summary}\n\n{_details(function)}")(function)
    command = typer.main.get_command(single)
    assert isinstance(command, TyperCommand)
    return command


def _details(function: Any) -> str:
    """The docstring without its indentation, paragraphs kept, lines joined."""
    paragraphs = (function.__doc__ or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


class Commands(TyperGroup):
    """The group of all commands, or with a first word of those that begin with it. The listing needs no module."""

    def __init__(self, *, first_word: str = "", **settings: Any) -> None:
        super().__init__(**settings)
        self._first_word = first_word
        for entry in COMMANDS:
            *before, last = entry.name.split()
            if " ".join(before) == first_word:
                self.add_command(TyperCommand(last, help=entry.summary, rich_help_panel=_panel(entry, first_word)))
        for word, group in () if first_word else GROUPS.items():
            self.add_command(Commands(first_word=word, name=word, help=group.summary, rich_help_panel=group.panel))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, listed, rest = super().resolve_command(ctx, args)
        full = f"{self._first_word} {name}".strip()
        return name, load(full) if full in _BY_NAME else listed, rest


def _panel(entry: Entry, first_word: str) -> str | None:
    return None if first_word else entry.panel


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
