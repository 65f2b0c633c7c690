"""What the studio plays, sample by sample, taken from the page's own audio graph."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Page, expect

from chromium import PATIENCE_MS, become_owner, chromium, opened
from listening import Samples, gain_of, heard, hears, pause, play_from
from service import Person, owner_of, running, wait_for
from tonewright.engine.demo import demo_song

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]
RATE_HZ = 44_100
#: What a switch may last, with room for the audio thread's blocks.
SWITCH_S = 0.06


@dataclass
class Studio:
    """A song that lies open in the studio, and what its sounds hold: (frames, channels)."""

    page: Page
    owner: Person
    song_id: str
    mix: Samples
    master: Samples
    #: of integrated loudness, master over mix
    louder_db: float


def samples_of(owner: Person, kind: str, sound: dict[str, Any]) -> Samples:
    pieces = []
    for number in range(len(sound["listen_index"]["offsets"]) - 1):
        answer = owner.http.get(f"/api/{kind}/{sound['id']}/segments/{number}")
        answer.raise_for_status()
        pieces.append(soundfile.read(io.BytesIO(answer.content), always_2d=True)[0])
    return np.concatenate(pieces)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    folder = tmp_path_factory.mktemp("listening")
    song = Path(folder / "Dawn.wav")
    soundfile.write(song, demo_song(24.0).T, RATE_HZ, subtype="PCM_24")
    with running(folder / "service") as service, owner_of(service) as owner:
        song_id = owner.send(song)["song_id"]
        owner.wait_until(song_id, "master", "done")
        found = owner.ask("GET", f"/api/songs/{song_id}")
        mix, master = found["mix"], found["masters"][0]
        with chromium() as browser, opened(browser, service) as context:
            become_owner(context)
            page = context.new_page()
            page.goto(f"/songs/{song_id}")
            page.get_by_role("button", name="Play").wait_for()
            yield Studio(
                page,
                owner,
                song_id,
                samples_of(owner, "audio", mix),
                samples_of(owner, "masters", master),
                master["measurements"]["integrated_lufs"] - mix["measurements"]["integrated_lufs"],
            )


def test_segments_join_to_the_sample(studio: Studio) -> None:
    play_from(studio.page, 5.0, "1")
    start, played = heard(studio.page, 11.0)  # over two joints
    pause(studio.page)
    sound = studio.mix[start : start + len(played)]
    residual = played - gain_of(played, sound) * sound
    assert np.max(np.abs(residual)) < 1e-6


def test_switching_moves_from_one_to_the_other_without_a_gap_or_a_click(studio: Studio) -> None:
    play_from(studio.page, 5.0, "1")
    start, played = heard(studio.page, 3.0, key="2")
    pause(studio.page)
    mix, master = (each[start : start + len(played)] for each in (studio.mix, studio.master))
    edge = round(0.5 * RATE_HZ)
    before, after = gain_of(played[:edge], mix[:edge]), gain_of(played[-edge:], master[-edge:])
    # level-matched: the louder one is turned down by what the engine measured
    assert 20.0 * np.log10(before / after) == pytest.approx(studio.louder_db, abs=1e-3)
    off_mix = np.flatnonzero(np.max(np.abs(played - before * mix), axis=1) > 1e-6)
    off_master = np.flatnonzero(np.max(np.abs(played - after * master), axis=1) > 1e-6)
    first, last = off_mix[0], off_master[-1]
    assert 0 < last - first < SWITCH_S * RATE_HZ
    # in between it lies between the two, and never moves further from one sample to the next than they do, and the fade
    low, high = np.minimum(before * mix, after * master), np.maximum(before * mix, after * master)
    spread = 0.3 * (high - low)  # equal power lifts the middle
    assert np.all(played >= low - spread - 1e-6)
    assert np.all(played <= high + spread + 1e-6)
    steps = np.abs(np.diff(played[first - 10 : last + 10], axis=0)).max()
    own = max(np.abs(np.diff(before * mix, axis=0)).max(), np.abs(np.diff(after * master, axis=0)).max())
    assert steps <= 1.5 * own


def test_a_loop_goes_round_without_a_click(studio: Studio) -> None:
    page = studio.page
    play_from(page, 5.0, "2")
    page.keyboard.press("l")  # some seconds from here on
    expect(page.get_by_role("button", name="Loop (L)")).to_have_attribute("aria-pressed", "true")
    start, played = heard(page, 12.0)
    page.keyboard.press("l")
    pause(page)
    sound = studio.master[start : start + len(played)]
    assert np.max(np.abs(played[-RATE_HZ:])) > 1e-3, "it goes on sounding"
    own = np.abs(np.diff(sound, axis=0)).max() * gain_of(played[:RATE_HZ], sound[:RATE_HZ])
    assert np.abs(np.diff(played, axis=0)).max() <= 1.5 * own


def test_what_is_undone_right_after_a_key_stays_undone(studio: Studio) -> None:
    page = studio.page
    width, presence = (page.get_by_role("slider", name=name, exact=True) for name in ("Width", "Presence"))
    width.press("Shift+ArrowUp")
    page.keyboard.press("Control+z")
    for key in ("Shift+ArrowUp", "Control+z"):
        presence.press(key)
        page.locator('[data-stage="settled"]' if key != "Control+z" else '[data-stage="rest"]').wait_for()
        expect(width).to_have_attribute("aria-valuenow", "0")


def test_a_preview_is_to_the_sample_what_is_delivered(studio: Studio) -> None:
    page, owner = studio.page, studio.owner
    play_from(page, 5.0, "2")
    pause(page)
    for _ in range(4):
        page.get_by_role("slider", name="Warmth").press("Shift+ArrowUp")
    page.locator('[data-stage="settled"]').wait_for(timeout=PATIENCE_MS)
    page.get_by_role("button", name="Play").click()
    hears(page)
    start, played = heard(page, 6.0)  # over the joint of two pieces
    pause(page)
    page.get_by_role("button", name="Save as version").click()
    page.get_by_role("button", name="Save version 2").click()

    def saved() -> dict[str, Any] | None:
        masters = owner.ask("GET", f"/api/songs/{studio.song_id}")["masters"]
        return next((each for each in masters if each["number"] == 2 and each["state"] == "ready"), None)

    version = wait_for(saved, PATIENCE_MS / 1000, "version 2 is ready")
    delivered = samples_of(owner, "masters", version)[start : start + len(played)]
    assert np.max(np.abs(played - gain_of(played, delivered) * delivered)) < 1e-6
    before = studio.master[start : start + len(played)]
    assert np.max(np.abs(played - gain_of(played, before) * before)) > 1e-3, "the knob changed something"
