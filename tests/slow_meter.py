"""The meter once more, slow and readable: one loop per sentence of the standards. What the fast one is checked against.

K-weighting is done in the frequency domain with the response of the standard's 48 kHz filter, so that it shares nothing
with the designs of k_weighting.py.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tonewright.base.signal import Block

# BS.1770-5, tables 1 and 2, written down a second time
SHELF_B, SHELF_A = (
    (1.53512485958697, -2.69169618940638, 1.19839281085285),
    (1.0, -1.69065929318241, 0.73248077421585),
)
PASS_B, PASS_A = (1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621)
WEIGHTS = {1: (1.0,), 2: (1.0, 1.0), 5: (1.0, 1.0, 1.0, 1.41, 1.41)}


def filter_48k(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """K-weighting at 48 kHz, direct form I, as the standard draws it."""
    for b, a in ((SHELF_B, SHELF_A), (PASS_B, PASS_A)):
        y = np.zeros(len(x))
        for n in range(len(x)):
            y[n] = sum(b[k] * x[n - k] for k in range(3) if n >= k) - sum(a[k] * y[n - k] for k in (1, 2) if n >= k)
        x = y
    return x


def gain_48k(frequency_hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Magnitude of the standard's filter; above 24 kHz, where it has none, its value at 24 kHz."""
    z = np.exp(2j * np.pi * np.minimum(frequency_hz, 24_000.0) / 48_000.0)
    shelf = np.polyval(SHELF_B, z) / np.polyval(SHELF_A, z)
    high_pass = np.polyval(PASS_B, z) / np.polyval(PASS_A, z)
    gain: NDArray[np.float64] = np.abs(shelf * high_pass)
    return gain


def weighted(samples: Block, rate_hz: int) -> Block:
    """K-weighting at any rate without phase, (channels, frames); a second of silence keeps its ends apart."""
    frames = samples.shape[1]
    size = frames + rate_hz
    spectrum = np.fft.rfft(samples, n=size)
    spectrum *= gain_48k(np.arange(spectrum.shape[1]) * rate_hz / size)
    return np.fft.irfft(spectrum, n=size)[:, :frames]


def window_lufs(y: Block, rate_hz: int, window_s: float, hop_s: float) -> list[float]:
    """Loudness of each complete window of a weighted signal, LUFS; -inf for silence."""
    found: list[float] = []
    index = 0
    while True:
        start = math.floor(index * hop_s * rate_hz + 0.5)
        end = math.floor((index * hop_s + window_s) * rate_hz + 0.5)
        if end > y.shape[1]:
            return found
        power = sum(g * float(np.mean(c[start:end] ** 2)) for g, c in zip(WEIGHTS[len(y)], y, strict=True))
        found.append(-0.691 + 10.0 * math.log10(power) if power > 0.0 else -math.inf)
        index += 1


def mean_lufs(loudness: list[float]) -> float:
    return 10.0 * math.log10(sum(10.0 ** (value / 10.0) for value in loudness) / len(loudness))


def integrated(y: Block, rate_hz: int) -> float | None:
    """BS.1770-5, equations 3 to 7."""
    loud = [value for value in window_lufs(y, rate_hz, 0.4, 0.1) if value > -70.0]
    if not loud:
        return None
    gate = mean_lufs(loud) - 10.0
    return mean_lufs([value for value in loud if value > gate])


def loudness_range(y: Block, rate_hz: int) -> float | None:
    """Tech 3342, with its 1.5 s of silence."""
    padded = np.concatenate([y, np.zeros((len(y), 3 * rate_hz // 2))], axis=1)
    loud = [value for value in window_lufs(padded, rate_hz, 3.0, 0.1) if value >= -70.0]
    if not loud:
        return None
    gate = mean_lufs(loud) - 20.0
    loud = sorted(value for value in loud if value >= gate)
    count = len(loud)
    # the document's own formula, which counts from 1
    high = loud[math.floor((count - 1) * 0.95 + 1 + 0.5) - 1]
    low = loud[math.floor((count - 1) * 0.10 + 1 + 0.5) - 1]
    return high - low


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
