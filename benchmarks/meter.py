"""How fast the meter is on one core, beside the peers that are installed: `python -m benchmarks.meter [FILE ...]`.

Without files a made-up song of four minutes at 44.1 kHz is measured. Each meter gets the same samples, integrated
loudness, range, true peak and all; processor seconds are counted, so that a busy machine does not matter much. Peers:
ffmpeg's ebur128 filter with peak=true (libebur128's algorithm; its processor time includes reading the WAV, which is
timed apart), and pyloudnorm, which knows integrated loudness and range only. The table shows the readings as well: a
meter that is fast and wrong would be seen.
"""

import argparse
import importlib.util
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from benchmarks.timing import ROUNDS, cost, cpu_s, table
from tonewright.base.signal import ArraySignal, Block, blocks, layout_of
from tonewright.measure.cells import CellMeter
from tonewright.measure.meter import measure
from tonewright.measure.true_peak import TruePeak


@dataclass(frozen=True)
class Row:
    meter: str
    cpu_s: float
    integrated_lufs: float | None = None
    lra_lu: float | None = None
    true_peak_dbtp: float | None = None


def made_up_song(seconds: float = 240.0, rate_hz: int = 44_100) -> Block:
    """Noise that falls by 4.5 dB per octave, beaten twice a second, loud and limited like a master."""
    rng = np.random.default_rng(1)
    frames = round(seconds * rate_hz)
    spectrum = np.fft.rfft(rng.standard_normal((2, frames)))
    frequency_hz = np.maximum(np.arange(spectrum.shape[1]) * rate_hz / frames, 1.0)
    spectrum *= (frequency_hz > 40.0) / frequency_hz**0.75
    noise = np.fft.irfft(spectrum, n=frames)
    beat = 0.4 + np.exp(-6.0 * (np.arange(frames) / rate_hz % 0.5))
    song: Block = np.tanh(noise / noise.std() * beat * 0.5) * 0.9
    return song


def ours(samples: Block, rate_hz: int) -> list[Row]:
    signal = ArraySignal(samples, rate_hz)
    measure(ArraySignal(samples[:, : 2 * rate_hz], rate_hz))  # compile
    found = measure(signal)

    def feed(part: CellMeter | TruePeak) -> None:
        for block in blocks(signal):
            part.feed(block)

    layout = layout_of(signal)
    return [
        Row(
            "tonewright, everything",
            cpu_s(lambda: measure(signal)),
            found.integrated_lufs,
            found.lra_lu,
            found.true_peak_dbtp,
        ),
        Row("  of it K-weighting, energies, peaks", cpu_s(lambda: feed(CellMeter(layout)))),
        Row("  of it true peak", cpu_s(lambda: feed(TruePeak(layout)))),
    ]


def ffmpeg(wav: Path) -> list[Row]:
    if not shutil.which("ffmpeg"):
        return []
    plain = ["ffmpeg", "-nostdin", "-hide_banner", "-threads", "1", "-i", str(wav)]
    filters = {"reading the WAV alone": "anull", "ebur128": "ebur128", "ebur128, true peak": "ebur128=peak=true"}
    rows = []
    for name, graph in filters.items():
        command = [*plain, "-af", graph, "-f", "null", "-"]
        taken = min(cost(command).cpu_s for _ in range(ROUNDS))
        said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
        summary = said[said.rfind("Summary:") :] if "ebur128" in graph else ""
        readings = [
            re.search(pattern, summary) for pattern in (r"I:\s+(\S+) LUFS", r"LRA:\s+(\S+) LU", r"Peak:\s+(\S+)")
        ]
        rows.append(Row(f"ffmpeg, {name}", taken, *(float(found[1]) if found else None for found in readings)))
    return rows


def pyloudnorm(samples: Block, rate_hz: int) -> list[Row]:
    if importlib.util.find_spec("pyloudnorm") is None:
        return []
    meter = importlib.import_module("pyloudnorm").Meter(rate_hz)
    frames_first = np.ascontiguousarray(samples.T)
    return [
        Row(
            "pyloudnorm, integrated",
            cpu_s(lambda: meter.integrated_loudness(frames_first)),
            float(meter.integrated_loudness(frames_first)),
        )
    ]


def compare(name: str, samples: Block, rate_hz: int) -> str:
    """A table for one song."""
    duration_s = samples.shape[1] / rate_hz
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "song.wav"
        soundfile.write(wav, samples.T, rate_hz, subtype="FLOAT")
        rows = [*ours(samples, rate_hz), *ffmpeg(wav), *pyloudnorm(samples, rate_hz)]
    cells = [["meter", "CPU s", "x realtime", "LUFS", "LRA", "dBTP"]]
    for row in rows:
        readings = (row.integrated_lufs, row.lra_lu, row.true_peak_dbtp)
        shown = ["" if value is None else f"{value:.2f}" for value in readings]
        cells.append([row.meter, f"{row.cpu_s:.3f}", f"{duration_s / row.cpu_s:.0f}", *shown])
    return f"{name}, {duration_s:.0f} s, {rate_hz} Hz, {samples.shape[0]} channels\n\n{table(cells)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, help="songs to measure; default: a made-up one")
    files = parser.parse_args().files
    if not files:
        print(compare("made-up song", made_up_song(), 44_100))
    for file in files:
        samples, rate_hz = soundfile.read(file, always_2d=True)
        print(compare(file.name, np.ascontiguousarray(samples.T), rate_hz))
        print()


if __name__ == "__main__":
    main()
