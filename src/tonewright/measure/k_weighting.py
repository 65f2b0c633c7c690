"""K-weighting at any rate, with the response that the standard's filter has at 48 kHz.

ITU-R BS.1770-5, annex 1, gives coefficients for 48 kHz only and asks other rates for "the same frequency response
that the specified filter provides at 48 kHz". The usual answer, the bilinear transform of an analogue prototype, is
wrong near half the rate (it bends by 0.2 dB at 8 kHz), and copying the numerator (1, -2, 1) of stage 2 is wrong
everywhere (its gain of +0.043 dB is part of the response at 48 kHz, but would be +0.21 dB at 8 kHz). So:

Stage 2 keeps its double zero at 0 Hz, and its poles are carried over by the matched z-transform,
z' = z^(48000/rate): the same poles in the s-plane. Its corner lies far below the rate, where this is exact.

Stage 1 is fitted to what is left of the target. The squared magnitude of a second-order section is

    |H(w)|^2 = (B0 + B1 cos w + B2 cos 2w) / (1 + A1 cos w + A2 cos 2w),

linear in B and A once it is multiplied out, so that minimising the relative error of T = target / |stage 2|^2,
sum over w of ((B - T A) / (T A'))^2 with A' the A of the round before (Sanathanan & Koerner, IEEE Trans. Automatic
Control 8, 1963), is a linear least-squares problem; it settles in a few rounds. The section is then read off B and
A by keeping the roots inside the unit circle (minimum phase, stable). Phase is not fitted: energies do not see it.

Above 24 kHz, where a 48 kHz filter has no response, the target keeps its value at 24 kHz (+4.04 dB; its slope there
is zero). Largest error against the 48 kHz filter: 0.017 dB at 8 kHz (next to 4 kHz), 0.006 dB at 11.025 kHz,
0.0015 dB at 16 kHz, under 0.001 dB from 22.05 kHz up; tests/measure/test_k_weighting.py holds these.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tonewright.base.signal import MIN_RATE_HZ

#: The rate at which the standard gives its coefficients.
TABLE_RATE_HZ = 48_000

#: BS.1770-5 table 1, the shelf that stands for a head: b0, b1, b2, a1, a2.
TABLE_1 = (1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585)
#: BS.1770-5 table 2, the high-pass.
TABLE_2 = (1.0, -2.0, 1.0, -1.99004745483398, 0.99007225036621)

_FIT_POINTS = 2_000
_FIT_ROUNDS = 12


@lru_cache(maxsize=32)
def sections(rate_hz: int) -> NDArray[np.float64]:
    """The K-weighting at this rate: (2, 5), rows b0, b1, b2, a1, a2 of stages 1 and 2; a0 is 1. Read-only.

    rate_hz: 8 kHz or more; below, the shelf no longer fits under half the rate.
    """
    if rate_hz < MIN_RATE_HZ:
        raise ValueError(f"K-weighting is designed for {MIN_RATE_HZ} Hz and more, not {rate_hz} Hz")
    if rate_hz == TABLE_RATE_HZ:
        both = np.array([TABLE_1, TABLE_2])
    else:
        high_pass = _high_pass(rate_hz)
        both = np.array([_fit_shelf(high_pass, rate_hz), high_pass])
    both.setflags(write=False)
    return both


def power_response(
    rows: NDArray[np.float64], frequency_hz: NDArray[np.float64], rate_hz: int
) -> NDArray[np.float64]:
    """Squared magnitude of sections in series. rows: (sections, 5). frequency_hz: any shape."""
    delay = np.exp(-2j * np.pi * frequency_hz / rate_hz)
    total = np.ones(frequency_hz.shape)
    for b0, b1, b2, a1, a2 in rows:
        total *= np.abs((b0 + delay * (b1 + delay * b2)) / (1.0 + delay * (a1 + delay * a2))) ** 2
    return total


def target_power(frequency_hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Squared magnitude of the standard's 48 kHz filter; above 24 kHz its value at 24 kHz."""
    return power_response(sections(TABLE_RATE_HZ), np.minimum(frequency_hz, TABLE_RATE_HZ / 2), TABLE_RATE_HZ)


def _high_pass(rate_hz: int) -> tuple[float, float, float, float, float]:
    """Stage 2 with its poles carried over by the matched z-transform. The fit of stage 1 takes up its gain."""
    poles = np.roots([1.0, *TABLE_2[3:]]).astype(np.complex128) ** (TABLE_RATE_HZ / rate_hz)
    return (1.0, -2.0, 1.0, -float(poles.sum().real), float(poles.prod().real))


def _fit_shelf(high_pass: tuple[float, ...], rate_hz: int) -> tuple[float, ...]:
    """Stage 1: what is missing between stage 2 and the target, as one section."""
    # denser towards both ends, where an error of a smooth fit is largest; 0 Hz itself is left out (0/0)
    angle = np.pi * (1.0 - np.cos(np.linspace(0.0, np.pi, _FIT_POINTS + 1)[1:])) / 2.0
    frequency_hz = angle * rate_hz / (2.0 * np.pi)
    wanted = target_power(frequency_hz) / power_response(np.array([high_pass]), frequency_hz, rate_hz)
    cosines = np.cos(np.outer(angle, np.arange(3)))
    denominator = np.ones_like(wanted)
    numerator_terms = denominator_terms = np.array([1.0, 0.0, 0.0])
    for _ in range(_FIT_ROUNDS):
        weight = 1.0 / (wanted * denominator)
        columns = np.hstack([cosines, -wanted[:, None] * cosines[:, 1:]]) * weight[:, None]
        solution = np.linalg.lstsq(columns, wanted * weight, rcond=None)[0]
        numerator_terms = solution[:3]
        denominator_terms = np.concatenate([[1.0], solution[3:]])
        denominator = cosines @ denominator_terms
    b0, b1, b2 = _minimum_phase(numerator_terms)
    a0, a1, a2 = _minimum_phase(denominator_terms)
    return (b0 / a0, b1 / a0, b2 / a0, a1 / a0, a2 / a0)


def _minimum_phase(terms: NDArray[np.float64]) -> NDArray[np.float64]:
    """Coefficients of the polynomial in 1/z, roots inside the unit circle, whose squared magnitude is
    terms[0] + terms[1] cos w + terms[2] cos 2w."""
    half = terms[1:] / 2.0
    roots = np.roots(np.concatenate([half[::-1], terms[:1], half]))
    inside = roots[np.argsort(np.abs(roots))][:2]
    polynomial = np.poly(inside).real
    gain: NDArray[np.float64] = polynomial * np.sqrt(terms.sum() / polynomial.sum() ** 2)
    return gain
