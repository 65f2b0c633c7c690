"""Axes: where marks stand, and how values become places on a drawing.

A drawing is as wide as its page: x runs from 0 to 100 % (1000 units inside of a stretched drawing), y in pixels.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tonewright.engine.report.markup import Markup, tag
from tonewright.engine.report.words import number, tick_time

#: Units across a stretched drawing.
ACROSS = 1000.0

_TIME_STEPS_S = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
_FREQUENCY_MARKS_HZ = (20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)


@dataclass(frozen=True)
class Span:
    """A range of values along one direction. log: equal ratios take equal room."""

    low: float
    high: float
    log: bool = False

    def share(self, value: float) -> float:
        """0 at low, 1 at high; not held within."""
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def held(self, value: float) -> float:
        return min(self.high, max(self.low, value))


@dataclass(frozen=True)
class Frame:
    """A drawing's plane: x over its width, y over `height` pixels, the higher value on top."""

    x: Span
    y: Span
    height: float

    def across(self, x: float) -> float:
        """0..1000."""
        return ACROSS * self.x.share(self.x.held(x))

    def percent(self, x: float) -> str:
        return f"{round(100.0 * self.x.share(self.x.held(x)), 2):g}%"

    def down(self, y: float) -> float:
        """Pixels from the top. What lies outside of the plane is cut off by the drawing, some way out at the latest."""
        return self.height * (1.0 - min(3.0, max(-2.0, self.y.share(y))))


def nice_step(extent: float, marks: int) -> float:
    """1, 2 or 5 times a power of ten: the smallest that needs at most so many marks."""
    rough = extent / max(1, marks)
    power = 10.0 ** math.floor(math.log10(rough))
    for factor in (1.0, 2.0, 5.0):
        if factor * power >= rough * (1.0 - 1e-9):
            return factor * power
    return 10.0 * power


def nice_span(
    values: Sequence[float], least: float, marks: int = 6, low: float | None = None
) -> tuple[Span, float]:
    """A span on whole steps around values, at least `least` wide; low fixes its lower end. Also the step."""
    bottom = min(values) if low is None else low
    top = max([*values, bottom])
    if top - bottom < least:
        middle = 0.5 * (top + bottom)
        bottom, top = (middle - least / 2, middle + least / 2) if low is None else (bottom, bottom + least)
    step = nice_step(top - bottom, marks)
    return Span(step * math.floor(bottom / step + 1e-9), step * math.ceil(top / step - 1e-9)), step


def multiples(span: Span, step: float) -> list[float]:
    """The multiples of a step within a span, both ends included."""
    first = math.ceil(span.low / step - 1e-9)
    last = math.floor(span.high / step + 1e-9)
    return [round(n * step, 10) for n in range(first, last + 1)]


def time_step_s(duration_s: float, marks: int = 8) -> float:
    return next((step for step in _TIME_STEPS_S if duration_s / step <= marks), duration_s / marks)


def level_marks(frame: Frame, step: float, digits: int = 0, unit: str = "") -> Markup:
    """Horizontal lines and their values at the left, the unit above them; zero stands out."""
    lines = []
    for value in multiples(frame.y, step):
        y = f"{frame.down(value):.1f}"
        weight = "zero" if value == 0.0 and frame.y.low < 0.0 < frame.y.high else "grid"
        lines.append(tag("line", x1="0", x2="100%", y1=y, y2=y, class_=weight))
        lines.append(tag("text", number(value, digits), x="-8", y=y, dy="0.35em", class_="ylabel"))
    if unit:
        lines.append(tag("text", unit, x="-8", y="-14", class_="ylabel"))
    return Markup("".join(lines))


def time_marks(frame: Frame) -> Markup:
    step = time_step_s(frame.x.high - frame.x.low)
    values = multiples(frame.x, step)
    return _under(frame, [(value, tick_time(value)) for value in values], every=2)


def frequency_marks(frame: Frame) -> Markup:
    """20 Hz to 20 kHz in the steps 1, 2, 5; on narrow pages only the powers of ten keep their labels."""
    lines = []
    for value in _FREQUENCY_MARKS_HZ:
        if frame.x.low <= value <= frame.x.high:
            label = f"{value // 1000}k" if value >= 1000 else str(value)
            spare = not str(value).startswith("1")
            lines.append(_mark(frame, value, label, spare))
    return Markup("".join(lines))


def _under(frame: Frame, marks: Sequence[tuple[float, str]], every: int) -> Markup:
    return Markup("".join(_mark(frame, x, label, n % every > 0) for n, (x, label) in enumerate(marks)))


def _mark(frame: Frame, x: float, label: str, spare: bool) -> Markup:
    """A vertical line and its label below; spare ones go on narrow pages."""
    place = frame.percent(x)
    line = tag("line", x1=place, x2=place, y1="0", y2=f"{frame.height:g}", class_="grid")
    words = tag("text", label, x=place, y=f"{frame.height + 18:g}", class_="xlabel spare" if spare else "xlabel")
    return line + words
