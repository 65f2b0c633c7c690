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
from numpy.typing import NDArray

from tonewright.base.kernels import kernel
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
#: Frames on either side of a hop that shape its reading, and the silence that a signal ends with.
_MARGIN = REACH_FRAMES + _PAD
_TAIL = _MARGIN + REACH_FRAMES

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


def _fast_length(least: int) -> int:
    """The shortest length from least on that has no prime factor over 5: such transforms are quick."""
    shortest = 1 << (least - 1).bit_length()
    for fives in (1, 5, 25, 125, 625):
        for threes in (1, 3, 9, 27, 81, 243):
            part = fives * threes
            shortest = min(shortest, part << max(0, (-(-least // part) - 1).bit_length()))
    return shortest


@lru_cache(maxsize=8)
def _halfway_response(size: int) -> NDArray[np.complex128]:
    """Spectrum of the filter that gives the curve halfway after each frame, for transforms of this length."""
    halfway, _ = _filters()
    taps = np.zeros(size)
    taps[: -REACH_FRAMES - 1 : -1] = halfway  # halfway[j] also weighs the sample j + 1 after the frame
    taps[:REACH_FRAMES] = halfway  # and the one j before
    response: NDArray[np.complex128] = np.fft.rfft(taps)
    return response


@kernel
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


@kernel
def _peaks(x, counts, middle, fine, out):  # type: ignore[no-untyped-def]
    """The highest |curve| of each hop. x: (channels, hops, frames), a hop begins at _MARGIN; counts: (hops,)
    its frames. middle: (channels, hops, frames), the curve halfway after each frame. out: (channels, hops)."""
    for channel in range(x.shape[0]):
        for hop in range(x.shape[1]):
            out[channel, hop] = _peak(x[channel, hop], counts[hop], middle[channel, hop, REACH_FRAMES:], fine)


@kernel
def _peak(x, count, middle, fine):  # type: ignore[no-untyped-def]
    """The highest |curve| around count frames. middle: as of _PAD frames before them."""
    first = _MARGIN
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
        self._buffer = np.zeros((layout.channels, 2 * _MARGIN + 8 * longest + REACH_FRAMES))
        self._filled = _MARGIN + REACH_FRAMES
        self._hop_start = -REACH_FRAMES
        self._hops = 0
        self._frames = 0
        self._size = _fast_length(longest + 2 * _MARGIN)
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
        if self._frames == 0:
            return np.zeros((len(self._buffer), 0))
        held = self._filled - _MARGIN
        tail = np.concatenate([self._buffer[:, : self._filled], np.zeros((len(self._buffer), _TAIL))], axis=1)
        count = held + REACH_FRAMES
        rest = _measure(tail, [_MARGIN], [count], _fast_length(count + 2 * _MARGIN))
        peaks = np.concatenate([*self._peaks, rest], axis=1)
        if self._hop_start >= self._frames:  # the signal ended with a hop: the swing after it belongs to that hop
            peaks[:, -2] = np.maximum(peaks[:, -2], peaks[:, -1])
            return peaks[:, :-1]
        return peaks

    def _measure_whole_hops(self) -> None:
        starts, counts, start = [], [], _MARGIN
        while True:
            end = hop_edge(self._hops + 1, self._rate_hz)
            count = end - self._hop_start
            if start + count + _MARGIN > self._filled:
                break
            starts.append(start)
            counts.append(count)
            start += count
            self._hops += 1
            self._hop_start = end
            if self._hops == 1:  # longer than the others by the swing before the signal
                size = _fast_length(count + 2 * _MARGIN)
                self._peaks.append(_measure(self._buffer, starts, counts, size))
                starts, counts = [], []
        if starts:
            self._peaks.append(_measure(self._buffer, starts, counts, self._size))
        gone = start - _MARGIN
        if gone:
            keep = self._filled - gone
            self._buffer[:, :keep] = self._buffer[:, gone : self._filled].copy()
            self._filled = keep


def _measure(x: Block, starts: list[int], counts: list[int], size: int) -> NDArray[np.float64]:
    """The highest |curve| of hops: (channels, hops). x: (channels, frames), with a margin around every hop.

    size: of the transforms, at least a hop with its margins; the same for a hop however many are measured together.
    """
    hops = np.zeros((len(x), len(starts), size))
    for row, (start, count) in enumerate(zip(starts, counts, strict=True)):
        length = count + 2 * _MARGIN
        hops[:, row, :length] = x[:, start - _MARGIN : start + count + _MARGIN]
    spectrum = np.fft.rfft(hops)
    spectrum *= _halfway_response(size)
    middle = np.fft.irfft(spectrum, n=size)
    out = np.empty((len(x), len(starts)))
    _peaks(hops, np.array(counts), middle, _filters()[1], out)
    return out


def true_peak(samples: Block, rate_hz: int) -> float:
    """True peak of a whole signal (channels, frames) over all channels, full scale 1.0; 0 for an empty one."""
    meter = TruePeak(Layout(rate_hz, samples.shape[0]))
    meter.feed(np.asarray(samples, dtype=np.float64))
    return float(meter.series().max(initial=0.0))
