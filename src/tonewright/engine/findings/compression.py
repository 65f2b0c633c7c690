"""Over-compression: too little between peaks and loudness, wherever the music is loud."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tonewright.engine.facts import Facts
from tonewright.engine.findings.model import Finding, Region, merged, unit

#: Median peak to short-term loudness ratio of the loud parts under which nothing breathes. A master limited to -9 LUFS
#: with care keeps 8 dB and more; docs/findings.md has the distribution over published music.
LEAST_PSR_DB = 6.5
#: The loud parts: short-term loudness within this of its maximum.
_LOUD_LU = 6.0


def find(facts: Facts) -> Iterator[Finding]:
    measurements = facts.measurements
    loudness, psr = measurements.short_term_series.values, measurements.psr_series.values
    if len(loudness) == 0 or measurements.short_term_max_lufs is None or facts.duration_s < 10.0:
        return
    loud = loudness > measurements.short_term_max_lufs - _LOUD_LU
    typical = float(np.median(psr[loud]))
    if typical >= LEAST_PSR_DB:
        return
    spreads = facts.dynamics.p95_db - facts.dynamics.p50_db
    yield Finding(
        kind="over_compression",
        severity=unit(0.2 + (LEAST_PSR_DB - typical) / 4.0),
        confidence=unit(0.6 + (LEAST_PSR_DB - typical) / 5.0),
        message=(
            f"Peaks stand only {typical:.1f} dB above the loudness (8 dB and more is usual even for loud masters); "
            "what compressors or limiters on the mix bus took can't be given back, so send the mix without them."
        ),
        evidence={
            "median_psr_db": typical,
            "plr_db": measurements.plr_db,
            "integrated_lufs": measurements.integrated_lufs,
            "median_band_swing_db": float(np.median(spreads)),
        },
        regions=_where(loud & (psr < LEAST_PSR_DB), measurements.short_term_series.hop_s, facts.duration_s),
        remedy=None,
    )


def _where(flags: NDArray[np.bool_], hop_s: float, end_s: float) -> tuple[Region, ...]:
    """Each flag stands for the 3 s before it."""
    at = np.flatnonzero(flags)
    return merged([(float(n) * hop_s, min(float(n) * hop_s + 3.0, end_s)) for n in at], 1.0)
