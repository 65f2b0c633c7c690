"""How soon a changed control is heard, and a new song: `python -m benchmarks.control_to_sound`.

A room process is started as the service does, and a 4-minute song lies open in it. For each of many places a control
is moved, and from then on the time is taken until the first seconds of the loop are here as FLAC: the proposal, then
the window, over the pipe. The same control is moved by another amount each time, so that nothing rendered before can
be used again. Then the processes that a song goes through when it arrives are timed, from their start to their end;
with --warm as the service runs them, started ahead.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.timing import percentile, table
from tonewright.base.files import Delivery, open_writer
from tonewright.base.signal import Layout
from tonewright.engine.demo import demo_song
from tonewright.server.sound.room import Room

SECONDS = 240
RATE_HZ = 44_100
#: So much is asked for first (ui/src/player/plan.ts), the rest while it plays.
FIRST_S = 2.0
CONTROLS = {
    "warmth": ("warmth",),
    "brightness": ("brightness",),
    "low end": ("low_end",),
    "punch": ("punch",),
    "width": ("width",),
    "presence": ("presence",),
    "loudness": ("loudness",),
    "all of them": ("warmth", "brightness", "low_end", "punch", "width", "presence", "loudness"),
}


def child(job: dict[str, Any], *, warm: bool) -> float:
    """Seconds that a job takes in a process of its own; of a warm one, from its job on."""
    command = [sys.executable, "-m", "tonewright.server.sound.child", *(["--warm"] if warm else [])]
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    if warm:
        assert process.stdout is not None
        process.stdout.readline()  # it is ready
        begin = time.perf_counter()
    out, _ = process.communicate(json.dumps(job))
    taken = time.perf_counter() - begin
    last = json.loads(out.splitlines()[-1])
    if "result" not in last:
        raise RuntimeError(last)
    return taken


async def moved(work: Path, rounds: int) -> dict[str, list[tuple[float, float]]]:
    """(proposal, proposal and window) in seconds, for each control."""
    places = np.random.default_rng(1)
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in CONTROLS}
    async with Room() as room:
        await room.open("song", work)
        for number in range(rounds + 1):
            for name, knobs in CONTROLS.items():
                start = round(places.uniform(0.0, SECONDS - FIRST_S) * RATE_HZ)
                character = {knob: round(places.uniform(30.0, 90.0), 2) for knob in knobs}
                begin = time.perf_counter()
                frames = round(FIRST_S * RATE_HZ)
                proposal = await room.propose("song", {"character": character}, listened_to=(start, frames))
                proposed = time.perf_counter() - begin
                await room.window("song", proposal["recipe"], start, frames)
                if number:  # the first round warms up
                    taken[name].append((proposed, time.perf_counter() - begin))
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--warm", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tonewright-bench-") as place:
        folder = Path(place)
        song = folder / "song.wav"
        with open_writer(song, Delivery(bits="24"), Layout(RATE_HZ, 2)) as writer:
            writer.write(demo_song(SECONDS))
            writer.finish()
        for name in ("arrived", "mastered"):
            (folder / name).mkdir()
        arrive = {"job": "arrive", "source": str(song), "filename": song.name, "folder": str(folder / "arrived")}
        work = folder / "arrived" / "work.bin"
        arrived = child(arrive, warm=chosen.warm)
        master = {"job": "master", "source": str(work), "folder": str(folder / "mastered")}
        mastered = child(master, warm=chosen.warm)
        taken = asyncio.run(moved(work, chosen.rounds))
    rows = [["control to sound", "proposal, median ms", "median ms", "95th percentile"]]
    every = [each for times in taken.values() for each in times]
    for name, times in [*taken.items(), ("every one", every)]:
        whole = [1000 * sound for _, sound in times]
        proposals = [1000 * proposed for proposed, _ in times]
        figures = (percentile(proposals, 50), percentile(whole, 50), percentile(whole, 95))
        rows.append([name, *(f"{figure:.0f}" for figure in figures)])
    print(table(rows))
    print(f"\nupload to first master: {arrived:.1f} s to arrive, {mastered:.1f} s to master")


if __name__ == "__main__":
    main()
