"""Resonances: narrow peaks that stay at one frequency while the notes change."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tonewright.engine.facts import Facts
from tonewright.engine.findings.model import Finding, Remedy, unit
from tonewright.measure.bands import FINE_HZ
from tonewright.measure.spectral_pass import PROMINENCE_DB, SpectralFacts

_RANGE_HZ = (200.0, 10_000.0)
#: It stands out by 5 dB in this share of all frames; notes of a melody do so in far fewer.
_SHARE = 0.8
_MEAN_DB = 7.0
_MOST = 3
_LEAST_FRAMES = 100


def find(facts: Facts) -> Iterator[Finding]:
    for band in resonant_bands(facts.spectral)[:_MOST]:
        hz, over = float(FINE_HZ[band]), float(facts.spectral.prominence_db[band])
        share = float(facts.spectral.prominent[band, _at(5.0)])
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


def resonant_bands(spectral: SpectralFacts) -> list[int]:
    """Fine bands that ring, the strongest first; neighbours of a stronger one are left out."""
    if spectral.active_frames < _LEAST_FRAMES:
        return []
    inside = (_RANGE_HZ[0] < FINE_HZ) & (min(_RANGE_HZ[1], 0.4 * spectral.rate_hz) > FINE_HZ)
    rings: NDArray[np.bool_] = (
        inside & (spectral.prominent[:, _at(5.0)] > _SHARE) & (spectral.prominence_db > _MEAN_DB)
    )
    found: list[int] = []
    for band in sorted(np.flatnonzero(rings).tolist(), key=lambda b: -spectral.prominence_db[b]):
        if all(abs(band - other) > 4 for other in found):
            found.append(int(band))
    return found


def _at(step_db: float) -> int:
    return int(np.flatnonzero(step_db == PROMINENCE_DB)[0])
