"""Word length: the only place where it shrinks, and only once, last.

Plain dither is non-subtractive and triangular, 2 steps wide, drawn anew for every sample: the whole error then has a
mean of zero and a variance of a quarter step squared whatever the signal is, and it is white.
Shaped dither feeds the error back through a short filter, so that less of it lies where the ear is keen and more
where it is not. The filter is designed for each rate: it is the monic filter of its order that makes the noise's
power least when weighted by the threshold of hearing.

Both depend on the seed and on a frame's position in the song alone: any split into blocks gives the same samples. The
fed-back error starts anew every GRID_FRAMES frames, so a window gives the same samples too once lead_in_frames()
frames before it have been fed.

Sources: Lipshitz, Wannamaker & Vanderkooy, "Quantization and dither: a theoretical survey", JAES 40(5), 1992;
Wannamaker, "Psychoacoustically optimal noise shaping", JAES 40(7/8), 1992; threshold of hearing: Terhardt,
"Calculating virtual pitch", Hearing Research 1, 1979; random numbers: Steele, Lea & Flood, "Fast splittable
pseudorandom number generators" (SplitMix64), OOPSLA 2014.
"""

from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tonewright.base.errors import Bug
from tonewright.base.signal import Block

Dither = Literal["none", "tpdf", "shaped"]

#: (channels, frames), steps of the word length.
Words = NDArray[np.int32]

#: Shaping starts anew here: 1.5 s at 44.1 kHz. The few errors not fed back at a start are 38 dB below the noise.
GRID_FRAMES = 65_536

#: Taps of the shaping filter. With twice as many the weighted noise falls by 0.1 dB more at 44.1 kHz.
SHAPING_TAPS = 12

#: The weight never falls further than this below its peak. It bounds what shaping adds where hearing ends: at 44.1 kHz
#: the noise is 16.6 dB down by ear and 14.3 dB up in all; 48 dB would make that 18.7 down and 17.9 up.
SHAPING_DEPTH_DB = 42.0


class Quantiser:
    """A stream of samples to words of `bits` bits.

    bits: 2 to 32. start_frame: where in the song the first frame fed lies.
    exact: the promise that every sample already is a whole number of steps; nothing is added then, and a sample that
    is not raises Bug.
    clipped: how many samples did not fit and were set to the nearest word that does.
    """

    def __init__(
        self,
        bits: int,
        rate_hz: int,
        channels: int,
        *,
        dither: Dither = "tpdf",
        exact: bool = False,
        seed: int = 0,
        start_frame: int = 0,
    ) -> None:
        if not 2 <= bits <= 32:
            raise ValueError("bits must be 2 to 32")
        self.clipped = 0
        self._scale = 2.0 ** (bits - 1)
        self._channels = channels
        self._exact = exact
        self._dither: Dither = "none" if exact else dither
        self._seed = seed
        self._position = start_frame
        taps = shaping_filter(rate_hz) if dither == "shaped" else np.empty(0)
        self._taps = np.ascontiguousarray(taps)
        self._errors = np.zeros((channels, len(self._taps)))

    def process(self, block: Block) -> Words:
        """Words of a block (channels, frames), full scale 2^(bits - 1)."""
        if self._dither == "none":
            words = self._round(block)
        else:
            words = np.empty(block.shape, dtype=np.int32)
            from tonewright.base.quantise_kernel import dithered

            self.clipped += dithered(
                block, words, self._scale, self._seed, self._position, self._taps, self._errors, GRID_FRAMES
            )
        self._position += block.shape[1]
        return words

    def _round(self, block: Block) -> Words:
        scaled = block * self._scale
        steps = np.rint(scaled)
        if self._exact and not np.array_equal(steps, scaled):
            raise Bug("Samples promised to lie on the word length's steps do not.")
        low, high = -self._scale, self._scale - 1.0
        if steps.size and (steps.min() < low or steps.max() > high):
            self.clipped += int(np.count_nonzero((steps < low) | (steps > high)))
            np.clip(steps, low, high, out=steps)
        return steps.astype(np.int32)


def lead_in_frames(start_frame: int, dither: Dither) -> int:
    """How many frames before a window have to be fed for its words to be those of the whole."""
    return start_frame % GRID_FRAMES if dither == "shaped" else 0


def words_to_samples(words: Words, bits: int) -> Block:
    """The samples that words stand for."""
    samples: Block = words * np.float64(2.0 ** (1 - bits))
    return samples


def hearing_threshold_db(frequency_hz: NDArray[np.floating]) -> NDArray[np.float64]:
    """Threshold in quiet, dB SPL (Terhardt 1979), held flat below 200 Hz."""
    khz = np.maximum(frequency_hz, 200.0) / 1000.0
    threshold: NDArray[np.float64] = (
        3.64 * khz**-0.8 - 6.5 * np.exp(-0.6 * (khz - 3.3) ** 2) + 1e-3 * np.minimum(khz, 40.0) ** 4
    )
    return threshold


@lru_cache
def shaping_filter(rate_hz: int) -> NDArray[np.float64]:
    """Taps h of the noise's filter 1 + h[0] z^-1 + h[1] z^-2 + ... for a rate. (SHAPING_TAPS,)

    The weight is the inverse of the threshold of hearing as a power, bounded to SHAPING_DEPTH_DB below its peak. The
    monic filter that leaves the least weighted power is the weight's linear predictor; it has minimum phase.
    """
    frequency_hz = np.linspace(0.0, rate_hz / 2.0, 8193)
    weight_db = -hearing_threshold_db(frequency_hz)
    weight = 10.0 ** (np.maximum(weight_db, weight_db.max() - SHAPING_DEPTH_DB) / 10.0)
    correlation = np.fft.irfft(weight)[: SHAPING_TAPS + 1]
    rows = np.abs(np.subtract.outer(np.arange(SHAPING_TAPS), np.arange(SHAPING_TAPS)))
    taps = np.asarray(-np.linalg.solve(correlation[rows], correlation[1:]), dtype=np.float64)
    taps.flags.writeable = False
    return taps
