"""Section-aware leveller: a gain curve over the song's time line.

The curve is resolved beforehand (engine.levels) into points and does not listen to the signal, so it cannot pump.
Between the points the gain moves in dB along a monotone cubic, at most at the given slope; before the first and
after the last it stays. Points that ask for a faster move are lowered, never raised, until the slope holds.

Source: Fritsch & Butland, SIAM J. Sci. Stat. Comput. 5(2), 1984 (monotone cubic, harmonic mean of the secants).
"""

import numpy as np
from numpy.typing import NDArray

from tonewright.base.params import Params, knob
from tonewright.base.signal import Block
from tonewright.base.units import clock, db_to_gain
from tonewright.dsp.stage import Context, Stage

#: The curve is computed at every so many frames and drawn straight in between. At 8 kHz the straight lines miss a
#: move of 12 dB within a second by 0.0004 dB; at higher rates by less with the square of the rate.
_GRID_FRAMES = 64
#: With secants held to 1/1.5 of the slope and node slopes to the slope, the cubic's slope stays below it
#: everywhere: at node slopes m0 = L, m1 = 0 it is L (1 - s^2), at m0 = m1 = 0 it peaks at 1.5 secants.
_SECANT_SHARE = 1.0 / 1.5


class LevelPoint(Params):
    """The gain at one time of the song."""

    time_s: float = knob(0, 0, 86_400, unit="s", help="Time from the song's start.")
    gain_db: float = knob(0, -12, 12, unit="dB", help="Gain at this time.")


class LevellerParams(Params):
    """Ride the level slowly along a curve that was drawn beforehand."""

    points: tuple[LevelPoint, ...] = ()
    max_slope_db_per_s: float = knob(
        3, 0.1, 12, unit="dB/s", scale="log", help="The gain never moves faster; steeper points are lowered."
    )


PARAMS = LevellerParams


class LevelCurve:
    """The gain in dB as a function of the song's time."""

    def __init__(self, params: LevellerParams) -> None:
        by_time = {point.time_s: point.gain_db for point in params.points}  # of two at one time the last counts
        self.time_s = np.array(sorted(by_time))
        self.gain_db = np.array([by_time[time] for time in self.time_s])
        slope = params.max_slope_db_per_s
        _lower_to_slope(self.time_s, self.gain_db, slope * _SECANT_SHARE)
        self.slope = np.clip(_monotone_slopes(self.time_s, self.gain_db), -slope, slope)

    def at(self, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Gain in dB at these times."""
        time, gain, slope = self.time_s, self.gain_db, self.slope
        if len(time) == 0:
            return np.zeros_like(time_s)
        if len(time) == 1:
            return np.full_like(time_s, gain[0])
        left = np.clip(np.searchsorted(time, time_s, side="right") - 1, 0, len(time) - 2)
        width = time[left + 1] - time[left]
        s = np.clip((time_s - time[left]) / width, 0.0, 1.0)
        rise = gain[left + 1] - gain[left]
        bend0, bend1 = slope[left] * width - rise, rise - slope[left + 1] * width
        curve: NDArray[np.float64] = gain[left] + s * rise + s * (1.0 - s) * (bend0 * (1.0 - s) + bend1 * s)
        return curve


def _lower_to_slope(time_s: NDArray[np.float64], gain_db: NDArray[np.float64], slope: float) -> None:
    """Lower what stands out until no secant is steeper: the largest such curve nowhere above the given one."""
    for order in (range(1, len(gain_db)), range(len(gain_db) - 2, -1, -1)):
        for n in order:
            near = n - 1 if order.step == 1 else n + 1
            gain_db[n] = min(gain_db[n], gain_db[near] + slope * abs(time_s[n] - time_s[near]))


def _monotone_slopes(time_s: NDArray[np.float64], gain_db: NDArray[np.float64]) -> NDArray[np.float64]:
    """dB/s at each point: zero at the ends and at extremes, else the weighted harmonic mean of both secants."""
    slopes = np.zeros(len(time_s))
    if len(time_s) < 3:
        return slopes
    width = np.diff(time_s)
    secant = np.diff(gain_db) / width
    before, after = secant[:-1], secant[1:]
    same = before * after > 0.0
    w1, w2 = 2.0 * width[1:] + width[:-1], width[1:] + 2.0 * width[:-1]
    slopes[1:-1][same] = (w1 + w2)[same] / (w1[same] / before[same] + w2[same] / after[same])
    return slopes


class LevellerStage:
    """Multiplies by the curve. Holds nothing back and remembers nothing but where it is."""

    latency_frames = 0
    preroll_s = 0.0

    def __init__(self, curve: LevelCurve, context: Context) -> None:
        self._curve = curve
        self._rate_hz = context.rate_hz
        self._channels = context.channels
        self._position = context.start_frame
        self._share = np.arange(_GRID_FRAMES) / _GRID_FRAMES

    def process(self, block: Block) -> Block:
        start, stop = self._position, self._position + block.shape[1]
        self._position = stop
        first, last = start // _GRID_FRAMES, -(-stop // _GRID_FRAMES)
        at = np.arange(first, last + 1) * (_GRID_FRAMES / self._rate_hz)
        gain = db_to_gain(self._curve.at(at))
        line = gain[:-1, None] + (gain[1:] - gain[:-1])[:, None] * self._share
        return block * line.reshape(-1)[start - first * _GRID_FRAMES : stop - first * _GRID_FRAMES]

    def flush(self) -> Block:
        return np.empty((self._channels, 0))


def design(params: LevellerParams, context: Context) -> Stage:
    return LevellerStage(LevelCurve(params), context)


def describe(params: LevellerParams) -> str:
    if not any(point.gain_db for point in params.points):
        return "unchanged"
    low = min(params.points, key=lambda point: point.gain_db)
    high = max(params.points, key=lambda point: point.gain_db)
    return (
        f"level ridden from {low.gain_db:+.1f} dB at {clock(low.time_s)} to {high.gain_db:+.1f} dB "
        f"at {clock(high.time_s)}, at most {params.max_slope_db_per_s:g} dB/s"
    )
