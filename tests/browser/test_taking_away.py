"""Every file of a version, taken away as its user does, and read again."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page

from served import RATE_HZ, SECONDS
from tonewright.base.files import FileSignal, open_signal

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]
FRAMES = round(SECONDS * RATE_HZ)


@pytest.fixture(scope="module")
def studio(signed_in_browser: BrowserContext, dawn: str) -> Iterator[Page]:
    page = signed_in_browser.new_page()
    page.goto(f"/songs/{dawn}")
    page.get_by_role("button", name=re.compile("Version 1")).wait_for()
    yield page
    page.close()


def taken(page: Page, name: str, folder: Path) -> Path:
    page.get_by_role("button", name="Download", exact=True).click()
    with page.expect_download() as expected:
        page.get_by_role("menuitem", name=re.compile(name)).click()
    path = folder / expected.value.suggested_filename
    expected.value.save_as(path)
    return path


def samples(signal: FileSignal) -> np.ndarray:
    return signal.read(0, signal.frames)


@pytest.mark.parametrize(
    ("name", "container", "codec", "bits"),
    [
        ("WAV, 24", "wav", "pcm", 24),
        ("WAV, 16", "wav", "pcm", 16),
        ("FLAC, 24", "flac", "flac", 24),
        ("MP3", "mp3", "mp3", None),
        ("AAC", "mp4", "aac", None),
    ],
)
def test_a_file_is_what_its_name_says(
    studio: Page, tmp_path: Path, name: str, container: str, codec: str, bits: int | None
) -> None:
    path = taken(studio, name, tmp_path)
    assert "Dawn" in path.name
    with open_signal(path) as signal:
        info, tags = signal.info, signal.tags
        assert (info.container, info.codec, info.bits, info.lossy) == (container, codec, bits, bits is None)
        assert (info.rate_hz, info.channels) == (RATE_HZ, 2)
        # a coded file may be padded to the end of its last frame
        assert 0 <= info.frames - FRAMES <= (0 if bits else 2_304)
        assert (tags.title, tags.artist) == ("Dawn", "The Examples")
        found = samples(signal)
    with open_signal(taken(studio, "WAV, 24", tmp_path)) as signal:
        wanted = samples(signal)
    residual = found[:, :FRAMES] - wanted
    level_db = 20.0 * np.log10(np.std(residual) / np.std(wanted) + 1e-12)
    assert level_db < {24: -200.0, 16: -70.0, None: -15.0}[bits]


def test_the_report_stands_alone(studio: Page, tmp_path: Path) -> None:
    text = taken(studio, "Report", tmp_path).read_text(encoding="utf-8")
    assert text.lower().startswith("<!doctype html>")
    assert "Dawn" in text
    assert re.search("LUFS", text)
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=.?https?:", text), "it needs nothing from elsewhere"


def test_the_recipe_is_the_versions(studio: Page, tmp_path: Path) -> None:
    recipe = json.loads(taken(studio, "Recipe", tmp_path).read_text(encoding="utf-8"))
    assert [step["kind"] for step in recipe["steps"]][-1] == "maximiser"
