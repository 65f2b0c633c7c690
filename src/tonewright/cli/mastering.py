"""master: the main job."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tonewright.base.atomic import refuse_inputs
from tonewright.base.errors import Impossible, InputUnreadable, UsageError
from tonewright.cli.declared import option
from tonewright.cli.options import (
    RECIPE_PANEL,
    Bits,
    Dither,
    In,
    Json,
    Out,
    ProgressMode,
    Quality,
    Quiet,
    Rate,
    check_writable,
    delivery,
    path,
)
from tonewright.cli.output import show
from tonewright.cli.progress import reporting
from tonewright.engine.intent import ASPECTS, Character, Intent, Match, Reference

if TYPE_CHECKING:
    from rich.console import Console

_WHERE = "Where it goes"
_CHARACTER = "Character"
_REFERENCES = "References"


def _macro(name: str) -> Any:
    return option(Character, name, f"--{name.replace('_', '-')}", _CHARACTER)


def master(
    source: In,
    target: Out,
    destination: Annotated[
        str,
        typer.Option("--for", metavar="TARGET", help="A name from `tonewright targets`.", rich_help_panel=_WHERE),
    ] = "streaming",
    lufs: Annotated[float | None, option(Intent, "lufs", "--lufs", _WHERE, "LUFS")] = None,
    ceiling_dbtp: Annotated[float | None, option(Intent, "ceiling_dbtp", "--tp", _WHERE, "dBTP")] = None,
    mode: Annotated[
        Literal["master", "repair"],
        typer.Option(
            "--mode",
            help="repair corrects faults only: no loudness target, no taste, level kept.",
            rich_help_panel=_WHERE,
        ),
    ] = "master",
    warmth: Annotated[float, _macro("warmth")] = 0.0,
    brightness: Annotated[float, _macro("brightness")] = 0.0,
    low_end: Annotated[float, _macro("low_end")] = 0.0,
    punch: Annotated[float, _macro("punch")] = 0.0,
    width: Annotated[float, _macro("width")] = 0.0,
    presence: Annotated[float, _macro("presence")] = 0.0,
    loudness: Annotated[float, _macro("loudness")] = 0.0,
    amount: Annotated[float, option(Intent, "amount", "--amount", _CHARACTER)] = 1.0,
    keep: Annotated[
        str,
        typer.Option(
            "--keep",
            metavar="LIST",
            help=f"What is never touched: {', '.join(ASPECTS)}, with commas between.",
            show_default=False,
            rich_help_panel=_CHARACTER,
        ),
    ] = "",
    reference: Annotated[
        list[str] | None,
        typer.Option(
            "--reference",
            metavar="FILE[:WEIGHT]",
            help="A song to be led by; may be given several times. The weight is 0 to 10, default 1.",
            show_default=False,
            rich_help_panel=_REFERENCES,
        ),
    ] = None,
    match: Annotated[
        str,
        typer.Option(
            "--match",
            metavar="LIST",
            help="How far to go towards the references, each 0 to 1, for instance tone=0.5,loudness=0.",
            show_default=False,
            rich_help_panel=_REFERENCES,
        ),
    ] = "",
    bits: Bits = None,
    rate_hz: Rate = None,
    dither: Dither = None,
    quality: Quality = None,
    recipe: Annotated[
        Path | None,
        typer.Option(
            "--recipe",
            metavar="FILE",
            parser=path,
            help="Use this recipe instead of deciding.",
            show_default=False,
            rich_help_panel=RECIPE_PANEL,
        ),
    ] = None,
    save_recipe: Annotated[
        Path | None,
        typer.Option(
            "--save-recipe",
            metavar="FILE",
            parser=path,
            help="Write the recipe as JSON.",
            show_default=False,
            rich_help_panel=RECIPE_PANEL,
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="FILE.html",
            parser=path,
            help="Write a report, one file that needs nothing else.",
            show_default=False,
            rich_help_panel=RECIPE_PANEL,
        ),
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    progress: ProgressMode = "auto",
) -> None:
    """The song is measured, what is found decides what is done, and the master is measured again before it is
    delivered.
    """
    character = {
        "warmth": warmth,
        "brightness": brightness,
        "low_end": low_end,
        "punch": punch,
        "width": width,
        "presence": presence,
        "loudness": loudness,
    }
    intent = Intent.parse(
        {
            "target": destination,
            "lufs": lufs,
            "ceiling_dbtp": ceiling_dbtp,
            "character": Character.parse(character, "The character"),
            "references": [_reference(text) for text in reference or []],
            "match": Match.parse(_pairs(match), "--match"),
            "amount": amount,
            "keep": _words(keep),
            "mode": mode,
        },
        "The options",
    )
    _refuse_what_has_no_effect(intent, with_recipe=recipe is not None)
    _distinct([source, *([recipe] if recipe else [])], [target, save_recipe, report])
    check_writable(target)

    from tonewright.engine.master import master as run
    from tonewright.engine.recipe import load

    given = load(recipe) if recipe is not None else None
    settings = delivery(bits=bits, rate_hz=rate_hz, dither=dither, quality=quality)
    with reporting(progress, quiet) as bar:
        result = run(
            source, target, intent, settings, recipe=given, save_recipe=save_recipe, report=report, progress=bar
        )

    def summary(console: "Console") -> None:
        from tonewright.cli.summary import print_master

        print_master(console, result)

    show(as_json, quiet, lambda: result, summary)


def _refuse_what_has_no_effect(intent: Intent, *, with_recipe: bool) -> None:
    """Raise Impossible for wishes that a recipe or the repair mode would pass over, or that lack what they need."""
    plain = Intent(target=intent.target, mode=intent.mode)
    wishes = [name for name in Intent.model_fields if getattr(intent, name) != getattr(plain, name)]
    if not wishes:
        return
    named = ", ".join(_OPTION_OF.get(name, f"--{name}") for name in wishes)
    if with_recipe:
        raise Impossible(f"With --recipe nothing is decided, so {named} can't act.", "Leave out one or the other.")
    if intent.mode == "repair" and wishes != ["keep"]:
        raise Impossible(
            f"--mode repair corrects faults only, so {named} can't act.", "Leave out one or the other."
        )
    if "match" in wishes and not intent.references:
        raise Impossible("--match has no reference to go towards.", "Add --reference FILE, or leave it out.")


_OPTION_OF = {"ceiling_dbtp": "--tp", "character": "the character", "references": "--reference"}


def _distinct(inputs: list[Path], outputs: list[Path | None]) -> None:
    """Raise OutputIsInput or UsageError if two of the files are one."""
    taken: list[Path] = []
    for output in outputs:
        if output is None:
            continue
        refuse_inputs(output, tuple(inputs))
        if any(_same(output, other) for other in taken):
            raise UsageError(f"{output} is named twice as an output.", "Give each output a name of its own.")
        taken.append(output)


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return one.absolute() == other.absolute()


def _reference(text: str) -> Reference:
    """FILE or FILE:WEIGHT. A file whose own name ends like a weight is taken as a file."""
    name, colon, tail = text.rpartition(":")
    values: dict[str, Any] = {"path": text}
    if colon and name and not Path(text).exists():
        with suppress(ValueError):  # else the colon belongs to the name
            values = {"path": name, "weight": float(tail)}
    found = Reference.parse(values, f"--reference {text}")
    if not found.path.exists():
        raise InputUnreadable(f"The reference {found.path} does not exist.", "Check its name.")
    return found


def _pairs(text: str) -> dict[str, float]:
    """tone=0.5,width=1 as a dictionary."""
    found = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = (part.strip() for part in item.partition("="))
        try:
            if not equals or name not in Match.model_fields:
                raise ValueError
            found[name] = float(value)
        except ValueError:
            known = ", ".join(Match.model_fields)
            raise UsageError(f"--match: {item!r} is not NAME=NUMBER.", f"Names: {known}.") from None
    return found


def _words(text: str) -> list[str]:
    """tone,width as a list."""
    found = [word.strip() for word in text.split(",") if word.strip()]
    for word in found:
        if word not in ASPECTS:
            raise Impossible(f"--keep: {word!r} can't be kept.", f"Known: {', '.join(ASPECTS)}.")
    return found
