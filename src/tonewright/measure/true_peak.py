"""True peak: the highest point of the curve through the samples, found to a hundredth of a decibel at every rate.

ITU-R BS.1770-5, annex 2, oversamples by 4 and takes the largest sample. That reads a tone at 0.45 of the rate up to
0.55 dB too low (20 log cos(pi f / n)), and at 96 kHz and more, where it lets the factor shrink, worse again. Here
the curve is the same, a windowed-sinc interpolation, but its maximum is searched rather than sampled:

1. The curve is evaluated halfway between all samples (2x), with a long filter: flat to 0.486 of the rate.
2. If a signal whose spectrum ends at f (in parts of the rate) never exceeds X and reaches X at t0, then
   |x(t)| >= X cos(2 pi f (t - t0)) up to the first zero of the cosine (M. Riesz, 1914; Duffin & Schaeffer,
   Bull. AMS 44, 1938). So next to the highest point there is a point of the 2x grid that reaches at least
   cos(pi f / 2) of it: 0.69, as the filter ends at 0.514 of the rate. Whatever lies lower can't hold the peak and
   is skipped, 64 frames at a time.
3. The local maxima of the 2x grid that remain are climbed: the curve is evaluated halfway to both neighbours (4x),
   the highest of the three points is the new centre; the same again (8x); then a parabola through the last three
   points gives the peak, 0.002 dB from the true one for a tone at half the rate, less for any other. The upper half
   of the spectrum of the 2x grid is empty, so 15 of its points suffice to evaluate the curve to -100 dB.
4. A climb is not begun where it can't pass the highest point known: a parabola through a maximum v with neighbours
   a, b passes v by at most (2v - a - b) / 8, a tone of any frequency by at most 0.22 (2v - a - b) on the 2x grid;
   _LIFT = 0.5 leaves a margin of more than two.

The samples themselves are points of the curve, so the true peak is never below the sample peak, and a constant is
kept (each phase of the filters sums to 1). The signal is taken to be silent before its start and after its end; the
curve swings there too, and is searched as far as the filter reaches.
"""

from functools import lru_cache

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tonewright.base.signal import Block, Layout

#: Samples on either side of a point that shape the curve there: beyond, the window is zero. A multiple of 4.
REACH_FRAMES = 64
#: Kaiser window for 60 dB (Kaiser, 1974): passband ripple 0.009 dB, transition from 0.486 to 0.514 of the rate.
_KAISER_BETA = 5.653
#: Hops per second of the series of peaks.
HOPS_PER_S = 10

#: Points of the 2x grid on either side from which a climb evaluates the curve, and the Kaiser window for 100 dB.
_FINE_REACH = 7
_FINE_KAISER_BETA = 10.06
#: Steps of a climb per point of the 2x grid.
_FINE_STEPS = 4
#: Frames on either side of a hop whose curve a climb at its edge needs.
_PAD = 4

_TILE = 64
_SKIP_BELOW = 0.69
_LIFT = 0.5
#: A climb that could gain less than this (0.001 dB) is not worth it.
_WORTH = 1.0001


def _sinc_row(distance: NDArray[np.float64], reach: int, kaiser_beta: float) -> NDArray[np.float64]:
    """Windowed sinc at these distances (in steps of its grid), scaled to sum to 1."""
    inside = np.sqrt(np.maximum(0.0, 1.0 - (distance / reach) ** 2))
    row: NDArray[np.float64] = np.sinc(distance) * np.i0(kaiser_beta * inside)
    row /= row.sum()
    return row


@lru_cache(maxsize=1)
def _filters() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """halfway: (REACH_FRAMES,), halfway[j] weighs the samples j before and j + 1 after the frame whose following
    midpoint is wanted. fine: (2 _FINE_STEPS - 1, 2 _FINE_REACH + 1), rows for -3..3 steps from the middle point."""
    both_sides = np.arange(REACH_FRAMES) + 0.5
    halfway = _sinc_row(np.concatenate([-both_sides, both_sides]), REACH_FRAMES, _KAISER_BETA)[REACH_FRAMES:]
    points = np.arange(-_FINE_REACH, _FINE_REACH + 1)
    offsets = np.arange(1 - _FINE_STEPS, _FINE_STEPS) / _FINE_STEPS
    fine = np.array([_sinc_row(points - offset, _FINE_REACH, _FINE_KAISER_BETA) for offset in offsets])
    return np.ascontiguousarray(halfway), fine


def hop_edge(hop: int, rate_hz: int) -> int:
    """The frame at which a hop of the series begins: to the nearest, without drift."""
    return (2 * hop * rate_hz + HOPS_PER_S) // (2 * HOPS_PER_S)


@njit(cache=True, nogil=True)  # never fastmath: readings must repeat
def _fill_middles(x, first, halfway, middle):  # type: ignore[no-untyped-def]
    """The curve halfway after each frame: middle[i] at first - _PAD + i + 1/2.

    x: (frames,), with REACH_FRAMES frames to either side of what is asked for.
    """
    for start in range(0, middle.size, _TILE):
        m = middle[start : start + _TILE]
        m[:] = 0.0
        frame = first - _PAD + start
        # four pairs at once: the running sums then stay long enough in registers
        for j in range(0, REACH_FRAMES, 4):
            c0, c1, c2, c3 = halfway[j], halfway[j + 1], halfway[j + 2], halfway[j + 3]
            back, ahead = frame - j, frame + 1 + j
            p0, p1, p2, p3 = x[back:], x[back - 1 :], x[back - 2 :], x[back - 3 :]
            q0, q1, q2, q3 = x[ahead:], x[ahead + 1 :], x[ahead + 2 :], x[ahead + 3 :]
            for i in range(m.size):
                m[i] += (c0 * (p0[i] + q0[i]) + c1 * (p1[i] + q1[i])) + (
                    c2 * (p2[i] + q2[i]) + c3 * (p3[i] + q3[i])
                )


@njit(cache=True, nogil=True)  # never fastmath: readings must repeat
def _climb(window, fine, best):  # type: ignore[no-untyped-def]
    """Climb from a local maximum in the middle of (2 _FINE_REACH + 1,) points of the 2x grid.

    Gives the height of the peak, or best where that can't be passed.
    """
    here = window[_FINE_REACH]
    sign = 1.0 if here > 0.0 else -1.0
    here = abs(here)
    before, after = sign * window[_FINE_REACH - 1], sign * window[_FINE_REACH + 1]
    row = _FINE_STEPS - 1
    step = _FINE_STEPS
    while step > 1:
        if here + _LIFT * (2.0 * here - before - after) <= best * _WORTH:
            return max(best, here)
        step //= 2
        left = right = 0.0
        for k in range(2 * _FINE_REACH + 1):
            left += fine[row - step, k] * window[k]
            right += fine[row + step, k] * window[k]
        left, right = sign * left, sign * right
        if left > here and left >= right:
            row -= step
            after, here = here, left
        elif right > here:
            row += step
            before, here = here, right
        else:
            before, after = left, right
    bend = 2.0 * here - before - after
    if bend > 0.0:
        here += (before - after) ** 2 / (8.0 * bend)
    return max(best, here)


@njit(cache=True, nogil=True)  # never fastmath: readings must repeat
def _peak(x, first, count, halfway, fine, middle):  # type: ignore[no-untyped-def]
    """The highest |curve| around count frames from first on.

    x: (frames,), with REACH_FRAMES + _PAD frames to either side. middle: (count + 2 _PAD,) scratch.
    """
    _fill_middles(x, first, halfway, middle)
    tops = np.empty((count + _TILE - 1) // _TILE)
    lanes = np.empty(_TILE)
    best = 0.0
    for tile in range(tops.size):
        samples = x[first + tile * _TILE : first + min(count, (tile + 1) * _TILE)]
        middles = middle[_PAD + tile * _TILE :]
        for i in range(samples.size):
            lanes[i] = max(abs(samples[i]), abs(middles[i]))
        top = 0.0
        for i in range(samples.size):
            top = max(top, lanes[i])
        tops[tile] = top
        best = max(best, top)
    if best == 0.0:
        return best
    window = np.empty(2 * _FINE_REACH + 1)
    for tile in range(tops.size):
        if tops[tile] < _SKIP_BELOW * best:
            continue
        for n in range(tile * _TILE, min(count, (tile + 1) * _TILE)):
            floor = _SKIP_BELOW * best
            before, sample = abs(middle[_PAD + n - 1]), abs(x[first + n])
            between, after = abs(middle[_PAD + n]), abs(x[first + n + 1])
            if sample >= floor and sample > before and sample > between:
                for j in range(-3, 4):
                    window[_FINE_REACH + 2 * j] = x[first + n + j]
                for j in range(-4, 4):
                    window[_FINE_REACH + 2 * j + 1] = middle[_PAD + n + j]
                best = _climb(window, fine, best)
            elif between >= floor and between >= sample and between >= after:
                for j in range(-3, 4):
                    window[_FINE_REACH + 2 * j] = middle[_PAD + n + j]
                for j in range(-4, 4):
                    window[_FINE_REACH + 2 * j + 1] = x[first + n + 1 + j]
                best = _climb(window, fine, best)
    return best


class TruePeak:
    """True peak of a stream, per channel and hop of 100 ms. Any split into blocks gives identical readings.

    The hops lie on a fixed grid; hop k covers [hop_edge(k), hop_edge(k + 1)), the first one also the swing before
    the signal, the last one the swing after it.
    """

    def __init__(self, layout: Layout) -> None:
        self._rate_hz = layout.rate_hz
        longest = layout.rate_hz // HOPS_PER_S + 2
        # the buffer begins a margin before the next hop; what precedes the signal is silence
        self._margin = REACH_FRAMES + _PAD
        self._buffer = np.zeros((layout.channels, 2 * self._margin + 8 * longest + REACH_FRAMES))
        self._filled = self._margin + REACH_FRAMES
        self._hop_start = -REACH_FRAMES
        self._hops = 0
        self._frames = 0
        self._middle = np.empty(longest + 2 * REACH_FRAMES + 2 * self._margin)
        self._peaks: list[NDArray[np.float64]] = []

    def feed(self, block: Block) -> None:
        """Take (channels, frames), finite."""
        self._frames += block.shape[1]
        taken = 0
        while taken < block.shape[1]:
            size = min(block.shape[1] - taken, self._buffer.shape[1] - self._filled)
            self._buffer[:, self._filled : self._filled + size] = block[:, taken : taken + size]
            self._filled += size
            taken += size
            self._measure_whole_hops()

    def series(self) -> NDArray[np.float64]:
        """Highest |curve| of each hop so far, as if the signal ended here: (channels, hops), full scale 1.0."""
        peaks = list(self._peaks)
        if self._frames == 0:
            return np.zeros((len(self._buffer), 0))
        held = self._filled - self._margin
        silence = np.zeros((len(self._buffer), self._margin + REACH_FRAMES))
        tail = np.concatenate([self._buffer[:, : self._filled], silence], axis=1)
        rest = self._measure(tail, self._margin, held + REACH_FRAMES)
        if self._hop_start < self._frames:
            peaks.append(rest)
        else:  # the signal ended with a hop: the swing after it belongs to that hop
            peaks[-1] = np.maximum(peaks[-1], rest)
        return np.stack(peaks, axis=1)

    def _measure_whole_hops(self) -> None:
        start = self._margin
        while True:
            end = hop_edge(self._hops + 1, self._rate_hz)
            count = end - self._hop_start
            if start + count + self._margin > self._filled:
                break
            self._peaks.append(self._measure(self._buffer, start, count))
            start += count
            self._hops += 1
            self._hop_start = end
        gone = start - self._margin
        if gone:
            keep = self._filled - gone
            self._buffer[:, :keep] = self._buffer[:, gone : self._filled].copy()
            self._filled = keep

    def _measure(self, x: Block, first: int, count: int) -> NDArray[np.float64]:
        halfway, fine = _filters()
        middle = self._middle[: count + 2 * _PAD]
        return np.array([_peak(channel, first, count, halfway, fine, middle) for channel in x])


def true_peak(samples: Block, rate_hz: int) -> float:
    """True peak of a whole signal (channels, frames) over all channels, full scale 1.0; 0 for an empty one."""
    meter = TruePeak(Layout(rate_hz, samples.shape[0]))
    meter.feed(np.asarray(samples, dtype=np.float64))
    return float(meter.series().max(initial=0.0))


def true_peak_at(samples: Block, factor: int = 16, context_frames: int = 4_096) -> float:
    """The largest sample after band-limited oversampling by factor: the slow, readable check on all of the above.

    samples: (channels, frames), full scale 1.0. Each stretch is brought to the higher rate by padding its spectrum
    with zeros, which interpolates with the ideal low-pass at half the rate; neighbouring stretches overlap by
    context_frames on either side, faded to nothing so that cutting them out adds nothing.
    """
    stretch = 16 * context_frames
    fade = np.sin(np.linspace(0.0, np.pi / 2, context_frames // 2)) ** 2
    window = np.ones(stretch + 2 * context_frames)
    window[: len(fade)] = fade
    window[-len(fade) :] = fade[::-1]
    padded = np.pad(samples, ((0, 0), (2 * context_frames, 2 * context_frames + stretch)))
    highest = 0.0
    for start in range(0, samples.shape[1] + 2 * context_frames, stretch):
        piece = padded[:, start : start + len(window)] * window
        spectrum = np.fft.rfft(piece)
        spectrum[:, -1] *= 0.5  # the highest bin stands for both signs of its frequency
        curve = np.fft.irfft(spectrum, n=factor * len(window)) * factor
        inner = curve[:, factor * context_frames : factor * (context_frames + stretch)]
        highest = max(highest, float(np.abs(inner).max(initial=0.0)))
    return highest
