"""The test signals of EBU Tech 3341, Tech 3342 and ITU-R BS.2217, built from their specifications at any rate.

Tones are made block by block, so that a minute at 192 kHz needs no memory. Levels are of the sine's peak in each
channel, dBFS; None is silence.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from tonewright.base.signal import Block

#: The four rates at which every case has to pass; the two high ones are left out of `make quick`.
every_rate = pytest.mark.parametrize(
    "rate_hz",
    [44_100, 48_000, pytest.param(96_000, marks=pytest.mark.slow), pytest.param(192_000, marks=pytest.mark.slow)],
)

Segment = tuple[float | None, float]  # level in dBFS or None, seconds

#: "0.50" and "1.41" of the true-peak cases are these in EBU's own files.
HALF_SCALE = 10.0 ** (-6.0 / 20.0)
ROOT_TWO = 0.99993 * np.sqrt(2.0)


class Looped:
    """A Signal: a second of sound, repeated without a seam, at a level for each segment and an offset per channel."""

    def __init__(
        self,
        second: NDArray[np.float64],
        segments: Sequence[Segment],
        channel_offsets_db: Sequence[float | None] = (0.0, 0.0),
    ) -> None:
        """second: (rate_hz,), whole periods of everything in it."""
        self._second = np.tile(second, 6)  # blocks of half a second and more at 8 kHz
        self.rate_hz = len(second)
        self.channels = len(channel_offsets_db)
        self._channel_gains = np.array([gain(offset) for offset in channel_offsets_db])[:, None]
        seconds = np.cumsum([length for _, length in segments])
        self._ends = np.floor(seconds * self.rate_hz + 0.5).astype(np.int64)
        self._gains = np.array([gain(level) for level, _ in segments])
        self.frames = int(self._ends[-1])

    def read(self, start: int, frames: int) -> Block:
        stop = min(start + frames, self.frames)
        first = start % self.rate_hz
        mono: NDArray[np.float64] = self._second[first : first + stop - start].copy()
        assert len(mono) == stop - start
        begin = start
        for index in range(int(np.searchsorted(self._ends, start, side="right")), len(self._ends)):
            end = min(int(self._ends[index]), stop)
            mono[begin - start : end - start] *= self._gains[index]
            begin = end
            if begin == stop:
                break
        both: Block = mono * self._channel_gains
        return both


def gain(level_db: float | None) -> float:
    return 0.0 if level_db is None else float(10.0 ** (level_db / 20.0))


def sine_second(rate_hz: int, hz: int = 1_000) -> NDArray[np.float64]:
    return np.sin(2.0 * np.pi * hz * np.arange(rate_hz) / rate_hz)


def tones(rate_hz: int, segments: Sequence[Segment]) -> Looped:
    """1 kHz in phase in both channels."""
    return Looped(sine_second(rate_hz), segments)


def programme_second(rate_hz: int) -> NDArray[np.float64]:
    """A second that sounds like a dense mix and is the same curve at every rate: partials from 50 Hz to 16 kHz, each as
    strong per octave as the next."""
    rng = np.random.default_rng(1770)
    partials_hz = np.unique(np.geomspace(50, 16_000, 60).astype(int))
    t = np.arange(rate_hz) / rate_hz
    second = np.zeros(rate_hz)
    for hz, phase in zip(partials_hz, rng.uniform(0.0, 2.0 * np.pi, len(partials_hz)), strict=True):
        second += np.sin(2.0 * np.pi * hz * t + phase)
    return second / 20.0


def programme(rate_hz: int, swing_db: float, offset_db: float, seconds: int = 60) -> Looped:
    """A programme whose level swings by +-swing_db every 20 s, in steps of 100 ms. Its range is near 1.9 swing_db."""
    steps = np.arange(10 * seconds)
    levels_db = offset_db + swing_db * np.sin(2.0 * np.pi * steps / 200.0)
    return Looped(programme_second(rate_hz), [(float(level), 0.1) for level in levels_db], (0.0, -2.0))


@dataclass(frozen=True)
class Loud:
    """A loudness case of Tech 3341: what it is made of and what must be read, LUFS."""

    number: str
    segments: tuple[Segment, ...]
    integrated: float | None = None
    momentary_max: float | None = None
    short_term_max: float | None = None


EBU_3341_LOUDNESS = (
    Loud("1", ((-23.0, 20.0),), -23.0, -23.0, -23.0),
    Loud("2", ((-33.0, 20.0),), -33.0, -33.0, -33.0),
    Loud("3", ((-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)), -23.0),
    Loud(
        "4",
        ((-72.0, 10.0), (-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0), (-72.0, 10.0)),
        -23.0,
    ),
    Loud("5", ((-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)), -23.0),
)

#: Case 6: L R C Ls Rs.
EBU_3341_SURROUND_DBFS = (-28.0, -28.0, -24.0, -30.0, -30.0)

#: Cases 9 and 12: bursts whose mean over any whole number of periods is -23.0.
EBU_3341_9: tuple[Segment, ...] = ((-20.0, 1.34), (-30.0, 1.66)) * 5
EBU_3341_12: tuple[Segment, ...] = ((-20.0, 0.18), (-30.0, 0.22)) * 25


def ebu_3341_10(index: int) -> tuple[Segment, ...]:
    return ((None, index * 0.15), (-23.0, 3.0), (None, 1.0))


def ebu_3341_11(index: int) -> tuple[Segment, ...]:
    """One of the twenty segments of the live form, which fill 6 s each."""
    return ((None, index * 0.15), (-38.0 + index, 3.0), (None, 3.0 - index * 0.15))


def ebu_3341_13(index: int) -> tuple[Segment, ...]:
    return ((None, index * 0.02), (-23.0, 0.4), (None, 1.0))


def ebu_3341_14(index: int) -> tuple[Segment, ...]:
    """One of the twenty segments of the live form, which fill 0.8 s each."""
    return ((None, index * 0.02), (-38.0 + index, 0.4), (None, 0.4 - index * 0.02))


def peak_tone(part_of_rate: float, phase_deg: float, amplitude: float, frames: int = 24_000) -> Block:
    """Cases 15 to 19: a stereo tone locked to the rate, with the fades of 100 ms (at 48 kHz) of EBU's own files."""
    n = np.arange(frames)
    tone = amplitude * np.sin(2.0 * np.pi * part_of_rate * n + np.deg2rad(phase_deg))
    return np.tile(tone * _fades(frames, 4_800), (2, 1))


def spliced_tone(offset: int) -> Block:
    """Cases 20 to 23: a sixth of the rate at half scale with one period of a quarter of the rate at full scale in its
    middle, built at four times the rate, low-passed just below half the rate, every fourth sample from offset on."""
    slow = HALF_SCALE * np.sin(2.0 * np.pi * np.arange(24 * 1_000) / 24.0)  # 24 samples a period at 4x
    quick = np.sin(2.0 * np.pi * np.arange(16) / 16.0)
    built = np.concatenate([slow, quick, slow])
    built *= _fades(len(built), 4 * 4_800)
    # flat to 22.5 kHz, down at 24 kHz of a rate of 48 kHz
    reach = 400
    taps = np.sinc(np.arange(-reach, reach + 1) * 2.0 * 23.25 / 192.0) * np.kaiser(2 * reach + 1, 8.0)
    low_passed = np.convolve(built, taps / taps.sum(), mode="same")
    return np.tile(low_passed[offset::4], (2, 1))


def _fades(frames: int, fade: int) -> NDArray[np.float64]:
    envelope = np.ones(frames)
    envelope[:fade] = np.linspace(0.0, 1.0, fade)
    envelope[-fade:] = envelope[:fade][::-1]
    return envelope
