"""Digital sections whose magnitude is the analogue band's, up to the top of the spectrum.

The bilinear transform squeezes the infinite analogue axis into half the sample rate: bells near the top become
narrow and lopsided, shelves bend. Here the five free numbers of a section are fitted to the analogue magnitude.

Derivation. On the unit circle the bilinear transform maps z to s = j·w with w = tan(π·f/rate), one to one. So every
stable, minimum-phase digital section is an analogue one, n(s)/d(s), read along w in place of f, and

    |n(j·w)|² = (n₀ − n₂·w²)² + n₁²·w²

has a logarithm that is smooth in the logarithms of n₀, n₁ and n₂. We look for coefficients, all positive (which is
what keeps poles and zeros in the left half plane, hence stable and minimum phase without further ado), for which
½·log|n|² − ½·log|d|² is the band's own log magnitude along f. That is a nonlinear least-squares problem with few
unknowns, solved by Levenberg-Marquardt; the weights are then moved towards the largest errors (Lawson), so the
result is close to the best one in the maximum norm. Where one section is not enough, a second joins the fit. Zeros
at 0 Hz (low cut) and on the axis (notch) are kept exactly.

Aim: 0.005 dB up to 0.92 of half the rate. Above that the analogue curve still has a slope where any digital one
must be flat, so the fit only follows it loosely.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tonewright.dsp.biquad import Sections
from tonewright.dsp.eq_bands import AnalogueSection, Band, Polynomial, analogue

_AIM_NEPERS = 0.005 / 20.0 * math.log(10.0)
_TOP = 0.92  # of half the rate
_LOOSE_WEIGHT = 0.02  # above _TOP
_QUIET = 1e-4  # below this magnitude (-80 dB) an error in dB counts less and less
_FARTHEST = 300.0  # the largest tan(π·f/rate) at which a root may lie
_TINY = 1e-300

_Array = NDArray[np.float64]


@lru_cache(maxsize=512)
def _matched(band: Band, rate_hz: int) -> tuple[tuple[float, ...], ...]:
    return tuple(row for section in analogue(band) for row in _match(section, band.frequency_hz, rate_hz))


def matched_sections(band: Band, rate_hz: int) -> Sections:
    """The band as digital sections, (sections, 5)."""
    return np.array(_matched(band, rate_hz)).reshape(-1, 5)


@dataclass
class _Problem:
    """What is to be matched: log magnitude along the frequency grid, and how much each point counts."""

    x: _Array  # (points,) w² in units of the corner's
    target: _Array  # (points,) nepers
    weight: _Array  # (points,)
    corner: float  # tan(π·corner/rate)
    ratio: float  # corner in units of the band's frequency: 1 unless the band lies near or above the top

    def error(self, value: _Array) -> float:
        """Largest weighted error of a log magnitude, in nepers."""
        return float(np.max(np.abs(self.weight * (self.target - value))))


@dataclass
class _Fit:
    """Coefficients of the sections, (sections, 2, 3): numerator and denominator; of s², s, 1. Zeros stay zero."""

    coefficients: _Array
    free: NDArray[np.bool_]
    tied: bool  # a notch: n₀ follows n₂, so the zero stays where it is
    corner: float

    def log_magnitude(self, x: _Array) -> tuple[_Array, _Array]:
        """Log magnitude (points,) and its derivatives by the logarithms of the free coefficients."""
        total = np.zeros(len(x))
        slopes = np.zeros((len(x), self.coefficients.size))
        column = 0
        for section in self.coefficients:
            for (c2, c1, c0), sign in zip(section, (1.0, -1.0), strict=True):
                even = c0 - c2 * x
                power = np.maximum(even * even + c1 * c1 * x, _TINY)
                total += sign * 0.5 * np.log(power)
                slopes[:, column] = -sign * even * c2 * x / power
                slopes[:, column + 1] = sign * c1 * c1 * x / power
                slopes[:, column + 2] = sign * even * c0 / power
                column += 3
        if self.tied:
            slopes[:, 0] += slopes[:, 2]
        return total, slopes[:, self.free.ravel()]

    def moved(self, step: _Array) -> "_Fit":
        coefficients = self.coefficients.copy()
        coefficients[self.free] *= np.exp(np.clip(step, -2.0, 2.0))
        # A root beyond the top would ring at half the rate for ever after (radius 1 - 2/_FARTHEST).
        c2, c1, c0 = np.moveaxis(coefficients, -1, 0)
        nearest = np.maximum(c1 * self.corner / _FARTHEST, c0 * (self.corner / _FARTHEST) ** 2)
        coefficients[..., 0] = np.where(self.free[..., 0], np.maximum(c2, nearest), c2)
        if self.tied:
            coefficients[0, 0, 2] = coefficients[0, 0, 0]
        return _Fit(coefficients, self.free, self.tied, self.corner)


def _match(section: AnalogueSection, frequency_hz: float, rate_hz: int) -> Sections:
    """One analogue section as one or two digital ones, (1 or 2, 5)."""
    problem = _problem(section, frequency_hz, rate_hz)
    best, best_error = _solve(problem, _start(section, problem, ()))
    for place in (0.7, 0.85, 0.5):  # where the second section begins its search, of half the rate
        if best_error <= _AIM_NEPERS:
            break
        fit, error = _solve(problem, _start(section, problem, (place,)))
        if error < best_error:
            best, best_error = fit, error
    return np.array([_digital(rows[0], rows[1], problem.corner) for rows in best.coefficients])


def _problem(section: AnalogueSection, frequency_hz: float, rate_hz: int) -> _Problem:
    half = rate_hz / 2.0
    corner_hz = min(frequency_hz, 0.97 * half)
    grid = np.concatenate(
        [
            np.geomspace(corner_hz / 300.0, 0.97 * half, 60),
            corner_hz * 2.0 ** np.linspace(-3.0, 3.0, 61),
            corner_hz * 2.0 ** np.linspace(-0.25, 0.25, 31),
            np.linspace(0.3, _TOP, 34) * half,
            half * (1.0 - np.geomspace(1e-5, 1.0 - _TOP, 24)),  # so that nothing hides between the top and the end
        ]
    )
    grid = np.unique(grid[grid < half])
    s2 = (grid / frequency_hz) ** 2
    target = 0.5 * np.log(np.maximum(_power(section[0], s2), _TINY) / _power(section[1], s2))
    weight = np.where(grid <= _TOP * half, 1.0, _LOOSE_WEIGHT) * np.minimum(1.0, np.exp(target) / _QUIET)
    corner = math.tan(math.pi * corner_hz / rate_hz)
    return _Problem(
        (np.tan(np.pi * grid / rate_hz) / corner) ** 2, target, weight, corner, corner_hz / frequency_hz
    )


def _power(polynomial: Polynomial, s2: _Array) -> _Array:
    """|p(j·w)|² for w² = s2."""
    c2, c1, c0 = polynomial
    power: _Array = (c0 - c2 * s2) ** 2 + c1 * c1 * s2
    return power


def _start(section: AnalogueSection, problem: _Problem, places: tuple[float, ...]) -> _Fit:
    """The bilinear transform, right at half the rate, and perhaps a second section that does almost nothing."""
    scale = np.array([problem.ratio**2, problem.ratio, 1.0])
    numerator, denominator = np.array(section[0]) * scale, np.array(section[1]) * scale
    zero_at_dc = section[0][2] == 0.0
    tied = section[0] == (1.0, 0.0, 1.0) and problem.ratio == 1.0
    if denominator[0] == 0.0:  # first order: a second pole far above
        denominator[0] = 0.05 * denominator[1]
    free = np.ones((1 + len(places), 2, 3), dtype=np.bool_)
    free[:, 1, 2] = False  # of each pair of polynomials one scale is free
    free[1:, 0, 2] = False
    if tied or (zero_at_dc and section[0][1] == 0.0):
        free[0, 0, 1:] = False
    else:
        numerator[0] = max(denominator[0] * math.exp(problem.target[-1]), 1e-12)
        if zero_at_dc:
            free[0, 0, 2] = False
        numerator[1] = max(numerator[1], 1e-3 * math.sqrt(numerator[0] * max(numerator[2], 1e-12)))
        if section[0][0] == 0.0:
            numerator[1] = max(numerator[1], math.sqrt(numerator[0] * numerator[2]))
    rows = [[numerator, denominator]]
    for place in places:
        w = math.tan(math.pi / 2.0 * place) / problem.corner
        neutral = np.array([1.0 / w**2, 1.2 / w, 1.0])
        rows.append([neutral * np.array([1.1, 1.05, 1.0]), neutral])
    return _Fit(np.array(rows), free, tied, problem.corner)


def _solve(problem: _Problem, fit: _Fit, steps: int = 80) -> tuple[_Fit, float]:
    """Levenberg-Marquardt with weights that move to the largest errors. The best fit met, and its error."""
    weight = problem.weight.copy()
    damping = 1e-2
    value, slopes = fit.log_magnitude(problem.x)
    best, best_error = fit, problem.error(value)
    for step in range(steps):
        miss = problem.target - value
        weighted = slopes * weight[:, None]
        normal = weighted.T @ weighted
        normal += damping * np.diag(np.diag(normal) + 1e-9)
        trial = fit.moved(np.linalg.solve(normal, weighted.T @ (weight * miss)).astype(np.float64))
        trial_value, trial_slopes = trial.log_magnitude(problem.x)
        if np.sum((weight * (problem.target - trial_value)) ** 2) < np.sum((weight * miss) ** 2):
            fit, value, slopes = trial, trial_value, trial_slopes
            damping = max(damping / 5.0, 1e-9)
        else:
            damping = min(damping * 4.0, 1e6)
        error = problem.error(value)
        if error < best_error:
            best, best_error = fit, error
        if best_error <= _AIM_NEPERS:
            break
        if step > 10 and step % 4 == 3:
            share = np.abs(problem.weight * (problem.target - value))
            weight *= np.sqrt(np.maximum(share / max(float(share.max()), _TINY), 1e-3))
            weight = np.maximum(weight / weight.max(), 1e-3 * problem.weight)
    return best, best_error


def _digital(numerator: _Array, denominator: _Array, corner: float) -> list[float]:
    """Bilinear transform of n(s)/d(s), s in units of the corner: b0, b1, b2, a1, a2."""

    def transformed(c: _Array) -> tuple[float, float, float]:
        high, middle, low = float(c[0]), float(c[1]) * corner, float(c[2]) * corner * corner
        return high + middle + low, 2.0 * (low - high), high - middle + low

    b0, b1, b2 = transformed(numerator)
    a0, a1, a2 = transformed(denominator)
    return [b0 / a0, b1 / a0, b2 / a0, a1 / a0, a2 / a0]
