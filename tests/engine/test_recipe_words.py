"""Differences between recipes, in words."""

from typing import Literal

import pytest

from tonewright.base.params import Params, knob
from tonewright.dsp.subsonic import SubsonicParams
from tonewright.engine.recipe import Recipe, Step
from tonewright.engine.recipe_words import _changes, diff


class Band(Params):
    kind: Literal["bell", "high_shelf"] = "bell"
    frequency_hz: float = knob(1000, 10, 40_000, unit="Hz", help="Where.")
    gain_db: float = knob(0, -12, 12, unit="dB", help="How much.")
    q: float = knob(0.7, 0.1, 10, help="How narrow.")


class Bands(Params):
    bands: tuple[Band, ...] = ()
    attack_ms: float = knob(10, 1, 100, unit="ms", help="How fast.")


SHELF = Band(kind="high_shelf", frequency_hz=9000, gain_db=1.5)
BELL = Band(frequency_hz=250, gain_db=-2)


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        (Bands(), Bands(), []),
        (
            Bands(bands=(BELL, SHELF)),
            Bands(bands=(BELL, SHELF.model_copy(update={"gain_db": 0.8}))),
            ["high shelf at 9 kHz: +1.5 dB -> +0.8 dB"],
        ),
        (
            Bands(bands=(BELL,)),
            Bands(bands=(BELL.model_copy(update={"q": 2.0}),)),
            ["bell at 250 Hz: q 0.7 -> 2"],
        ),
        (Bands(bands=(BELL,)), Bands(bands=(BELL, SHELF)), ["added high shelf at 9 kHz +1.5 dB"]),
        (Bands(bands=(BELL, SHELF)), Bands(bands=(SHELF,)), ["removed bell at 250 Hz -2.0 dB"]),
        (
            Bands(bands=(BELL,)),
            Bands(bands=(BELL.model_copy(update={"frequency_hz": 300.0}),)),
            ["bell at 250 Hz -2.0 dB -> bell at 300 Hz -2.0 dB"],
        ),
        (Bands(attack_ms=10), Bands(attack_ms=12.5), ["attack: 10 ms -> 12.5 ms"]),
    ],
)
def test_changes_of_settings_read_as_a_person_would_say_them(old: Bands, new: Bands, lines: list[str]) -> None:
    assert list(_changes(old, new)) == lines


def subsonic(step_id: str = "subsonic", corner_hz: float = 20, enabled: bool = True) -> Step:
    return Step(id=step_id, kind="subsonic", params=SubsonicParams(corner_hz=corner_hz), enabled=enabled)


def test_steps_added_removed_switched_and_moved() -> None:
    a, b = subsonic("a"), subsonic("b", 30)
    assert diff(Recipe(steps=(a,)), Recipe(steps=(a,))) == []
    assert diff(Recipe(steps=(a,)), Recipe(steps=(a, b))) == ["b: added, high-pass at 30 Hz, 24 dB per octave"]
    assert diff(Recipe(steps=(a, b)), Recipe(steps=(b,))) == ["a: removed (high-pass at 20 Hz, 24 dB per octave)"]
    assert diff(Recipe(steps=(a, b)), Recipe(steps=(b, a))) == ["order: b, a"]
    assert diff(Recipe(steps=(a,)), Recipe(steps=(subsonic("a", enabled=False),))) == ["a: switched off"]
    assert diff(Recipe(steps=(a,)), Recipe(steps=(subsonic("a", 25),))) == ["a: corner: 20 Hz -> 25 Hz"]
