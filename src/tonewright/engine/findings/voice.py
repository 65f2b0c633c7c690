"""Sibilance: bursts between 5 and 10 kHz that stand out of everything else for as long as an s lasts."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tonewright.base.units import power_to_db
from tonewright.engine.facts import Facts
from tonewright.engine.findings.model import Finding, Remedy, merged, unit
from tonewright.measure.bands import OCTAVE_HZ

_SIBILANT, _VOWEL = len(OCTAVE_HZ), len(OCTAVE_HZ) + 1
#: An s carries more between 5 and 10 kHz than all from 300 Hz to 4 kHz at that moment, by this much.
_OVER_VOWELS_DB = 3.0
#: and stands this close to the song's loud level: what is quiet does not hurt.
_UNDER_LOUD_DB = 9.0
_SHORTEST_S, _LONGEST_S = 0.045, 0.35
#: So many s in a minute make a finding.
_LEAST_PER_MINUTE = 3.0


def find(facts: Facts) -> Iterator[Finding]:
    events, over = bursts(facts)
    per_minute = len(events) / max(facts.duration_s, 10.0) * 60.0
    if len(events) < 3 or per_minute < _LEAST_PER_MINUTE:
        return
    worst = float(np.percentile(over, 90))
    yield Finding(
        kind="sibilance",
        severity=unit(0.15 + 0.05 * (worst - _OVER_VOWELS_DB) + 0.01 * per_minute),
        # cymbals alone can do the same; without a voice model this stays a suspicion
        confidence=0.55,
        message=(
            f"{len(events)} bursts between 5 and 10 kHz stand up to {worst:.0f} dB above the voice range, as sharp s "
            "sounds do; a de-esser catches them, at best on the vocal track itself."
        ),
        evidence={"bursts": len(events), "per_minute": per_minute, "over_voice_range_db": worst},
        regions=merged(events, 0.3),
        remedy=Remedy("deesser", {}, {"reduction_db": min(6.0, max(1.0, worst - _OVER_VOWELS_DB))}),
    )


def bursts(facts: Facts) -> tuple[list[tuple[float, float]], NDArray[np.float64]]:
    """Start and end of each burst, and how far it stands above the voice range (dB)."""
    power = facts.envelopes.power.astype(np.float64)
    if len(power) < 10 or facts.rate_hz < 22_050:
        return [], np.zeros(0)
    total = power[:, : len(OCTAVE_HZ)].sum(axis=1)
    loud_db = power_to_db(float(np.percentile(total, 90)))
    sibilant_db, vowel_db = power_to_db(power[:, _SIBILANT]), power_to_db(power[:, _VOWEL])
    flags = (sibilant_db > vowel_db + _OVER_VOWELS_DB) & (sibilant_db > loud_db - _UNDER_LOUD_DB)
    edges = np.diff(np.concatenate([[0], flags.astype(np.int8), [0]]))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    hop = facts.envelopes.hop_s
    events, over = [], []
    for start, end in zip(starts, ends, strict=True):
        if _SHORTEST_S <= (end - start) * hop <= _LONGEST_S:
            events.append((float(start) * hop, float(end + 1) * hop))
            over.append(float((sibilant_db[start:end] - vowel_db[start:end]).max()))
    return events, np.array(over)
