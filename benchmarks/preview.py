"""How soon a change is heard: a 10 s window of a 4-minute song, rendered anew in a warm process.

    python -m benchmarks.preview [--song MIX] [--windows N]

The song is mastered once, for its recipe. Then, for each window at another place, one setting of the recipe is
changed, so that nothing rendered before can be used again, and the window is rendered from the file on the disk.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

from benchmarks.timing import percentile, table
from tonewright.base.files import Delivery, open_signal
from tonewright.base.params import knobs
from tonewright.engine.demo import demo_song
from tonewright.engine.intent import Intent
from tonewright.engine.master import master
from tonewright.engine.recipe import Recipe
from tonewright.engine.render import layers, stream

SECONDS = 240
RATE_HZ = 44_100
WINDOW_S = 10.0


def nudged(recipe: Recipe, amount: float) -> Recipe:
    """The recipe with the first number of its first step moved by a share of its range."""
    first, *rest = recipe.steps
    spec = next(iter(knobs(type(first.params)).values()))
    value = getattr(first.params, spec.name)
    other = value + amount * (spec.high - value if value < (spec.low + spec.high) / 2 else spec.low - value)
    moved = first.model_copy(update={"params": first.params.model_copy(update={spec.name: other})})
    return recipe.model_copy(update={"steps": (moved, *rest)})


def measure(song: Path, windows: int, folder: Path) -> list[float]:
    """Seconds that each window took."""
    recipe = master(song, folder / "master.wav", Intent(), Delivery()).recipe
    places = np.random.default_rng(1)
    taken = []
    with open_signal(song) as signal:
        for index in range(windows + 3):
            start_s = places.uniform(0.0, signal.frames / signal.rate_hz - WINDOW_S)
            start, stop = (round(t * signal.rate_hz) for t in (start_s, start_s + WINDOW_S))
            begin = time.perf_counter()
            rendered = layers(signal, nudged(recipe, 0.01 * (1 + index % 50)))
            frames = sum(block.shape[1] for block in stream(rendered, start, stop))
            taken.append(time.perf_counter() - begin)
            assert frames == stop - start
    return taken[3:]  # the first ones warm up


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--song", type=Path, help="default: a demo song")
    parser.add_argument("--windows", type=int, default=40)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tonewright-bench-") as place:
        folder = Path(place)
        song = chosen.song
        if song is None:
            song = folder / "song.wav"
            soundfile.write(song, demo_song(SECONDS).T, RATE_HZ, subtype="PCM_16")
        taken = measure(song, chosen.windows, folder)
    row = [f"{1000 * percentile(taken, percent):.0f}" for percent in (50, 95, 100)]
    print(table([["", "median ms", "95th percentile", "slowest"], [f"a {WINDOW_S:.0f} s window", *row]]))


if __name__ == "__main__":
    main()
