"""The estimated drive against the one that the search finds."""

from pathlib import Path
from typing import Any

import pytest

from tonewright.dsp.maximiser import MaximiserParams
from tonewright.engine.intent import Intent
from tonewright.engine.recipe import parse
from tonewright.server.sound.open_song import OpenSong
from tonewright.server.sound.sounds import Sounds, Token


@pytest.mark.parametrize(
    "character", [{}, {"warmth": -60}, {"low_end": 70}, {"punch": 60, "width": 40}, {"loudness": 60}], ids=str
)
def test_the_estimate_is_near(arrived: tuple[Path, Any], character: dict[str, float]) -> None:
    song = OpenSong("song", arrived[0] / "work.bin", (), Sounds())
    intent = Intent.parse({"character": character}, "The intent")
    estimate = parse(song.propose(intent)["recipe"])
    exact = parse(song.settle(intent, Token())["recipe"])
    song.close()
    assert estimate.steps[:-1] == exact.steps[:-1]
    guess, found = estimate.steps[-1].params, exact.steps[-1].params
    assert isinstance(guess, MaximiserParams)
    assert isinstance(found, MaximiserParams)
    assert guess.drive_db == pytest.approx(found.drive_db, abs=0.3)
    assert guess.ceiling_dbtp == found.ceiling_dbtp


def test_repair_keeps_the_level(arrived: tuple[Path, Any]) -> None:
    song = OpenSong("song", arrived[0] / "work.bin", (), Sounds())
    estimate = parse(song.propose(Intent(mode="repair"))["recipe"])
    exact = parse(song.settle(Intent(mode="repair"), Token())["recipe"])
    song.close()
    gains = [
        sum(getattr(step.params, "gain_db", 0.0) for step in recipe.steps if step.id == "level")
        for recipe in (estimate, exact)
    ]
    assert gains[0] == pytest.approx(gains[1], abs=0.3)
    assert all(step.kind != "maximiser" for step in exact.steps)
