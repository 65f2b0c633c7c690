"""Delivering: a signal becomes a file, is measured as it is written, and appears only if it keeps its promise."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tonewright.base.errors import CeilingPassed
from tonewright.base.files import Delivery, Tags, open_signal, open_writer
from tonewright.base.progress import NoProgress, Progress
from tonewright.base.signal import Signal, layout_of
from tonewright.engine.render import stream
from tonewright.measure.meter import Measurements, Meter, measure

#: The ceiling may be passed by this much: what rounding and the meter's own error may add (0.05 dB at 16x).
CEILING_TOLERANCE_DB = 0.05


@dataclass(frozen=True)
class Order:
    """What to write and how. source_bits: see open_writer. ceiling_dbtp: the promise; None promises nothing."""

    target: Path
    delivery: Delivery
    tags: Tags
    inputs: Sequence[Path]
    source_bits: int | None = None
    ceiling_dbtp: float | None = None


def deliver(
    signal: Signal, order: Order, start: int = 0, stop: int | None = None, progress: Progress | None = None
) -> Measurements:
    """Write frames start..stop of a signal and measure what the file holds; for a lossy one, what it decodes to.

    Raises CeilingPassed if the promise is not kept, and what open_writer and Writer raise; no file is left then.
    """
    progress = progress or NoProgress()
    layout = layout_of(signal)
    with open_writer(
        order.target,
        order.delivery,
        layout,
        order.tags,
        source_bits=order.source_bits,
        inputs=tuple(order.inputs),
        start_frame=start,
    ) as writer:
        meter = Meter(layout)
        for block in stream(signal, start - writer.lead_in_frames, stop, progress):
            meter.feed(writer.write(block))
        found = meter.result()
        decoded: list[Measurements] = []

        def check(path: Path) -> None:
            if writer.format.lossy:
                with open_signal(path) as file:
                    decoded.append(measure(file))
            _check_ceiling(order, (decoded or [found])[0])

        writer.finish(found, check)
    return (decoded or [found])[0]


def _check_ceiling(order: Order, found: Measurements) -> None:
    if order.ceiling_dbtp is None or found.true_peak_dbtp is None:
        return
    over_db = found.true_peak_dbtp - order.ceiling_dbtp
    if over_db > CEILING_TOLERANCE_DB:
        error = CeilingPassed(
            f"{order.target.name} would peak at {found.true_peak_dbtp:.2f} dBTP, over the promised "
            f"{order.ceiling_dbtp:.2f} dBTP, so it is not delivered.",
            "Ask for a lower ceiling (--tp).",
        )
        error.over_db = over_db
        raise error
