"""A delivery without a file: what it would measure, to the bit, so that a decision can be had before it is paid for."""

from typing import Self

from tonewright.base.errors import Impossible
from tonewright.base.files.formats import delivered_bits, output_format
from tonewright.base.progress import NoProgress, Progress
from tonewright.base.quantise import Quantiser, words_to_samples
from tonewright.base.signal import Signal, layout_of
from tonewright.engine.deliver import Order
from tonewright.engine.render import stream
from tonewright.measure.meter import Measurements, Meter


class Rehearsal:
    """Used as a Draft is, for an order in whole numbers. No ceiling is checked: there is no codec to raise peaks."""

    def __init__(self, order: Order, progress: Progress | None = None) -> None:
        stored = delivered_bits(output_format(order.target, order.delivery), order.delivery)
        if stored is None or stored[1]:
            raise Impossible(f"{order.target.name} can't be rehearsed: only whole numbers can.", "Ask for a WAV.")
        self._bits, self._order = stored[0], order
        self._progress = progress or NoProgress()
        self._found: Measurements | None = None
        self.signal: Signal | None = None

    def play(self, signal: Signal) -> Measurements:
        """Round the signal as a file would, and measure it."""
        layout, delivery = layout_of(signal), self._order.delivery
        quantiser = Quantiser(
            self._bits, layout.rate_hz, layout.channels, dither=delivery.dither, seed=delivery.seed
        )
        meter = Meter(layout)
        for block in stream(signal, progress=self._progress):
            meter.feed(words_to_samples(quantiser.process(block), self._bits))
        self.signal, self._found = signal, meter.result()
        return self._found

    def finish(self) -> Measurements:
        """What the file would have held."""
        assert self._found is not None
        return self._found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.signal = None
