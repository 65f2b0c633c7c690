"""Resonances: narrow peaks that stay at one frequency while the notes change.

A note's partial fills one 1/24-octave band and leaves the next ones empty; a resonance lifts whatever lies near it, so
two neighbouring bands stand out. And it does so in every quarter of the song, whatever is played there.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tonewright.engine.facts import Facts
from tonewright.engine.findings.model import Finding, Remedy, unit
from tonewright.measure.bands import FINE_HZ
from tonewright.measure.spectral_pass import SpectralFacts

#: Lower, partials lie too close to semitones to be told from a resonance; near the end of the content, slopes do.
_RANGE_HZ = (2_000.0, 9_000.0)
_BELOW_EDGE = 0.6
#: The peak stands out by so much in the quarter where it does least; the second of two neighbouring bands by so much.
_PEAK_DB, _SECOND_DB = 6.5, 1.5
#: More is a tone that is played. On both sides an eighth of an octave away it must have fallen by the last.
_PLAYED_DB, _NARROW_DB = 18.0, 5.0
_EIGHTH = 3
#: A whistle fills one band only, as notes do, but stands alone: nothing within half an octave reaches this part of it.
_WHISTLE_DB, _ALONE = 8.0, 0.4
#: A band's background: the median of the bands 1/6 to 1/2 octave away on both sides.
_NEAR, _FAR = 4, 12
_QUARTERS = 4
_LEAST_S = 12.0
#: More than this in one song are the notes of something that plays few.
_MOST = 3
_Q, _MOST_CUT_DB = 16.0, 6.0


class Resonance(NamedTuple):
    """One that rings. over_db: above its surroundings in the mean; least_db: in the quarter where it does least."""

    frequency_hz: float
    over_db: float
    least_db: float


def find(facts: Facts) -> Iterator[Finding]:
    top_hz = facts.spectrum.edge_hz or 0.5 * facts.rate_hz
    found = resonances(facts.spectral, top_hz)
    for ring in found if len(found) <= _MOST else ():
        cut_db = round(min(_MOST_CUT_DB, 0.6 * ring.least_db), 1)
        yield Finding(
            kind="resonance",
            severity=unit(0.15 + (ring.least_db - _PEAK_DB) / 15.0),
            confidence=unit(0.5 + 0.03 * (ring.least_db - _PEAK_DB)),
            message=(
                f"{ring.frequency_hz:.0f} Hz rings {ring.over_db:.0f} dB above its surroundings all through the song, "
                "whatever is played; a narrow cut while it rings tames it, or find the track it comes from."
            ),
            evidence={
                "frequency_hz": ring.frequency_hz,
                "prominence_db": ring.over_db,
                "least_prominence_db": ring.least_db,
            },
            remedy=Remedy(
                "resonance",
                {"bands": [{"frequency_hz": round(ring.frequency_hz), "q": _Q, "depth_db": cut_db}]},
                {"prominence_db": -cut_db},
            ),
        )


def resonances(spectral: SpectralFacts, top_hz: float) -> list[Resonance]:
    """What rings, the strongest first."""
    frames = spectral.fine_frames
    if len(frames) < _QUARTERS or frames.sum() * spectral.frame_hop_s < _LEAST_S:
        return []
    quarters = np.array_split(np.arange(len(frames)), _QUARTERS)
    over = np.array([_prominence(np.average(spectral.fine_db[q], axis=0, weights=frames[q])) for q in quarters])
    least, mean = over.min(axis=0), over.mean(axis=0)
    hz = FINE_HZ[_FAR:-_FAR]
    found: list[tuple[int, Resonance]] = []
    for band in sorted(range(_EIGHTH, len(hz) - _EIGHTH), key=lambda b: -least[b]):
        if not _RANGE_HZ[0] < hz[band] < min(_RANGE_HZ[1], _BELOW_EDGE * top_hz):
            continue
        second = max(least[band - 1], least[band + 1])
        beside = max(mean[band - _EIGHTH], mean[band + _EIGHTH])
        wide = least[band] >= _PEAK_DB and second >= _SECOND_DB
        rings = (wide or _whistles(least, mean, band)) and mean[band] - beside >= _NARROW_DB
        rings = rings and least[band] <= _PLAYED_DB
        if rings and all(abs(band - other) > _NEAR for other, _ in found):
            found.append((band, Resonance(_centre(hz, mean, band), float(mean[band]), float(least[band]))))
    return [ring for _, ring in found]


def _whistles(least_db: NDArray[np.float64], mean_db: NDArray[np.float64], band: int) -> bool:
    beside = np.concatenate([mean_db[max(0, band - _FAR) : band - 1], mean_db[band + 2 : band + _FAR + 1]])
    return bool(least_db[band] >= _WHISTLE_DB and beside.max() < _ALONE * mean_db[band])


def _prominence(level_db: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far each fine band stands above the median of its surroundings; bands without whole ones left out."""
    around = np.lib.stride_tricks.sliding_window_view(level_db, 2 * _FAR + 1)
    beside = np.concatenate([around[:, : _FAR - _NEAR + 1], around[:, _FAR + _NEAR :]], axis=1)
    return np.asarray(level_db[_FAR:-_FAR] - np.median(beside, axis=1))


def _centre(hz: NDArray[np.float64], over_db: NDArray[np.float64], band: int) -> float:
    """The resonance's frequency: between the bands that it lifts, by how much it does."""
    near = slice(band - 1, band + 2)
    return float(np.exp(np.average(np.log(hz[near]), weights=np.maximum(over_db[near], 0.0))))
