"""Resonances: narrow peaks that stay at one frequency while the notes change."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tonewright.engine.facts import Facts
from tonewright.engine.findings.model import Finding, Remedy, unit
from tonewright.measure.bands import FINE_HZ
from tonewright.measure.spectral_pass import SpectralFacts

#: Lower, a third-octave holds too few bins to tell noise from notes.
_RANGE_HZ = (1_500.0, 10_000.0)
#: In noise-like frames it stands out by so much in the mean, and by more when there were few: _MEAN_DB + _FEW_DB
#: over the root of their seconds; and in so many of them by 3 dB.
_MEAN_DB, _FEW_DB, _SHARE = 5.0, 3.0, 0.75
#: For so long it must have been open to hearing.
_LEAST_S = 0.9
_MOST = 3


def find(facts: Facts) -> Iterator[Finding]:
    top_hz = facts.spectrum.edge_hz or 0.5 * facts.rate_hz
    for band in resonant_bands(facts.spectral, top_hz)[:_MOST]:
        hz, over = float(FINE_HZ[band]), float(facts.spectral.prominence_db[band])
        share = float(facts.spectral.prominent[band])
        cut = round(max(-6.0, -0.5 * over), 1)
        yield Finding(
            kind="resonance",
            severity=unit(0.2 + (over - _MEAN_DB) / 15.0),
            confidence=unit(0.4 + 1.5 * (share - _SHARE)),
            message=(
                f"{hz:.0f} Hz rings {over:.0f} dB above its surroundings in {100 * share:.0f} % of the song, whatever "
                "is played; tame it with a narrow dynamic cut, or find the track it comes from."
            ),
            evidence={"frequency_hz": hz, "prominence_db": over, "share_of_time": share},
            remedy=Remedy(
                "equaliser",
                {"bands": [{"kind": "bell", "frequency_hz": round(hz, 1), "gain_db": cut, "q": 12.0}]},
                {"prominence_db": cut},
            ),
        )


def resonant_bands(spectral: SpectralFacts, top_hz: float) -> list[int]:
    """Fine bands that ring, the strongest first; neighbours of a stronger one are left out."""
    inside = (_RANGE_HZ[0] < FINE_HZ) & (min(_RANGE_HZ[1], 0.6 * top_hz) > FINE_HZ)
    seconds = spectral.noise_like * spectral.frame_hop_s
    needed_db = _MEAN_DB + _FEW_DB / np.sqrt(np.maximum(seconds, _LEAST_S))
    rings: NDArray[np.bool_] = (
        inside & (seconds > _LEAST_S) & (spectral.prominent > _SHARE) & (spectral.prominence_db > needed_db)
    )
    found: list[int] = []
    for band in sorted(np.flatnonzero(rings).tolist(), key=lambda b: -spectral.prominence_db[b]):
        if all(abs(band - other) > 4 for other in found):
            found.append(int(band))
    return found
