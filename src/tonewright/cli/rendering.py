"""render: a recipe again, without deciding anything."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tonewright.base.errors import Impossible, UsageError
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
    delivery,
    path,
)
from tonewright.cli.progress import reporting

if TYPE_CHECKING:
    from tonewright.base.signal import Signal


def render(
    source: In,
    target: Out,
    recipe: Annotated[
        Path,
        typer.Option(
            "--recipe", metavar="FILE", parser=path, help="The recipe, as JSON.", rich_help_panel=RECIPE_PANEL
        ),
    ],
    start_s: Annotated[
        float | None,
        typer.Option("--from", metavar="S", help="Where to begin, in seconds.", rich_help_panel=RECIPE_PANEL),
    ] = None,
    stop_s: Annotated[
        float | None,
        typer.Option("--to", metavar="S", help="Where to end, in seconds.", rich_help_panel=RECIPE_PANEL),
    ] = None,
    only: Annotated[
        str | None,
        typer.Option(
            "--only", metavar="STEP", help="One step alone, on the song as it came.", rich_help_panel=RECIPE_PANEL
        ),
    ] = None,
    delta: Annotated[
        str | None,
        typer.Option("--delta", metavar="STEP", help="Only what this step changes.", rich_help_panel=RECIPE_PANEL),
    ] = None,
    bits: Bits = None,
    rate_hz: Rate = None,
    dither: Dither = None,
    quality: Quality = None,
    as_json: Json = False,
    quiet: Quiet = False,
    progress: ProgressMode = "auto",
) -> None:
    """The same recipe on the same song gives the same bytes. A window is exactly that slice of the whole."""
    if only is not None and delta is not None:
        raise UsageError("--only and --delta exclude each other.", "Give one of them.")
    from contextlib import ExitStack

    from tonewright.base.files import open_signal
    from tonewright.cli.delivering import Job, show_delivered
    from tonewright.engine import render as rendering
    from tonewright.engine.master import at_rate
    from tonewright.engine.recipe import load

    given = load(recipe)
    job = Job(source, target, delivery(bits=bits, rate_hz=rate_hz, dither=dither, quality=quality))
    with ExitStack() as stack:
        bar = stack.enter_context(reporting(progress, quiet))
        file = stack.enter_context(open_signal(source))
        job.check(file)
        signal = at_rate(stack, file, rate_hz, bar)
        start, stop = _window(signal, start_s, stop_s)
        if only is not None:
            rendered = rendering.only(signal, given, only)
        elif delta is not None:
            rendered = rendering.delta(signal, given, delta)
        else:
            rendered = rendering.layers(signal, given)
        bar.stage("rendering", 1.0 if signal is file else 0.9)
        ceiling_dbtp = None if only or delta else job.promised(given)
        delivered = job.deliver(
            rendered, file, bar, inputs=(recipe,), start=start, stop=stop, ceiling_dbtp=ceiling_dbtp
        )
    show_delivered(as_json, quiet, delivered, given)


def _window(signal: "Signal", start_s: float | None, stop_s: float | None) -> tuple[int, int]:
    """The window in frames. Raises Impossible if it is empty or does not lie in the song."""
    duration_s = signal.frames / signal.rate_hz
    first, last = 0.0 if start_s is None else start_s, duration_s if stop_s is None else stop_s
    if not 0.0 <= first < last:
        raise Impossible(f"From {first:g} s to {last:g} s is no window.", f"The song lasts {duration_s:g} s.")
    start, stop = round(first * signal.rate_hz), round(min(last, duration_s) * signal.rate_hz)
    if start >= stop:
        raise Impossible(f"From {first:g} s to {last:g} s nothing plays.", f"The song lasts {duration_s:g} s.")
    return start, stop
