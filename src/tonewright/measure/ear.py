"""How audible a change is: the FFT ear model of ITU-R BS.1387 and its noise-to-mask ratio.

A reference and a processed signal are cut into Hann frames, weighted by the outer and middle ear, grouped into bands
of a quarter Bark; the reference is spread over frequency and time into the pattern of what it masks. The noise-to-mask
ratio (NMR) is the difference of the two weighted magnitude spectra against that mask: 0 dB is at the threshold of
hearing it, -20 dB is hardly ever heard.

Source: ITU-R BS.1387-2, annex 2, section 2 (peripheral ear model, FFT based) and 4.5 (noise-to-mask ratio, basic
version). The closed forms of the band edges and of the spreading recursion follow Kabal, "An Examination and
Interpretation of ITU-R BS.1387", McGill University, 2002.

The standard knows 48 kHz only: other rates are converted (soxr, very high quality) before the model.
"""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from tonewright.base.signal import Block
from tonewright.base.units import power_to_db

RATE_HZ = 48_000
FRAME = 2_048
HOP = 1_024
LISTENING_LEVEL_DB = 92.0  #: sound pressure level of a full-scale sine
_CALIBRATION_HZ = 1_019.5
_LOW_HZ, _HIGH_HZ = 80.0, 18_000.0
BAND_BARK = 0.25
_POWER = 0.4  # exponent in which spread patterns add up
_LEAST_BAND_POWER = 1e-12  # after Kabal: keeps every ratio defined

_Array = NDArray[np.float64]


@dataclass(frozen=True)
class Nmr:
    """Noise-to-mask ratio of a processed signal.

    total_db: over all channels, bands and frames (mean of the ratios, then dB).
    frames_db: (frames,) the same for each frame of 1024 samples at 48 kHz.
    """

    total_db: float
    frames_db: _Array


def noise_to_mask(reference: Block, processed: Block, rate_hz: int) -> Nmr:
    """NMR of `processed` against `reference`: both (channels, frames), time-aligned and level-matched.

    Equal signals read below -110 dB: the standard keeps a least power of 1e-12 in each band.
    """
    if reference.shape != processed.shape or reference.ndim != 2:
        raise ValueError("reference and processed must have the same shape (channels, frames)")
    reference, processed = _at_48k(reference, rate_hz), _at_48k(processed, rate_hz)
    ratios = np.mean(
        [_frame_ratios(a, b) for a, b in zip(reference, processed, strict=True)], axis=0, dtype=np.float64
    )
    total = float(ratios.mean()) if ratios.size else 0.0
    return Nmr(power_to_db(total), np.asarray(power_to_db(ratios)))


def _frame_ratios(reference: _Array, processed: _Array) -> _Array:
    """Noise over mask of one channel, mean over the bands: (frames,)."""
    r, p = spectra(reference), spectra(processed)
    noise = group(np.square(np.sqrt(r) - np.sqrt(p)))
    ratios: _Array = np.mean(noise / masking_threshold(excitation(group(r))), axis=1)
    return ratios


def spectra(samples: _Array) -> _Array:
    """Power spectra of the frames of one channel at 48 kHz, as they leave the middle ear: (frames, 1025).

    The last frame is filled with zeros.
    """
    count = max(1, math.ceil((samples.size - FRAME) / HOP) + 1)
    padded = np.zeros((count - 1) * HOP + FRAME)
    padded[: samples.size] = samples
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP]
    spectrum = np.fft.rfft(frames * _window(), axis=1)
    power: _Array = np.square(spectrum.real)
    power += np.square(spectrum.imag)
    power *= _bin_response()
    return power


def bin_hz() -> _Array:
    return np.asarray(np.fft.rfftfreq(FRAME, 1.0 / RATE_HZ))


@cache
def _bin_response() -> _Array:
    return ear_response(bin_hz())


def ear_response(frequency_hz: _Array) -> _Array:
    """Power response of the outer and middle ear (BS.1387 eq. 7); 0 at DC, where the formula diverges."""
    khz = np.maximum(frequency_hz, 1e-3) / 1000.0
    db = -2.184 * khz**-0.8 + 6.5 * np.exp(-0.6 * (khz - 3.3) ** 2) - 0.001 * khz**3.6
    return np.where(frequency_hz > 0, 10.0 ** (db / 10.0), 0.0)


def _bark(frequency_hz: float) -> float:
    return 7.0 * math.asinh(frequency_hz / 650.0)


@dataclass(frozen=True)
class Bands:
    """Quarter-Bark bands from 80 Hz to 18 kHz: edges and centres (bands,) in Hz."""

    low_hz: _Array
    centre_hz: _Array
    high_hz: _Array


@cache
def bands() -> Bands:
    """The 109 bands of the basic version (BS.1387 table 5, in closed form)."""
    low, high = _bark(_LOW_HZ), _bark(_HIGH_HZ)
    edges = np.append(np.arange(low, high - 1e-9, BAND_BARK), high)
    centre = (edges[:-1] + edges[1:]) / 2.0

    def to_hz(z: _Array) -> _Array:
        return 650.0 * np.sinh(z / 7.0)

    return Bands(to_hz(edges[:-1]), to_hz(centre), to_hz(edges[1:]))


@cache
def _window() -> _Array:
    """Hann window, scaled so that a full-scale sine near 1 kHz peaks at the listening level."""
    n = np.arange(FRAME)
    hann = 0.5 - 0.5 * np.cos(2.0 * np.pi * n / (FRAME - 1))
    sine = np.sin(2.0 * np.pi * _CALIBRATION_HZ / RATE_HZ * np.arange(10 * HOP + FRAME))
    frames = np.lib.stride_tricks.sliding_window_view(sine, FRAME)[::HOP][:10]
    peak = np.max(np.abs(np.fft.rfft(frames * hann, axis=1)))
    return np.asarray(hann * (10.0 ** (LISTENING_LEVEL_DB / 20.0) / peak))


def bin_shares(frame: int, rate_hz: int) -> _Array:
    """Which part of each FFT bin lies in each band: (bands, frame // 2 + 1), 0..1."""
    width = rate_hz / frame
    centre = np.arange(frame // 2 + 1) * width
    edges = bands()
    top = np.minimum(edges.high_hz[:, None], centre + width / 2)
    bottom = np.maximum(edges.low_hz[:, None], centre - width / 2)
    return np.asarray(np.maximum(top - bottom, 0.0) / width)


@cache
def _bins() -> tuple[NDArray[np.int64], _Array, NDArray[np.int64], _Array, _Array]:
    """Of each band: its first bin and how much of it, its last bin and how much, and whether any lie between."""
    shares = bin_shares(FRAME, RATE_HZ)
    place = np.arange(len(shares))
    first = np.argmax(shares > 0.0, axis=1)
    last = shares.shape[1] - 1 - np.argmax(shares[:, ::-1] > 0.0, axis=1)
    last_share = np.where(last > first, shares[place, last], 0.0)
    return first, shares[place, first], last, last_share, (last > first + 1).astype(np.float64)


def group(power: _Array) -> _Array:
    """Bin powers (frames, 1025) gathered into bands (frames, 109)."""
    first, first_share, last, last_share, inner = _bins()
    # Sums of whole bins between the first and the last; where there are none, reduceat gives the first of them.
    between = np.add.reduceat(power, np.stack([first + 1, np.maximum(last, first + 1)], axis=1).ravel(), axis=1)[
        :, ::2
    ]
    bands_power = power[:, first] * first_share + power[:, last] * last_share + between * inner
    return np.asarray(np.maximum(bands_power, _LEAST_BAND_POWER))


def internal_noise() -> _Array:
    """Power of the noise inside the ear in each band (BS.1387 eq. 14): (109,)."""
    khz: _Array = bands().centre_hz / 1000.0
    return np.asarray(10.0 ** (0.1456 * khz**-0.8))


def excitation(power: _Array) -> _Array:
    """What band powers (frames, 109) excite in the ear, spread over frequency and time: (frames, 109)."""
    return spread_in_time(spread_in_frequency(power + internal_noise()))


@cache
def lower_slope() -> float:
    """Spreading downwards: 27 dB per Bark, from one band to the next."""
    return float(10.0 ** (-2.7 * BAND_BARK))


@cache
def _upper_slopes() -> _Array:
    """Upper slope of each band from one band to the next, before the part that depends on its level."""
    return np.asarray(10.0 ** ((-2.4 - 23.0 / bands().centre_hz) * BAND_BARK))


def _spread(power: _Array) -> _Array:
    count = power.shape[1]
    place = np.arange(count)
    down = lower_slope()
    up = _upper_slopes() * power ** (0.2 * BAND_BARK)
    sum_down = (1.0 - down ** (place + 1)) / (1.0 - down)
    sum_up = (1.0 - up ** (count - place)) / (1.0 - up)
    own = (power / (sum_down + sum_up - 1.0)) ** _POWER
    down_step, up_steps = down**_POWER, up**_POWER

    total = own.copy()
    for band in range(count - 2, -1, -1):
        total[:, band] += down_step * total[:, band + 1]
    rising = own.copy()  # column j: what band j still gives to the band reached so far
    for distance in range(1, count):
        rising = rising[:, :-1] * up_steps[:, : count - distance]
        total[:, distance:] += rising
    return np.asarray(total ** (1.0 / _POWER))


@cache
def spread_norm() -> _Array:
    """What a flat pattern of ones spreads to: (1, 109)."""
    return _spread(np.ones((1, bands().centre_hz.size)))


def spread_in_frequency(power: _Array) -> _Array:
    """Band powers (frames, 109) spread along the Bark scale, with an upper slope that flattens with level.

    Source: BS.1387 eq. 15-22: 27 dB per Bark downwards, 24 + 230/f - 0.2 L dB per Bark upwards, adding with a power
    of 0.4, normalised so that a flat pattern stays flat.
    """
    return np.asarray(_spread(power) / spread_norm())


def spread_in_time(power: _Array) -> _Array:
    """Forward masking (frames, 109): one pole for each band, 30 ms at 100 Hz down to 8 ms (BS.1387 eq. 23-25)."""
    seconds = 0.008 + 100.0 / bands().centre_hz * (0.030 - 0.008)
    pole = np.exp(-HOP / RATE_HZ / seconds)
    spread = np.empty_like(power)
    state = np.zeros(power.shape[1])
    for frame, current in enumerate(power):
        state = pole * state + (1.0 - pole) * current
        spread[frame] = np.maximum(state, current)
    return spread


def masking_offset_db() -> _Array:
    """How far below an excitation lies what it just masks (BS.1387 eq. 26): 3 dB, above 12 Bark 0.25 dB per Bark."""
    bark = BAND_BARK * np.arange(bands().centre_hz.size)
    return np.where(bark <= 12.0, 3.0, 0.25 * bark)


def masking_threshold(excited: _Array) -> _Array:
    """The power in each band that an excitation (frames, 109) just masks."""
    return np.asarray(excited * 10.0 ** (-masking_offset_db() / 10.0))


def _at_48k(samples: Block, rate_hz: int) -> Block:
    if rate_hz == RATE_HZ:
        return samples
    import soxr

    # one by one: soxr takes twice as long for channels that lie interleaved
    return np.stack([soxr.resample(channel, rate_hz, RATE_HZ, quality="VHQ") for channel in samples])
