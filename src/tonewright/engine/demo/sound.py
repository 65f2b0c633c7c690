"""The few blocks that every voice of the music generator is made of. None of them can alias.

Sums of damped partials, single cycles with a known number of harmonics, noise with a drawn spectrum, and filters
drawn as a magnitude over frequency. Partials above the band's edge are left out before they are made.
"""

import zlib
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: Magnitude of a filter at each frequency in Hz.
Curve = Callable[[Floats], Floats]
#: The same with phase.
Response = Callable[[Floats], NDArray[np.complex128]]

_TABLE = 16_384
_FINE = 256
#: Multiplications up to which OpenBLAS stays on one thread (interface/gemm.c: 65536 x GEMM_MULTITHREAD_THRESHOLD).
_ALONE = 4 * 65_536


def random(*names: str | int) -> np.random.Generator:
    """A generator of its own for each name, so that one part's notes do not depend on another's."""
    return np.random.default_rng([zlib.crc32(str(name).encode()) for name in names])


def band_edge_hz(rate_hz: int) -> float:
    """No voice has a partial above this."""
    return min(0.46 * rate_hz, 22_000.0)


def pitch_hz(midi: float) -> float:
    """Equal temperament, A4 (69) = 440 Hz."""
    return float(440.0 * 2.0 ** ((midi - 69.0) / 12.0))


def partials(frames: int, rate_hz: int, frequency_hz: Floats, amplitude: Floats, decay_per_s: Floats) -> Floats:
    """A sum of sines that each decay exponentially, as struck and plucked things do: (frames,).

    exp(s(aB + b)) = exp(s a B) exp(s b), so the sum over all partials is a product of two small matrices. It is
    taken in strips that BLAS does not split over threads: on short sounds its threads cost more than they bring.
    """
    heard = frequency_hz < band_edge_hz(rate_hz)
    s = (-decay_per_s[heard] + 2j * np.pi * frequency_hz[heard]) / rate_hz
    rows = -(-frames // _FINE)
    coarse = np.exp(np.outer(np.arange(rows) * _FINE, s)) * amplitude[heard]
    fine = np.exp(np.outer(s, np.arange(_FINE)))
    left = np.concatenate([coarse.real, coarse.imag], axis=1)
    right = np.concatenate([fine.imag, fine.real])
    total = np.empty((rows, _FINE))
    strip = max(1, _ALONE // max(1, right.size))
    for row in range(0, rows, strip):
        np.matmul(left[row : row + strip], right, out=total[row : row + strip])
    return total.reshape(-1)[:frames]


def cycle(amplitude: Floats) -> Floats:
    """One period of harmonics 1, 2, 3, ... as sines, with a guard sample: (table + 1,)."""
    spectrum = np.zeros(_TABLE // 2 + 1, dtype=np.complex128)
    spectrum[1 : 1 + len(amplitude)] = -0.5j * _TABLE * amplitude
    period = np.fft.irfft(spectrum)
    return np.append(period, period[0])


def harmonics(frequency_hz: float, rate_hz: int) -> Floats:
    """The numbers 1, 2, 3, ... of the harmonics below the band's edge, a semitone kept free for vibrato."""
    return np.arange(1.0, max(2.0, np.floor(band_edge_hz(rate_hz) / (1.06 * frequency_hz)) + 1.0))


def trace(table: Floats, phase: Floats) -> Floats:
    """Read a cycle along a phase that counts periods, from 0 up."""
    position = phase * _TABLE
    index = position.astype(np.int64)
    position -= index
    index &= _TABLE - 1
    low = table.take(index)
    index += 1
    high = table.take(index)
    high -= low
    high *= position
    high += low
    return high


def phase_of(frequency_hz: Floats, rate_hz: int, start: float = 0.0) -> Floats:
    """Periods passed at each frame of a frequency that moves."""
    phase: Floats = np.cumsum(frequency_hz / rate_hz) + start
    return phase


def wavering(
    frames: int, rate_hz: int, frequency_hz: float, cents: float, vibrato_hz: float, dice: np.random.Generator
) -> Floats:
    """Periods passed of a tone with vibrato: the integral of f (1 + d sin(wt + a)) in closed form, from 0 or above."""
    depth = cents / 1200.0 * np.log(2.0)
    start, angle = 1.0 + dice.random(), 2.0 * np.pi * dice.random()
    t = np.arange(frames) / rate_hz
    phase: Floats = t * frequency_hz
    if depth:
        rate = 2.0 * np.pi * vibrato_hz
        phase -= (frequency_hz * depth / rate) * (np.cos(rate * t + angle) - np.cos(angle))
    phase += start
    return phase


def seconds(frames: int, rate_hz: int) -> Floats:
    return np.arange(frames) / rate_hz


def envelope(frames: int, rate_hz: int, attack_s: float, release_s: float) -> Floats:
    """Rises from 0 to 1 and falls back to 0 at the end, both as a raised cosine."""
    shape = np.ones(frames)
    rise = min(frames, max(1, round(attack_s * rate_hz)))
    fall = min(frames, max(1, round(release_s * rate_hz)))
    shape[:rise] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(rise) / rise)
    shape[frames - fall :] *= 0.5 + 0.5 * np.cos(np.pi * (np.arange(fall) + 1) / fall)
    return shape


def filtered(samples: Floats, rate_hz: int, curve: Curve | Response) -> Floats:
    """Samples (..., frames) through a drawn response; a magnitude is zero-phase: it also answers before
    its sound, so fade the ends afterwards."""
    frames = samples.shape[-1]
    size = fast_size(frames + round(0.02 * rate_hz))
    spectrum = np.fft.rfft(samples, size)
    spectrum *= curve(np.maximum(np.fft.rfftfreq(size, 1.0 / rate_hz), 1.0))
    out: Floats = np.fft.irfft(spectrum, size)[..., :frames]
    return out


def noise(frames: int, rate_hz: int, dice: np.random.Generator, curve: Curve) -> Floats:
    """Gaussian noise with a drawn spectrum, RMS 1: (frames,)."""
    size = fast_size(frames)
    frequency = np.fft.rfftfreq(size, 1.0 / rate_hz)
    shape = curve(np.maximum(frequency, 1.0))
    spectrum = shape * (dice.standard_normal(len(shape)) + 1j * dice.standard_normal(len(shape)))
    spectrum[0] = 0.0
    out: Floats = np.fft.irfft(spectrum, size)[:frames]
    rms = float(np.sqrt(np.mean(out * out)))
    return out / rms if rms > 0.0 else out


@lru_cache(maxsize=512)
def fast_size(frames: int) -> int:
    """The smallest length from 2^a 3^b 5^c that holds so many frames: such a transform is quick."""
    best = 1 << max(0, frames - 1).bit_length()
    five = 1
    while five < best:
        three = five
        while three < best:
            size = three << max(0, -(-frames // three) - 1).bit_length()
            best = min(best, size)
            three *= 3
        five *= 5
    return best


def band(low_hz: float, high_hz: float, order: float = 2.0) -> Curve:
    """A band-pass with slopes of about 6 dB per octave and order."""
    return lambda f: 1.0 / np.sqrt((1.0 + (low_hz / f) ** (2 * order)) * (1.0 + (f / high_hz) ** (2 * order)))


def peak(centre_hz: float, gain_db: float, octaves: float) -> Curve:
    """A bell, Gaussian over log frequency; octaves is its full width at half its gain in dB."""
    spread = octaves / 2.3548
    return lambda f: 10.0 ** (gain_db / 20.0 * np.exp(-0.5 * (np.log2(f / centre_hz) / spread) ** 2))


def resonator(centre_hz: float, gain_db: float, q: float) -> Response:
    """A bell that rings on, as a cheap microphone or a bad room does: the analogue second-order one."""
    more = 10.0 ** (gain_db / 20.0) - 1.0
    return lambda f: 1.0 + more / (1.0 + 1j * q * (f / centre_hz - centre_hz / f))


def shelf(corner_hz: float, gain_db: float) -> Curve:
    """A low shelf: gain_db far below the corner, half of it there, none above."""
    return lambda f: 10.0 ** (gain_db / 20.0 / (1.0 + (f / corner_hz) ** 2))


def levelled(samples: Floats) -> Floats:
    """Peak 1."""
    top = float(np.max(np.abs(samples), initial=0.0))
    return samples / top if top > 0.0 else samples
