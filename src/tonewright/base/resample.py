"""Rate conversion, only when asked for, at the end of a render.

soxr at its very high quality: linear phase, the pass band flat to 0.91 of the lower Nyquist frequency, the stop band
from that frequency up. Measured over all pairs of usual rates (tests/base/test_resample.py): whatever is not the
signal lies below -170 dB, and the pass band is flat within 0.007 dB.

The output is aligned: input frame n lies at output position n * to / from, and n frames become round(n * to / from).
It is not a random-access stage: a render converts its finished stream, from the start.

Source: soxr, the SoX resampler library by Rob Sykes (LGPL), as packaged by python-soxr.
"""

import numpy as np

from tonewright.base.errors import Impossible
from tonewright.base.signal import MAX_RATE_HZ, MIN_RATE_HZ, Block, Layout


def resampled_frames(frames: int, from_rate_hz: int, to_rate_hz: int) -> int:
    """How many frames `frames` become: round(frames * to / from), halves up, in whole numbers."""
    return (2 * frames * to_rate_hz + from_rate_hz) // (2 * from_rate_hz)


class Resampler:
    """One stream of (channels, frames) from one rate to another. Any split into blocks gives the same samples.

    Raises Impossible for a rate outside 8 kHz to 384 kHz.
    """

    def __init__(self, layout: Layout, to_rate_hz: int) -> None:
        if not MIN_RATE_HZ <= to_rate_hz <= MAX_RATE_HZ:
            raise Impossible(
                f"A rate of {to_rate_hz} Hz is outside {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz.", "Choose one within."
            )
        self.layout = Layout(to_rate_hz, layout.channels)
        self._from_rate_hz = layout.rate_hz
        self._fed = 0
        self._given = 0
        self._stream = None
        if to_rate_hz != layout.rate_hz:
            import soxr

            self._stream = soxr.ResampleStream(
                layout.rate_hz, to_rate_hz, layout.channels, dtype="float64", quality="VHQ"
            )

    def process(self, block: Block) -> Block:
        """Feed (channels, n) and take what is ready, (channels, m)."""
        self._fed += block.shape[1]
        return self._give(block, last=False)

    def flush(self) -> Block:
        """The rest, so that the total is exact. Nothing may be fed afterwards."""
        wanted = resampled_frames(self._fed, self._from_rate_hz, self.layout.rate_hz)
        rest = self._give(np.empty((self.layout.channels, 0)), last=True)
        surplus = self._given - wanted
        if surplus > 0:
            return rest[:, : rest.shape[1] - surplus]
        if surplus < 0:
            return np.pad(rest, ((0, 0), (0, -surplus)))
        return rest

    def _give(self, block: Block, *, last: bool) -> Block:
        if self._stream is None:
            out = block
        else:
            frames = np.ascontiguousarray(block.T)
            out = np.ascontiguousarray(self._stream.resample_chunk(frames, last=last).T)
        self._given += out.shape[1]
        return out
