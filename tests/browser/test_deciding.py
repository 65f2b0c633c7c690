"""Decisions in the studio: heard alone, as a difference and left out, set by hand, kept, undone, cancelled, retried."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.sync_api import BrowserContext, Locator, Page, expect

from chromium import PATIENCE_MS
from listening import Samples, gain_of, heard, hears, pause
from served import RATE_HZ
from service import Person, Service, wait_for
from tonewright.base.files import open_signal
from tonewright.base.signal import Signal
from tonewright.engine.demo import demo_song
from tonewright.engine.recipe import Recipe
from tonewright.engine.render import delta, layers, only

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def rumbling_wav(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mix with a fault that is decided upon: a rumble at 12 Hz."""
    sound = 0.5 * demo_song(20.0)
    sound += 0.1 * np.sin(2.0 * np.pi * 12.0 / RATE_HZ * np.arange(sound.shape[-1]))
    path = tmp_path_factory.mktemp("mixes") / "Rumble.wav"
    soundfile.write(path, sound.T, RATE_HZ, subtype="PCM_24")
    return path


@pytest.fixture(scope="module")
def rumbling(served_owner: Person, rumbling_wav: Path) -> str:
    """Id of that mix's song, its first version ready."""
    song: str = served_owner.send(rumbling_wav)["song_id"]
    served_owner.wait_until(song, "master", "done")
    return song


@pytest.fixture(scope="module")
def page(signed_in_browser: BrowserContext, rumbling: str) -> Iterator[Page]:
    page = signed_in_browser.new_page()
    page.goto(f"/songs/{rumbling}")
    page.get_by_role("button", name=re.compile("Version 1")).wait_for()
    yield page
    page.close()


@pytest.fixture(scope="module")
def recipe(served_owner: Person, rumbling: str) -> Recipe:
    (master,) = served_owner.ask("GET", f"/api/songs/{rumbling}")["masters"][:1]
    return Recipe.model_validate(served_owner.ask("GET", f"/api/masters/{master['id']}")["recipe"])


@pytest.fixture(scope="module")
def step(recipe: Recipe, rumbling_wav: Path) -> str:
    """Id of the step that is listened to: the one that changes most where the song begins."""
    with open_signal(rumbling_wav) as mix:
        return max(recipe.steps, key=lambda each: np.std(delta(mix, recipe, each.id).read(0, 8 * RATE_HZ))).id


def tools(page: Page, recipe: Recipe, step: str) -> Locator:
    """The buttons of a decision, among those of all steps in their order."""
    kind = recipe.step(step).kind
    place = [each.id for each in recipe.steps if each.kind == kind].index(step)
    title = next(each["title"] for each in page.request.get("/api/processors").json() if each["kind"] == kind)
    decisions = page.get_by_role("region", name="What was done, and why")
    return decisions.get_by_role("group", name=title, exact=True).nth(place)


def matches(page: Page, wanted: Signal) -> bool:
    """Whether what sounds is this, at whatever level."""
    start, played = heard(page, 0.5)
    sound: Samples = wanted.read(start, len(played)).T
    if not np.any(played) or not np.any(sound):
        return False
    residual = played - gain_of(played, sound) * sound
    return bool(np.std(residual) < 1e-3 * np.std(played))


def sounds(page: Page, wanted: Signal) -> None:
    wait_for(lambda: matches(page, wanted), PATIENCE_MS / 1000, "it sounds as it should")


def test_a_decision_is_heard_alone_as_a_difference_and_left_out(
    page: Page, recipe: Recipe, step: str, rumbling_wav: Path
) -> None:
    buttons = tools(page, recipe, step)
    page.keyboard.press("Home")
    page.keyboard.press("l")
    page.get_by_role("button", name="Play").click()
    hears(page)
    with open_signal(rumbling_wav) as mix:
        buttons.get_by_role("button", name="Alone").click()
        sounds(page, only(mix, recipe, step))
        buttons.get_by_role("button", name="Difference").click()
        sounds(page, delta(mix, recipe, step))
        buttons.get_by_role("button", name="Difference").click()
        sounds(page, layers(mix, recipe))
        buttons.get_by_role("button", name="Bypass").click()
        off = recipe.step(step).model_copy(update={"enabled": False})
        steps = tuple(off if each.id == step else each for each in recipe.steps)
        sounds(page, layers(mix, recipe.model_copy(update={"steps": steps})))
    page.keyboard.press("l")
    pause(page)
    page.keyboard.press("Control+z")
    expect(buttons.get_by_role("button", name="Bypass")).to_have_attribute("aria-pressed", "false")


def by_hand(page: Page) -> Locator:
    """The first knob of the last step, as the expert sees it."""
    page.get_by_role("button", name="Expert", exact=True).click()
    steps = page.get_by_role("region", name="Every step")
    steps.locator("summary").last.click()
    return steps.locator("details").last.get_by_role("slider").first


def test_what_is_set_by_hand_outlives_the_page_until_it_is_discarded(page: Page) -> None:
    knob = by_hand(page)
    before = str(knob.get_attribute("aria-valuenow"))
    knob.focus()
    knob.press("ArrowDown")
    expect(knob).not_to_have_attribute("aria-valuenow", before)
    changed = str(knob.get_attribute("aria-valuenow"))
    page.keyboard.press("Control+z")
    expect(knob).to_have_attribute("aria-valuenow", before)
    page.keyboard.press("Control+Shift+z")
    expect(knob).to_have_attribute("aria-valuenow", changed)
    page.reload()
    expect(page.get_by_text("What you had set by hand, and not saved, is back.")).to_be_visible()
    expect(by_hand(page)).to_have_attribute("aria-valuenow", changed)
    page.get_by_role("button", name="Discard it").click()
    expect(page.get_by_text("changed, not saved")).to_have_count(0)
    page.reload()
    expect(by_hand(page)).to_have_attribute("aria-valuenow", before)


def test_a_version_is_cancelled_and_tried_again(
    page: Page, served: Service, served_owner: Person, rumbling: str
) -> None:
    knob = by_hand(page) if not page.get_by_role("region", name="Every step").is_visible() else None
    knob = knob or page.get_by_role("region", name="Every step").locator("details").last.get_by_role("slider").first
    knob.focus()
    knob.press("ArrowDown")
    value = float(str(knob.get_attribute("aria-valuenow")))
    workers = served.pids("worker")
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    try:
        page.get_by_role("button", name="Save as version").click()
        page.get_by_label("What is it for?").fill("By hand")
        page.get_by_role("button", name="Save version 2").click()
        work = page.get_by_role("status", name="Work in progress")
        work.get_by_text("waiting for its turn").wait_for()
        work.get_by_role("button", name="Cancel").click()
        expect(work.get_by_text("Version 2 was cancelled.")).to_be_visible()
    finally:
        for pid in workers:
            os.kill(pid, signal.SIGCONT)
    work.get_by_role("button", name="Try again").click()
    page.get_by_role("button", name=re.compile("Version 2")).wait_for()
    made = served_owner.ask("GET", f"/api/songs/{rumbling}")["masters"][-1]
    detail = served_owner.ask("GET", f"/api/masters/{made['id']}")
    assert (made["number"], made["why"]) == (2, "By hand")
    assert any(number == pytest.approx(value) for number in detail["recipe"]["steps"][-1]["params"].values())


def test_a_reference_is_added_in_the_studio(
    page: Page, served_owner: Person, rumbling: str, tmp_path: Path
) -> None:
    reference = tmp_path / "Dusk.wav"
    noise = np.random.default_rng(7).normal(0.0, 0.1, (6 * RATE_HZ, 2))
    soundfile.write(reference, noise, RATE_HZ, subtype="PCM_16")
    page.get_by_role("button", name="By ear").click()
    panel = page.get_by_role("region", name="References")
    panel.locator("input[type=file]").first.set_input_files(reference)
    expect(panel.get_by_text("LUFS")).to_be_visible()
    page.get_by_role("button", name="Dusk.wav", exact=False).first.wait_for()
    (audio,) = served_owner.ask("GET", f"/api/songs/{rumbling}")["references"]
    assert (audio["filename"], audio["role"], audio["state"]) == ("Dusk.wav", "reference", "ready")
    panel.get_by_role("button", name="Remove Dusk.wav").click()
    expect(panel.get_by_text("Dusk.wav")).to_have_count(0)
