"""Fine lines below 650 Hz over long windows: what mains hum is told from music by.

The signal is decimated to about 1.4 kHz and cut into windows of about 6 s (lines 0.25 Hz apart after the Hann
window), far finer than a semitone at 50 Hz (3 Hz). Kept is each line's power in each window; hum is what stays.

Source: decimation by windowed-sinc low-passes in two steps (any text on multirate filters, for instance Crochiere &
Rabiner, Multirate Digital Signal Processing, ch. 4-5).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tonewright.base.kernels import kernel
from tonewright.base.signal import Block, Layout
from tonewright.measure.framing import Framer, frame_size

#: Lines are kept up to the tenth harmonic of 60 Hz and its surroundings.
TOP_HZ = 650.0
_WINDOW_S = 6.0
#: When so many windows are held every second one is let go, and from then on only every second one is kept.
_MOST_WINDOWS = 512


@dataclass(frozen=True)
class Lines:
    """power: (windows, lines) float32 mean square by line, channels averaged. hz: (lines,). window_s: of each."""

    hz: NDArray[np.float64]
    power: NDArray[np.float32]
    window_s: float


@kernel
def _decimate(x, taps, factor, out):  # type: ignore[no-untyped-def]
    """out[c, m] = sum over k of taps[k] x[c, m factor + k]. x: (channels, frames), out: (channels, n)."""
    whole = taps.size // 4 * 4
    for c in range(x.shape[0]):
        for m in range(out.shape[1]):
            y = x[c, m * factor : m * factor + taps.size]
            s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0  # four at once: one sum would wait for itself at every tap
            for k in range(0, whole, 4):
                s0 += taps[k] * y[k]
                s1 += taps[k + 1] * y[k + 1]
                s2 += taps[k + 2] * y[k + 2]
                s3 += taps[k + 3] * y[k + 3]
            for k in range(whole, taps.size):
                s0 += taps[k] * y[k]
            out[c, m] = (s0 + s1) + (s2 + s3)


class _Decimator:
    def __init__(self, channels: int, factor: int, taps: NDArray[np.float64]) -> None:
        self._factor, self._taps = factor, taps
        self._held = np.zeros((channels, 0))

    def process(self, block: Block) -> Block:
        data = np.concatenate([self._held, block], axis=1)
        count = max(0, (data.shape[1] - len(self._taps)) // self._factor + 1)
        out = np.empty((data.shape[0], count))
        if count:
            _decimate(data, self._taps, self._factor, out)
        self._held = data[:, count * self._factor :].copy()
        return out


def _low_pass(taps: int, cut: float) -> NDArray[np.float64]:
    """Windowed sinc with unity gain at DC; cut as a fraction of the rate. Kaiser window, beta 8: -80 dB."""
    n = np.arange(taps) - (taps - 1) / 2
    h = np.sinc(2 * cut * n) * np.kaiser(taps, 8.0)
    result: NDArray[np.float64] = h / h.sum()
    return result


class LinesPass:
    """Feed blocks, then take the lines. Memory is bounded by 512 windows."""

    def __init__(self, layout: Layout) -> None:
        # first to about 5.5 kHz, where 650 Hz is a small part of the band and few taps do; then by four
        first = max(1, round(layout.rate_hz / 5_512.5))
        middle = layout.rate_hz / first
        second = max(1, round(middle / 1_400))
        self._stages = [
            _Decimator(layout.channels, first, _low_pass(5 * first + 1, 0.36 / first)),
            _Decimator(layout.channels, second, _low_pass(12 * second + 1, 0.46 / second)),
        ]
        self._rate_hz = middle / second
        size = frame_size(round(self._rate_hz), _WINDOW_S)
        self._framer = Framer(layout.channels, size, size // 2, 1)
        self._window = np.hanning(size + 1)[:-1]
        self._scale = 2.0 / (size * float(np.sum(self._window**2)) * layout.channels)
        hz = np.arange(size // 2 + 1) * self._rate_hz / size
        self._hz = hz[hz <= TOP_HZ]
        self._size = size
        self._kept: list[NDArray[np.float32]] = []
        self._stride = 1
        self._seen = 0

    def feed(self, block: Block) -> None:
        for stage in self._stages:
            block = stage.process(block)
        for frames in self._framer.feed(block):
            self._take(frames)

    def result(self) -> Lines:
        """Only whole windows count: a padded one would blur its lines."""
        power = np.array(self._kept, dtype=np.float32).reshape(-1, len(self._hz))
        return Lines(self._hz, power, self._size / self._rate_hz)

    def _take(self, frames: NDArray[np.float64]) -> None:
        if self._seen % self._stride == 0:
            spectrum = np.fft.rfft(frames[:, 0] * self._window, axis=1)[:, : len(self._hz)]
            power = (spectrum.real**2 + spectrum.imag**2).sum(axis=0) * self._scale
            self._kept.append(power.astype(np.float32))
            if len(self._kept) == _MOST_WINDOWS:
                self._kept = self._kept[::2]
                self._stride *= 2
        self._seen += 1
