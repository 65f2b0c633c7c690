"""Width by band, mono bass, and a guard for mono: the side signal is shaped, the mono sum never changes.

    left + change, right - change:  change = sum over the bands of (width - 1) side of the band

Whatever is added to one channel is taken from the other, so left + right stays what it was. The bands are those of
dsp.fir_bank, linear in phase, so the side stays aligned with the middle. Narrowing and mono bass are one fixed
filter of the side. Widening beyond 100 % is a second part, which the guard takes back where a band's correlation
would fall below its bound.

With the power of middle m and side s in a band, the correlation of left and right is at least (m - s) / (m + s)
where the middle is the stronger (equal when middle and side are uncorrelated: the denominator is at most m + s), so
(m - w^2 s) / (m + w^2 s) = bound gives the greatest width w. The guard never narrows what was in the mix.
"""

import math

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from tonewright.base.params import Params, knob
from tonewright.base.signal import Block
from tonewright.dsp.band_dynamics import spline_weights
from tonewright.dsp.chunks import Chunked
from tonewright.dsp.fir_bank import FirBank, magnitude
from tonewright.dsp.gain import GainStage
from tonewright.dsp.stage import Context, Stage

#: The guard looks at the signal in steps of about this length (a power of two), under a Hann window of two.
_STEP_S = 0.025
#: The guard takes the lowest width of three steps and draws it as a spline over four: so many lie ahead.
_STEPS_AHEAD = 3
#: The low-passes are long enough for corners from here up.
_LOWEST_HZ = 40.0
_TINY = 1e-20


class StereoParams(Params):
    """Width of the side signal by band; the mono sum never changes."""

    width_low_pct: float = knob(100, 0, 200, unit="%", step=1, help="Width below the first edge; 100 leaves it.")
    width_low_mid_pct: float = knob(100, 0, 200, unit="%", step=1, help="Width between first and second edge.")
    width_high_mid_pct: float = knob(100, 0, 200, unit="%", step=1, help="Width between second and third edge.")
    width_high_pct: float = knob(100, 0, 200, unit="%", step=1, help="Width above the third edge.")
    low_edge_hz: float = knob(200, 60, 400, unit="Hz", step=5, scale="log", help="First edge.")
    mid_edge_hz: float = knob(1_500, 500, 3_000, unit="Hz", step=50, scale="log", help="Second edge.")
    high_edge_hz: float = knob(6_000, 3_500, 12_000, unit="Hz", step=100, scale="log", help="Third edge.")
    mono_below_hz: float = knob(
        0, 0, 300, unit="Hz", step=5, help="The side is down 6 dB here; 0 is off, else 40 or more."
    )
    min_correlation: float = knob(
        0.3, 0, 0.95, step=0.05, help="Widening stops where a band's correlation would fall below this."
    )


PARAMS = StereoParams


class StereoStage(Chunked):
    """Shapes the side of a stereo signal."""

    def __init__(self, params: StereoParams, context: Context) -> None:
        rate_hz = context.rate_hz
        step = 1 << round(math.log2(_STEP_S * rate_hz))
        self._bank = bank = FirBank(1, rate_hz, max(_LOWEST_HZ, _lowest_hz(params)), step)
        widths = widths_of(params)
        bands = side_bands(params, bank.frequencies_hz)
        self._wider = np.flatnonzero(widths > 1.0)
        fixed = np.minimum(widths, 1.0) @ bands - 1.0
        bank.set_responses([fixed, *((widths[b] - 1.0) * bands[b] for b in self._wider)])
        delay = max(bank.delay_frames, _STEPS_AHEAD * step)
        super().__init__(2, bank.hop_frames, delay, step, context.start_frame)
        self.preroll_s = (delay + bank.delay_frames + 2 * step) / rate_hz
        self._waits = delay - bank.delay_frames  # the filters are this much earlier than the guard
        self._held = np.zeros((2, delay + bank.hop_frames))
        self._changes = np.zeros((1 + len(self._wider), self._waits + bank.hop_frames))
        self._guard = _Guard(params, widths[self._wider], self._wider, rate_hz, step)
        self._shares = np.ones((len(self._wider), 3 + bank.hop_frames // step))
        self._spline = spline_weights(step)

    def advance(self, chunk: Block) -> Block:
        hop = self._bank.hop_frames
        held, changes = self._held, self._changes
        held[:, :-hop] = held[:, hop:].copy()
        held[:, -hop:] = chunk
        changes[:, : self._waits] = changes[:, hop:].copy()
        middle, side = 0.5 * (chunk[0] + chunk[1]), 0.5 * (chunk[0] - chunk[1])
        self._bank.filter(side[None], changes[:, None, self._waits :])
        change = changes[0, :hop].copy()
        if len(self._wider):
            shares = self._shares
            shares[:, :3] = shares[:, -3:].copy()
            shares[:, 3:] = self._guard.shares(middle, side)
            for share, more in zip(shares, changes[1:, :hop], strict=True):
                if share.any():
                    near = np.lib.stride_tricks.sliding_window_view(share, 4)
                    change += np.einsum("tk,kj->tj", near, self._spline).reshape(-1) * more  # not BLAS: no threads
        out = held[:, :hop].copy()
        out[0] += change
        out[1] -= change
        return out


class _Guard:
    """How much of each widened band's extra side may be added: 0..1, one value per step and band."""

    def __init__(
        self, params: StereoParams, widths: NDArray[np.float64], bands: NDArray[np.intp], rate_hz: int, step: int
    ) -> None:
        frequencies = np.arange(step + 1) * (0.5 * rate_hz / step)
        self._weights = side_bands(params, frequencies)[bands] ** 2
        self._middle_weights = plain_bands(params, frequencies)[bands] ** 2
        self._most = widths
        self._ratio = (1.0 - params.min_correlation) / (1.0 + params.min_correlation)
        self._window = np.sin(np.pi * np.arange(2 * step) / (2 * step)) ** 2
        self._past = np.zeros((2, step))
        self._last = np.ones((len(widths), 2))

    def shares(self, middle: NDArray[np.float64], side: NDArray[np.float64]) -> NDArray[np.float64]:
        """(bands, steps) for the next whole number of steps; each value belongs one step before its position."""
        step = self._past.shape[1]
        both = np.concatenate([self._past, np.stack([middle, side])], axis=1)
        self._past = both[:, -step:].copy()
        rows = np.lib.stride_tricks.sliding_window_view(both, 2 * step, axis=1)[:, ::step] * self._window
        spectra = scipy.fft.rfft(rows, axis=2)
        power = spectra.real**2 + spectra.imag**2
        middle_power = np.einsum("bf,tf->bt", self._middle_weights, power[0]) + _TINY
        side_power = np.einsum("bf,tf->bt", self._weights, power[1]) + _TINY
        allowed = np.sqrt(self._ratio * middle_power / side_power)
        shares = np.clip((allowed - 1.0) / (self._most[:, None] - 1.0), 0.0, 1.0)
        shares = np.concatenate([self._last, shares], axis=1)
        self._last = shares[:, -2:].copy()
        lowest: NDArray[np.float64] = np.minimum(np.minimum(shares[:, :-2], shares[:, 1:-1]), shares[:, 2:])
        return lowest


def widths_of(params: StereoParams) -> NDArray[np.float64]:
    """Factors of the side in the four bands."""
    percent = (params.width_low_pct, params.width_low_mid_pct, params.width_high_mid_pct, params.width_high_pct)
    return np.array([value / 100.0 for value in percent])


def plain_bands(params: StereoParams, frequency_hz: NDArray[np.floating]) -> NDArray[np.float64]:
    """Magnitudes of the four bands, (4, frequencies); they add up to 1."""
    edges = (params.low_edge_hz, params.mid_edge_hz, params.high_edge_hz)
    lowpasses = np.array([np.zeros(len(frequency_hz)), *(magnitude(edge, frequency_hz) for edge in edges)])
    bands: NDArray[np.float64] = np.diff(lowpasses, axis=0, append=np.ones((1, len(frequency_hz))))
    return bands


def side_bands(params: StereoParams, frequency_hz: NDArray[np.floating]) -> NDArray[np.float64]:
    """The same for the side, after mono bass."""
    corner_hz = max(params.mono_below_hz, _LOWEST_HZ) if params.mono_below_hz else 0.0
    bands: NDArray[np.float64] = plain_bands(params, frequency_hz) * (1.0 - magnitude(corner_hz, frequency_hz))
    return bands


def _lowest_hz(params: StereoParams) -> float:
    """The lowest corner that acts."""
    widths = widths_of(params)
    edges = [params.low_edge_hz, params.mid_edge_hz, params.high_edge_hz]
    acting = [edge for edge, below, above in zip(edges, widths[:-1], widths[1:], strict=True) if below != above]
    return min([*acting, *([params.mono_below_hz] if params.mono_below_hz else [])], default=params.high_edge_hz)


def design(params: StereoParams, context: Context) -> Stage:
    if context.channels == 1 or (not params.mono_below_hz and np.all(widths_of(params) == 1.0)):
        return GainStage(np.ones((context.channels, 1)))
    return StereoStage(params, context)


def describe(params: StereoParams) -> str:
    words = []
    names = ("lows", "low mids", "high mids", "highs")
    for name, width in zip(names, widths_of(params), strict=True):
        if width != 1.0:
            words.append(f"{name} {100.0 * width:g} % wide")
    if params.mono_below_hz:
        words.append(f"mono below {params.mono_below_hz:g} Hz")
    return ", ".join(words) or "unchanged"
