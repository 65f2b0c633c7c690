"""What render, limit, eq and convert share: one signal into one file, and what is said about it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tonewright.base.atomic import refuse_inputs
from tonewright.base.files import Delivery, FileSignal, check_delivery
from tonewright.base.files.formats import output_format
from tonewright.base.paths import shown
from tonewright.base.progress import Progress
from tonewright.base.signal import Layout, Signal
from tonewright.base.units import clock
from tonewright.cli.options import check_writable
from tonewright.cli.output import number, show
from tonewright.engine.deliver import Order, deliver
from tonewright.measure.meter import Measurements

if TYPE_CHECKING:
    from rich.console import Console

    from tonewright.engine.recipe import Recipe


@dataclass(frozen=True)
class Delivered:
    """A file that was written, measured as it was written."""

    target: Path
    after: Measurements
    seconds: float
    notes: tuple[str, ...]


class Job:
    """One file to another. Its clock runs from when it is made."""

    def __init__(self, source: Path, target: Path, delivery: Delivery) -> None:
        self.source = source
        self.target = target
        self.delivery = delivery
        self._begin = time.perf_counter()

    def check(self, file: FileSignal) -> None:
        """Find out before the work what can't be written. Raises Impossible, OutputIsInput or OutputFailed."""
        check_delivery(self.target, self.delivery, Layout(self.delivery.rate_hz or file.rate_hz, file.channels))
        refuse_inputs(self.target, (self.source,))
        check_writable(self.target)

    def promised(self, recipe: "Recipe") -> float | None:
        """The ceiling in dBTP that a rendering of the recipe keeps, if it has one.

        A lossy file has none: only making the master leaves room for its codec.
        """
        active = [step for step in recipe.steps if step.enabled]
        if not active or active[-1].kind != "maximiser" or output_format(self.target, self.delivery).lossy:
            return None
        return float(active[-1].params.model_dump()["ceiling_dbtp"])

    def deliver(
        self,
        signal: Signal,
        file: FileSignal,
        progress: Progress,
        *,
        inputs: Sequence[Path] = (),
        start: int = 0,
        stop: int | None = None,
        ceiling_dbtp: float | None = None,
    ) -> Delivered:
        """Write frames start..stop of a signal that was made from `file`."""
        untouched = signal is file and not file.info.is_float
        order = replace(
            self.order(file, inputs),
            source_bits=file.info.bits if untouched else None,
            ceiling_dbtp=ceiling_dbtp,
        )
        return self.delivered(deliver(signal, order, start, stop, progress))

    def order(self, file: FileSignal, inputs: Sequence[Path] = ()) -> Order:
        """What to write, for a signal that was made from `file`; nothing is promised yet."""
        return Order(self.target, self.delivery, file.tags, (self.source, *inputs))

    def delivered(self, after: Measurements) -> Delivered:
        """What came of it."""
        return Delivered(self.target, after, time.perf_counter() - self._begin, _notes(after, self.delivery))


def _notes(after: Measurements, delivery: Delivery) -> tuple[str, ...]:
    if after.sample_peak_dbfs is not None and after.sample_peak_dbfs >= 0.0 and delivery.bits != "32f":
        return ("It reaches full scale, so peaks may have been cut off: lower the level, or write --bits 32f.",)
    return ()


def show_delivered(
    as_json: bool, quiet: bool, delivered: Delivered, recipe: "Recipe | None" = None, shortfall: str = ""
) -> None:
    """Print where the file lies and what it measures; shortfall: what was asked for and not reached."""
    notes = (shortfall, *delivered.notes) if shortfall else delivered.notes

    def document() -> dict[str, Any]:
        found = {
            "files": {"output": delivered.target},
            "after": delivered.after.to_json(),
            "notes": notes,
            "seconds": delivered.seconds,
        }
        return found if recipe is None else {"recipe": recipe.to_json(), **found}

    def summary(console: "Console") -> None:
        after = delivered.after
        figures = [
            clock(after.duration_s),
            f"{after.rate_hz} Hz",
            number(after.integrated_lufs, 1, "LUFS"),
            number(after.true_peak_dbtp, 2, "dBTP"),
        ]
        console.print(f"{shown(delivered.target)}  {', '.join(figures)}", soft_wrap=True)
        for note in notes:
            console.print(note, style="yellow")

    show(as_json, quiet, document, summary)
