"""demo: a song to try things on."""

from typing import Annotated

import typer

from tonewright.base.paths import shown
from tonewright.cli.options import Json, Out, ProgressMode, Quiet, check_writable
from tonewright.cli.output import show
from tonewright.cli.progress import reporting
from tonewright.engine.demo import STYLES

_SONG = "The song"


def demo(
    target: Out,
    seconds: Annotated[
        float, typer.Option("--seconds", metavar="S", help="Length, 0.1 to 1800 s.", rich_help_panel=_SONG)
    ] = 60.0,
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", help="Another number, another song.", rich_help_panel=_SONG)
    ] = 1,
    style: Annotated[
        str,
        typer.Option(
            "--style",
            metavar="STYLE",
            help="; ".join(f"{name}: {words}" for name, words in STYLES.items()) + ".",
            rich_help_panel=_SONG,
        ),
    ] = "band",
    rate_hz: Annotated[
        int, typer.Option("--rate", metavar="HZ", help="Sample rate, 8000 to 384000 Hz.", rich_help_panel=_SONG)
    ] = 44_100,
    clean: Annotated[
        bool,
        typer.Option(
            "--clean", help="Leave out the flaws that a mastering run should find.", rich_help_panel=_SONG
        ),
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
    progress: ProgressMode = "auto",
) -> None:
    """An honest mix with a few faults in it: the same for the same seed, style and length."""
    from tonewright.base.files import Delivery, Tags
    from tonewright.base.signal import ArraySignal
    from tonewright.base.units import clock
    from tonewright.engine.deliver import Order, deliver
    from tonewright.engine.demo import demo_song

    check_writable(target)
    with reporting(progress, quiet) as bar:
        bar.stage("playing", 0.9)
        song = ArraySignal(demo_song(seconds, seed, style, rate_hz, flaws=not clean), rate_hz)
        bar.stage("writing", 0.1)
        tags = Tags(title=f"Demo, {style}, seed {seed}", artist="Tonewright")
        deliver(song, Order(target, Delivery(), tags, inputs=()), progress=bar)

    show(
        as_json,
        quiet,
        lambda: {
            "file": target,
            "duration_s": song.frames / rate_hz,
            "rate_hz": rate_hz,
            "channels": song.channels,
            "seed": seed,
            "style": style,
        },
        lambda console: console.print(f"{shown(target)}: {clock(song.frames / rate_hz)}, {style}, seed {seed}"),
    )
