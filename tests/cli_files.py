"""Songs and broken files for the command line's tests; all are made here, none is long."""

import os
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from tonewright.base.signal import Block

RATE_HZ = 44_100


#: The fixture `failing`: (exit code, *arguments) -> the line on standard error.
Failing = Callable[..., str]


def music(seconds: float, channels: int = 2, seed: int = 7) -> Block:
    """Something a mastering engine takes for music: (channels, frames), about -20 LUFS, peaks below -6 dBFS."""
    random = np.random.default_rng(seed)
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    beat = np.exp(-8.0 * np.mod(time_s, 0.5))
    # the notes change with every beat, else they would rightly be taken for resonances
    root_hz = 55.0 * 2.0 ** (random.integers(0, 12, size=int(2 * seconds) + 1)[(2 * time_s).astype(int)] / 12.0)
    phase = 2.0 * np.pi * np.cumsum(root_hz) / RATE_HZ
    tones = sum(np.sin(partial * phase + partial) / partial for partial in (1, 2, 3, 4, 6, 8, 16, 31, 57))
    rows = [0.2 * (0.4 + 0.6 * beat) * tones + 0.05 * beat * random.standard_normal(len(time_s))
            for _ in range(channels)]  # fmt: skip
    return np.clip(np.stack(rows), -0.5, 0.5)


def write(path: Path, samples: Block, subtype: str = "PCM_16", rate_hz: int = RATE_HZ) -> Path:
    soundfile.write(path, samples.T, rate_hz, subtype=subtype)
    return path


def contents(folder: Path) -> dict[Path, bytes | None]:
    """Everything below a folder, hidden files too; files that are large or closed to us by their size."""
    found: dict[Path, bytes | None] = {}
    for path in folder.rglob("*"):
        if path.is_file():
            open_to_us = path.stat().st_size < 10_000_000 and os.access(path, os.R_OK)
            found[path] = path.read_bytes() if open_to_us else str(path.stat().st_size).encode()
        else:
            found[path] = None
    return found


def sparse_wav(path: Path, seconds: float) -> Path:
    """An 8 kHz, 8-bit mono file that claims and has this length, but takes no room on the disk."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8000)
        file.writeframes(b"\x80" * 8000)
    data_bytes = round(seconds * 8000)
    with path.open("r+b") as raw:
        raw.seek(4)
        raw.write((36 + data_bytes).to_bytes(4, "little"))
        raw.seek(40)
        raw.write(data_bytes.to_bytes(4, "little"))
        raw.truncate(44 + data_bytes)
    return path
