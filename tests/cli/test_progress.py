"""Progress: stages add up to one figure that never goes back."""

import json

import pytest

from tonewright.cli.progress import Tracker, reporting


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


Told = list[tuple[str, float, float | None]]


def tracker() -> tuple[Tracker, Clock, Told]:
    told: Told = []
    clock = Clock()
    return Tracker(lambda *report: told.append(report), clock), clock, told


def test_stages_add_up_to_the_whole() -> None:
    made, clock, told = tracker()
    made.stage("reading", 0.25)
    clock.now += 1
    made.advance(1.0)
    made.stage("rendering", 0.75)
    clock.now += 1
    made.advance(0.5)
    made.finish()
    assert [done for _, done, _ in told] == [0.0, 0.25, 0.25, 0.625, 1.0]
    assert [stage for stage, _, _ in told] == ["reading", "reading", "rendering", "rendering", "rendering"]


def test_time_left_follows_the_pace_and_ends_at_nothing() -> None:
    made, clock, told = tracker()
    made.stage("reading", 1.0)
    assert told[-1][2] is None  # nothing is known yet
    clock.now += 10
    made.advance(0.25)
    assert told[-1][2] == pytest.approx(30.0)
    made.finish()
    assert told[-1][2] == 0.0


def test_reports_are_rare_but_a_new_stage_is_always_told() -> None:
    made, clock, told = tracker()
    made.stage("reading", 0.5)
    for step in range(100):
        clock.now += 0.0005
        made.advance(step / 100)
    assert len(told) == 1
    made.stage("rendering", 0.5)
    assert len(told) == 2


def test_nothing_goes_back_or_over() -> None:
    made, clock, told = tracker()
    made.stage("reading", 0.9)
    for done in (0.5, 0.2, 3.0):
        clock.now += 1
        made.advance(done)
    made.stage("rendering", 0.9)
    clock.now += 1
    made.advance(1.0)
    figures = [done for _, done, _ in told]
    assert figures == sorted(figures)
    assert max(figures) == 1.0


def test_json_lines_parse_and_end_at_one(capsys: pytest.CaptureFixture[str]) -> None:
    with reporting("json", quiet=True) as bar:
        bar.stage("reading", 0.5)
        bar.stage("rendering", 0.5)
    out, err = capsys.readouterr()
    assert out == ""
    lines = [json.loads(line) for line in err.splitlines()]
    assert [line["stage"] for line in lines] == ["reading", "rendering", "rendering"]
    assert lines[-1] == {"stage": "rendering", "done": 1.0, "eta_s": 0.0}


def test_work_that_fails_is_not_reported_as_done(capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        with reporting("json", quiet=False) as bar:
            bar.stage("reading", 1.0)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        work()
    assert json.loads(capsys.readouterr().err.splitlines()[-1])["done"] == 0.0


@pytest.mark.parametrize(("mode", "quiet"), [("auto", False), ("auto", True), ("none", False)])
def test_piped_it_is_quiet(mode: str, quiet: bool, capsys: pytest.CaptureFixture[str]) -> None:
    with reporting(mode, quiet) as bar:  # type: ignore[arg-type]
        bar.stage("reading", 1.0)
        bar.advance(0.5)
    assert capsys.readouterr().err == ""


def test_a_terminal_sees_the_stage_and_then_nothing_remains(monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    with reporting("auto", quiet=False) as bar:
        bar.stage("listening", 1.0)
        bar.advance(0.5)
    assert "listening" in screen.getvalue()
    assert screen.getvalue().endswith("\x1b[2K")  # the line is wiped
