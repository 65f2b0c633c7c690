"""What happens over the song's time: loudness before and after with sections and findings, and the limiter's work."""

from collections.abc import Sequence
from typing import Any

from tonewright.engine.report.axes import Frame, Span, level_marks, nice_span, time_marks
from tonewright.engine.report.curves import Points, area, curve, known_values, series_points
from tonewright.engine.report.figure import Panel, figure
from tonewright.engine.report.markup import Markup, tag
from tonewright.engine.report.words import is_number, number, precise_time

#: The plane reaches down to this share of the values (fades and gaps leave it), and never further than this depth:
#: silence would flatten the music.
_FOOT = 0.03
_DEPTH_LU = 36.0
#: Height of a row of finding marks, and the least width of a mark in percent of the song.
_ROW = 15.0
_LEAST_PERCENT = 0.5
_ROWS = 4


def loudness_figure(
    before: dict[str, Any], after: dict[str, Any], findings: Sequence[dict[str, Any]]
) -> Markup | None:
    """Short-term loudness (3 s) of both, the sections on top and the findings below them."""
    lines = [series_points(side.get("measurements", {}).get("short_term_series")) for side in (before, after)]
    values = known_values(*lines)
    duration_s = before.get("measurements", {}).get("duration_s")
    if not values or not is_number(duration_s) or duration_s <= 0:
        return None
    span, step = nice_span([_foot(values), max(values)], 12.0, marks=6)
    frame = Frame(Span(0.0, duration_s), span, 250.0)
    sections = before.get("sections") or []
    drawn = curve(frame, lines[0], "before", "before") + curve(frame, lines[1], "after", "after")
    over = _sections(frame, sections) + _finding_marks(frame, findings)
    panel = Panel(
        frame,
        level_marks(frame, step, unit="LUFS") + time_marks(frame),
        drawn,
        _described(lines),
        "time",
        "LUFS",
        over,
    )
    explained = (
        "Short-term loudness: each point is the last 3 s (ITU-R BS.1770, EBU Tech 3341). "
        "Letters name parts of the song; parts of one letter sound alike. "
        "Numbered bars are the findings above."
    )
    legend = [("before", "before"), ("after", "after")]
    if any(finding.get("regions") for finding in findings):
        legend.append(("found", "finding"))
    return figure("loudness", "Loudness over time", explained, legend, [panel])


def limiter_figure(limiter: Any, duration_s: Any) -> Markup | None:
    """How far the maximiser took peaks down. limiter: series, dB, 0 or more."""
    points: Points = [(x, None if y is None else -abs(y)) for x, y in series_points(limiter)]
    depths = [-y for y in known_values(points)]
    if not depths or not is_number(duration_s) or duration_s <= 0:
        return None
    deepest, worked = max(depths), sum(depth > 0.1 for depth in depths) / len(depths)
    span, step = nice_span([-deepest, 0.0], 4.0, marks=4)
    frame = Frame(Span(0.0, duration_s), Span(span.low, 0.0), 130.0)
    filled = area(frame, [(x, 0.0 if y is None else y) for x, y in points], 0.0, "reduced")
    words = (
        f"At most {number(deepest, 1, 'dB')}; more than 0.1 dB during {number(100 * worked, 0, '%')} of the song."
        if deepest > 0.05
        else "It never had to turn anything down."
    )
    panel = Panel(frame, level_marks(frame, step, unit="dB") + time_marks(frame), filled, words, "time", "dB")
    return figure(
        "limiter", "Limiter activity", f"Gain reduction, the deepest of each moment. {words}", [], [panel]
    )


def _foot(values: Sequence[float]) -> float:
    low = sorted(values)[int(_FOOT * len(values))]
    return max(low - 1.0, max(values) - _DEPTH_LU)


def _described(lines: Sequence[Points]) -> str:
    """The curves in words, for whoever can't see them."""
    parts = []
    for name, points in zip(("Before", "After"), lines, strict=True):
        known = [(y, x) for x, y in points if y is not None]
        if known:
            (low, at_low), (high, at_high) = min(known), max(known)
            parts.append(
                f"{name}: from {number(low, 1)} LUFS at {precise_time(at_low)}"
                f" to {number(high, 1)} LUFS at {precise_time(at_high)}."
            )
    return " ".join(parts)


def _sections(frame: Frame, sections: Sequence[dict[str, Any]]) -> Markup:
    """A thin line at each section's start and its letter above the plane."""
    drawn = []
    for section in sections:
        start, end = section.get("start_s"), section.get("end_s")
        if not is_number(start) or not is_number(end) or len(sections) < 2:
            continue
        x = frame.percent(start)
        middle = frame.percent(0.5 * (start + end))
        if start > 0.0:
            drawn.append(tag("line", x1=x, x2=x, y1="-16", y2=f"{frame.height:g}", class_="section"))
        drawn.append(tag("text", str(section.get("label", ""))[:3], x=middle, y="-6", class_="letter"))
    return Markup("".join(drawn))


def _finding_marks(frame: Frame, findings: Sequence[dict[str, Any]]) -> Markup:
    """Numbered bars at the plane's foot, in as few rows as keep them apart."""
    row_ends = [-10.0] * _ROWS
    drawn = []
    for place, finding in enumerate(findings, start=1):
        regions = [r for r in finding.get("regions") or [] if len(r) == 2 and is_number(r[0]) and is_number(r[1])]
        if not regions:
            continue
        stretches = [_stretch(frame, *region) for region in regions]
        first, last = stretches[0][0], max(left + width for left, width in stretches)
        row = next((n for n, end in enumerate(row_ends) if end + 1.0 < first - 2.5), None)
        if row is None:
            row = min(range(_ROWS), key=row_ends.__getitem__)
        row_ends[row] = last
        y = frame.height - _ROW * (row + 1) + 4.0
        words = tag("title", f"{place}. {finding.get('kind', '')}".replace("_", " "))
        bars = [
            tag("rect", x=f"{left:g}%", y=f"{y:g}", width=f"{width:g}%", height="6", class_="found")
            for left, width in _merged(stretches)
        ]
        label = tag("text", place, x=f"{first:g}%", y=f"{y + 7:g}", dx="-4", class_="number")
        drawn.append(tag("g", words, bars, label))
    return Markup("".join(drawn))


def _stretch(frame: Frame, start: float, end: float) -> tuple[float, float]:
    left = 100.0 * frame.x.share(frame.x.held(start))
    width = max(_LEAST_PERCENT, 100.0 * frame.x.share(frame.x.held(end)) - left)
    return round(min(left, 100.0 - _LEAST_PERCENT), 2), round(width, 2)


def _merged(stretches: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Bars that touch at this size are drawn as one."""
    merged: list[tuple[float, float]] = []
    for left, width in sorted(stretches):
        if merged and left <= merged[-1][0] + merged[-1][1]:
            merged[-1] = (merged[-1][0], round(max(merged[-1][1], left + width - merged[-1][0]), 2))
        else:
            merged.append((left, width))
    return merged
