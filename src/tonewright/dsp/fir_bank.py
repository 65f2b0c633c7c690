"""Linear-phase crossovers: low-passes of one signal side by side, aligned with it, by overlapped FFTs.

A band is the difference of two neighbouring low-passes and the last is what is left of the input, so the bands add
up to the input exactly, whatever the filters are. A low-pass has the magnitude of Linkwitz-Riley's fourth order,
1 / (1 + (f/fc)^4), without its phase; one minus it is the magnitude of the matching high-pass, so both slopes are
24 dB per octave. The impulse response is that of a pole at 45 degrees: it decays by 1/e in 1 / (sqrt(1/2) 2 pi fc)
seconds to both sides, too fast to ring.

Source: Linkwitz, JAES 24(1), 1976 (the slopes); overlap-save: Oppenheim & Schafer, Discrete-Time Signal Processing,
sec. 8.7.
"""

import math
from collections.abc import Sequence

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from tonewright.base.signal import Block

#: The impulse responses are cut where they have decayed by this much.
_TAIL_DB = 120.0
#: Transforms done at once: with two the FFT works on both in one go (measured: half the time); with more, memory
#: is moved for longer than is saved.
_ROWS_AT_ONCE = 2
#: Smaller transforms cost more calls than they save.
_LEAST_SIZE = 8192


def magnitude(corner_hz: float, frequency_hz: NDArray[np.floating]) -> NDArray[np.float64]:
    """The designed response of a low-pass: 1/2 at the corner, 24 dB per octave. A corner of 0 passes nothing."""
    if corner_hz <= 0.0:
        return np.zeros(frequency_hz.shape)
    return np.asarray(1.0 / (1.0 + (frequency_hz / corner_hz) ** 4), dtype=np.float64)


def reach_frames(corner_hz: float, rate_hz: int) -> int:
    """Frames to one side after which the impulse response of a low-pass has decayed by 120 dB."""
    nepers = _TAIL_DB / 20.0 * math.log(10.0)
    return math.ceil(nepers * rate_hz / (math.sqrt(0.5) * 2.0 * math.pi * corner_hz))


class FirBank:
    """Several symmetric filters on all channels at once.

    lowest_hz: the lowest corner, which decides on the length. delay_frames: by how much the outputs are delayed, a
    multiple of delay_grid_frames. hop_frames: what is taken at once, a multiple of grid_frames. frequencies_hz:
    where magnitudes are given.
    """

    def __init__(
        self, channels: int, rate_hz: int, lowest_hz: float, grid_frames: int, delay_grid_frames: int = 1
    ) -> None:
        self._reach = reach = reach_frames(lowest_hz, rate_hz)
        self.delay_frames = -(-reach // delay_grid_frames) * delay_grid_frames
        self._size = size = max(_LEAST_SIZE, 1 << math.ceil(math.log2(3 * reach * 2 + 2 * grid_frames)))
        self._block = (size - 2 * reach) // grid_frames * grid_frames
        self._blocks = max(1, _ROWS_AT_ONCE // channels)
        self.hop_frames = self._blocks * self._block
        self.frequencies_hz = np.arange(size // 2 + 1) * (rate_hz / size)
        self._past = np.zeros((channels, self.delay_frames + reach + self.hop_frames))
        self._rows = np.zeros((channels, self._blocks, size))
        self._responses = np.zeros((0, size + 2))

    def set_responses(self, magnitudes: Sequence[NDArray[np.float64]]) -> None:
        """The filters, each by its magnitude at frequencies_hz."""
        self._responses = np.zeros((len(magnitudes), self._size + 2))
        for row, wanted in zip(self._responses, magnitudes, strict=True):
            impulse = scipy.fft.irfft(wanted, self._size)  # centred on 0, so its other half is at the end
            impulse[self._reach + 1 : -self._reach] = 0.0
            row[:] = np.repeat(scipy.fft.rfft(impulse).real, 2)  # for real and imaginary part

    def filter(self, chunk: Block, out: NDArray[np.float64]) -> None:
        """Take the next (channels, hop_frames) and fill out, (filters, channels, hop_frames)."""
        past, block, reach = self._past, self._block, self._reach
        past[:, : -self.hop_frames] = past[:, self.hop_frames :].copy()
        past[:, -self.hop_frames :] = chunk
        for index in range(self._blocks):
            self._rows[:, index, : 2 * reach + block] = past[:, index * block : (index + 1) * block + 2 * reach]
        spectra = scipy.fft.rfft(self._rows, axis=2)
        shaped = np.empty_like(spectra)
        for response, filtered in zip(self._responses, out, strict=True):
            np.multiply(spectra.view(np.float64), response, out=shaped.view(np.float64))
            whole = scipy.fft.irfft(shaped, self._size, axis=2, overwrite_x=True)
            for index in range(self._blocks):
                filtered[:, index * block : (index + 1) * block] = whole[:, index, reach : reach + block]

    def delayed(self) -> Block:
        """The last chunk's input, delayed as the filters' output is: (channels, hop_frames)."""
        return self._past[:, self._reach : self._reach + self.hop_frames]
