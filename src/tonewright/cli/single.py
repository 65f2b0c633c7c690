"""limit, eq, convert: one step alone."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tonewright.base.paths import shown
from tonewright.cli.declared import option
from tonewright.cli.options import (
    DELIVERY_PANEL,
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
from tonewright.cli.output import show
from tonewright.cli.progress import reporting
from tonewright.engine.intent import Intent

if TYPE_CHECKING:
    from rich.console import Console

_STEP = "The step"


def limit(
    source: In,
    target: Out,
    lufs: Annotated[float, option(Intent, "lufs", "--lufs", _STEP, "LUFS")],
    ceiling_dbtp: Annotated[float, option(Intent, "ceiling_dbtp", "--tp", _STEP, "dBTP")],
    bits: Bits = None,
    dither: Dither = None,
    quality: Quality = None,
    as_json: Json = False,
    quiet: Quiet = False,
    progress: ProgressMode = "auto",
) -> None:
    """As loud as asked for, as far as that can be reached under the ceiling; nothing else is changed."""
    from tonewright.base.files import open_signal
    from tonewright.cli.delivering import Job, show_delivered
    from tonewright.engine.limit import limit_into
    from tonewright.engine.master import check_heard, check_length
    from tonewright.engine.recipe import Recipe, Step
    from tonewright.measure.meter import measure

    job = Job(source, target, delivery(bits=bits, dither=dither, quality=quality))
    with reporting(progress, quiet) as bar, open_signal(source) as file:
        check_length(file)
        job.check(file)
        bar.stage("listen", 0.3)
        before = measure(file, bar)
        check_heard(before, file)
        order = job.order(file)
        landed = limit_into(order, file, lufs, ceiling_dbtp, harm_nmr_db=None, cells=before.cells, progress=bar)
    recipe = Recipe(steps=(Step(id="maximiser", kind="maximiser", params=landed.found.params),))
    show_delivered(as_json, quiet, job.delivered(landed.after), recipe, landed.found.why_short)


def eq(
    source: In,
    target: Out,
    bands: Annotated[
        Path,
        typer.Option(
            "--bands",
            metavar="FILE",
            parser=path,
            help="A JSON list of bands, see `tonewright processors equaliser`.",
            show_default=False,
            rich_help_panel=_STEP,
        ),
    ],
    phase: Annotated[
        Literal["linear", "minimum"],
        typer.Option(
            "--phase",
            help="minimum: no ringing before a sound. linear: all frequencies keep their time.",
            rich_help_panel=_STEP,
        ),
    ] = "minimum",
    bits: Bits = None,
    dither: Dither = None,
    quality: Quality = None,
    as_json: Json = False,
    quiet: Quiet = False,
    progress: ProgressMode = "auto",
) -> None:
    """A band looks like {"kind": "bell", "frequency_hz": 3000, "gain_db": -2, "q": 1.4}."""
    from tonewright.base.files import open_signal
    from tonewright.cli.delivering import Job, show_delivered
    from tonewright.dsp.equaliser import EqualiserParams
    from tonewright.engine.eq import load_bands
    from tonewright.engine.recipe import Recipe, Step
    from tonewright.engine.render import layers

    params = EqualiserParams(phase=phase, bands=load_bands(bands))
    recipe = Recipe(steps=(Step(id="equaliser", kind="equaliser", params=params),))
    job = Job(source, target, delivery(bits=bits, dither=dither, quality=quality))
    with reporting(progress, quiet) as bar, open_signal(source) as file:
        job.check(file)
        bar.stage("rendering", 1.0)
        delivered = job.deliver(layers(file, recipe), file, bar, inputs=(bands,))
    show_delivered(as_json, quiet, delivered, recipe)


def convert(
    source: In,
    target: Out,
    bits: Bits = None,
    rate_hz: Rate = None,
    dither: Dither = None,
    quality: Quality = None,
    rf64: Annotated[
        bool,
        typer.Option("--rf64", help="Write a WAV as RF64, whatever its size.", rich_help_panel=DELIVERY_PANEL),
    ] = False,
    downmix: Annotated[
        Literal["mono"] | None,
        typer.Option("--downmix", help="mono: the mean of both channels.", rich_help_panel=DELIVERY_PANEL),
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    progress: ProgressMode = "auto",
) -> None:
    """Words that fit are passed on bit for bit; a shorter word length is dithered."""
    from tonewright.base.units import clock
    from tonewright.engine.convert import convert as converted

    settings = delivery(bits=bits, rate_hz=rate_hz, dither=dither, quality=quality, rf64=rf64 or None)
    with reporting(progress, quiet) as bar:
        found = converted(source, target, settings, downmix=downmix, progress=bar)

    def summary(console: "Console") -> None:
        word = "float" if found.is_float else "" if found.bits is None else f"{found.bits} bits"
        channels = "mono" if found.channels == 1 else "stereo"
        figures = [clock(found.frames / found.rate_hz), found.codec, f"{found.rate_hz} Hz", word, channels]
        console.print(f"{shown(target)}  {', '.join(filter(None, figures))}", soft_wrap=True)
        if found.untouched:
            console.print("Bit for bit the source's own samples.", style="dim")
        if found.clipped:
            console.print(f"{found.clipped} samples were beyond full scale and are cut off there.", style="yellow")

    show(as_json, quiet, found.to_json, summary)
