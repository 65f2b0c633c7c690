"""The gain computer of the multiband compressor.

Levels are taken once per tick as the mean (or the peak) of the squared band under a triangle of two ticks, whose
response is zero at all multiples of the tick rate, so that hardly anything folds down to where the gain moves; then
averaged under a Hann window (or the maximum taken), centred. The level goes through the static curve, and the gain
reduction is smoothed with attack and release. All that looks forward or back has an end, except that smoothing.

Sources: Giannoulis, Massberg & Reiss, JAES 60(6), 2012 (soft knee, eq. 4; smoothing of the gain in dB, branching);
times that shorten with the crest: Giannoulis, Massberg & Reiss, JAES 61(10), 2013.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tonewright.base.kernels import kernel

#: Ticks that share one figure of burstiness and one value of the trace.
SPAN_TICKS = 16
#: Burstiness is taken over so many spans to either side (about 90 ms), and so the gain looks ahead.
_SPANS_AROUND = 8
LOOK_SPANS = _SPANS_AROUND + 1
LOOK_TICKS = LOOK_SPANS * SPAN_TICKS
#: The spline wants two more ticks than the one it stands at.
AHEAD_TICKS = LOOK_TICKS + 2
#: Columns of a band's row.
_THRESHOLD, _SLOPE, _KNEE, _ATTACK, _RELEASE, _HALF_WINDOW, _RANGE, _MAKEUP = range(8)
#: Power ratio of a sustained sound under the window: a sine's peak to its mean.
_STEADY = 2.0
_TINY = 1e-20


def tick_frames(rate_hz: int) -> int:
    """Frames per tick: the power of two nearest to 0.7 ms, at least 4."""
    return max(4, 1 << round(math.log2(rate_hz * 0.0007)))


class Dynamics:
    """Levels, gains and their state for all bands.

    rows: (bands, 8), see the columns above; times in ticks. link, adapt, mix: 0..1.
    """

    def __init__(
        self,
        rows: NDArray[np.float64],
        channels: int,
        chunk_ticks: int,
        *,
        peak: bool,
        link: float,
        adapt: float,
        mix: float,
    ) -> None:
        self._rows = rows.reshape(-1, 8)
        self._peak, self._link, self._adapt, self._mix = peak, link, adapt, mix
        self._rising = np.zeros((len(rows), channels))
        self._power = np.zeros((len(rows), channels, 2 * LOOK_TICKS + chunk_ticks))
        self._reduction = np.zeros((len(rows), channels))
        self._gains = np.zeros((len(rows), channels, 3 + chunk_ticks))
        neutral = self._mix * (10.0 ** (self._rows[:, _MAKEUP] / 20.0) - 1.0)
        self._gains[:] = neutral[:, None, None]

    def gains(
        self, lowpasses: NDArray[np.float64], start: int, tick: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Gain minus one at the ticks that apply() needs next, and the mean reduction per span, (bands, spans).

        lowpasses: (bands, channels, frames), the last being the whole signal; new from `start` on.
        Returned gains: (bands, channels, ticks + 3), LOOK_TICKS behind what was fed, beginning with the last three
        of the call before.
        """
        power, gains = self._power, self._gains
        fresh = power.shape[2] - 2 * LOOK_TICKS
        power[:, :, : 2 * LOOK_TICKS] = power[:, :, fresh:].copy()
        gains[:, :, :3] = gains[:, :, -3:].copy()
        _tick_power(lowpasses, start, tick, self._peak, self._rising, power)
        trace = np.zeros((len(power), fresh // SPAN_TICKS))
        _compute_gains(
            power, self._rows, self._peak, self._link, self._adapt, self._mix, self._reduction, gains, trace
        )
        return gains, trace


@kernel
def _tick_power(lowpasses, start, tick, peak, rising, power):  # type: ignore[no-untyped-def]
    """Fill the end of power (bands, channels, ticks) from lowpasses (bands, channels, frames), frame `start` on.

    A tick's mean lies under a triangle: falling over the cell that begins at it, rising over the one before it,
    which is kept in `rising` between calls. A sine reads its peak squared either way.
    """
    bands, channels, frames = lowpasses.shape
    ticks = (frames - start) // tick
    first = power.shape[2] - ticks
    ramp = (np.arange(tick) + 0.5) / tick
    whole = np.empty(tick)
    rise = np.empty(tick)
    for b in range(bands):
        keep = 0.0 if b == 0 else 1.0
        for c in range(channels):
            for t in range(ticks):
                upper = lowpasses[b, c, start + t * tick : start + (t + 1) * tick]
                lower = lowpasses[max(b - 1, 0), c, start + t * tick : start + (t + 1) * tick]
                for j in range(tick):
                    x = upper[j] - keep * lower[j]
                    whole[j] = x * x
                    rise[j] = ramp[j] * (x * x)
                if peak:
                    top = 0.0
                    for j in range(tick):
                        top = max(top, whole[j])
                    power[b, c, first + t] = max(top, rising[b, c])
                    rising[b, c] = top
                    continue
                half = tick // 2
                while half > 0:  # by halves: in a fixed order, and several sums at once
                    for j in range(half):
                        whole[j] += whole[j + half]
                        rise[j] += rise[j + half]
                    half //= 2
                power[b, c, first + t] = 2.0 * (max(whole[0] - rise[0], 0.0) + rising[b, c]) / tick
                rising[b, c] = rise[0]


@kernel
def _link(power, link, linked, tops, sums):  # type: ignore[no-untyped-def]
    """Move each channel's power towards the louder one's; and the highest and the sum of each span of ticks.

    power: (channels, ticks). linked: as power. tops, sums: (channels, spans).
    """
    channels, ticks = power.shape
    for c in range(channels):
        for t in range(ticks):
            p = power[c, t]
            if channels == 2:
                p += link * (max(p, power[1 - c, t]) - p)
            linked[c, t] = p
        for span in range(ticks // SPAN_TICKS):
            top, total = 0.0, 0.0
            for t in range(span * SPAN_TICKS, (span + 1) * SPAN_TICKS):
                top = max(top, linked[c, t])
                total += linked[c, t]
            tops[c, span] = top
            sums[c, span] = total


@kernel
def _reduction_wanted(level, threshold, slope, knee):  # type: ignore[no-untyped-def]
    """The static curve: dB of reduction for a level above the knee's lower end (power)."""
    over = 10.0 * math.log10(level) - threshold
    if 2.0 * over < knee:
        return slope * (over + 0.5 * knee) ** 2 / (2.0 * knee)
    return slope * over


@kernel
def _compute_gains(power, rows, peak, link, adapt, mix, reduction, gains, trace):  # type: ignore[no-untyped-def]
    """Gains minus one at the ticks LOOK_TICKS before the end of power; see Dynamics.gains. reduction: dB."""
    bands, channels, total = power.shape
    ticks = total - 2 * LOOK_TICKS
    linked = np.empty((channels, total))
    tops = np.empty((channels, total // SPAN_TICKS))
    sums = np.empty((channels, total // SPAN_TICKS))
    computed = 1 if link == 1.0 else channels  # fully linked channels have one gain
    for b in range(bands):
        _link(power[b], link, linked, tops, sums)
        threshold, slope, knee = rows[b, _THRESHOLD], rows[b, _SLOPE], rows[b, _KNEE]
        half, limit = int(rows[b, _HALF_WINDOW]), rows[b, _RANGE]
        window = np.cos(0.5 * math.pi * np.arange(-half, half + 1) / (half + 1)) ** 2
        window /= window.sum()
        makeup = 10.0 ** (rows[b, _MAKEUP] / 20.0) - 1.0
        # nothing is reduced below the knee: there no logarithm is needed
        bend = 10.0 ** ((threshold - 0.5 * knee) / 10.0)
        for c in range(computed):
            y = reduction[b, c]
            for span in range(ticks // SPAN_TICKS):
                # how much the level comes in bursts around here
                top, mean = 0.0, 0.0
                for near in range(span + LOOK_SPANS - _SPANS_AROUND, span + LOOK_SPANS + _SPANS_AROUND + 1):
                    top = max(top, tops[c, near])
                    mean += sums[c, near]
                mean /= (2 * _SPANS_AROUND + 1) * SPAN_TICKS
                shorter = min(1.0, _STEADY * (mean + _TINY) / (top + _TINY)) ** adapt
                grip = 1.0 - math.exp(-1.0 / max(rows[b, _ATTACK] * shorter, 0.1))
                let_go = 1.0 - math.exp(-1.0 / max(rows[b, _RELEASE] * shorter, 0.1))
                total_reduction = 0.0
                for t in range(span * SPAN_TICKS, (span + 1) * SPAN_TICKS):
                    level = 0.0
                    near = t + LOOK_TICKS - half
                    for k in range(2 * half + 1):
                        if peak:
                            level = max(level, linked[c, near + k])
                        else:
                            level += window[k] * linked[c, near + k]
                    wanted = min(_reduction_wanted(level, threshold, slope, knee), limit) if level > bend else 0.0
                    y += (grip if wanted > y else let_go) * (wanted - y)
                    if y < 1e-9:  # far below a step of any format: from here on bit-exact
                        y = 0.0
                    gain = makeup if y == 0.0 else 10.0 ** ((rows[b, _MAKEUP] - y) / 20.0) - 1.0
                    gains[b, c, 3 + t] = mix * gain
                    total_reduction += y
                trace[b, span] -= total_reduction / (SPAN_TICKS * computed)
            reduction[b, c] = y
        if computed < channels:
            gains[b, 1, 3:] = gains[b, 0, 3:]


@kernel
def _apply(lowpasses, gains, spline, tick, out):  # type: ignore[no-untyped-def]
    """out = signal + sum of (gain - 1) band, regrouped by low-passes: each times the step of gain at its edge.

    lowpasses: (bands, channels, frames). gains: (bands, channels, ticks + 3). spline: (4, tick) weights.
    """
    bands, channels, _ = lowpasses.shape
    for c in range(channels):
        for t in range(out.shape[1] // tick):
            base = t * tick
            signal = lowpasses[bands - 1, c]
            for j in range(tick):
                out[c, base + j] = signal[base + j]
            for b in range(bands):
                g0, g1, g2, g3 = gains[b, c, t], gains[b, c, t + 1], gains[b, c, t + 2], gains[b, c, t + 3]
                if b + 1 < bands:
                    g0 -= gains[b + 1, c, t]
                    g1 -= gains[b + 1, c, t + 1]
                    g2 -= gains[b + 1, c, t + 2]
                    g3 -= gains[b + 1, c, t + 3]
                if g0 == 0.0 and g1 == 0.0 and g2 == 0.0 and g3 == 0.0:
                    continue
                part = lowpasses[b, c]
                for j in range(tick):
                    step = spline[0, j] * g0 + spline[1, j] * g1 + spline[2, j] * g2 + spline[3, j] * g3
                    out[c, base + j] += step * part[base + j]


def apply(
    lowpasses: NDArray[np.float64], gains: NDArray[np.float64], spline: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The compressed signal (channels, frames) of the low-passes (bands, channels, frames); see Dynamics.gains.

    As many frames as there are gains for, from the low-passes' beginning. spline: the tick's spline_weights.
    """
    tick = spline.shape[1]
    out = np.empty((lowpasses.shape[1], (gains.shape[2] - 3) * tick))
    _apply(lowpasses, gains, spline, tick, out)
    return out


def spline_weights(tick: int) -> NDArray[np.float64]:
    """Cubic B-spline between four ticks, (4, tick): the weights of tick -1, 0, 1, 2 at each frame from 0 to 1."""
    u = np.arange(tick) / tick
    weights = [(1 - u) ** 3, 3 * u**3 - 6 * u**2 + 4, -3 * u**3 + 3 * u**2 + 3 * u + 1, u**3]
    return np.array(weights) / 6.0
