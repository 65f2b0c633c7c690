"""Axes, curves and words: marks where people expect them, and nothing hidden by thinning."""

import math

import pytest

from tonewright.engine.report.axes import Frame, Span, multiples, nice_span, nice_step, time_step_s
from tonewright.engine.report.curves import Points, path, series_points, thinned
from tonewright.engine.report.markup import Markup, joined, tag, text
from tonewright.engine.report.words import (
    count,
    hertz,
    in_words,
    labelled,
    number,
    precise_time,
    sentence,
    share_in_words,
    tick_time,
    whole_time,
)


@pytest.mark.parametrize(
    ("extent", "marks", "step"), [(10, 5, 2), (36, 6, 10), (1, 4, 0.5), (0.07, 7, 0.01), (24, 7, 5)]
)
def test_steps_are_one_two_or_five(extent: float, marks: int, step: float) -> None:
    assert nice_step(extent, marks) == pytest.approx(step)


def test_spans_hold_their_values_on_whole_steps() -> None:
    for values in ([-31.2, -12.9], [0.0], [3.0, 3.1], [-5.0, 5.0]):
        span, step = nice_span(values, 12.0)
        assert span.low <= min(values)
        assert span.high >= max(values)
        assert span.high - span.low >= 12.0
        assert span.low / step == pytest.approx(round(span.low / step))
        assert multiples(span, step)[0] == span.low


@pytest.mark.parametrize(
    ("duration_s", "step"), [(4, 0.5), (30, 5), (150, 30), (240, 30), (3600, 600), (10_800, 1800)]
)
def test_time_steps(duration_s: float, step: float) -> None:
    assert time_step_s(duration_s) == step


def test_frequencies_are_spaced_by_ratio() -> None:
    frame = Frame(Span(20.0, 20_000.0, log=True), Span(-10.0, 10.0), 100.0)
    assert frame.across(200.0) == pytest.approx(1000 / 3)
    assert frame.across(5.0) == 0.0
    assert frame.percent(2000.0) == "66.67%"
    assert frame.down(10.0) == 0.0
    assert frame.down(0.0) == 50.0


def test_thinning_keeps_every_extreme() -> None:
    points: Points = [(float(n), math.sin(n / 50)) for n in range(20_000)]
    points[7777] = (7777.0, 9.0)
    points[12_345] = (12_345.0, -9.0)
    few = thinned(points, 500)
    assert len(few) <= 1000
    assert (7777.0, 9.0) in few
    assert (12_345.0, -9.0) in few
    assert [x for x, _ in few] == sorted(x for x, _ in few)
    assert set(few) <= set(points)


def test_thinning_keeps_gaps() -> None:
    points: Points = [(float(n), None if 4000 <= n < 6000 else 1.0) for n in range(10_000)]
    frame = Frame(Span(0.0, 10_000.0), Span(0.0, 2.0), 100.0)
    assert path(frame, thinned(points, 300)).count("M") == 2
    assert path(frame, points).count("M") == 2


def test_series_that_are_none() -> None:
    assert series_points(None) == []
    assert series_points({"hop": None, "values": [1.0]}) == []
    assert series_points({"hop": 0.5, "start": 1.0, "values": [1.0, None]}) == [(1.0, 1.0), (1.5, None)]


def test_markup_escapes_once() -> None:
    assert text("<&>") == "&lt;&amp;&gt;"
    assert text(text("<&>")) == "&lt;&amp;&gt;"
    assert tag("p", "a<b", Markup("<br>"), None, ["c"], data_x='"') == '<p data-x="&quot;">a&lt;b<br>c</p>'
    assert tag("b", "x") + "<" == "<b>x</b>&lt;"
    assert joined(["a", None, Markup("<i></i>")]) == "a<i></i>"
    assert text("a\u202eb\x00\ud800") == "a\ufffdb\ufffd\ufffd"


def test_numbers_as_people_write_them() -> None:
    assert number(-14.04, 1, "LUFS") == "−14.0\u202fLUFS"
    assert number(-0.04) == "0.0"
    assert number(0.3, 1, "dB", signed=True) == "+0.3\u202fdB"
    for nothing in (None, math.nan, math.inf, "x", True):
        assert number(nothing) == "–"
    assert precise_time(63.24) == "1:03.2"
    assert precise_time(-1.0) == "–"
    assert tick_time(90.0) == "1:30"
    assert tick_time(0.5) == "0:00.5"
    assert whole_time(239.96) == "4:00"
    assert whole_time(None) == "–"
    assert (in_words(4), in_words(13)) == ("four", "13")
    assert hertz(2500.0) == "2.5\u202fkHz"
    assert count(10_584_000) == "10\u202f584\u202f000"
    assert labelled("clip_level_dbfs", -0.3) == ("clip level", "−0.3\u202fdBFS")
    assert labelled("partials_hz", [50.0, 100.0]) == ("partials", "50\u202fHz, 100\u202fHz")
    assert labelled("times_s", [60.12]) == ("times", "1:00.1")
    assert labelled("flat_tops", 412) == ("flat tops", "412")
    assert labelled("steady", True) == ("steady", "yes")
    assert labelled("db", 3.0) == ("db", "3")  # JSON may have made 3 to 3.0
    assert labelled("db", 3.5) == ("db", "3.50")
    assert share_in_words(1.0, ("a", "b")) == "b"
    assert share_in_words(None, ("a", "b")) == "–"
    assert labelled("lufs", -14.0) == ("loudness", "−14.0\u202fLUFS")
    assert sentence({"message": "Yes."}) == "Yes."
    assert (
        sentence("bell -2.8 dB, 180-450 Hz, a 24-bit file, --tp -1")
        == "bell −2.8 dB, 180-450 Hz, a 24-bit file, --tp −1"
    )
    assert sentence({"gain_db": 3.0}) == "gain: 3.0\u202fdB"
