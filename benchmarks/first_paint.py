"""How soon the studio is there: `python -m benchmarks.first_paint`.

A service of its own with one mastered song of four minutes, and the system's Chromium. Each round opens the studio in
a new window, where nothing is cached, and then once more in the same. Taken from the start of the navigation, by the
page's own clock: the first paint with content, and the moment at which the waveform is drawn and Play can be pressed.
Needs what the browser's tests need.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.timing import table
from tonewright.base.files import Delivery, open_writer
from tonewright.base.signal import Layout
from tonewright.engine.demo import demo_song

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # the service and the browser of the tests

from playwright.sync_api import BrowserContext

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
    rows = [
        [name, *(f"{median(column):.2f}" for column in zip(*times, strict=True)), f"{max(t for _, t in times):.2f}"]
        for name, times in taken.items()
    ]
    print(table([["studio, 4-minute song", "first paint, s", "to be used, s", "at most, s"], *rows]))


if __name__ == "__main__":
    main()
