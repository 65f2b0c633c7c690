"""Tone: dull, bright, boomy, muddy, thin, harsh, when the spectrum lies clearly outside of nearly all music."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from tonewright.engine.facts import Facts
from tonewright.engine.findings.model import Finding, Remedy, unit
from tonewright.engine.tone_target import (
    CONTRASTS,
    GATE_DB,
    WORDS,
    contrasts,
    deviation_db,
    expected_fault_db,
    gated,
    shape_db,
    tone_target,
)

_SENTENCES = {
    "dull": "The top (above 6 kHz) lies {size:.0f} dB lower than in nearly all finished music: it sounds dull",
    "bright": "The top (above 6 kHz) lies {size:.0f} dB higher than in nearly all finished music: it sounds bright",
    "boomy": "The bass (45 to 140 Hz) lies {size:.0f} dB higher than in nearly all finished music: it booms",
    "thin": "The body (70 to 280 Hz) lies {size:.0f} dB lower than in nearly all finished music: it sounds thin",
    "muddy": "The low mids (180-450 Hz) lie {size:.0f} dB higher than in nearly all finished music: it sounds muddy",
    "harsh": "The upper mids (2-5.6 kHz) lie {size:.0f} dB higher than in nearly all finished music: it sounds harsh",
}
#: A deviation must pass the 1st or 99th percentile of finished music (or three sigma) by this many sigma.
_BEYOND_SIGMA = 1.0
_LEAST_S = 10.0
#: Where the proposal's bands lie: few and broad.
_BANDS = (
    ("low_shelf", 80.0, 0.7),
    ("bell", 200.0, 0.8),
    ("bell", 450.0, 0.8),
    ("bell", 1_200.0, 0.8),
    ("bell", 3_500.0, 0.8),
    ("high_shelf", 8_000.0, 0.7),
)


def find(facts: Facts) -> Iterator[Finding]:
    target, spectrum = tone_target(), facts.spectrum
    if facts.duration_s < _LEAST_S or float(spectrum.level_db.max()) < -90.0:
        return
    top_hz = spectrum.edge_hz or 0.45 * facts.rate_hz
    shape = shape_db(spectrum.level_db, spectrum.centre_hz)
    values = contrasts(shape, spectrum.centre_hz, top_hz)
    deviation = deviation_db(spectrum.level_db, spectrum.centre_hz)
    found = []
    for word, (name, sign) in WORDS.items():
        if name not in values:
            continue
        natural = target.contrasts[name]
        # the percentile, or three robust sigma where a long tail of odd pieces has carried it further out
        tail = natural.p99_db - natural.median_db if sign > 0 else natural.median_db - natural.p1_db
        beyond = sign * (values[name] - natural.median_db) / natural.sigma_db - min(tail / natural.sigma_db, 3.0)
        if beyond > _BEYOND_SIGMA:
            found.append((beyond, word, name))
    if not found:
        return
    fault = expected_fault_db(deviation, top_hz)
    size = float(np.sqrt(np.mean(fault**2)))
    correction = -gated(fault, GATE_DB)
    for beyond, word, name in sorted(found, reverse=True):
        natural = target.contrasts[name]
        off = values[name] - natural.median_db
        region = CONTRASTS[name][0]
        yield Finding(
            kind="tone",
            severity=unit(0.25 + 0.15 * beyond),
            # rules tell faults from style with an AUC of 0.74 at best (docs/evidence.md): never more than likely
            confidence=min(0.7, 0.45 + 0.08 * beyond),
            message=_SENTENCES[word].format(size=abs(off))
            + ", if that is not meant; a gentle correction is safe, the rest is the mix's balance.",
            evidence={
                "word": word,
                "contrast": name,
                "region_hz": region,
                "contrast_db": values[name],
                "usual_db": natural.median_db,
                "sigma_db": natural.sigma_db,
                "usual_p1_db": natural.p1_db,
                "usual_p99_db": natural.p99_db,
                "band_hz": target.centre_hz,
                "deviation_db": deviation,
                "deviation_sigma_db": target.sigma_db,
                "expected_fault_db": fault,
            },
            remedy=_remedy(correction, target.centre_hz, size),
        )


def _remedy(correction: "np.ndarray[Any, np.dtype[np.float64]]", hz: "np.ndarray[Any, Any]", size: float) -> Remedy:
    """The correction read off at a few broad bands, relative to its middle (level is not tone)."""
    correction = correction - correction.mean()
    bands = []
    for kind, frequency, q in _BANDS:
        gain = float(np.interp(np.log(frequency), np.log(hz), correction))
        if abs(gain) >= 0.2:
            gain = min(6.0, max(-6.0, gain))
            bands.append({"kind": kind, "frequency_hz": frequency, "gain_db": round(gain, 2), "q": q})
    return Remedy(
        "equaliser",
        {"bands": bands},
        {"expected_fault_db_rms": size},
        "What the evidence supports, not the whole way to the middle of music.",
    )
