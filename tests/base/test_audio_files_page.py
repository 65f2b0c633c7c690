"""docs/audio-files.md knows every format and every field."""

from pathlib import Path

from shaping import noise_response_db

from tonewright.base.files.formats import INPUTS, OUTPUTS
from tonewright.base.files.tags import NAMES
from tonewright.base.quantise import SHAPING_TAPS, hearing_threshold_db

PAGE = (Path(__file__).parents[2] / "docs" / "audio-files.md").read_text()


def test_every_format_is_on_the_page() -> None:
    for output in OUTPUTS:
        for extension in output.extensions:
            assert f"`{extension}`" in PAGE, extension
        for _, meaning in output.qualities:
            assert meaning.split()[0].rstrip(",") in PAGE, meaning
    for source in INPUTS:
        assert source.name.upper().replace("AIFC", "AIFF-C").replace("MP4", "M4A").upper() in PAGE.upper()


def test_every_field_is_on_the_page() -> None:
    for names in NAMES:
        row = next(line for line in PAGE.splitlines() if line.startswith(f"| {names.field.replace('_', ' ')} |"))
        for name in (names.vorbis[0], names.id3, names.mp4, names.info):
            assert name in row


def test_the_figures_of_shaping_are_the_filter_s() -> None:
    import numpy as np

    assert f"{SHAPING_TAPS} taps" in PAGE
    for rate_hz in (44_100, 48_000, 88_200, 96_000, 192_000):
        frequency_hz = np.linspace(20.0, rate_hz / 2, 8_000)
        shape_db = noise_response_db(rate_hz, frequency_hz)
        weight = 10 ** (-hearing_threshold_db(frequency_hz) / 10)
        by_ear_db = 10 * np.log10(np.sum(weight * 10 ** (shape_db / 10)) / np.sum(weight))
        assert f"| {rate_hz / 1000:g} kHz | {by_ear_db:+.1f} dB |" in PAGE
