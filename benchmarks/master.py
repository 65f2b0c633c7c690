"""A whole master, as a user gets it, beside matchering in the same run.

    python -m benchmarks.master [--song MIX] [--runs N] [--matchering-python VENV/bin/python [--reference SONG]]

Each run is a process of its own, from the command line to the finished 24-bit file: a 4-minute 44.1 kHz stereo
16-bit song with default settings. Measured: wall clock, processor time, times realtime (of the wall clock), and peak
memory (the resident size that the system counted). The first row is the very first run ever, when no compiled kernel
is kept yet. matchering masters to a reference, so it needs one; without --reference that is another demo song.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import soundfile

from benchmarks.timing import Cost, cost, middle, table

SECONDS = 240
_MATCHERING = """
import sys
import matchering
matchering.process(target=sys.argv[1], reference=sys.argv[2], results=[matchering.pcm24(sys.argv[3])])
"""


def write_song(path: Path, seed: int, style: str) -> Path:
    """Made by processes of their own: the peak memory of a child counts what its parent held when it was born."""
    command = [sys.executable, "-m", "tonewright"]
    mix = path.with_suffix(".24.wav")
    subprocess.run(
        [*command, "demo", str(mix), f"--seconds={SECONDS}", f"--seed={seed}", f"--style={style}", "--quiet"],
        check=True,
    )
    subprocess.run([*command, "convert", str(mix), str(path), "--bits=16", "--quiet"], check=True)
    return path


def row(name: str, each: Cost, duration_s: float) -> list[str]:
    speed = f"{duration_s / each.wall_s:.0f}x"
    return [name, f"{each.wall_s:.2f}", f"{each.cpu_s:.2f}", speed, f"{each.peak_mib:.0f}"]


def tonewright(song: Path, out: Path, kernels: Path | None = None) -> Cost:
    environment = dict(os.environ)
    if kernels is not None:
        environment["NUMBA_CACHE_DIR"] = str(kernels)
    return cost([sys.executable, "-m", "tonewright", "master", str(song), str(out), "--quiet"], environment)


def measure(song: Path, runs: int, matchering_python: Path | None, reference: Path, folder: Path) -> None:
    duration_s = soundfile.info(song).duration
    out = folder / "master.wav"
    rows: list[Sequence[str]] = [["", "wall s", "CPU s", "realtime", "peak MiB"]]
    rows.append(row("tonewright, first run ever", tonewright(song, out, folder / "no-kernels-yet"), duration_s))
    tonewright(song, out)  # so that the kernels are compiled
    ours: list[Cost] = []
    theirs: list[Cost] = []
    for _ in range(runs):  # in turn, so that a busy machine is unfair to neither
        ours.append(tonewright(song, out))
        if matchering_python is not None:
            command = [
                str(matchering_python),
                "-c",
                _MATCHERING,
                str(song),
                str(reference),
                str(folder / "peer.wav"),
            ]
            theirs.append(cost(command, cwd=str(folder)))
    rows.append(row("tonewright", middle(ours), duration_s))
    if theirs:
        rows.append(row("matchering", middle(theirs), duration_s))
    print(f"{song.name}, {duration_s:.0f} s, {os.cpu_count()} cores, medians of {runs} runs\n")
    print(table(rows))
    if theirs:
        faster = middle(theirs).wall_s / middle(ours).wall_s
        thriftier = middle(theirs).cpu_s / middle(ours).cpu_s
        print(f"\ntonewright is {faster:.1f} times faster by the clock, {thriftier:.1f} times in processor time.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--song", type=Path, help="default: a demo song")
    parser.add_argument("--reference", type=Path, help="for matchering; default: another demo song")
    parser.add_argument("--matchering-python", type=Path, help="a Python that has matchering installed")
    parser.add_argument("--runs", type=int, default=5)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tonewright-bench-") as place:
        folder = Path(place)
        song = chosen.song or write_song(folder / "song.wav", 1, "band")
        reference = chosen.reference
        if reference is None and chosen.matchering_python is not None:
            reference = write_song(folder / "reference.wav", 2, "electronic")
        measure(song.absolute(), chosen.runs, chosen.matchering_python, (reference or song).absolute(), folder)


if __name__ == "__main__":
    main()
