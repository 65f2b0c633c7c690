"""Gain riding: a look-ahead limiter for true peaks that turns the gain down smoothly before a peak, and up after it.

The gain that each peak needs is read off the curve between samples, held by a sliding minimum over the look-ahead and
smoothed by a window of the same length, so that the smooth gain is never above the needed one. All memory is finite:
the gain at one moment depends on the signal within twice the look-ahead of it.

Source of the two steps: Hämäläinen, "Smoothing of the control signal without clipped output in digital peak limiters",
DAFx 2002.
"""

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tonewright.base.kernels import kernel
from tonewright.base.signal import Block
from tonewright.dsp.curve import REACH, _twice, halfway_taps
from tonewright.dsp.stage import Context
from tonewright.measure.true_peak import _climb, _filters

_Array = NDArray[np.float64]
_Flags = NDArray[np.bool_]

_TILE = 64
_WINDOW_POINTS = 48  # the gain's grid has at least as many points in the look-ahead
_PAD = 5  # samples that a climb on the 2x grid looks to either side
#: Where all samples within reach are below this part of the ceiling, the curve does not come near it.
_QUIET = 0.5
#: Where the 2x grid is lower than this part of a peak, the peak is elsewhere (see measure/true_peak.py).
_SHOWS = 0.69
#: Between 0.45 of the rate and its half, no two converters draw the same curve: each cuts off there in its own way.
#: So what lies there counts once more, by this part of its amplitude. Music has next to nothing there.
_EDGE = 0.45
_EDGE_SHARE = 0.5
_EDGE_REACH = 32


@lru_cache(maxsize=1)
def _edge_taps() -> _Array:
    """(_EDGE_REACH,) half of a symmetric high-pass from _EDGE on (Kaiser window for 50 dB), times its share."""
    n = np.arange(_EDGE_REACH)
    width = 0.5 - _EDGE
    taps = (-1.0) ** n * 2.0 * width * np.sinc(2.0 * width * n)
    return np.asarray(_EDGE_SHARE * taps * np.i0(4.5 * np.sqrt(1.0 - (n / _EDGE_REACH) ** 2)) / np.i0(4.5))


@kernel
def _edge_amplitude(x, first, edge, scratch):  # type: ignore[no-untyped-def]
    """Highest sample of what lies near half the rate, in the frames from first on. scratch: (frames,)."""
    for i in range(scratch.size):
        scratch[i] = edge[0] * x[first + i]
    for j in range(1, edge.size):
        back, ahead, weight = x[first - j :], x[first + j :], edge[j]
        for i in range(scratch.size):
            scratch[i] += weight * (back[i] + ahead[i])
    highest = 0.0
    for i in range(scratch.size):
        highest = max(highest, abs(scratch[i]))
    return highest


@kernel
def _needs(x, doubtful, first, last, ceiling, halfway, fine, edge, low, look):  # type: ignore[no-untyped-def]
    """Lower `low` to the gain that keeps every channel's curve around frames first..last - 1 under the ceiling.

    x: (channels, frames). doubtful: (frames,), where it is worth looking. low: (frames + look + 1,), sliding minimum
    over `look` frames to either side of the gain needed, updated. Gives the last frame that was lowered, or -1.
    """
    lowered = -1
    half = np.empty(_TILE + 2 * _PAD)
    grid = np.empty(2 * half.size)
    window = np.empty(fine.shape[1])
    side = fine.shape[1] // 2
    for start in range(first, last, _TILE):
        stop = min(start + _TILE, last)
        looked = start - _PAD
        while looked < stop + _PAD and not doubtful[looked]:
            looked += 1
        if looked == stop + _PAD:
            continue
        for c in range(x.shape[0]):
            loudest = 0.0
            for n in range(start - _PAD, stop + _PAD):
                loudest = max(loudest, abs(x[c, n]))
            if loudest < _QUIET * ceiling:
                continue
            _twice(x[c], start - _PAD, halfway, half, grid)
            beyond = _edge_amplitude(x[c], start - _PAD, edge, half)
            allowed = ceiling - min(beyond, 0.5 * ceiling)
            for g in range(2 * _PAD, 2 * (_PAD + stop - start)):
                level = abs(grid[g])
                if level < _SHOWS * allowed or level < abs(grid[g - 1]) or level <= abs(grid[g + 1]):
                    continue
                for k in range(window.size):
                    window[k] = grid[g - side + k]
                top = _climb(window, fine, allowed)
                if top + beyond > ceiling:
                    n = start - _PAD + g // 2
                    gain = ceiling / (top + beyond)
                    for m in range(max(0, n - look), n + look + 1):
                        low[m] = min(low[m], gain)
                    lowered = max(lowered, n + look)
    return lowered


@kernel
def _apply(x, first, last, low, window, stride, out, touched):  # type: ignore[no-untyped-def]
    """out[:, n - first] = x[:, n] times the smoothed gain, for n in first..last - 1, wherever that is below 1.

    out holds x as it is, and touched (last - first,) is False, before.

    The gain is smoothed on a grid of `stride` frames and runs in straight lines between: with fifty points or more
    in a window the difference is far below hearing, and long windows cost no more than short ones.
    """
    half = window.size // 2
    start, stop = first // stride, (last - 1) // stride + 2
    least = np.ones(stop - start + 2 * half)
    for k in range(least.size):
        at = (start - half + k) * stride
        lowest = 1.0
        for m in range(at, at + stride):
            lowest = min(lowest, low[m])
        least[k] = lowest
    gain = np.ones(stop - start)
    reduced_until = -1
    for k in range(least.size):
        if least[k] < 1.0:
            reduced_until = k
        j = k - 2 * half
        if j >= 0 and reduced_until >= j:
            drop = 0.0
            for w in range(window.size):
                drop += window[w] * (1.0 - least[j + w])
            gain[j] = 1.0 - drop
    for j in range(gain.size - 1):
        before, after = gain[j], gain[j + 1]
        if before == 1.0 and after == 1.0:
            continue
        at = (start + j) * stride
        for n in range(max(at, first), min(at + stride, last)):
            touched[n - first] = True
            here = before + (after - before) * ((n - at) / stride)
            for c in range(x.shape[0]):
                out[c, n - first] = x[c, n] * here


class Rider:
    """A Stage. One gain for all channels keeps the true peak under `ceiling` (amplitude)."""

    def __init__(self, ceiling: float, look_s: float, context: Context) -> None:
        self.ceiling = ceiling
        rate_hz, channels = context.rate_hz, context.channels
        self.look = max(8, round(look_s * rate_hz))
        self.stride = max(1, 1 << (max(1, self.look // _WINDOW_POINTS).bit_length() - 1))
        self.stride = min(self.stride, _TILE)
        # A peak may lie a frame beside the one it is noted at, and a gain is made of two points of its grid.
        half = max(1, (self.look - 2) // self.stride - 2)
        window = 0.5 + 0.5 * np.cos(np.pi * np.arange(-half, half + 1) / (half + 1))
        self.window = window / window.sum()
        self.ahead = REACH + _PAD + 1
        self.latency_frames = 2 * self.look + self.ahead + _TILE
        # Tiles and gains lie on grids that are fixed to the song: so does the first frame in hand.
        self.back = 2 * self.look + 2 * (self.ahead + _TILE)
        self.back += (context.start_frame - self.back) % _TILE
        self.preroll_s = (self.latency_frames + self.back) / rate_hz
        # As if silence had gone before; the curve may swing over the ceiling there too.
        self.x = np.zeros((channels, self.back))
        self.doubtful = np.ones(self.back, dtype=np.bool_)
        self.low = np.ones(self.back + self.look + 1)
        self.seen = (self.back - self.ahead) // _TILE * _TILE
        self.given = self.back
        self.lowered = -1  # the last frame in hand that is not at full gain
        self.least_gain = 1.0

    def process(self, block: Block) -> Block:
        return self.ride(block, np.ones(block.shape[1], dtype=np.bool_))[0]

    def flush(self) -> Block:
        return self.finish()[0]

    def ride(self, block: Block, doubtful: _Flags) -> tuple[Block, _Flags]:
        """Feed (channels, n) and where to look; take (channels, m) and where the gain was below 1."""
        self.x = np.concatenate([self.x, block], axis=1)
        self.doubtful = np.concatenate([self.doubtful, doubtful])
        self.low = np.concatenate([self.low, np.ones(block.shape[1])])
        until = self.seen + max(0, self.x.shape[1] - self.ahead - self.seen) // _TILE * _TILE
        halfway, fine = halfway_taps(), _filters()[1]
        lowered = _needs(
            self.x, self.doubtful, self.seen, until, self.ceiling, halfway, fine, _edge_taps(), self.low, self.look
        )
        self.lowered = max(self.lowered, lowered)
        self.seen = until
        ready = max(self.given, until - 2 * self.look)
        out = self.x[:, self.given : ready].copy()
        touched = np.zeros(ready - self.given, dtype=np.bool_)
        # a gain is smoothed over what is lowered within half a window and a step of its grid
        if self.lowered >= self.given - (self.window.size // 2 + 2) * self.stride:
            _apply(self.x, self.given, ready, self.low, self.window, self.stride, out, touched)
            self.least_gain = min(self.least_gain, float(self.low.min()))
        self.given = ready
        spare = (ready - self.back) // _TILE * _TILE
        if spare > 0:
            self.x = np.ascontiguousarray(self.x[:, spare:])
            self.doubtful, self.low = self.doubtful[spare:].copy(), self.low[spare:].copy()
            self.seen -= spare
            self.given -= spare
            self.lowered -= spare
        return out, touched

    def finish(self) -> tuple[Block, _Flags]:
        """What is still held back."""
        left = self.x.shape[1] - self.given
        silence = self.latency_frames
        out, touched = self.ride(np.zeros((self.x.shape[0], silence)), np.ones(silence, dtype=np.bool_))
        return out[:, :left], touched[:left]


def guarded_peak(source: Iterable[Block], floor: float, context: Context) -> float:
    """The highest peak as a Rider sees it (amplitude, at least floor): what lies near half the rate counts more."""
    rider = Rider(floor, 0.0, context)
    for block in source:
        rider.process(block)
    rider.flush()
    return floor / rider.least_gain


class Guard:
    """A Stage. Rides twice: a moving gain shifts what lies between samples, which the second pass corrects."""

    def __init__(self, ceiling: float, look_s: float, context: Context) -> None:
        self.first = Rider(ceiling, look_s, context)
        self.second = Rider(ceiling, look_s, context)
        self.latency_frames = self.first.latency_frames + self.second.latency_frames
        self.preroll_s = self.first.preroll_s + self.second.preroll_s

    def process(self, block: Block) -> Block:
        everywhere = np.ones(block.shape[1], dtype=np.bool_)
        return self.second.ride(*self.first.ride(block, everywhere))[0]

    def flush(self) -> Block:
        head = self.second.ride(*self.first.finish())[0]
        return np.concatenate([head, self.second.finish()[0]], axis=1)
