"""What a file's name tells, and what it is kept as."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tonewright.server.services.filenames import Names, clean_filename, names_from_filename

TOLD = {
    "Opening.wav": (None, "", "Opening"),
    "01 Opening.wav": (1, "", "Opening"),
    "01. Opening.flac": (1, "", "Opening"),
    "1) Opening.flac": (1, "", "Opening"),
    "12 - Opening.aiff": (12, "", "Opening"),
    "03-Opening.mp3": (3, "", "Opening"),
    "2-07 Opening.mp3": (7, "", "Opening"),
    "2-07 - Opening.mp3": (7, "", "Opening"),
    "01 - The Examples - Opening.wav": (1, "The Examples", "Opening"),
    "01. The Examples – Opening.wav": (1, "The Examples", "Opening"),
    "The Examples - Opening.wav": (None, "The Examples", "Opening"),
    "The Examples - 04 - Opening.wav": (4, "The Examples", "Opening"),
    "The Examples - First Light - 04 - Opening.wav": (4, "The Examples", "Opening"),
    "The Examples - Opening - Part Two.wav": (None, "The Examples", "Opening - Part Two"),
    "The Examples - Opening - Final Mix v2.wav": (None, "The Examples", "Opening - Final Mix v2"),
    "Opening - Mix 3.wav": (None, "", "Opening - Mix 3"),
    "Opening - 24 bit master.wav": (None, "", "Opening - 24 bit master"),
    "the_examples_-_opening.wav": (None, "the examples", "opening"),
    "C:\\Music\\The Examples - Opening.wav": (None, "The Examples", "Opening"),
    "/home/me/Opening.wav": (None, "", "Opening"),
    # numbers that are names
    "99 Luftballons.wav": (None, "", "99 Luftballons"),
    "1979.wav": (None, "", "1979"),
    "07.wav": (None, "", "07"),
    "4-Track Sessions.wav": (4, "", "Track Sessions"),
    "Song v1.2.wav": (None, "", "Song v1.2"),
    "Mr. Nobody": (None, "", "Mr. Nobody"),
    "The Examples - 1979.wav": (None, "The Examples", "1979"),
    "00 - Hidden.wav": (None, "", "Hidden"),
    # names that are none
    "": (None, "", "Untitled"),
    ".wav": (None, "", ".wav"),
    " - .wav": (None, "", "-"),
    "Jay-Z.wav": (None, "", "Jay-Z"),
    "歌手 - 曲名.flac": (None, "歌手", "曲名"),
}


@pytest.mark.parametrize("name", TOLD)
def test_names_as_people_write_them(name: str) -> None:
    assert names_from_filename(name) == Names(*TOLD[name])


@given(st.text(max_size=300))
def test_any_name_gives_a_title_that_can_be_kept(name: str) -> None:
    found = names_from_filename(name)
    assert 0 < len(found.title) <= 200
    assert len(found.artist) <= 200
    assert found.track_number is None or 1 <= found.track_number <= 999
    assert (found.title + found.artist).isprintable() or all(c.isprintable() or ord(c) > 127 for c in found.title)
    found.title.encode()


@given(st.sampled_from("1 -._x"), st.integers(1, 3000))
def test_a_long_name_takes_no_longer_than_others(character: str, length: int) -> None:
    names_from_filename(character * length + "!")


CLEANED = {
    "../../etc/passwd": "passwd",
    "C:\\Windows\\system.wav": "system.wav",
    "song\0.wav": "song.wav",
    "song\r\nX: y.wav": "song X: y.wav",
    "\u202egnp.wav": "gnp.wav",
    "...": "",
    "/": "",
    "  .. ": "",
    ".hidden.wav": "hidden.wav",
    "a\ud800b.wav": "ab.wav",
    "Mix (final).wav": "Mix (final).wav",
    "e\u0301tude.wav": "étude.wav",
}


@pytest.mark.parametrize("name", CLEANED)
def test_hostile_names_become_harmless(name: str) -> None:
    assert clean_filename(name) == CLEANED[name]


@given(st.text(max_size=400), st.sampled_from(["", ".wav", ".flac", ".m4a"]))
def test_a_clean_name_is_one_that_any_system_has(stem: str, extension: str) -> None:
    clean = clean_filename(stem + extension)
    assert len(clean.encode()) <= 200
    assert "/" not in clean
    assert "\\" not in clean
    assert clean not in (".", "..")
    assert not any(ord(c) < 32 for c in clean)
    assert clean_filename(clean) == clean


def test_a_long_name_keeps_its_extension() -> None:
    assert clean_filename("ü" * 300 + ".flac").endswith("ü.flac")
