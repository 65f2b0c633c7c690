"""Clicks: single disturbances of under two milliseconds that the signal around them does not explain.

The waveform pass names milliseconds whose third difference stands out of both sides. Here each is looked at in full: a
linear predictor is fitted to the surroundings without the suspect milliseconds, and a click is a sample whose
prediction error stands far out of all others. A drum or a plucked string leaves a tail in the error, a click does not.

Source: Godsill & Rayner, Digital Audio Restoration, Springer 1998, ch. 5 (detection with an autoregressive model).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tonewright.base.signal import Signal

_ORDER = 32
_AROUND_S = 0.03
#: The prediction error at a click over the surroundings' robust standard deviation.
_SIGMAS = 15.0
#: At most so many suspects are looked at, the most suspicious first.
MOST = 400


@dataclass(frozen=True)
class Click:
    time_s: float
    channel: int
    #: Peak prediction error over the surroundings' error, and in dBFS.
    sigmas: float
    size_dbfs: float


def find_clicks(signal: Signal, steps: NDArray[np.float64]) -> list[Click]:
    """steps: (n, 3) channel, frame, ratio; from the waveform pass."""
    order = np.argsort(-steps[:, 2], kind="stable")[:MOST]
    around = round(_AROUND_S * signal.rate_hz)
    found: list[Click] = []
    for channel, frame, _ in steps[order]:
        start = max(0, int(frame) - around)
        stretch = signal.read(start, 2 * around)[int(channel)]
        click = _look(stretch, int(frame) - start, signal.rate_hz)
        if click is not None:
            position, sigmas, size = click
            found.append(Click((start + position) / signal.rate_hz, int(channel), sigmas, size))
    found.sort(key=lambda click: (click.time_s, click.channel))
    return found


def _look(x: NDArray[np.float64], suspect: int, rate_hz: int) -> tuple[int, float, float] | None:
    """Position, sigmas and size in dBFS of the click near `suspect`, or None."""
    ms = max(4, rate_hz // 1000)
    if len(x) < 12 * ms + 4 * _ORDER:
        return None
    low, high = max(0, suspect - ms), min(len(x), suspect + 3 * ms)
    rows = np.lib.stride_tricks.sliding_window_view(x, _ORDER + 1)
    touched = np.arange(len(rows))
    clean = (touched + _ORDER < low) | (touched > high)
    if clean.sum() < 4 * _ORDER:
        return None
    past, now = rows[clean][:, :_ORDER], rows[clean][:, _ORDER]
    gram = past.T @ past
    gram[np.diag_indices(_ORDER)] += 1e-9 * (float(np.trace(gram)) + 1e-20)
    weights = np.linalg.solve(gram, past.T @ now)
    error = rows[:, _ORDER] - rows[:, :_ORDER] @ weights
    at = np.arange(len(error)) + _ORDER
    inside = (at >= low) & (at < high)
    if not inside.any():
        return None
    peak = int(at[inside][np.argmax(np.abs(error[inside]))])
    size = abs(float(error[peak - _ORDER]))
    # both sides on their own: an onset leaves the error raised behind it
    sides = []
    for side in (error[: max(0, low - _ORDER)], error[high + _ORDER - _ORDER :]):
        if len(side) < 2 * ms:
            return None
        sides.append(float(np.median(np.abs(side))) / 0.6745 + 1e-7)
    sigmas = size / max(sides)
    # after the click (and the predictor's own memory of it) the error must be at rest again at once
    behind = error[peak - _ORDER + 2 * ms : peak - _ORDER + 4 * ms]
    if sigmas < _SIGMAS or len(behind) == 0 or float(np.abs(behind).max()) > 0.25 * size:
        return None
    return peak, sigmas, 20.0 * float(np.log10(size))
