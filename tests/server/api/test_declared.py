"""What there is to choose from, over HTTP: from the declarations that run, and cheap to ask for again."""

from collections.abc import Callable

import pytest
from django.test import Client

from tonewright.dsp.processors import kinds, processor
from tonewright.engine.intent import Character, Controls
from tonewright.engine.targets import targets
from tonewright.server.models import User

Browser = Callable[[User], Client]


@pytest.mark.parametrize("path", ["targets", "processors", "controls", "formats"])
def test_it_is_sent_once_and_then_only_said_to_be_the_same(artist: User, signed_in: Browser, path: str) -> None:
    client = signed_in(artist)
    first = client.get(f"/api/{path}")
    assert (first.status_code, first["Cache-Control"]) == (200, "private, no-cache")
    again = client.get(f"/api/{path}", headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert client.get(f"/api/{path}", headers={"if-none-match": '"other"'}).content == first.content


def test_every_processor_and_every_target_is_there(artist: User, signed_in: Browser) -> None:
    client = signed_in(artist)
    processors = client.get("/api/processors").json()
    assert [each["kind"] for each in processors] == kinds()
    assert all(each["title"] and each["help"] for each in processors)
    assert [each["name"] for each in client.get("/api/targets").json()] == [each.name for each in targets()]


def test_a_setting_is_told_as_it_is_declared(artist: User, signed_in: Browser) -> None:
    found = {each["kind"]: each for each in signed_in(artist).get("/api/processors").json()}
    dynamic = found["dynamic_eq"]["lists"][0]
    assert (dynamic["name"], dynamic["most"]) == ("bands", 12)
    ratio = next(each for each in dynamic["knobs"] if each["name"] == "ratio")
    assert (ratio["low"], ratio["high"], ratio["unit"], ratio["scale"]) == (1, 20, ":1", "log")
    assert {each["name"]: each["options"] for each in dynamic["choices"]}["when"] == ["above", "below"]
    phase = next(each for each in found["equaliser"]["choices"] if each["name"] == "phase")
    assert (phase["options"], phase["default"]) == (["minimum", "linear"], "minimum")
    flip = next(each for each in found["gain"]["choices"] if each["name"] == "invert_left")
    assert (flip["options"], flip["default"]) == ([True, False], False)


def test_no_setting_of_a_processor_is_forgotten(artist: User, signed_in: Browser) -> None:
    for each in signed_in(artist).get("/api/processors").json():
        told = {row["name"] for part in ("knobs", "choices", "lists") for row in each[part]}
        declared = set(processor(each["kind"]).params.model_fields)
        assert declared <= told, each["kind"]


def test_the_controls_are_those_that_a_song_takes(artist: User, signed_in: Browser) -> None:
    found = signed_in(artist).get("/api/controls").json()
    assert [each["name"] for each in found["character"]] == list(Character.model_fields)
    assert Controls.model_validate(found["default"]) == Controls()
    lufs = next(each for each in found["numbers"] if each["name"] == "lufs")
    assert (lufs["low"], lufs["high"], lufs["default"], lufs["unit"]) == (-40, -5, None, "LUFS")
    keep = next(each for each in found["choices"] if each["name"] == "keep")
    assert (keep["several"], keep["options"]) == (True, ["tone", "dynamics", "width", "loudness"])


def test_what_can_be_taken_away_is_listed(artist: User, signed_in: Browser) -> None:
    found = {each["format"]: each["bits"] for each in signed_in(artist).get("/api/formats").json()["deliveries"]}
    assert found == {"wav": ["24", "16"], "flac": ["24", "16"], "aac": [], "mp3": []}
