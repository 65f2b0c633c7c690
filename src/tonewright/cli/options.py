"""The options that several commands share, and options made from declared settings."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tonewright.cli.progress import Mode

if TYPE_CHECKING:
    from tonewright.base.files import Delivery

OUTPUT_PANEL = "What is printed"
DELIVERY_PANEL = "The delivered file"
RECIPE_PANEL = "Recipe and report"


def path(text: str) -> Path:
    """A file name from the command line."""
    if text == "-":
        raise typer.BadParameter("standard input and output are not supported; give a file name")
    if not text:
        raise typer.BadParameter("the file name is empty")
    return Path(text)


def in_argument(help: str = "The audio file to read.") -> Any:  # noqa: A002 the field's own word
    return typer.Argument(metavar="IN", parser=path, help=help, show_default=False)


def out_argument(help: str = "The file to write; its extension chooses the format.") -> Any:  # noqa: A002
    return typer.Argument(
        metavar="OUT", parser=path, help=f"{help} An existing file is replaced.", show_default=False
    )


In = Annotated[Path, in_argument()]
Out = Annotated[Path, out_argument()]

Json = Annotated[
    bool,
    typer.Option(
        "--json",
        help="Print one JSON object, numbers unrounded; a failure is a JSON line on standard error.",
        rich_help_panel=OUTPUT_PANEL,
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print no summary.", rich_help_panel=OUTPUT_PANEL)]
ProgressMode = Annotated[
    Mode,
    typer.Option(
        "--progress",
        help="On standard error. auto: a bar on a terminal. json: one object a line.",
        rich_help_panel=OUTPUT_PANEL,
    ),
]
Bits = Annotated[
    Literal["16", "24", "32", "32f"] | None,
    typer.Option(
        "--bits",
        help="Word length; 32f is floating point. Default: 24 where the format has one.",
        rich_help_panel=DELIVERY_PANEL,
    ),
]
Quality = Annotated[
    Literal["standard", "high", "best"] | None,
    typer.Option(
        "--quality",
        help="Of a lossy format, see `tonewright formats`. Default: high.",
        rich_help_panel=DELIVERY_PANEL,
    ),
]
Dither = Annotated[
    Literal["none", "tpdf", "shaped"] | None,
    typer.Option(
        "--dither",
        help="How a shorter word length is dithered, once, last. Default: tpdf.",
        rich_help_panel=DELIVERY_PANEL,
    ),
]
Rate = Annotated[
    int | None,
    typer.Option(
        "--rate",
        metavar="HZ",
        help="Sample rate, 8000 to 384000 Hz; converted only when asked for.",
        show_default=False,
        rich_help_panel=DELIVERY_PANEL,
    ),
]


def check_writable(target: Path) -> None:
    """Find out before the work whether the output can be written. Raises OutputFailed."""
    from tonewright.base.atomic import AtomicFile

    with AtomicFile(target):
        pass  # left without commit: nothing stays


def delivery(**settings: Any) -> "Delivery":
    """What is delivered, from the options that were given; what was not is left to the format."""
    from tonewright.base.files import Delivery

    given = {name: value for name, value in settings.items() if value is not None}
    return Delivery.parse(given, "The delivered file")
