"""Saturator: a soft bend whose products above hearing are kept from folding back.

    out = makeup (in + mix residual(in)),  residual(x) = (tanh(d x + b) - tanh b) / (d (1 - tanh^2 b)) - x

The slope of the bend at silence is 1, so quiet signals pass linearly. b turns odd harmonics into even ones. Only what
the bend adds is computed at four times the rate and filtered down again; the signal itself never passes a filter, so
its tone stays as it is, and the filters may begin early: they stop everything that would fold down, at the price of
the added harmonics above about 0.38 of the rate. What the asymmetry adds at DC is taken out of the residual.

The makeup keeps the level of a loud passage: that of a Gaussian signal of the given level, which music resembles in
its distribution of samples (measured by quadrature, not by the song).

Sources: harmonics of a smooth bend fall exponentially with their number, by the distance of its poles from the real
axis (Boyd, Chebyshev and Fourier Spectral Methods, ch. 2), so oversampling suffices; Kaiser's windows: Oppenheim &
Schafer, Discrete-Time Signal Processing, sec. 7.6.
"""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tonewright.base.kernels import kernel
from tonewright.base.params import Params, knob
from tonewright.base.signal import Block
from tonewright.base.units import db_to_gain
from tonewright.dsp.chunks import Chunked
from tonewright.dsp.gain import GainStage
from tonewright.dsp.stage import Context, Stage

#: Frames bent at once: what the kernel works on then stays in the fast cache.
_CHUNK = 2048
#: Attenuation of images and of what would fold down.
_STOP_DB = 112.0
#: Up to this share of the rate, images are stopped and the residual comes through.
_PASS = 0.38
#: b at 100 % even.
_MOST_BIAS = 0.7
#: What asymmetry adds below this corner is removed.
_DC_CORNER_HZ = 10.0
_SETTLING_NEPERS = 14.0
#: Here the continued fraction reaches 1, and beyond it stays there.
_BEND_END = 4.97


class SaturatorParams(Params):
    """Warmth and density by soft saturation; quiet passages stay linear."""

    drive_db: float = knob(0, -18, 12, unit="dB", help="At 0 a full-scale sample is bent as tanh bends 1.")
    even_pct: float = knob(20, 0, 100, unit="%", step=1, help="Asymmetry: 0 adds odd harmonics only.")
    mix_pct: float = knob(100, 0, 100, unit="%", step=1, help="Share of what the bend adds; 0 is off.")
    level_dbfs: float = knob(
        -14, -40, 0, unit="dBFS", help="Level of the loud passages, which the makeup keeps; a full sine is 0 dBFS."
    )


PARAMS = SaturatorParams


class SaturatorStage(Chunked):
    """The bend at work."""

    def __init__(self, params: SaturatorParams, context: Context) -> None:
        self._up1 = _half_band(0.5 - _PASS)
        self._up2 = _half_band(0.25)
        self._down = _low_pass((_PASS + 0.5) / 4.0, (0.5 - _PASS) / 2.0)
        reach = _reach(self._up1, self._up2, self._down)
        super().__init__(context.channels, _CHUNK, reach)
        self._drive, self._bias = _drive_and_bias(params)
        self._mix = params.mix_pct / 100.0
        self._makeup = makeup(params)
        self._pole = math.exp(-2.0 * math.pi * _DC_CORNER_HZ / context.rate_hz)
        self._state = np.zeros((context.channels, 2))
        self._held = np.zeros((context.channels, 2 * reach + _CHUNK))
        self._reach_frames = reach
        self.preroll_s = _SETTLING_NEPERS / (2.0 * math.pi * _DC_CORNER_HZ) + 2 * reach / context.rate_hz

    def advance(self, chunk: Block) -> Block:
        held, reach = self._held, self._reach_frames
        held[:, :-_CHUNK] = held[:, _CHUNK:].copy()
        held[:, -_CHUNK:] = chunk
        added = np.empty_like(chunk)
        _residual(held, self._drive, self._bias, self._up1, self._up2, self._down, self._pole, self._state, added)
        return self._makeup * (held[:, reach : reach + _CHUNK] + self._mix * added)


@kernel
def _add_pairs(total, w, k, a0, b0, a1, b1, a2, b2, a3, b3):  # type: ignore[no-untyped-def]
    """total += w[k] (a0 + b0) + .. + w[k + 3] (a3 + b3): four taps in one pass over memory."""
    w0, w1, w2, w3 = w[k], w[k + 1], w[k + 2], w[k + 3]
    for i in range(total.size):
        total[i] += (w0 * (a0[i] + b0[i]) + w1 * (a1[i] + b1[i])) + (w2 * (a2[i] + b2[i]) + w3 * (a3[i] + b3[i]))


@kernel
def _add_around(total, before, after, taps, lo, hi, shift):  # type: ignore[no-untyped-def]
    """Add taps[k] times the neighbours at the k-th distance, which lie in turns in two phases of the signal.

    before = (nearest, next): the phases of the neighbours to the left at even and odd k; after: to the right.
    shift = (left, right, left, right): how many frames off the nearest and the next neighbours are.
    """
    a, c = before
    b, d = after
    la, rb, lc, rd = shift
    for k in range(0, taps.size, 4):
        j = k // 2
        _add_pairs(
            total[lo:hi],
            taps,
            k,
            a[lo - la - j : hi - la - j],
            b[lo + rb + j : hi + rb + j],
            c[lo - lc - j : hi - lc - j],
            d[lo + rd + j : hi + rd + j],
            a[lo - la - j - 1 : hi - la - j - 1],
            b[lo + rb + j + 1 : hi + rb + j + 1],
            c[lo - lc - j - 1 : hi - lc - j - 1],
            d[lo + rd + j + 1 : hi + rd + j + 1],
        )


@kernel
def _bend(samples, drive, bias, at_rest, scale):  # type: ignore[no-untyped-def]
    """Replace samples by what the bend adds. tanh as its continued fraction of seven levels (error below 1e-4)."""
    for i in range(samples.size):
        x = samples[i]
        u = drive * x + bias
        u = _BEND_END if u > _BEND_END else u
        u = -_BEND_END if u < -_BEND_END else u
        s = u * u
        bent = u * (135135.0 + s * (17325.0 + s * (378.0 + s)))
        bent /= 135135.0 + s * (62370.0 + s * (3150.0 + s * 28.0))
        samples[i] = (bent - at_rest) * scale - x


@kernel
def _residual(held, drive, bias, up1, up2, down, pole, state, out):  # type: ignore[no-untyped-def]
    """What the bend adds to the middle of held (channels, 2 reach + frames), out: (channels, frames).

    The signal at four times the rate is kept as its four phases (p0 the input itself), so that every loop runs over
    neighbouring numbers. up1, up2: one side of the odd taps of half-band filters, which carry the even ones over.
    down: one side of a symmetric low-pass at twice the rate, centre first. state: (channels, 2) of the DC filter.
    """
    channels, length = held.shape
    half2 = up2.size // 2 + 1
    p1, p2, p3 = np.empty(length), np.empty(length), np.empty(length)
    b = bias
    s = b * b
    at_rest = b * (135135.0 + s * (17325.0 + s * (378.0 + s)))
    at_rest /= 135135.0 + s * (62370.0 + s * (3150.0 + s * 28.0))
    slope = (1.0 - at_rest * at_rest) * drive
    scale = 1.0 / slope
    for c in range(channels):
        p0 = held[c].copy()
        p1[:], p2[:], p3[:] = 0.0, 0.0, 0.0
        lo, hi = up1.size, length - up1.size
        for k in range(0, up1.size, 4):
            _add_pairs(
                p2[lo:hi],
                up1,
                k,
                p0[lo - k : hi - k],
                p0[lo + k + 1 : hi + k + 1],
                p0[lo - k - 1 : hi - k - 1],
                p0[lo + k + 2 : hi + k + 2],
                p0[lo - k - 2 : hi - k - 2],
                p0[lo + k + 3 : hi + k + 3],
                p0[lo - k - 3 : hi - k - 3],
                p0[lo + k + 4 : hi + k + 4],
            )
        lo, hi = lo + half2, hi - half2
        _add_around(p1, (p0, p2), (p2, p0), up2, lo, hi, (0, 0, 1, 1))
        _add_around(p3, (p2, p0), (p0, p2), up2, lo, hi, (0, 1, 0, 1))
        _bend(p0[lo:hi], drive, bias, at_rest, scale)
        _bend(p1[lo:hi], drive, bias, at_rest, scale)
        _bend(p2[lo:hi], drive, bias, at_rest, scale)
        _bend(p3[lo:hi], drive, bias, at_rest, scale)
        # to twice the rate: p0 and p2 take in the phases between
        lo, hi = lo + half2, hi - half2
        _add_around(p0, (p3, p1), (p1, p3), up2, lo, hi, (1, 0, 1, 0))
        _add_around(p2, (p1, p3), (p3, p1), up2, lo, hi, (0, 0, 1, 1))
        # to the rate itself
        lo = (length - out.shape[1]) // 2
        hi = length - lo
        total = down[0] * p0
        _add_around(total, (p2, p0), (p2, p0), down[1:], lo, hi, (1, 0, 1, 1))
        total = total[lo:hi]
        before, y = state[c, 0], state[c, 1]
        for i in range(total.size):
            y = pole * y + (total[i] - before)
            before = total[i]
            out[c, i] = y
        state[c, 0], state[c, 1] = before, y


def _kaiser_taps(cutoff: float, transition: float) -> NDArray[np.float64]:
    """One side, centre first, of a low-pass that passes up to cutoff - transition/2 (shares of its rate)."""
    order = math.ceil((_STOP_DB - 7.95) / (2.285 * 2.0 * math.pi * transition))
    half = -(-order // 16) * 8  # the kernel takes four pairs of taps at once, and a half-band has only every second
    beta = 0.1102 * (_STOP_DB - 8.7)
    n = np.arange(half + 1)
    window = np.i0(beta * np.sqrt(1.0 - (n / (half + 1)) ** 2)) / np.i0(beta)
    taps: NDArray[np.float64] = 2.0 * cutoff * np.sinc(2.0 * cutoff * n) * window
    taps /= taps[0] + 2.0 * taps[1:].sum()
    return taps


@lru_cache(maxsize=4)
def _half_band(transition: float) -> NDArray[np.float64]:
    """Weights of the pairs at odd distance for the sample between two; the others are zero. They add up to 1/2.

    transition: its width as a share of the higher rate.
    """
    odd = _kaiser_taps(0.25, transition)[1::2]
    return np.ascontiguousarray(0.5 * odd / odd.sum())


@lru_cache(maxsize=4)
def _low_pass(cutoff: float, transition: float) -> NDArray[np.float64]:
    """One side of the last low-pass, centre first.

    The half-band below leaves its sum at twice the signal, hence the factor of 1/2 of each halving of the rate.
    """
    return np.ascontiguousarray(0.5 * _kaiser_taps(cutoff, transition))


def _reach(up1: NDArray[np.float64], up2: NDArray[np.float64], down: NDArray[np.float64]) -> int:
    """Frames to either side that a frame's residual depends on."""
    return up1.size + 2 * (up2.size // 2 + 1) + down.size // 2 + 1


def _drive_and_bias(params: SaturatorParams) -> tuple[float, float]:
    return db_to_gain(params.drive_db), _MOST_BIAS * params.even_pct / 100.0


def bent(params: SaturatorParams, samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """The bend itself, without makeup: what a signal far below half the rate becomes."""
    drive, bias = _drive_and_bias(params)
    at_rest = math.tanh(bias)
    wet = (np.tanh(drive * samples + bias) - at_rest) / (drive * (1.0 - at_rest**2))
    mixed: NDArray[np.float64] = samples + params.mix_pct / 100.0 * (wet - samples)
    return mixed


def makeup(params: SaturatorParams) -> float:
    """The factor that gives a Gaussian signal of the given level its level back."""
    nodes, weights = _gaussian()
    samples = db_to_gain(params.level_dbfs) / math.sqrt(2.0) * nodes
    after = bent(params, samples)
    after = after - weights @ after
    return math.sqrt((weights @ samples**2) / (weights @ after**2))


@lru_cache(maxsize=1)
def _gaussian() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Samples of a Gaussian signal of power 1, and how often each comes."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    return nodes, weights / weights.sum()


def design(params: SaturatorParams, context: Context) -> Stage:
    if params.mix_pct == 0.0:
        return GainStage(np.ones((context.channels, 1)))
    return SaturatorStage(params, context)


def describe(params: SaturatorParams) -> str:
    if params.mix_pct == 0.0:
        return "unchanged"
    return f"drive {params.drive_db:+.1f} dB, {params.even_pct:g} % even, {params.mix_pct:g} % mixed in"
