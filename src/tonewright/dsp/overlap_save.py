"""Symmetric (linear-phase) filters by fast convolution, with nothing left of their delay.

A magnitude without phase has an impulse response that is even in time. It is cut where what is left outside can't
be measured any more (the shortest length whose response is near enough is searched for), and applied block by block
(overlap-save) on a grid of its own that starts at the first frame fed, so the result does not depend on how the
input was cut. The half that lies before the impulse is look-ahead.

Source: overlap-save is in any text on digital filters (Oppenheim & Schafer, Discrete-Time Signal Processing, 8.7).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tonewright.base.signal import Block
from tonewright.dsp.biquad import Sections, settling_s

#: How far the cut may change the response, as a share of it: 0.0015 is 0.013 dB.
_NEAR = 0.0015
#: Responses below this count as this; the bottom of a notch, which no finite length reaches, need not be exact.
_FLOOR = 10.0 ** (-26.0 / 20.0)
_LONGEST_S = 4.0
_SHORTEST_GRID = 8192

_Array = NDArray[np.float64]


@dataclass(frozen=True)
class SymmetricFilter:
    """An even impulse response. half: taps on either side. spectrum: real, (bins,) of a transform of `size`."""

    half: int
    size: int
    spectrum: _Array


def symmetric_filters(parts: list[Sections], rate_hz: int) -> list[SymmetricFilter]:
    """Filters of one common length with the magnitudes of the given cascades, and no phase."""
    from scipy import fft

    wanted = [_magnitude(sections, rate_hz) for sections in parts]
    tails = [fft.irfft(magnitude) for magnitude in wanted]
    half = max(_needed(taps, magnitude, rate_hz) for taps, magnitude in zip(tails, wanted, strict=True))
    size = fft.next_fast_len(max(_SHORTEST_GRID, 4 * half), real=True)
    return [SymmetricFilter(half, size, _response(taps, half, size)) for taps in tails]


def _magnitude(sections: Sections, rate_hz: int) -> _Array:
    """Magnitude from 0 to half the rate, on so fine a grid that the impulse response does not wrap around."""
    seconds = max(settling_s(sections, rate_hz), _zeros_settling_s(sections, rate_hz), 0.02)
    seconds = _LONGEST_S if _has_corner(sections) else min(seconds, 2.0 * _LONGEST_S)
    size = 1 << math.ceil(math.log2(4.0 * seconds * rate_hz))
    z = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    magnitude = np.ones(len(z))
    for b0, b1, b2, a1, a2 in sections:
        magnitude *= np.abs((b0 + (b1 + b2 * z) * z) / (1.0 + (a1 + a2 * z) * z))
    return magnitude


def _response(taps: _Array, half: int, size: int) -> _Array:
    """Real response on `size` points of the even impulse response, cut at `half` taps on either side."""
    from scipy import fft

    half = min(half, len(taps) // 2 - 1)  # a shorter one than its companion's ends in zeros
    kept = np.zeros(size)
    kept[: half + 1] = taps[: half + 1]
    kept[size - half :] = taps[half:0:-1]
    return np.ascontiguousarray(fft.rfft(kept).real)


def _needed(taps: _Array, magnitude: _Array, rate_hz: int) -> int:
    """The shortest half length, within an eighth, whose response is near enough everywhere; at most _LONGEST_S."""
    allowed = _NEAR * np.maximum(magnitude, _FLOOR)
    longest = min(round(_LONGEST_S * rate_hz), len(taps) // 2 - 1)
    lengths = np.unique(np.geomspace(min(64, longest), longest, 80).astype(np.int64))
    low, high = 0, len(lengths) - 1
    while low < high:
        middle = (low + high) // 2
        change = np.abs(_response(taps, int(lengths[middle]), len(taps)) - magnitude)
        if np.all(change <= allowed):
            high = middle
        else:
            low = middle + 1
    return int(lengths[high])


def _zeros_settling_s(sections: Sections, rate_hz: int) -> float:
    """The magnitude's own impulse response decays with the slower of poles and zeros; zeros on the circle apart."""
    inverse = [[1.0, 0.0, 0.0, b1 / b0, b2 / b0] for b0, b1, b2, _, _ in sections if abs(b2) < 0.99999999 * abs(b0)]
    return settling_s(np.array(inverse).reshape(-1, 5), rate_hz)


def _has_corner(sections: Sections) -> bool:
    """Whether the magnitude meets zero with a corner: then its impulse response dies away only as 1/n²."""
    for b0, b1, b2, _, _ in sections:
        zeros = np.roots([b0, b1, b2])
        on_circle = zeros[np.abs(np.abs(zeros) - 1.0) < 1e-6]
        if len(on_circle) == 1 or (len(on_circle) == 2 and abs(on_circle[0] - on_circle[1]) > 1e-5):
            return True
    return False


class OverlapSave:
    """One symmetric filter over all channels. Aligned: it looks ahead by half its length."""

    def __init__(self, filter_: SymmetricFilter, channels: int, rate_hz: int) -> None:
        self.filter = filter_
        self.hop = filter_.size - 2 * filter_.half
        self.latency_frames = filter_.half + self.hop
        self.preroll_s = filter_.half / rate_hz
        self.held = np.zeros((channels, filter_.half))  # what precedes the first frame is silence
        self.waiting: list[Block] = []
        self.frames_in = 0
        self.frames_out = 0

    def process(self, block: Block) -> Block:
        self.frames_in += block.shape[1]
        self.waiting.append(block.copy())
        frames = self.held.shape[1] + sum(waiting.shape[1] for waiting in self.waiting)
        if frames < self.filter.size:
            return block[:, :0]
        return self._convolve(np.concatenate([self.held, *self.waiting], axis=1))

    def flush(self) -> Block:
        missing = self.frames_in - self.frames_out
        held = np.concatenate([self.held, *self.waiting], axis=1)
        if missing == 0:
            return held[:, :0]
        windows = -(-missing // self.hop)
        padded = np.zeros((held.shape[0], windows * self.hop + 2 * self.filter.half))
        padded[:, : held.shape[1]] = held
        return self._convolve(padded)[:, :missing]

    def _convolve(self, held: Block) -> Block:
        """All whole windows in `held`; the rest stays for later."""
        from scipy import fft

        half, size = self.filter.half, self.filter.size
        done = []
        start = 0
        while start + size <= held.shape[1]:
            spectrum = fft.rfft(held[:, start : start + size], axis=1)
            spectrum *= self.filter.spectrum
            done.append(fft.irfft(spectrum, n=size, axis=1)[:, half : half + self.hop])
            start += self.hop
        self.held, self.waiting = held[:, start:].copy(), []
        out = np.concatenate(done, axis=1)
        self.frames_out += out.shape[1]
        return out
