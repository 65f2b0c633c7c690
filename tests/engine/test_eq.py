"""A file of bands is read as it is meant, and every fault in it is named."""

import json
from pathlib import Path
from typing import Any

import pytest

from tonewright.base.errors import InputUnreadable, RecipeInvalid
from tonewright.dsp.equaliser import Band
from tonewright.engine.eq import load_bands, parse_bands

BELL = {"kind": "bell", "frequency_hz": 3000, "gain_db": -2, "q": 1.4}


def test_a_list_of_bands() -> None:
    bands = parse_bands([BELL, {"kind": "low_cut", "frequency_hz": 30, "slope_db_per_octave": 24, "part": "side"}])
    assert bands == (
        Band(kind="bell", frequency_hz=3000, gain_db=-2, q=1.4),
        Band(kind="low_cut", frequency_hz=30, slope_db_per_octave=24, part="side"),
    )


@pytest.mark.parametrize(
    ("foreign", "kind"),
    [("peaking", "bell"), ("high-shelf", "high_shelf"), ("LowShelf", "low_shelf"), ("highpass", "low_cut")],
)
def test_other_equalisers_names_are_understood(foreign: str, kind: str) -> None:
    (band,) = parse_bands([{"type": foreign, "freq": 100, "gain": 1.5, "Q": 0.9}])
    assert (band.kind, band.frequency_hz, band.gain_db, band.q) == (kind, 100, 1.5, 0.9)


def test_an_object_with_bands_is_a_list_too() -> None:
    assert parse_bands({"bands": [BELL]}) == parse_bands([BELL])


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({}, ["no list"]),
        ([], ["no list"]),
        ("bell", ["no list"]),
        ([BELL, 3], ["band 2", "not an object"]),
        ([BELL, {**BELL, "q": 0}], ["band 2", "q:", "0.1"]),
        ([{**BELL, "gain_db": 30}], ["band 1", "gain_db", "24"]),
        ([{**BELL, "gain_db": "loud"}], ["band 1", "gain_db"]),
        ([{**BELL, "gain_db": float("nan")}], ["band 1", "gain_db", "finite"]),
        ([{**BELL, "kind": "wah"}], ["band 1", "kind", "high_shelf"]),
        ([{**BELL, "colour": "red"}], ["band 1", "colour", "frequency_hz"]),
        ([{**BELL, "gain": 3}], ["band 1", "gain_db", "twice"]),
        ([{"kind": "bell"}], ["band 1", "frequency_hz", "missing"]),
        ([{**BELL, "slope_db_per_octave": 7}], ["band 1", "slope_db_per_octave", "48"]),
        ([BELL] * 25, ["25", "24"]),
    ],
)
def test_a_fault_names_its_band_and_key(document: Any, words: list[str]) -> None:
    with pytest.raises(RecipeInvalid) as caught:
        parse_bands(document)
    line = str(caught.value)
    assert "\n" not in line
    for word in words:
        assert word in line


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "bands.json"
    with pytest.raises(InputUnreadable, match=r"bands\.json"):
        load_bands(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecipeInvalid, match="text"):
        load_bands(path)
    path.write_text("[{]")
    with pytest.raises(RecipeInvalid, match="JSON"):
        load_bands(path)
    path.write_text(json.dumps([BELL]), encoding="utf-8-sig")
    assert len(load_bands(path)) == 1
