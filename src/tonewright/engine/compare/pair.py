"""Aligned reading of two signals, and what is summed up over them in one pass."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tonewright.base.signal import Block, Signal
from tonewright.engine.compare.align import Alignment
from tonewright.measure.bands import THIRD_HZ, bin_overlap, usable

_FFT = 8192
_BLOCK = 16 * _FFT
#: Half the length of the interpolator that shifts by a fraction of a frame; with a Kaiser window of 100 dB it is flat
#: to 0.99 of half the rate.
_HALF = 512


def common_frames(a: Signal, b: Signal, alignment: Alignment) -> tuple[int, int]:
    """A's first frame that both have, and how many."""
    first = max(0, -alignment.frames)
    last = min(a.frames, b.frames - alignment.frames)
    return first, max(0, last - first)


def pairs(a: Signal, b: Signal, alignment: Alignment) -> Iterator[tuple[Block, Block]]:
    """What sounds together, in blocks; B with A's polarity."""
    first, frames = common_frames(a, b, alignment)
    sign = np.array(alignment.polarity, dtype=np.float64)[:, None]
    for start in range(first, first + frames, _BLOCK):
        count = min(_BLOCK, first + frames - start)
        ours = a.read(start, count)
        theirs = _shifted(b, start + alignment.frames, alignment.fraction, count)
        yield ours, sign * theirs


def _shifted(signal: Signal, start: int, fraction: float, frames: int) -> Block:
    """frames of the signal from start + fraction on."""
    if fraction == 0.0:
        return signal.read(start, frames)
    low, high = max(0, start - _HALF), min(signal.frames, start + frames + _HALF)
    block = signal.read(low, high - low)
    block = np.pad(block, ((0, 0), (low - (start - _HALF), start + frames + _HALF - high)))
    n = np.arange(-_HALF, _HALF + 1)
    kernel = np.sinc(n - fraction) * np.kaiser(len(n), 10.0)
    size = 1 << (block.shape[1] - 1).bit_length()
    spectrum = np.fft.rfft(block, size) * np.fft.rfft(kernel[::-1], size)
    out: Block = np.fft.irfft(spectrum, size)[:, 2 * _HALF : 2 * _HALF + frames]
    return out


@dataclass
class Sums:
    """Sums over all pairs. Energies: scalars. Spectra: (channels, bins); stereo cross terms: (bins,)."""

    channels: int
    frames: int = 0
    identical: bool = True
    a_energy: float = 0.0
    b_energy: float = 0.0
    product: float = 0.0
    spectra: NDArray[np.float64] = field(init=False)
    cross: NDArray[np.complex128] = field(init=False)
    sides: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        bins = _FFT // 2 + 1
        self.spectra = np.zeros((2, self.channels, bins))
        self.cross = np.zeros((self.channels, bins), dtype=np.complex128)
        self.sides = np.zeros((2, bins))

    def add(self, a: Block, b: Block) -> None:
        self.frames += a.shape[1]
        self.identical = self.identical and bool(np.array_equal(a, b))
        self.a_energy += float(np.sum(a * a))
        self.b_energy += float(np.sum(b * b))
        self.product += float(np.sum(a * b))
        whole = -(-a.shape[1] // _FFT) * _FFT
        window = np.hanning(_FFT)
        frames = []
        for side, block in enumerate((a, b)):
            padded = np.pad(block, ((0, 0), (0, whole - block.shape[1])))
            spectra = np.fft.rfft(padded.reshape(self.channels, -1, _FFT) * window)
            self.spectra[side] += np.sum(np.abs(spectra) ** 2, axis=1)
            if self.channels == 2:
                self.sides[side] += np.sum((spectra[0] * spectra[1].conj()).real, axis=0)
            frames.append(spectra)
        self.cross += np.sum(frames[0] * frames[1].conj(), axis=1)

    def best_gain(self) -> float:
        """The gain of B that leaves the least of A - gain B."""
        return self.product / self.b_energy if self.b_energy > 0.0 else 0.0

    def residual(self, gain: float) -> float:
        """Energy of A - gain B over that of A; nan if A is silent."""
        if self.a_energy <= 0.0:
            return math.nan
        rest = self.a_energy - 2.0 * gain * self.product + gain * gain * self.b_energy
        return max(0.0, rest) / self.a_energy

    def third_octaves(self, rate_hz: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Centres (bands,), powers (2, bands, 3) of left, right and cross term, coherence (bands,).

        A mono signal stands on both sides. Powers are mean squares.
        """
        centre = THIRD_HZ[usable(THIRD_HZ, rate_hz)]
        bins = _FFT // 2 + 1
        sixth = 2.0 ** (1.0 / 6.0)
        weights = np.stack([bin_overlap(hz / sixth, hz * sixth, bins, rate_hz) for hz in centre])
        scale = 2.0 / (max(1, self.frames / _FFT) * _FFT * float(np.sum(np.hanning(_FFT) ** 2)))
        left, right = self.spectra[:, 0], self.spectra[:, -1]
        side = self.sides if self.channels == 2 else left
        powers = scale * np.stack([part @ weights.T for part in (left, right, side)], axis=-1)
        strength = self.spectra[0] * self.spectra[1]
        alike = np.where(strength > 0.0, np.abs(self.cross) ** 2 / np.maximum(strength, 1e-300), 0.0)
        power = self.spectra[0]
        total = (power @ weights.T).sum(axis=0)
        coherence = ((alike * power) @ weights.T).sum(axis=0) / np.maximum(total, 1e-300)
        return centre, powers, np.clip(coherence, 0.0, 1.0)
