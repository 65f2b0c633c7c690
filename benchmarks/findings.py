"""How often each kind of finding is raised over a folder of music, and how fast the analysis is.

    python -m benchmarks.findings --music DIR [--per-folder 4] [--list KIND ...]

On music that nobody complains about most findings would be false alarms; which ones are true (overs, codec edges, cut
loops) has to be looked at one by one. docs/findings.md has the figures.
"""

import argparse
import time
from collections import Counter
from pathlib import Path

from tonewright.base.errors import TonewrightError
from tonewright.base.files import open_signal
from tonewright.engine.analyze import analyze
from tonewright.engine.findings import KINDS

SUFFIXES = {".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a", ".aif", ".aiff"}
LEAST_S = 20.0


def songs(folder: Path, per_folder: int) -> list[Path]:
    """Up to per_folder audio files of each folder below, the largest first (short ones are effects)."""
    by_folder: dict[Path, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in SUFFIXES and path.is_file():
            by_folder.setdefault(path.parent, []).append(path)
    found: list[Path] = []
    for paths in by_folder.values():
        found += sorted(paths, key=lambda path: (-path.stat().st_size, path))[:per_folder]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--music", type=Path, required=True)
    parser.add_argument("--per-folder", type=int, default=4)
    parser.add_argument("--list", choices=sorted(KINDS), nargs="*", default=[], help="print these kinds' messages")
    options = parser.parse_args()
    counts: Counter[str] = Counter()
    files, heard_s, cpu_s = 0, 0.0, 0.0
    for path in songs(options.music, options.per_folder):
        try:
            with open_signal(path) as signal:
                if signal.frames < LEAST_S * signal.rate_hz:
                    continue
                start = time.process_time()
                analysis = analyze(signal, signal.info)
        except TonewrightError as error:
            print(f"{path}: {error}")
            continue
        cpu_s += time.process_time() - start
        heard_s += analysis.measurements.duration_s
        files += 1
        counts.update({finding.kind for finding in analysis.findings})
        for finding in analysis.findings:
            if finding.kind in options.list:
                print(
                    f"{path.name}: {finding.kind} {finding.severity:.2f} {finding.confidence:.2f} {finding.message}"
                )
    print(
        f"\n{files} files, {heard_s / 60:.0f} min, {heard_s / max(cpu_s, 1e-9):.0f}x realtime with decoding and meter\n"
    )
    print("| kind | files | share |\n|---|---|---|")
    for kind in KINDS:
        print(f"| {kind} | {counts[kind]} | {100 * counts[kind] / max(1, files):.1f} % |")


if __name__ == "__main__":
    main()
