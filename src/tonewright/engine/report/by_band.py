"""What happens over frequency: the spectrum before and after with the usual range of music, and the stereo field."""

import math
from collections.abc import Sequence
from typing import Any

from tonewright.engine.report.axes import Frame, Span, frequency_marks, level_marks, nice_span, nice_step
from tonewright.engine.report.curves import Points, curve, known_values, paired, ribbon
from tonewright.engine.report.figure import Panel, figure
from tonewright.engine.report.markup import Markup, tag
from tonewright.engine.report.words import hertz, is_number, number

_HEARD = Span(20.0, 20_000.0, log=True)
#: Where a spectrum's level is taken out before it is laid beside others (as in tone_target).
_MIDDLE_HZ = (100.0, 8_000.0)
#: Bands further below the loudest than this are not drawn.
_DEPTH_DB = 66.0


def spectrum_figure(before: dict[str, Any], after: dict[str, Any], target: Any) -> Markup | None:
    """Third-octaves at equal loudness, the target with its uncertainty behind them, and the change below."""
    lines = _matched(before, after)
    if lines is None:
        return None
    loudest = max(known_values(*lines))
    usual = _target_lines(target)
    floor = loudest - _DEPTH_DB
    span, step = nice_span([max(floor, value) for value in known_values(*lines, *usual)], 24.0, marks=7)
    frame = Frame(_HEARD, span, 260.0)
    drawn = Markup("")
    legend = [("before", "before"), ("after", "after")]
    if usual:
        drawn = ribbon(frame, usual[0], usual[2], "target") + curve(frame, usual[1], "middle", "usual")
        legend.append(("target", "where two thirds of finished songs lie"))
    drawn = drawn + curve(frame, lines[0], "before", "before") + curve(frame, lines[1], "after", "after")
    change = _change(lines)
    main = Panel(
        frame, level_marks(frame, step, unit="dB") + frequency_marks(frame), drawn,
        _described(change), "frequency", "dB",
    )  # fmt: skip
    explained = (
        "Third-octave bands, the master turned to the mix's loudness so that only the tone differs."
        " 0 dB is the mean from 100 Hz to 8 kHz."
    )
    if usual:
        explained += " Good songs differ widely: lying outside the band is no fault in itself."
    return figure("spectrum", "Spectrum", explained, legend, [main, _change_panel(change)])


def stereo_figure(before: Any, after: Any) -> Markup | None:
    """Correlation and width by third-octave."""
    sides = [side if isinstance(side, dict) else {} for side in (before, after)]
    panels = []
    for key, title, unit in (
        ("correlation", "Correlation: 1 is mono, 0 unrelated sides, below 0 lost in mono", ""),
        ("width_db", "Width: side against middle, dB", "dB"),
    ):
        lines = [_heard(paired(side.get("centre_hz"), side.get(key))) for side in sides]
        values = known_values(*lines)
        if not values:
            return None
        if unit:
            span, step = nice_span([max(-40.0, min(20.0, value)) for value in values], 20.0, marks=4)
        else:
            span, step = Span(min(0.0, -0.5 if min(values) < -0.02 else 0.0), 1.0), 0.5
            span = Span(-1.0, 1.0) if min(values) < -0.5 else span
        frame = Frame(_HEARD, span, 130.0)
        drawn = curve(frame, lines[0], "before", "before") + curve(frame, lines[1], "after", "after")
        marks = level_marks(frame, step, 0 if unit else 1) + frequency_marks(frame)
        panels.append(Panel(frame, marks, drawn, f"{title}. {_means(lines, unit)}", "frequency", unit, title=title))
    explained = "By third-octave bands, over the whole song."
    return figure("stereo", "Stereo field", explained, [("before", "before"), ("after", "after")], panels)


def _matched(before: dict[str, Any], after: dict[str, Any]) -> tuple[Points, Points] | None:
    """Both spectra at the mix's loudness, 0 dB at the mean of the middle of the mix's."""
    lines, loudness = [], []
    for side in (before, after):
        spectrum = side.get("spectrum") or {}
        lines.append(_heard(paired(spectrum.get("centre_hz"), spectrum.get("level_db"))))
        loudness.append((side.get("measurements") or {}).get("integrated_lufs"))
    middle = [y for x, y in lines[0] if y is not None and _MIDDLE_HZ[0] <= x <= _MIDDLE_HZ[1]]
    if not middle or not known_values(lines[1]):
        return None
    zero = sum(middle) / len(middle)
    was, now = loudness
    louder = now - was if is_number(was) and is_number(now) else 0.0
    return _lowered(lines[0], zero), _lowered(lines[1], zero + louder)


def _lowered(points: Points, by: float) -> Points:
    return [(x, None if y is None else y - by) for x, y in points]


def _heard(points: Points) -> Points:
    return [(x, y) for x, y in points if _HEARD.low * 0.95 <= x <= _HEARD.high * 1.05]


def _target_lines(target: Any) -> list[Points]:
    """Lower edge, middle and upper edge of the target; none if there is none."""
    if not isinstance(target, dict):
        return []
    middle = _heard(paired(target.get("centre_hz"), target.get("median_db")))
    sigma = [y for _, y in _heard(paired(target.get("centre_hz"), target.get("sigma_db")))]
    if not middle or len(sigma) != len(middle) or any(y is None for _, y in middle) or None in sigma:
        return []
    return [
        [(x, (y or 0.0) + sign * (s or 0.0)) for (x, y), s in zip(middle, sigma, strict=True)]
        for sign in (-1, 0, 1)
    ]


def _change(lines: Sequence[Points]) -> Points:
    then = dict(lines[0])
    change: Points = []
    for x, y in lines[1]:
        was = then.get(x)
        if y is not None and was is not None:
            change.append((x, y - was))
    return change


def _change_panel(change: Points) -> Panel:
    """Bars from zero, one for each band."""
    most = max(3.0, *(abs(value) for value in known_values(change))) if change else 3.0
    step = nice_step(2 * most, 4)
    top = step * math.ceil(most / step - 1e-9)
    frame = Frame(_HEARD, Span(-top, top), 100.0)
    bars = []
    half = 2.0 ** (1.0 / 7.5)
    for x, y in change:
        left, right = frame.across(x / half), frame.across(x * half)
        upper, lower = frame.down(max(0.0, y or 0.0)), frame.down(min(0.0, y or 0.0))
        bars.append(
            tag(
                "rect",
                x=f"{left:.1f}",
                y=f"{upper:.1f}",
                width=f"{right - left:.1f}",
                height=f"{max(0.4, lower - upper):.1f}",
                class_="change",
            )
        )
    bars.append(curve(frame, change, "unseen", "change"))
    marks = level_marks(frame, step, 0 if step >= 1 else 1) + frequency_marks(frame)
    return Panel(
        frame, marks, Markup("".join(bars)), _described(change), "frequency", "dB", title="Change of tone, dB"
    )


def _described(change: Points) -> str:
    known = [(y, x) for x, y in change if y is not None]
    if not known:
        return "No band can be compared."
    (low, at_low), (high, at_high) = min(known), max(known)
    return (
        f"At equal loudness the tone changes by {number(low, 1, 'dB', signed=True)} around {hertz(at_low)}"
        f" to {number(high, 1, 'dB', signed=True)} around {hertz(at_high)}."
    )


def _means(lines: Sequence[Points], unit: str) -> str:
    parts = []
    for name, points in zip(("Before", "After"), lines, strict=True):
        values = known_values(points)
        if values:
            parts.append(
                f"{name}: {number(min(values), 2, unit)} to {number(max(values), 2, unit)} over the bands."
            )
    return " ".join(parts)
