"""Where one recording lies on another: offset to a fraction of a frame, and polarity.

Coarse: the steps of the loudness from one 10 ms to the next are correlated over all offsets, so the two may begin
minutes apart; the best few offsets are tried. Fine: the waveforms around the loudest places are correlated with their
spectra whitened (generalised cross-correlation with phase transform: Knapp & Carter, IEEE Trans. ASSP 24(4), 1976),
because a master's spectrum is not its mix's. The rest below a frame is the slope of the phase over frequency.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tonewright.base.signal import Signal
from tonewright.base.units import power_to_db
from tonewright.measure.loudness import CELLS_PER_S

#: Excerpt length for the fine search: some seconds at usual rates.
_EXCERPT = 1 << 18
_EXCERPTS = 3
#: How far the coarse offset may be from the truth.
_SLACK_S = 0.08
#: Levels are floored this far below the loudest 10 ms, and steps limited, so that silence does not decide.
_FLOOR_DB = -50.0
_STEP_DB = 10.0
#: Coarse offsets tried at most, and the similarity at which no other is.
_TRIES = 4
_SURE = 0.8
#: A smaller fraction of a frame than this is taken for none: it shifts the phase by under 0.2 degrees at 20 kHz.
_WHOLE = 1e-3


@dataclass(frozen=True)
class Alignment:
    """B's frame n + frames + fraction sounds with A's frame n.

    polarity: +1 or -1 per channel. similarity: 0..1, how much of the two is alike once aligned (normalised
    correlation of the excerpts' waveforms).
    """

    frames: int
    fraction: float
    polarity: tuple[int, ...]
    similarity: float


def align(a: Signal, b: Signal, a_energy: NDArray[np.float64], b_energy: NDArray[np.float64]) -> Alignment:
    """Lay B on A. a_energy, b_energy: (cells,) energy of every 10 ms. Both of one rate and channel count."""
    best: Alignment | None = None
    for cells in _coarse_cells(a_energy, b_energy):
        found = _fine(a, b, a_energy, round(cells * a.rate_hz / CELLS_PER_S))
        if best is None or found.similarity > best.similarity:
            best = found
        if best.similarity > _SURE:
            break
    assert best is not None
    return best


def _fine(a: Signal, b: Signal, a_energy: NDArray[np.float64], coarse: int) -> Alignment:
    """The alignment near a coarse offset in frames."""
    slack = round(_SLACK_S * a.rate_hz)
    size = 1 << (min(_EXCERPT, max(1024, min(a.frames, b.frames))) - 1).bit_length()
    cross = np.zeros((a.channels, size + 1), dtype=np.complex128)
    powers = np.zeros((2, a.channels, size + 1))
    for start in _places(a_energy, coarse, a, b, size):
        window = np.hanning(size)
        ours = np.fft.rfft(_read(a, start, size) * window, 2 * size)
        theirs = np.fft.rfft(_read(b, start + coarse, size) * window, 2 * size)
        cross += theirs * ours.conj()
        powers[0] += np.abs(ours) ** 2
        powers[1] += np.abs(theirs) ** 2
    late, polarity = _peak(cross, slack)
    cross *= np.exp(2j * np.pi * np.arange(size + 1) * late / (2 * size)) * polarity[:, None]
    fraction = _phase_slope(cross.sum(axis=0))
    turned = cross * np.exp(2j * np.pi * np.arange(size + 1) * fraction / (2 * size))
    energy = np.sqrt(powers[0].sum() * powers[1].sum())
    similarity = float(np.clip(turned.real.sum() / energy, 0.0, 1.0)) if energy > 0.0 else 0.0
    if abs(fraction) < _WHOLE:
        fraction = 0.0
    return Alignment(coarse + late, fraction, tuple(int(sign) for sign in polarity), similarity)


def _coarse_cells(a_energy: NDArray[np.float64], b_energy: NDArray[np.float64]) -> list[int]:
    """How many cells B comes after A: the likeliest offsets, best first."""
    if min(len(a_energy), len(b_energy)) < 3:
        return [0]
    steps = []
    for energy in (a_energy, b_energy):
        level = power_to_db(energy)
        steps.append(np.clip(np.diff(np.maximum(level, level.max() + _FLOOR_DB)), -_STEP_DB, _STEP_DB))
    size = 1 << (len(a_energy) + len(b_energy)).bit_length()
    spectra = [np.fft.rfft(step, size) for step in steps]
    correlation = np.fft.irfft(spectra[1] * spectra[0].conj(), size)
    apart = round(2 * _SLACK_S * CELLS_PER_S)
    found = []
    for _ in range(_TRIES):
        best = int(np.argmax(correlation))
        found.append(best if best < len(b_energy) else best - size)
        correlation[np.arange(best - apart, best + apart + 1) % size] = -np.inf
    return found


def _places(energy: NDArray[np.float64], offset: int, a: Signal, b: Signal, size: int) -> list[int]:
    """Frames of A at which loud excerpts start, one in each third of what both have in common."""
    first, last = max(0, -offset), min(a.frames, b.frames - offset)
    if last - first <= size:
        return [first]
    cell = a.rate_hz / CELLS_PER_S
    total = np.concatenate([[0.0], np.cumsum(energy)])
    found = []
    edges = np.linspace(first, last - size, _EXCERPTS + 1)
    for low, high in pairwise(edges):
        starts = np.arange(int(low / cell), int(high / cell) + 1)
        ends = np.minimum(starts + int(size / cell), len(energy))
        best = starts[np.argmax(total[ends] - total[np.minimum(starts, len(energy))])]
        found.append(int(np.clip(round(best * cell), low, high)))
    return found


def _read(signal: Signal, start: int, frames: int) -> NDArray[np.float64]:
    """(channels, frames) from anywhere; zeros outside of the signal."""
    out = np.zeros((signal.channels, frames))
    lead = max(0, -start)
    if lead < frames:
        block = signal.read(max(0, start), frames - lead)
        out[:, lead : lead + block.shape[1]] = block
    return out


def _peak(cross: NDArray[np.complex128], slack: int) -> tuple[int, NDArray[np.float64]]:
    """The offset at which the whitened correlation of all channels is greatest, and each channel's sign there."""
    size = 2 * (cross.shape[1] - 1)
    strength = np.abs(cross)
    heard = strength > 1e-8 * strength.max(axis=1, keepdims=True)
    white = np.where(heard, cross / np.maximum(strength, 1e-300), 0.0)
    correlation = np.fft.irfft(white, size)
    slack = min(slack, size // 2 - 1)
    near = np.concatenate([correlation[:, -slack:], correlation[:, : slack + 1]], axis=1)
    place = int(np.argmax(np.abs(near).sum(axis=0)))
    return place - slack, np.where(near[:, place] < 0.0, -1.0, 1.0)


def _phase_slope(cross: NDArray[np.complex128]) -> float:
    """Frames by which B is late, within half a frame, by weighted least squares over the phase of each bin."""
    size = 2 * (len(cross) - 1)
    angle = 2.0 * np.pi * np.arange(len(cross)) / size
    weight = np.abs(cross) * (angle < 0.9 * np.pi)
    late = 0.0
    for _ in range(4):
        phase = np.angle(cross * np.exp(1j * angle * late))
        total = float(np.sum(weight * angle * angle))
        if total <= 0.0:
            return 0.0
        late -= float(np.sum(weight * angle * phase)) / total
    return late if abs(late) <= 0.5 else 0.0
