"""How soon the studio is there, and how soon a changed control is heard in it: `python -m benchmarks.studio`.

A service of its own with one mastered song of four minutes, and the system's Chromium. Each round opens the studio in
a new window, where nothing is cached, and then once more in the same. Taken from the start of the navigation, by the
page's own clock: the first paint with content, and the moment at which the waveform is drawn and Play can be pressed.
Then, while the song plays, controls are moved one after the other, each on top of what was moved before, and the page
tells how long it took from the change to its sound. Needs what the browser's tests need.
"""

import argparse
import random
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.timing import percentile, table
from tonewright.base.files import Delivery, open_writer
from tonewright.base.signal import Layout
from tonewright.engine.demo import demo_song

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # the service and the browser of the tests

from playwright.sync_api import BrowserContext, Page

from chromium import become_owner, chromium, opened
from service import owner_of, running

SECONDS = 240
RATE_HZ = 44_100
#: Looks at each frame whether the waveform has been drawn (a quarter of its columns away from the middle line) and
#: Play may be pressed.
_WATCH = """
window.usable = new Promise((resolve) => {
  const look = () => {
    const canvas = document.querySelector('[aria-label="Position"] canvas');
    const play = document.querySelector('[aria-label="Transport"] button[aria-label^="Play"]');
    if (canvas?.width > 300 && play && !play.disabled) {
      const line = canvas.getContext('2d').getImageData(0, Math.round(canvas.height * 0.4), canvas.width, 1).data;
      let drawn = 0;
      for (let at = 3; at < line.length; at += 4) if (line[at] > 0) drawn += 1;
      if (drawn > canvas.width / 4) return resolve(performance.now());
    }
    requestAnimationFrame(look);
  };
  look();
});
"""


def opening(context: BrowserContext, address: str) -> tuple[float, float]:
    """Seconds to the first paint with content, and until the studio can be used."""
    page = context.new_page()
    page.add_init_script(_WATCH)
    page.goto(address)
    usable_ms = page.evaluate("window.usable")
    paint_ms = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    page.close()
    return paint_ms / 1000.0, usable_ms / 1000.0


CONTROLS = ("Warmth", "Brightness", "Low end", "Punch", "Width", "Presence", "Loudness")


def moved(page: Page, control: str, chance: random.Random) -> float:
    """Seconds from a control's change to its sound."""
    room = page.locator(".room")
    knob = page.get_by_role("slider", name=control, exact=True)
    up = float(knob.get_attribute("aria-valuenow") or 0.0) < chance.uniform(-30.0, 70.0)
    before = room.get_attribute("data-heard-after-ms")
    knob.press("Shift+ArrowUp" if up else "Shift+ArrowDown")
    page.wait_for_function(
        "(before) => document.querySelector('.room').dataset.heardAfterMs !== before", arg=before or None
    )
    taken = float(room.get_attribute("data-heard-after-ms") or 0.0) / 1000.0
    page.locator('[data-stage="settled"]').wait_for()
    return taken


def control_to_sound(context: BrowserContext, address: str, rounds: int) -> dict[str, list[float]]:
    page = context.new_page()
    page.goto(address)
    page.keyboard.press("2")
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Pause").wait_for()
    chance = random.Random(1)
    taken: dict[str, list[float]] = {control: [] for control in CONTROLS}
    for number in range(rounds + 1):
        for control in CONTROLS:
            seconds = moved(page, control, chance)
            if number:  # in the first round the room opens the song
                taken[control].append(seconds)
    page.close()
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    taken: dict[str, list[tuple[float, float]]] = {"nothing cached": [], "once more": []}
    with tempfile.TemporaryDirectory(prefix="tonewright-bench-") as place:
        song = Path(place) / "song.wav"
        with open_writer(song, Delivery(bits="24"), Layout(RATE_HZ, 2)) as writer:
            writer.write(demo_song(SECONDS))
            writer.finish()
        with running(Path(place) / "service", demo="false") as service, owner_of(service) as owner:
            song_id = owner.send(song)["song_id"]
            owner.wait_until(song_id, "master", "done")
            with chromium() as browser:
                for _ in range(chosen.rounds):
                    with opened(browser, service, viewport={"width": 1440, "height": 900}) as context:
                        become_owner(context)
                        for times in taken.values():
                            times.append(opening(context, f"/songs/{song_id}"))
                with opened(browser, service, viewport={"width": 1440, "height": 900}) as context:
                    become_owner(context)
                    heard = control_to_sound(context, f"/songs/{song_id}", chosen.rounds)
    rows = [
        [name, *(f"{median(column):.2f}" for column in zip(*times, strict=True)), f"{max(t for _, t in times):.2f}"]
        for name, times in taken.items()
    ]
    heard["every one"] = [seconds for times in heard.values() for seconds in times]
    sounds = [
        [control, f"{percentile(times, 50) * 1000:.0f}", f"{percentile(times, 95) * 1000:.0f}"]
        for control, times in heard.items()
    ]
    print(table([["studio, 4-minute song", "first paint, s", "to be used, s", "at most, s"], *rows]))
    print()
    print(table([["control to sound", "median ms", "95th percentile"], *sounds]))


if __name__ == "__main__":
    main()
