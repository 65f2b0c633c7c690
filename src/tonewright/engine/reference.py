"""References: songs to be led by, and how far from them a song is.

Robust against what usually ruins matching: a reference's own key (peaks are smoothed over an octave), its loudness
(shapes are compared, not levels), missing treble in a lossy file (bands above its low-pass say nothing), an extreme
bass or treble (differences are bounded smoothly, and further at the spectrum's ends, where songs differ most and
measurements say least).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tonewright.engine.analyze import Analysis
from tonewright.engine.tone_target import shape_db, tone_target

Curve = NDArray[np.float64]

#: The most that a band may be asked to move towards a reference.
_BOUND_DB = 6.0


@dataclass(frozen=True)
class ReferenceFacts:
    """What matters of one reference. name: for words. weight: against the others, as given."""

    name: str
    weight: float
    analysis: Analysis

    @property
    def integrated_lufs(self) -> float | None:
        return self.analysis.measurements.integrated_lufs


def read_reference(path: Path, weight: float) -> ReferenceFacts:
    """Analyse a reference file. Raises what opening and decoding raise."""
    from tonewright.base.files import open_signal
    from tonewright.engine.analyze import analyze

    with open_signal(path) as signal:
        return ReferenceFacts(path.name, weight, analyze(signal, signal.info))


def weighted(values: Sequence[tuple[float, float]]) -> float:
    """Mean of (weight, value) pairs; 0 if nothing weighs."""
    total = sum(weight for weight, _ in values)
    return sum(weight * value for weight, value in values) / total if total > 0 else 0.0


def tone_difference_db(analysis: Analysis, references: Sequence[ReferenceFacts]) -> Curve:
    """How the song's tone would have to move to be like the references: (bands of the tone target,) in dB.

    Smoothed over an octave, bounded to 6 dB, free of any overall level.
    """
    own = _shape(analysis)
    total, weight = np.zeros(len(own)), np.zeros(len(own))
    for reference in references:
        shape = _shape(reference.analysis)
        known = np.isfinite(shape) & np.isfinite(own)
        difference = _smooth(np.where(known, shape - own, np.nan))
        known = np.isfinite(difference)
        total[known] += reference.weight * difference[known]
        weight[known] += reference.weight
    mean = np.divide(total, weight, out=np.zeros(len(own)), where=weight > 0)
    mean -= np.mean(mean[weight > 0]) if np.any(weight > 0) else 0.0
    bounded: Curve = np.where(weight > 0, _BOUND_DB * np.tanh(mean / _BOUND_DB), 0.0) * _trust()
    return bounded


def _shape(analysis: Analysis) -> Curve:
    """Level-free shape in the target's bands; nan where the song has no band or its content has ended."""
    centre_hz = tone_target().centre_hz
    spectrum = analysis.spectrum
    shape = shape_db(spectrum.level_db, spectrum.centre_hz)
    result = np.full(len(centre_hz), np.nan)
    top_hz = 0.8 * spectrum.edge_hz if spectrum.edge_hz is not None else np.inf
    for n, hz in enumerate(centre_hz):
        at = int(np.argmin(np.abs(np.log(spectrum.centre_hz / hz))))
        if abs(np.log2(spectrum.centre_hz[at] / hz)) < 0.05 and hz <= top_hz:
            result[n] = shape[at]
    return result


def _smooth(curve: Curve) -> Curve:
    """The median of five bands first, so that a peak moves nothing even if it lies in two, then a weighted mean."""
    padded = np.pad(curve, 2, constant_values=np.nan)
    around = np.lib.stride_tricks.sliding_window_view(padded, 5).T
    known = np.isfinite(curve)
    middle = np.full(len(curve), np.nan)
    middle[known] = np.nanmedian(around[:, known], axis=0)
    weights = np.array([1.0, 2.0, 3.0, 2.0, 1.0])
    filled = np.pad(np.where(known, middle, 0.0), 2)
    counts = np.pad(known.astype(float), 2)
    above = np.convolve(filled, weights, mode="valid")
    below = np.convolve(counts, weights, mode="valid")
    smooth: Curve = np.where(known, above / np.maximum(below, 1e-9), np.nan)
    return smooth


def _trust() -> Curve:
    """1 in the middle of the spectrum, falling to 0.5 at its ends."""
    hz = tone_target().centre_hz
    low = np.clip(np.log2(hz / 30.0) / 2.0, 0.0, 1.0)
    high = np.clip(np.log2(18_000.0 / hz), 0.0, 1.0)
    trust: Curve = 0.5 + 0.5 * np.minimum(low, high)
    return trust
