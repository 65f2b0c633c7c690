"""Loudness, true peak and alignment for the benchmarks, written apart from the meter that the product itself uses.

Slow and plain on purpose: a benchmark that measured with the code it judges would prove nothing.
"""

import math

import numpy as np
import soxr
from numpy.typing import NDArray

Samples = NDArray[np.float64]

#: ITU-R BS.1770-5, tables 1 and 2 (48 kHz).
_SHELF = ([1.53512485958697, -2.69169618940638, 1.19839281085285], [1.0, -1.69065929318241, 0.73248077421585])
_HIGH_PASS = ([1.0, -2.0, 1.0], [1.0, -1.99004745483398, 0.99007225036621])
_PHASES = 16
_HALF_TAPS = 64


def integrated_lufs(samples: Samples, rate_hz: int) -> float:
    """ITU-R BS.1770-5 integrated loudness of mono or stereo (channels, frames); -inf below the gate."""
    from scipy.signal import lfilter

    if rate_hz != 48_000:
        samples = soxr.resample(samples.T, rate_hz, 48_000, quality="VHQ").T
    weighted = lfilter(*_HIGH_PASS, lfilter(*_SHELF, samples, axis=1), axis=1)
    total = np.concatenate([[0.0], np.cumsum(np.sum(weighted**2, axis=0))])
    starts = np.arange(0, samples.shape[1] - 19_200 + 1, 4_800)
    power = (total[starts + 19_200] - total[starts]) / 19_200
    power = power[power > 10.0 ** ((-70.0 + 0.691) / 10.0)]
    if not power.size:
        return -math.inf
    power = power[power > 0.1 * power.mean()]
    return -0.691 + 10.0 * math.log10(power.mean())


def true_peak_dbtp(samples: Samples) -> float:
    """Highest value of the band-limited signal on a 16 times finer grid, whole (channels, frames).

    Ideal interpolation by a Kaiser-windowed sinc over 128 samples, wherever a sample exceeds half of the peak: what
    lies between samples can exceed them by so much only at isolated test signals.
    """
    peak = float(np.max(np.abs(samples)))
    if peak == 0.0:
        return -math.inf
    offsets = np.arange(-_HALF_TAPS + 1, _HALF_TAPS + 1)
    at = np.arange(_PHASES)[:, None] / _PHASES - offsets[None, :]
    window = np.i0(12.0 * np.sqrt(np.maximum(0.0, 1.0 - (at / _HALF_TAPS) ** 2))) / np.i0(12.0)
    kernel = (np.sinc(at) * window).T
    highest = peak
    for channel in samples:
        padded = np.pad(channel, _HALF_TAPS)
        loud = np.abs(padded) > 0.5 * peak
        near = np.flatnonzero(loud[:-1] | loud[1:])
        near = near[(near >= _HALF_TAPS - 1) & (near < padded.size - _HALF_TAPS)]
        windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * _HALF_TAPS)
        for some in np.array_split(near, max(1, near.size // 8_192)):
            if some.size:
                highest = max(highest, float(np.max(np.abs(windows[some - _HALF_TAPS + 1] @ kernel))))
    return 20.0 * math.log10(highest)


def aligned(reference: Samples, processed: Samples, longest_delay: int) -> Samples:
    """`processed` moved back by its delay (0..longest_delay frames, found by correlation), as long as reference."""
    from scipy.signal import correlate

    frames = reference.shape[1]
    mono, late = reference.sum(axis=0), processed.sum(axis=0)
    size = min(frames, 200_000)
    start = (frames - size) // 2
    score = correlate(late[start : start + size + longest_delay], mono[start : start + size], "valid", "fft")
    delay = int(np.argmax(score))
    out = processed[:, delay : delay + frames]
    return np.pad(out, ((0, 0), (0, frames - out.shape[1])))


def loudest(samples: Samples, rate_hz: int, seconds: float) -> Samples:
    """The stretch of so many seconds with the most energy, on a grid of one second."""
    length = int(seconds * rate_hz)
    if samples.shape[1] <= length:
        return samples
    total = np.concatenate([[0.0], np.cumsum(np.sum(samples**2, axis=0))])
    starts = np.arange(0, samples.shape[1] - length + 1, rate_hz)
    start = int(starts[np.argmax(total[starts + length] - total[starts])])
    return np.ascontiguousarray(samples[:, start : start + length])
