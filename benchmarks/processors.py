"""How fast each processor is on one core, alone: `python -m benchmarks.processors [KIND ...] [--seconds S] [FILE]`.

Processor seconds over a made-up song (or FILE), fed in the blocks a render feeds, with state kept; compiled
beforehand. Default settings, and for processors whose bands come from the recipe (and so do nothing by default) a
usual set of them, said in the table. Peers, where installed, run the same task on the same samples: scipy.signal's
sosfilt and oaconvolve, and pedalboard's filters, compressor and limiter.
"""

import argparse
import importlib
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from benchmarks.meter import made_up_song
from benchmarks.timing import cpu_s, table
from tonewright.base.signal import ArraySignal, Block, blocks
from tonewright.dsp.processors import kinds, processor
from tonewright.dsp.stage import Context, Stage, run

#: What a recipe usually asks of the processors that do nothing by default.
_FOUR_BANDS = [
    {"kind": "low_shelf", "frequency_hz": 90, "gain_db": -1.5},
    {"kind": "bell", "frequency_hz": 300, "gain_db": -2, "q": 1},
    {"kind": "bell", "frequency_hz": 2800, "gain_db": 1, "q": 0.8},
    {"kind": "high_shelf", "frequency_hz": 8500, "gain_db": 2},
]
_USUAL: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "gain": [("gain -3 dB", {"gain_db": -3})],
    "leveller": [
        ("three points", {"points": [{"time_s": t, "gain_db": g} for t, g in ((0, 0), (60, 2), (120, 0))]})
    ],
    "equaliser": [
        ("4 bands, minimum phase", {"bands": _FOUR_BANDS}),
        ("4 bands, linear phase", {"bands": _FOUR_BANDS, "phase": "linear"}),
    ],
    "resonance": [("2 resonances", {"bands": [{"frequency_hz": 420}, {"frequency_hz": 2600}]})],
    "stereo": [("wider highs, mono bass", {"width_high_pct": 120, "mono_below_hz": 90})],
    "dynamic_eq": [("2 bands", {"bands": [{"frequency_hz": 220}, {"frequency_hz": 3200}]})],
}


def through(make: Callable[[], Stage], signal: ArraySignal) -> None:
    for _ in run([make()], blocks(signal)):
        pass


def ours(kind: str, signal: ArraySignal) -> list[tuple[str, float]]:
    known = processor(kind)
    context = Context(signal.rate_hz, signal.channels)
    short = ArraySignal(signal.samples[:, : 2 * signal.rate_hz], signal.rate_hz)
    rows = []
    for words, values in _USUAL.get(kind, [("default", {})]):
        params = known.params.parse(values, kind)
        through(lambda p=params: known.design(p, context), short)  # type: ignore[misc]
        rows.append(
            (f"{kind}: {words}", cpu_s(lambda p=params: through(lambda: known.design(p, context), signal)))  # type: ignore[misc]
        )
    return rows


def scipy_peers(signal: ArraySignal) -> dict[str, list[tuple[str, float]]]:
    """The same filters as the equaliser's: its own sections, and a symmetric filter of the same length."""
    from scipy import signal as scipy_signal

    from tonewright.dsp.equaliser import EqualiserParams, design, sections_of
    from tonewright.dsp.overlap_save import OverlapSave

    params = EqualiserParams.parse({"bands": _FOUR_BANDS, "phase": "linear"}, "peer")
    rows = sections_of(params.bands, "both", signal.rate_hz)
    sos = np.insert(rows, 3, 1.0, axis=1)
    linear = design(params, Context(signal.rate_hz, signal.channels))
    assert isinstance(linear, OverlapSave)
    taps = np.hanning(2 * linear.filter.half + 1)[np.newaxis]
    return {
        "equaliser": [
            (
                f"  scipy sosfilt, the same {len(rows)} sections",
                cpu_s(lambda: scipy_signal.sosfilt(sos, signal.samples, axis=1)),
            ),
            (
                f"  scipy oaconvolve, {taps.shape[1]} taps",
                cpu_s(lambda: scipy_signal.oaconvolve(signal.samples, taps, axes=1)),
            ),
        ],
        "subsonic": [
            ("  scipy sosfilt, 2 sections", cpu_s(lambda: scipy_signal.sosfilt(sos[:2], signal.samples, axis=1)))
        ],
    }


def pedalboard_peers(signal: ArraySignal) -> dict[str, list[tuple[str, float]]]:
    """The nearest thing pedalboard has; single precision, plain bilinear filters."""
    if importlib.util.find_spec("pedalboard") is None:
        return {}
    board: Any = importlib.import_module("pedalboard")
    samples = signal.samples.astype(np.float32)

    def timed(words: str, *plugins: Any) -> tuple[str, float]:
        chain = board.Pedalboard(list(plugins))
        return f"  pedalboard, {words}", cpu_s(lambda: chain(samples, signal.rate_hz))

    return {
        "subsonic": [timed("high-pass (first order)", board.HighpassFilter(20))],
        "equaliser": [
            timed(
                "4 bands",
                board.LowShelfFilter(90, -1.5),
                board.PeakFilter(300, -2, 1),
                board.PeakFilter(2800, 1, 0.8),
                board.HighShelfFilter(8500, 2),
            )
        ],
        "multiband": [timed("compressor (one band)", board.Compressor(-20, 2))],
        "maximiser": [timed("limiter", board.Limiter(-1.0))],
    }


def compare(chosen: list[str], signal: ArraySignal) -> str:
    peers = [scipy_peers(signal), pedalboard_peers(signal)]
    seconds = signal.frames / signal.rate_hz
    cells = [["processor", "CPU s", "x realtime"]]
    for kind in chosen:
        for words, taken in [*ours(kind, signal), *(row for peer in peers for row in peer.get(kind, []))]:
            cells.append([words, f"{taken:.3f}", f"{seconds / taken:.0f}"])
    heading = f"{seconds:.0f} s, {signal.rate_hz} Hz, {signal.channels} channels, one core"
    return f"{heading}\n\n{table(cells)}"


def read(file: Path, seconds: float) -> ArraySignal:
    frames_first, rate_hz = soundfile.read(file, always_2d=True)
    samples: Block = frames_first[: round(seconds * rate_hz)].T
    return ArraySignal(samples, rate_hz)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(kinds())}; default: all")
    parser.add_argument("--seconds", type=float, default=60.0, help="how much of the song")
    parser.add_argument("--file", type=Path, help="a song; default: a made-up one")
    given = parser.parse_args()
    unknown = [kind for kind in given.kinds if kind not in kinds()]
    if unknown:
        parser.error(f"no such processor: {', '.join(unknown)}")
    if given.file:
        signal = read(given.file, given.seconds)
    else:
        signal = ArraySignal(made_up_song(given.seconds), 44_100)
    print(compare(given.kinds or kinds(), signal))


if __name__ == "__main__":
    main()
