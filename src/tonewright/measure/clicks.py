"""Clicks: single disturbances of under two milliseconds that the signal around them does not explain.

The waveform pass names milliseconds whose third difference stands out of both sides. Here each is looked at in full:
a linear predictor is fitted to the surroundings without the suspect milliseconds. A click is a sample whose
prediction error stands far out of all others, with the same sound before and after it, and without which (cut out and
bridged by the predictor) nothing is left to see. A drum, a plucked string or the hard start of a sample fails one of
these.

Source: Godsill & Rayner, Digital Audio Restoration, Springer 1998, ch. 5 (detection and interpolation with an
autoregressive model).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tonewright.base.signal import Signal
from tonewright.base.units import gain_to_db

_ORDER = 32
_AROUND_S = 0.016
#: The prediction error at a click over the surroundings' robust standard deviation.
_SIGMAS = 20.0
#: The prediction errors before and after may differ by this factor; more is another sound.
_SAME_SOUND = 2.0
#: Largest error (in standard deviations) that may be left when the click has been bridged.
#: and of a large click this share, since the rest of the music goes on beneath it.
_LEFT_OVER, _SHARE_LEFT = 5.0, 0.05
#: A click stands out by this part of the level around it; corners in loud music are smaller.
_AUDIBLE = 0.5
#: At most so many suspects are looked at, the most suspicious first.
MOST = 120


@dataclass(frozen=True)
class Click:
    time_s: float
    channel: int
    #: Peak prediction error over the surroundings' error; how far it departs from the waveform without it.
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
    low, high = max(0, suspect - ms), min(len(x), suspect + 2 * ms)
    # a single sample that is off by a shows with 3 a in the third difference: most suspects are too small at a glance
    level = float(np.sqrt(np.mean(x**2)))
    if float(np.abs(np.diff(x[low:high], 3)).max()) < 2.0 * _AUDIBLE * level:
        return None
    rows = np.lib.stride_tricks.sliding_window_view(x, _ORDER + 1)
    newest = np.arange(len(rows)) + _ORDER
    before, after = newest < low, newest - _ORDER >= high
    if min(before.sum(), after.sum()) < 3 * _ORDER:
        return None
    clean = before | after
    past, now = rows[clean][:, :_ORDER], rows[clean][:, _ORDER]
    gram = past.T @ past
    gram[np.diag_indices(_ORDER)] += 1e-9 * (float(np.trace(gram)) + 1e-20)
    weights: NDArray[np.float64] = np.linalg.solve(gram, past.T @ now).astype(np.float64)
    error = rows[:, _ORDER] - rows[:, :_ORDER] @ weights
    rest = [float(np.sqrt(np.mean(error[side] ** 2))) + 1e-7 for side in (before, after)]
    inside = (newest >= low) & (newest < high)
    peak = int(newest[inside][np.argmax(np.abs(error[inside]))])
    size = abs(float(error[peak - _ORDER]))
    sigmas = size / max(rest)
    # the same sound before and after: an onset changes what the predictor leaves
    if sigmas < _SIGMAS or max(rest) > _SAME_SOUND * min(rest):
        return None
    # and with the click cut out and bridged, nothing is left: a step or a new note can't be bridged
    bridged = _bridge(x, weights, peak - ms // 2, min(len(x) - _ORDER - 1, peak + ms // 2 + 1))
    again = np.abs(_errors(bridged, weights))[inside].max()
    if again > max(_LEFT_OVER * max(rest), _SHARE_LEFT * size) or again > 0.25 * size:
        return None
    if size < _AUDIBLE * level:
        return None
    return peak, sigmas, gain_to_db(abs(float(x[peak] - bridged[peak])))


def _errors(x: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    rows = np.lib.stride_tricks.sliding_window_view(x, _ORDER + 1)
    error: NDArray[np.float64] = rows[:, _ORDER] - rows[:, :_ORDER] @ weights
    return error


def _bridge(x: NDArray[np.float64], weights: NDArray[np.float64], first: int, end: int) -> NDArray[np.float64]:
    """x with first..end replaced by what makes the prediction errors least (Godsill & Rayner, eq. 5.15)."""
    kernel = np.concatenate([-weights, [1.0]])
    gap = end - first
    span = np.arange(first, end + _ORDER)  # the errors that the gap takes part in
    matrix = np.zeros((len(span), gap))
    for column in range(gap):
        for row in range(column, min(len(span), column + _ORDER + 1)):
            matrix[row, column] = kernel[_ORDER - (row - column)]
    known = x.copy()
    known[first:end] = 0.0
    rest = np.array([known[n - _ORDER : n + 1] @ kernel for n in span])
    filled = x.copy()
    filled[first:end] = np.linalg.lstsq(matrix, -rest, rcond=None)[0]
    return filled
