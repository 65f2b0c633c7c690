"""Curves as SVG paths. Long ones are thinned without hiding anything: each column keeps its least and greatest."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

from tonewright.engine.report.axes import Frame
from tonewright.engine.report.markup import Markup, tag
from tonewright.engine.report.words import is_number

#: Columns of a thinned curve: more than pixels on a phone, about those of a page.
COLUMNS = 600

Points = list[tuple[float, float | None]]


def series_points(series: Any) -> Points:
    """A series {"hop", "start", "values"} as points (seconds, value or None); empty if it is none."""
    if not isinstance(series, dict) or not isinstance(series.get("values"), list):
        return []
    hop, start = series.get("hop"), series.get("start", 0.0)
    if not is_number(hop) or not is_number(start):
        return []
    return [(start + n * hop, value if is_number(value) else None) for n, value in enumerate(series["values"])]


def paired(x: Any, y: Any) -> Points:
    """Two lists of one length as points; empty if they are none."""
    if not isinstance(x, list) or not isinstance(y, list) or len(x) != len(y):
        return []
    return [(a, b if is_number(b) else None) for a, b in zip(x, y, strict=True) if is_number(a) and a > 0]


def thinned(points: Points, columns: int = COLUMNS) -> Points:
    """At most two points a column: its least and its greatest, in the order in which they came. Gaps stay gaps."""
    if len(points) <= 2 * columns:
        return points
    kept: Points = []
    for n in range(columns):
        part = points[n * len(points) // columns : (n + 1) * len(points) // columns]
        known = [point for point in part if point[1] is not None]
        if not known:
            kept.append((part[0][0], None))
            continue
        low = min(known, key=lambda point: point[1] or 0.0)
        high = max(known, key=lambda point: point[1] or 0.0)
        kept += sorted({low, high}, key=lambda point: point[0])
        if len(known) < len(part) and part[-1][1] is None:
            kept.append((part[-1][0], None))
    return kept


def path(frame: Frame, points: Iterable[tuple[float, float | None]]) -> str:
    """Path data in the drawing's units; a None lifts the pen."""
    parts, pen = [], "M"
    for x, y in points:
        if y is None or not math.isfinite(y):
            pen = "M"
            continue
        parts.append(f"{pen}{frame.across(x):.1f} {frame.down(y):.1f}")
        pen = "L"
    return "".join(parts).replace(".0 ", " ").replace(".0L", "L").replace(".0M", "M")


def curve(frame: Frame, points: Points, style: str, name: str) -> Markup:
    """A line, named so that a pointer's read-out can call it."""
    return tag("path", d=path(frame, thinned(points)), class_=f"curve {style}", data_name=name)


def area(frame: Frame, points: Points, base: float, style: str) -> Markup:
    """The surface between a curve without gaps and a value."""
    known = [(x, y) for x, y in thinned(points) if y is not None]
    if not known:
        return Markup("")
    outline = [(known[0][0], base), *known, (known[-1][0], base)]
    return tag("path", d=path(frame, outline) + "Z", class_=style)


def ribbon(frame: Frame, lower: Points, upper: Points, style: str) -> Markup:
    """The surface between two curves over the same places."""
    outline = [*upper, *reversed(lower)]
    return tag("path", d=path(frame, outline) + "Z", class_=style) if lower else Markup("")


def known_values(*curves: Sequence[tuple[float, float | None]]) -> list[float]:
    return [y for points in curves for _, y in points if y is not None]
