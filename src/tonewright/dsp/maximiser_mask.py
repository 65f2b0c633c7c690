"""Where a correction hides: the shape of the pulses that the maximiser takes peaks down with.

Of all pulses that lower the signal at one instant by the same amount, the one whose error is heard least (the least
sum of error power over masking threshold) has the masking threshold as its power spectrum and no phase. So for each
short chunk of the signal the ear model of BS.1387 gives the threshold, and the threshold gives the pulse.

Source: the pulse is the dual form of the perceptually weighted projection of Defraene, van Waterschoot, Ferreau, Diehl
and Moonen, "Real-time perception-based clipping of audio signals using convex optimization", IEEE TASLP 20(10), 2012.
The ear model: see measure/ear.py; its frames follow the rate here, so that nothing needs converting.
"""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from tonewright.base.kernels import kernel
from tonewright.measure import ear

_Array = NDArray[np.float64]

PHASES = 4  #: pulses are placed on a grid of a quarter of a sample
CHUNK_AT_48K = 512
#: Ear frames are this many chunks long, one in the middle of each chunk.
_FRAME_CHUNKS = 4
#: Power the threshold is raised to; see docs/decisions/0008 (1 is best where little is limited, 0.65 where much).
SHAPE_POWER = 0.8
#: The outer ear's steep fall above this frequency is not used to hide anything: young ears hear there.
_HIGHEST_TRUSTED_HZ = 14_000.0


@dataclass(frozen=True)
class EarTables:
    """The ear model and the pulses at one rate.

    frame, chunk, reach: frames of the ear model, of a chunk, and of one half of a pulse.
    window: (frame,). first_bin, shares: bins of each band, (bands,) and (bands, widest). upper_slope: natural log.
    pulse_first, pulse_shares: the same for the coarser bins of a pulse's spectrum.
    taper: (PHASES * (reach + 1),), ends a pulse at its reach.
    """

    frame: int
    chunk: int
    reach: int
    window: _Array
    response: _Array
    first_bin: NDArray[np.int64]
    shares: _Array
    upper_slope: _Array
    noise: _Array
    offset: _Array
    norm: _Array
    pulse_first: NDArray[np.int64]
    pulse_shares: _Array
    taper: _Array


def chunk_frames(rate_hz: int) -> int:
    """Chunk length: 10.7 ms at 48 kHz, a power of two at any rate."""
    return int(CHUNK_AT_48K * 2.0 ** round(math.log2(rate_hz / 48_000)))


@cache
def tables(rate_hz: int) -> EarTables:
    chunk = chunk_frames(rate_hz)
    frame, reach = _FRAME_CHUNKS * chunk, chunk // 2
    n = np.arange(frame)
    full_scale = 10.0 ** (ear.LISTENING_LEVEL_DB / 20.0) * 4.0 / frame
    window = full_scale * (0.5 - 0.5 * np.cos(2.0 * np.pi * (n + 0.5) / frame))
    first_bin, shares = _compact(ear.bin_shares(frame, rate_hz))
    pulse_first, pulse_shares = _compact(_pulse_bins(rate_hz, reach))
    time = np.arange(PHASES * (reach + 1)) / PHASES
    return EarTables(
        frame=frame,
        chunk=chunk,
        reach=reach,
        window=window,
        response=ear.ear_response(np.fft.rfftfreq(frame, 1.0 / rate_hz).astype(np.float64)),
        first_bin=first_bin,
        shares=shares,
        upper_slope=math.log(10.0) * (-2.4 - 23.0 / ear.bands().centre_hz) * ear.BAND_BARK,
        noise=ear.internal_noise(),
        offset=10.0 ** (-ear.masking_offset_db() / 10.0),
        norm=ear.spread_norm()[0],
        pulse_first=pulse_first,
        pulse_shares=pulse_shares,
        taper=0.5 + 0.5 * np.cos(np.pi * np.minimum(time / reach, 1.0)),
    )


def _pulse_bins(rate_hz: int, reach: int) -> _Array:
    """Which part of each bin of a pulse's spectrum lies in each band: (bands, reach + 1).

    The lowest band goes on down to DC; above the highest there is nothing.
    """
    shares = ear.bin_shares(2 * reach, rate_hz)
    covered = np.flatnonzero(shares.sum(axis=0) >= 0.5)
    shares[:, : covered[0]] = 0.0
    shares[0, : covered[0]] = 1.0
    return shares


def _compact(shares: _Array) -> tuple[NDArray[np.int64], _Array]:
    """First bin of each band, and its shares from there on: (bands,), (bands, widest)."""
    first = np.argmax(shares > 0.0, axis=1)
    last = shares.shape[1] - np.argmax(shares[:, ::-1] > 0.0, axis=1)
    widest = int(np.max(np.where(shares.any(axis=1), last - first, 0)))
    padded = np.pad(shares, ((0, 0), (0, widest)))
    rows = [row[start : start + widest] for row, start in zip(padded, first, strict=True)]
    return first.astype(np.int64), np.ascontiguousarray(rows)


@kernel
def _thresholds(power, first_bin, shares, upper_slope, noise, offset, norm, lower_slope, out):  # type: ignore[no-untyped-def]
    """Masking threshold of each frame. power: (frames, bins) behind the middle ear. out: (frames, bands).

    The fast twin of ear.masking_threshold(ear.spread_in_frequency(ear.group(...) + noise)).
    """
    frames, bins = power.shape
    bands, widest = shares.shape
    own = np.empty(bands)
    steps = np.empty(bands)
    down = lower_slope**0.4
    below = np.empty(bands)
    for b in range(bands):
        below[b] = (1.0 - lower_slope ** (b + 1)) / (1.0 - lower_slope) - 1.0
    for f in range(frames):
        for b in range(bands):
            total = 0.0
            start = first_bin[b]
            stop = min(start + widest, bins)
            for k in range(start, stop):
                total += power[f, k] * shares[b, k - start]
            level = math.log(max(total, 1e-12) + noise[b])
            slope = upper_slope[b] + 0.05 * level
            sums = below[b] + (1.0 - math.exp((bands - b) * slope)) / (1.0 - math.exp(slope))
            own[b] = math.exp(0.4 * (level - math.log(sums)))
            steps[b] = math.exp(0.4 * slope)
        falling = 0.0
        for b in range(bands - 1, -1, -1):
            falling = own[b] + down * falling
            out[f, b] = falling
        for b in range(bands):
            rising = own[b]
            for k in range(b + 1, bands):
                rising *= steps[b]
                if rising < 1e-4 * out[f, k]:
                    break
                out[f, k] += rising
        for b in range(bands):
            out[f, b] = out[f, b] * out[f, b] * math.sqrt(out[f, b]) / norm[b] * offset[b]


def thresholds(frames: _Array, tab: EarTables) -> _Array:
    """Masking thresholds (count, bands) of frames (count, tab.frame) of one channel."""
    spectrum = np.fft.rfft(frames * tab.window, axis=1)
    power = (spectrum.real**2 + spectrum.imag**2) * tab.response
    out = np.empty((len(frames), len(tab.noise)))
    _thresholds(
        np.ascontiguousarray(power),
        tab.first_bin,
        tab.shares,
        tab.upper_slope,
        tab.noise,
        tab.offset,
        tab.norm,
        ear.lower_slope(),
        out,
    )
    return out


@cache
def _heard() -> _Array:
    """Response of the outer and middle ear in each band, not lower than at the highest trusted frequency."""
    return ear.ear_response(np.minimum(ear.bands().centre_hz, _HIGHEST_TRUSTED_HZ))


@kernel
def _fill_bins(density, first, shares, out):  # type: ignore[no-untyped-def]
    """Spread bands over bins: density (count, bands), out (count, bins), zero before."""
    count, bands = density.shape
    for i in range(count):
        for b in range(bands):
            for k in range(min(shares.shape[1], out.shape[1] - first[b])):
                out[i, first[b] + k] += density[i, b] * shares[b, k]


def pulses(masks: _Array, tab: EarTables) -> _Array:
    """Pulses (count, PHASES, reach + 1) for chunks with these thresholds (count, bands).

    pulse[phase, k] is the pulse k + phase / PHASES samples from its middle, where it is 1.
    """
    density = (masks / _heard()) ** SHAPE_POWER
    spectrum = np.zeros((len(density), tab.reach + 1))
    _fill_bins(density, tab.pulse_first, tab.pulse_shares, spectrum)
    spectrum[:, 0] *= 0.5  # DC and half the rate stand for one sign of frequency only
    spectrum[:, -1] *= 0.5
    fine = np.fft.irfft(spectrum, n=PHASES * 2 * tab.reach, axis=1)[:, : PHASES * (tab.reach + 1)]
    fine = fine / fine[:, :1] * tab.taper
    return np.ascontiguousarray(fine.reshape(len(fine), tab.reach + 1, PHASES).transpose(0, 2, 1))
