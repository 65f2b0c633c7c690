"""Gain riding: a look-ahead limiter for true peaks that turns the gain down smoothly before a peak, and up after it.

The gain that each sample needs is read off the signal on a grid 16 times finer, held by a sliding minimum over the
look-ahead and smoothed by a window of the same length, so that the smooth gain is never above the needed one. All
memory is finite: the gain at one moment depends on the signal within twice the look-ahead of it.

Source of the two steps: Hämäläinen, "Smoothing of the control signal without clipped output in digital peak limiters",
DAFx 2002.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tonewright.base.signal import Block
from tonewright.dsp.maximiser_solve import interpolator

_Array = NDArray[np.float64]

_COARSE = 4
_FINE = 16
_COARSE_HALF = 16
_FINE_HALF = 64
#: Between samples that are all below this part of the ceiling nothing is looked for. A tone near a quarter of the rate
#: can hide 3 dB; nearer to half the rate its beat with the grid shows it within a few samples.
_NEAR = 0.55
_AROUND = 6
_CANDIDATE = 0.85  # what the short filter must read before the long one is asked


@njit(cache=True, nogil=True)  # never fastmath: renders must repeat
def _needs(x, first, last, ceiling, coarse, fine, need, low, look):  # type: ignore[no-untyped-def]
    """Gain that holds every channel's curve between samples n and n + 1 under the ceiling, for n in first..last - 1.

    x: (channels, frames). need: (frames,). low: (frames + look,), sliding minimum of need, updated.
    """
    channels = x.shape[0]
    coarse_half, fine_half = coarse.shape[1] // 2, fine.shape[1] // 2
    for c in range(channels):
        quiet_until = first
        for n in range(first, last):
            if abs(x[c, n]) >= _NEAR * ceiling or abs(x[c, n + 1]) >= _NEAR * ceiling:
                quiet_until = n + _AROUND
            elif n > quiet_until and abs(x[c, n + _AROUND]) < _NEAR * ceiling:
                continue
            peak = max(abs(x[c, n]), abs(x[c, n + 1]))
            s1, s2, s3 = 0.0, 0.0, 0.0
            at = n - coarse_half + 1
            for t in range(2 * coarse_half):
                v = x[c, at + t]
                s1 += coarse[1, t] * v
                s2 += coarse[2, t] * v
                s3 += coarse[3, t] * v
            peak = max(peak, max(abs(s1), max(abs(s2), abs(s3))))
            if peak < _CANDIDATE * ceiling:
                continue
            # Quarters with the long filter, then sixteenths about the highest quarter.
            at = n - fine_half + 1
            s1, s2, s3 = 0.0, 0.0, 0.0
            for t in range(2 * fine_half):
                v = x[c, at + t]
                s1 += fine[4, t] * v
                s2 += fine[8, t] * v
                s3 += fine[12, t] * v
            top = 0 if abs(x[c, n]) >= abs(x[c, n + 1]) else 16
            peak = max(abs(x[c, n]), abs(x[c, n + 1]))
            if abs(s1) > peak:
                peak, top = abs(s1), 4
            if abs(s2) > peak:
                peak, top = abs(s2), 8
            if abs(s3) > peak:
                peak, top = abs(s3), 12
            if peak < 0.95 * ceiling:
                continue
            for p in range(max(1, top - 3), min(16, top + 4)):
                if p % 4 == 0:
                    continue
                s1 = 0.0
                for t in range(2 * fine_half):
                    s1 += fine[p, t] * x[c, at + t]
                peak = max(peak, abs(s1))
            if peak > ceiling:
                need[n] = min(need[n], ceiling / peak)
    for n in range(first, last):
        if need[n] < 1.0:
            for m in range(max(0, n - look), n + look + 1):
                low[m] = min(low[m], need[n])


@njit(cache=True, nogil=True)  # never fastmath: renders must repeat
def _apply(x, first, last, low, window, out):  # type: ignore[no-untyped-def]
    """out[:, n - first] = x[:, n] times the smoothed gain, for n in first..last - 1; untouched where it is 1."""
    channels = x.shape[0]
    half = window.size // 2
    reduced_until = -1
    for m in range(max(0, first - half), min(first + half, low.size)):
        if low[m] < 1.0:
            reduced_until = m + half
    for n in range(first, last):
        if low[n + half] < 1.0:
            reduced_until = n + 2 * half
        if n > reduced_until:
            for c in range(channels):
                out[c, n - first] = x[c, n]
            continue
        drop = 0.0
        for k in range(window.size):
            m = n - half + k
            if m >= 0:
                drop += window[k] * (1.0 - low[m])
        for c in range(channels):
            out[c, n - first] = x[c, n] * (1.0 - drop)


class Rider:
    """A Stage. One gain for all channels keeps the true peak under `ceiling` (amplitude)."""

    def __init__(self, ceiling: float, look_s: float, rate_hz: int, channels: int) -> None:
        self.ceiling = ceiling
        self.look = max(4, round(look_s * rate_hz))
        half = self.look - 1
        n = np.arange(-half, half + 1)
        window = 0.5 + 0.5 * np.cos(np.pi * n / (half + 1))
        self.window = window / window.sum()
        self.coarse = interpolator(_COARSE_HALF, _COARSE)
        self.fine = interpolator(_FINE_HALF, _FINE, beta=12.0)
        self.ahead = _FINE_HALF + _AROUND
        self.latency_frames = 2 * self.look + self.ahead
        self.preroll_s = self.latency_frames / rate_hz
        self.back = 2 * self.look + 2 * _FINE_HALF + _AROUND
        # As if silence had gone before.
        self.x = np.zeros((channels, self.back))
        self.need = np.ones(self.back)
        self.low = np.ones(self.back + self.look + 1)
        self.seen = self.back - _FINE_HALF  # needs are known before this frame of x
        self.out = self.back  # the next frame to give

    def process(self, block: Block) -> Block:
        frames = block.shape[1]
        self.x = np.concatenate([self.x, block], axis=1)
        self.need = np.concatenate([self.need, np.ones(frames)])
        self.low = np.concatenate([self.low, np.ones(frames)])
        until = max(self.seen, self.x.shape[1] - self.ahead)
        _needs(self.x, self.seen, until, self.ceiling, self.coarse, self.fine, self.need, self.low, self.look)
        self.seen = until
        ready = max(self.out, until - 2 * self.look)
        out = np.empty((self.x.shape[0], ready - self.out))
        _apply(self.x, self.out, ready, self.low, self.window, out)
        self.out = ready
        spare = self.out - self.back
        if spare > 0:
            self.x, self.need, self.low = self.x[:, spare:], self.need[spare:], self.low[spare:]
            self.seen -= spare
            self.out -= spare
            self.x = np.ascontiguousarray(self.x)
        return out

    def flush(self) -> Block:
        left = self.x.shape[1] - self.out
        out = self.process(np.zeros((self.x.shape[0], self.latency_frames)))
        return out[:, :left]
