"""Names of files as they are printed."""

from pathlib import Path

from tonewright.base.paths import shown


def test_names_are_printable_and_on_one_line() -> None:
    assert shown(Path("a\nb é\udcff.wav")) == "a\\nb é\\udcff.wav"
