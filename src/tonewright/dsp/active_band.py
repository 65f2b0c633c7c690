"""A band whose gain follows a level: what dynamic equaliser, resonance suppressor and de-esser have in common.

The band's filter is a state-variable filter of fixed coefficients, and its parts are added to the sound:

    bell        out = x + (G - 1)·B                         (s² + G·k·s + 1) / (s² + k·s + 1)
    low shelf   out = x + (G - 1)·L + (√G - 1)·B            (s² + √G·k·s + G) / (s² + k·s + 1)
    high shelf  out = x + (G - 1)·H + (√G - 1)·B            (G·s² + √G·k·s + 1) / (s² + k·s + 1)

with B, L, H the band-pass (peak 1), low-pass and high-pass outputs, k = 1/Q. Only G moves, so nothing inside the
filter is disturbed when it does; at G = 1 the sound is exactly what came in; and for k ≥ √2 (shelves) or any k
(bell) the magnitude lies between 1 and G: |N|² - |D|² has the sign of G - 1 at every frequency.

The level is the mean power of all channels (so one gain serves them all and the image stays), taken per tick and
weighted over a window; the gain it asks for rises over the attack and falls, linear in dB, so that the whole range
is let go within the release. Every memory but the filters' has an end, and ticks lie on the song's time line, so a
render that begins in the middle of a song finds the same gain after its preroll.

Sources: V. Zavalishin, The Art of VA Filter Design, ch. 3-4 (the filter in trapezoidal form); the parallel shelves
and the control with a finite memory are derived here.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tonewright.base.signal import Block
from tonewright.dsp.active_band_kernel import follow
from tonewright.dsp.stage import Context

Shape = Literal["bell", "low_shelf", "high_shelf", "wide"]

#: A tick is an eighth of the attack or a sixty-fourth of the level's window, within these.
_SHORTEST_TICK_S, _LONGEST_TICK_S = 0.0004, 0.004
_PREROLL_DB = 140.0

_Array = NDArray[np.float64]


@dataclass(frozen=True)
class Filter:
    """A second-order state-variable filter."""

    frequency_hz: float
    q: float

    def state_space(self, rate_hz: int) -> tuple[float, ...]:
        """The trapezoidal form, solved for the next state: m11, m21, m22, m23, and a1, a2, a3 for the outputs."""
        g, k = math.tan(math.pi * self.frequency_hz / rate_hz), 1.0 / self.q
        a1 = 1.0 / (1.0 + g * (g + k))
        a2, a3 = g * a1, g * g * a1
        return 2.0 * a1 - 1.0, 2.0 * a2, 1.0 - 2.0 * a3, 2.0 * a3, a1, a2, a3

    def settling_s(self, rate_hz: int) -> float:
        """Seconds until the slower pole has decayed by 140 dB."""
        g, k = math.tan(math.pi * self.frequency_hz / rate_hz), 1.0 / self.q
        poles = [g * pole for pole in np.roots([1.0, k, 1.0])]
        radius = max(abs((1.0 + pole) / (1.0 - pole)) for pole in poles)
        return _PREROLL_DB / 20.0 * math.log(10.0) / -math.log(radius) / rate_hz


@dataclass(frozen=True)
class ActiveBand:
    """How one band acts.

    sense: the filter whose output is measured, its band-pass, or for shelves its low- or high-pass.
    against: if given, the level counts relative to this filter's band-pass; without_sense: less the sensed part.
    offset_db: added to the level. Above threshold_db (with `below`: under it) the gain moves by `slope` dB per dB,
    softly over the first knee_db, towards range_db at most. Under floor_db, if given, nothing happens.
    """

    shape: Shape
    filter: Filter
    sense: Filter
    sense_shape: Shape = "bell"
    against: Filter | None = None
    without_sense: bool = False
    offset_db: float = 0.0
    threshold_db: float = 0.0
    slope: float = 1.0
    knee_db: float = 0.0
    range_db: float = 0.0
    below: bool = False
    floor_db: float | None = None
    window_s: float = 0.01
    attack_s: float = 0.01
    release_s: float = 0.1

    def tick_frames(self, rate_hz: int) -> int:
        seconds = max(self.attack_s / 8.0, self.window_s / 64.0)
        return max(1, round(min(max(seconds, _SHORTEST_TICK_S), _LONGEST_TICK_S) * rate_hz))

    def control_frames(self, rate_hz: int) -> int:
        """Frames until a sound has the gain that it asks for: the window, the attack, and the ramp of a tick.

        A strong sound has it half a window sooner; one that only just outweighs what was before it, not.
        """
        tick = self.tick_frames(rate_hz)
        return tick * (_ticks(self.window_s, tick, rate_hz) + _ticks(self.attack_s, tick, rate_hz) + 1)

    def control_memory_s(self, rate_hz: int) -> float:
        """Seconds after which nothing is left of what the control heard."""
        tick = self.tick_frames(rate_hz)
        ticks = _ticks(self.window_s, tick, rate_hz) + _ticks(self.attack_s, tick, rate_hz) + 3
        heard = [self.sense, self.against] if self.against else [self.sense]
        filters_s = max(each.settling_s(rate_hz) for each in heard)
        return filters_s + ticks * tick / rate_hz + self.release_s


def _ticks(seconds: float, tick: int, rate_hz: int) -> int:
    return max(2, round(seconds * rate_hz / tick))


class Follower:
    """One active band with its state."""

    def __init__(self, band: ActiveBand, context: Context, channels: int) -> None:
        rate_hz = context.rate_hz
        tick = band.tick_frames(rate_hz)
        against = band.against or band.sense
        reference = 0 if band.against is None else 1 if band.without_sense else 2
        rooted = band.shape in ("low_shelf", "high_shelf")
        self._flags = np.array([tick, reference, rooted], dtype=np.int64)
        self._filters = np.array([each.state_space(rate_hz) for each in (band.sense, against, band.filter)])
        self._mixes = np.array(
            [
                _mix(band.sense_shape, band.sense),
                _mix("bell", against),
                _mix(band.shape, band.filter),
                _mix("bell", band.filter),
            ]
        )
        self._settings = np.array(
            [
                10.0 ** ((band.threshold_db - band.offset_db) / 10.0),
                -band.slope if band.below else band.slope,
                band.knee_db,
                band.range_db,
                abs(band.range_db) * tick / (band.release_s * rate_hz),
                10.0 ** (band.floor_db / 10.0) if band.floor_db is not None else -1.0,
            ]
        )
        self._level_weights = _hann(_ticks(band.window_s, tick, rate_hz))
        self._rise_weights = _hann(_ticks(band.attack_s, tick, rate_hz))
        self._levels = np.zeros((2, len(self._level_weights)))
        self._rises = np.zeros(len(self._rise_weights))
        self._state = np.zeros((channels, 4, 2))
        self._control = np.array([float(context.start_frame % tick), 1.0, 0.0, 0.0, 1.0])

    def change(self, heard: Block, sound: Block) -> Block:
        """What is to be added to the sound. heard, sound: (channels, frames), both."""
        out = np.empty_like(sound)
        follow(
            heard,
            sound,
            self._filters,
            self._mixes,
            self._settings,
            self._flags,
            self._level_weights,
            self._levels,
            self._rise_weights,
            self._rises,
            self._state,
            self._control,
            out,
        )
        return out


def _mix(shape: Shape, filter_: Filter) -> tuple[float, float, float]:
    """The filter's output as weights of its input, v1 and v2."""
    k = 1.0 / filter_.q
    return {
        "bell": (0.0, k, 0.0),
        "low_shelf": (0.0, 0.0, 1.0),
        "high_shelf": (1.0, -k, -1.0),
        "wide": (1.0, 0.0, 0.0),
    }[shape]


class ActiveBands:
    """Bands in series that all listen to what comes in. A Stage without look-ahead."""

    latency_frames = 0

    def __init__(self, bands: list[ActiveBand], context: Context) -> None:
        self._followers = [Follower(band, context, context.channels) for band in bands]
        self._channels = context.channels
        self.preroll_s = preroll_s(bands, context.rate_hz)

    def process(self, block: Block) -> Block:
        heard = np.ascontiguousarray(block)
        out = heard.copy()
        for follower in self._followers:
            out += follower.change(heard, out)
        return out

    def flush(self) -> Block:
        return np.empty((self._channels, 0))


def preroll_s(bands: list[ActiveBand], rate_hz: int) -> float:
    """The longest memory of any control, and the filters' own.

    Filters in series remember little longer than the slowest alone: n equal ones about (1 + n/4) times as long.
    """
    if not bands:
        return 0.0
    filters_s = sorted(band.filter.settling_s(rate_hz) for band in bands)
    return max(band.control_memory_s(rate_hz) for band in bands) + filters_s[-1] + 0.25 * sum(filters_s[:-1])


@lru_cache(maxsize=64)
def _hann(ticks: int) -> _Array:
    """Weights of sum 1 over the ticks, most in their middle."""
    weights = np.sin(np.pi * (np.arange(ticks) + 0.5) / ticks) ** 2
    return np.ascontiguousarray(weights / weights.sum())
