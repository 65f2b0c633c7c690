"""Delivering: a signal becomes a file, is measured as it is written, and appears only if it keeps its promise."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tonewright.base.errors import CeilingPassed, WouldClip
from tonewright.base.files import Delivery, Tags, Writer, open_signal, open_writer
from tonewright.base.progress import NoProgress, Progress
from tonewright.base.signal import Signal, layout_of
from tonewright.base.units import gain_to_db
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


class Draft:
    """A delivery in the making: each play() writes a signal anew under a hidden name, finish() gives it its own.

    A context manager: left before finish(), nothing stays. signal: what was played last.
    """

    def __init__(self, order: Order, progress: Progress | None = None) -> None:
        self._order = order
        self._progress = progress or NoProgress()
        self._writer: Writer | None = None
        self._found: Measurements | None = None
        self.signal: Signal | None = None

    def play(self, signal: Signal, start: int = 0, stop: int | None = None) -> Measurements:
        """Write frames start..stop, and measure what the file holds (before a lossy codec).

        Raises what open_writer and Writer raise, and WouldClip where whole numbers can't hold the peaks.
        """
        self.abort()
        order, layout = self._order, layout_of(signal)
        writer = self._writer = open_writer(
            order.target,
            order.delivery,
            layout,
            order.tags,
            source_bits=order.source_bits,
            inputs=tuple(order.inputs),
            start_frame=start,
        )
        meter, peak = Meter(layout), 0.0
        for block in stream(signal, start - writer.lead_in_frames, stop, self._progress):
            peak = max(peak, float(block.max()), -float(block.min()))
            meter.feed(writer.write(block))
        _check_range(order, writer, peak)
        self.signal, self._found = signal, meter.result()
        return self._found

    def finish(self) -> Measurements:
        """Make the file appear. Gives what it holds; for a lossy one, what it decodes to.

        Raises CeilingPassed if the promise is not kept; no file is left then.
        """
        assert self._writer is not None
        assert self._found is not None
        writer, found = self._writer, self._found
        decoded: list[Measurements] = []

        def check(path: Path) -> None:
            if writer.format.lossy:
                with open_signal(path) as file:
                    decoded.append(measure(file))
            _check_ceiling(self._order, (decoded or [found])[0])

        writer.finish(found, check)
        return (decoded or [found])[0]

    def abort(self) -> None:
        if self._writer is not None:
            self._writer.abort()
        self._writer = self.signal = self._found = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.abort()


def deliver(
    signal: Signal, order: Order, start: int = 0, stop: int | None = None, progress: Progress | None = None
) -> Measurements:
    """Write frames start..stop of a signal and measure what the file holds; for a lossy one, what it decodes to.

    Raises CeilingPassed or WouldClip if the promise is not kept, and what open_writer and Writer raise; no file is
    left then.
    """
    with Draft(order, progress) as draft:
        draft.play(signal, start, stop)
        return draft.finish()


def _check_range(order: Order, writer: Writer, peak: float) -> None:
    """Whole numbers end at full scale. A dithered sample that only just reaches it is set to it, which is right."""
    if writer.bits is None or writer.is_float or peak <= 1.0 + 2.0 ** (1 - writer.bits):
        return
    raise WouldClip(
        f"{order.target.name} would clip: its peaks lie {gain_to_db(peak):.2f} dB over full scale.",
        "Deliver floating point (--bits 32f), or lower the level.",
    )


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
