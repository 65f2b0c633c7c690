"""The frame around a drawing: caption, legend, the drawing itself with its description, a pointer's read-out."""

from collections.abc import Sequence
from dataclasses import dataclass

from tonewright.engine.report.axes import ACROSS, Frame
from tonewright.engine.report.markup import Markup, tag


@dataclass(frozen=True)
class Panel:
    """One plane of a figure. marks: lines and labels; stretched: what is drawn in units of 1000 across; over: what lies
    on top with its place in percent. kind: how a read-out names the place, "time" or "frequency"; unit of its values.
    """

    frame: Frame
    marks: Markup
    stretched: Markup
    description: str
    kind: str
    unit: str
    over: Markup | None = None
    title: str = ""


def figure(
    name: str, title: str, explained: object, legend: Sequence[tuple[str, str]], panels: Sequence[Panel]
) -> Markup:
    """A figure with panels one above the other. legend: (style, words)."""
    keys = [tag("li", _swatch(style), words) for style, words in legend]
    drawn = [_panel(f"{name}-{n}", panel) for n, panel in enumerate(panels)]
    caption = tag("figcaption", tag("h2", title, id=name), tag("p", explained, class_="explained"))
    return tag("figure", caption, tag("ul", keys, class_="legend"), drawn, aria_labelledby=name)


def _swatch(style: str) -> Markup:
    if style in ("target", "found", "reduced"):
        inner = tag("rect", x="0", y="2", width="22", height="8", class_=style)
    else:
        inner = tag("line", x1="0", x2="22", y1="6", y2="6", class_=f"curve {style}")
    return tag("svg", inner, width="22", height="12", aria_hidden="true")


def _panel(name: str, panel: Panel) -> Markup:
    frame = panel.frame
    stretched = tag(
        "svg", panel.stretched,
        viewBox=f"0 0 {ACROSS:g} {frame.height:g}", preserveAspectRatio="none",
        x="0", y="0", width="100%", height=f"{frame.height:g}",
    )  # fmt: skip
    drawing = tag(
        "svg",
        tag("title", panel.title or panel.description, id=f"{name}-t"),
        tag("desc", panel.description, id=f"{name}-d"),
        panel.marks, stretched, panel.over,
        tag("line", x1="0", x2="0", y1="0", y2=f"{frame.height:g}", class_="cursor"),
        role="img", width="100%", height=f"{frame.height:g}", aria_labelledby=f"{name}-t", aria_describedby=f"{name}-d",
        data_kind=panel.kind, data_unit=panel.unit,
        data_x=f"{frame.x.low:g} {frame.x.high:g}", data_y=f"{frame.y.low:g} {frame.y.high:g}",
    )  # fmt: skip
    heading = tag("p", panel.title, class_="panel-title") if panel.title else None
    return tag("div", heading, drawing, tag("p", class_="readout", aria_hidden="true"), class_="plot")
