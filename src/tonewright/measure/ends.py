"""Heads and tails: how a file begins and ends, and where it is silent."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tonewright.base.signal import Block, Signal
from tonewright.base.units import gain_to_db

#: Under this a stretch is silence (-70 dBFS; noise of a good recording lies lower).
SILENT_DB = -70.0
_LOOK_S = 0.5


@dataclass(frozen=True)
class Ends:
    """silent_head_s, silent_tail_s: silence before the first and after the last sound.
    head_edge_db, tail_edge_db: level of the first and last millisecond, re full scale.
    head_body_db, tail_body_db: level of the 50 ms that follow or precede it.
    head_step, tail_step: magnitude of the very first and last sample relative to the body's RMS."""

    silent_head_s: float
    silent_tail_s: float
    head_edge_db: float
    head_body_db: float
    head_step: float
    tail_edge_db: float
    tail_body_db: float
    tail_step: float


def ends(signal: Signal, chunk_energy: NDArray[np.float64], chunk_s: float) -> Ends:
    """chunk_energy: (chunks, channels), from the waveform pass: where the sound begins and ends roughly."""
    rate = signal.rate_hz
    look = min(signal.frames, round(_LOOK_S * rate))
    head, tail = signal.read(0, look), signal.read(signal.frames - look, look)[:, ::-1]
    sounding = np.flatnonzero(chunk_energy.max(axis=1, initial=0.0) > 10.0 ** (SILENT_DB / 10.0))
    if len(sounding) == 0:
        whole = signal.frames / rate
        return Ends(whole, whole, -200.0, -200.0, 0.0, -200.0, -200.0, 0.0)
    chunk = round(chunk_s * rate)
    first = int(sounding[0]) * chunk
    last = min(signal.frames, (int(sounding[-1]) + 1) * chunk)
    onset = first + _first_sound(signal.read(first, chunk))
    close = last - _first_sound(signal.read(max(0, last - chunk), min(chunk, last))[:, ::-1])
    return Ends(onset / rate, (signal.frames - close) / rate, *_edge(head, rate), *_edge(tail, rate))


def _first_sound(block: Block) -> int:
    loud = np.abs(block).max(axis=0) > 10.0 ** (SILENT_DB / 20.0)
    return int(np.argmax(loud)) if loud.any() else 0


def _edge(block: Block, rate: int) -> tuple[float, float, float]:
    """Level of the first millisecond, of the 50 ms after it, and the first sample relative to these."""
    edge, body = max(1, rate // 1000), max(2, rate // 20)
    block = block - block.mean(axis=1, keepdims=True)  # an offset is no sound
    edge_rms = float(np.sqrt(np.mean(block[:, :edge] ** 2)))
    body_rms = float(np.sqrt(np.mean(block[:, edge : edge + body] ** 2))) if block.shape[1] > edge else 0.0
    step = float(np.abs(block[:, 0]).max()) / max(body_rms, 1e-9)
    return gain_to_db(edge_rms), gain_to_db(body_rms), step
