"""The whole way in a real browser: the first visit, a song sent in, its master heard, changed, kept and taken away."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile
from playwright.sync_api import BrowserContext, Page, expect

from chromium import EMAIL, PASSWORD, axe, chromium, opened, overhang_px
from service import Service, running
from tonewright.base.files import open_signal
from tonewright.engine.demo import demo_song
from tonewright.measure.meter import measure

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("journey")]

#: Holds the player's audio thread up until goOn() is called, as a slow machine would.
_HELD_UP = """
const add = AudioWorklet.prototype.addModule;
AudioWorklet.prototype.addModule = async function (...given) {
  await new Promise((resolve) => { window.goOn = resolve; });
  return add.apply(this, given);
};
"""


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mixes") / "03 - The Examples - Dawn.wav"
    soundfile.write(path, demo_song(20.0).T, 44_100, subtype="PCM_24")
    return path


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("journey")) as service:
        yield service


@pytest.fixture(scope="module")
def context(service: Service) -> Iterator[BrowserContext]:
    with chromium() as browser, opened(browser, service, viewport={"width": 1280, "height": 850}) as context:
        yield context


@pytest.fixture(scope="module")
def page(context: BrowserContext) -> Page:
    return context.new_page()


def test_the_first_visit_makes_the_owner(page: Page) -> None:
    page.goto("/")
    page.get_by_role("heading", level=1).wait_for()
    assert axe(page) == []
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=re.compile("Choose|Add|songs", re.IGNORECASE)).first).to_be_visible()
    assert axe(page) == []


def test_a_file_that_is_no_audio_is_refused_in_words(page: Page, tmp_path: Path) -> None:
    (tmp_path / "notes.wav").write_text("verse, chorus, verse\n" * 100)
    page.locator("input[type=file]:not([webkitdirectory])").first.set_input_files(tmp_path / "notes.wav")
    expect(page.get_by_text(re.compile("notes.wav.*(not|no) ", re.IGNORECASE)).first).to_be_visible()


def test_a_song_that_is_sent_in_is_mastered_by_itself(page: Page, song: Path) -> None:
    page.locator("input[type=file]:not([webkitdirectory])").first.set_input_files(song)
    page.get_by_role("link", name=re.compile("Dawn")).first.click()
    page.get_by_role("link", name="Open Dawn").click()
    expect(page.get_by_role("heading", name="Dawn")).to_be_visible()
    page.get_by_role("button", name=re.compile("Version 1")).wait_for()
    assert axe(page) == []


def test_a_turned_knob_is_heard_and_kept_as_a_version(page: Page) -> None:
    page.keyboard.press("2")
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Pause").wait_for()
    knob = page.get_by_role("slider", name="Warmth")
    knob.focus()
    for _ in range(4):
        knob.press("Shift+ArrowUp")
    expect(knob).to_have_attribute("aria-valuenow", "40")
    expect(page.get_by_text("changed, not saved")).to_be_visible()
    # what sounds now is the change: the live track is the one that is chosen, and it is not silent
    expect(page.get_by_role("button", name=re.compile("Unsaved", re.IGNORECASE)).first).to_be_visible()
    page.keyboard.press("Control+z")
    expect(knob).not_to_have_attribute("aria-valuenow", "40")
    page.keyboard.press("Control+Shift+z")
    expect(knob).to_have_attribute("aria-valuenow", "40")
    page.get_by_role("button", name="Save as version").click()
    page.get_by_label("What is it for?").fill("Warmer")
    page.get_by_role("button", name="Save version 2").click()
    page.get_by_role("button", name=re.compile("Version 2")).wait_for()


def test_a_version_is_taken_away_as_a_file_that_keeps_its_promise(page: Page, tmp_path: Path) -> None:
    page.get_by_role("button", name=re.compile("Version 2")).click()
    page.get_by_role("button", name="Download", exact=True).click()
    with page.expect_download() as expected:
        page.get_by_role("menuitem", name=re.compile("WAV, 24")).click()
    taken = tmp_path / expected.value.suggested_filename
    expected.value.save_as(taken)
    assert "Dawn" in taken.name
    assert soundfile.info(taken).subtype == "PCM_24"
    with open_signal(taken) as signal:
        measured = measure(signal)
    assert measured.integrated_lufs == pytest.approx(-14.0, abs=0.1)
    assert measured.true_peak_dbtp is not None
    assert measured.true_peak_dbtp < -0.95


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("width", [390, 1440])
def test_every_screen_fits_and_is_accessible(page: Page, theme: str, width: int) -> None:
    studio = page.url
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 844})
    addresses = [
        studio,
        "/",
        "/work",
        "/settings",
        "/settings/security",
        "/settings/programs",
        "/teams",
        "/nowhere",
    ]
    faults = {}
    for address in addresses:
        page.goto(address)
        page.get_by_role("heading", level=1).first.wait_for(state="attached")
        page.wait_for_load_state("networkidle")
        found = axe(page)
        if found or overhang_px(page) > 0:
            faults[address] = (overhang_px(page), found)
    page.goto(studio)
    assert faults == {}


def test_what_is_pressed_before_the_sound_is_there_is_done_once_it_is(page: Page) -> None:
    late = page.context.new_page()
    late.add_init_script(_HELD_UP)
    late.goto(page.url)
    place = late.get_by_role("slider", name="Position")
    # as soon as there is a playhead, it knows how long the song is
    expect(place).to_have_attribute("aria-valuetext", "0:00.0 of 0:20.0")
    late.wait_for_function("() => window.goOn !== undefined")
    late.keyboard.press("ArrowRight")
    late.keyboard.press("ArrowRight")
    expect(place).to_have_attribute("aria-valuetext", "0:10.0 of 0:20.0")
    late.keyboard.press(" ")
    late.get_by_role("button", name="Pause").get_by_text("Waiting for sound").wait_for(state="attached")
    late.evaluate("window.goOn()")
    expect(place).to_have_attribute("aria-valuetext", re.compile("^0:1[1-9]"))
    late.close()


def test_the_studio_by_keyboard_alone(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 850})
    page.reload()
    page.get_by_role("button", name="Play").wait_for()
    page.keyboard.press(" ")
    page.get_by_role("button", name="Pause").wait_for()
    page.keyboard.press(" ")
    page.get_by_role("button", name="Play").wait_for()
    place = page.get_by_role("slider", name="Position")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    expect(place).to_have_attribute("aria-valuetext", "0:06.0 of 0:20.0")
    page.keyboard.press(" ")
    for key, name in (("1", "Mix"), ("2", "Version 1"), ("3", "Version 2")):
        page.keyboard.press(key)
        expect(page.get_by_role("button", name=re.compile(name)).first).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("m")
    expect(page.get_by_role("switch", name="Level match")).not_to_be_checked()
    page.keyboard.press("m")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press(" ")
    page.get_by_role("button", name="Play").wait_for()


def test_a_worker_that_is_killed_loses_nothing(page: Page, service: Service) -> None:
    page.keyboard.press("2")
    knob = page.get_by_role("slider", name="Brightness")
    knob.focus()
    knob.press("Shift+ArrowUp")
    expect(page.get_by_text("changed, not saved")).to_be_visible()
    page.get_by_role("button", name="Save as version").click()
    page.get_by_role("button", name="Save version 3").click()
    service.kill("worker")
    page.get_by_role("button", name=re.compile("Version 3")).wait_for()
    assert service.query("SELECT count(*) FROM tonewright_master WHERE number = 3 AND state = 'ready'") == [(1,)]
