"""Song structure: where the music changes, and which parts are alike.

Seconds are described by their third-octave levels. A boundary is where the mean of the eight seconds before and after
differ most against how much both vary in themselves (Fisher's ratio; the novelty of Foote, ICME 2000, with a kernel
that costs nothing). Sections are alike when their level-normalised spectra are.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tonewright.base.units import power_to_db
from tonewright.measure.bands import THIRD_HZ, usable
from tonewright.measure.spectral_pass import SpectralFacts

_WINDOW_S = 8.0
_SHORTEST_S = 6.0
#: Fisher's ratio a boundary must reach, and the difference in dB (RMS over the bands) that it must make.
_NOVELTY = 0.8
_DIFFERENCE_DB = 2.5
#: Sections whose spectra differ by less than this (RMS over the bands, dB) are of one kind.
_ALIKE_DB = 3.0
_BANDS_HZ = (60.0, 14_000.0)
#: Levels are floored this far below the song's loudest second, so that silence is not infinitely far from music.
_FLOOR_DB = -60.0


@dataclass(frozen=True)
class Section:
    """One part. label: A, B, ...; parts of one label are alike. change_db: (bands,) its third-octave levels less those
    of the whole song."""

    label: str
    start_s: float
    end_s: float
    level_db: float
    change_db: NDArray[np.float64]


def sections(facts: SpectralFacts) -> list[Section]:
    """The parts, from start to end without gaps. A short or uniform piece is one section."""
    power = (facts.slots[:, :, 0] + facts.slots[:, :, 1]) / facts.channels
    if len(power) == 0:
        return []
    keep = usable(THIRD_HZ, facts.rate_hz)
    describing = keep & (_BANDS_HZ[0] < THIRD_HZ) & (_BANDS_HZ[1] > THIRD_HZ)
    level_db = power_to_db(power[:, describing])
    level_db = np.maximum(level_db, level_db.max() + _FLOOR_DB)
    slot_s = facts.slot_s
    cuts = boundaries(level_db, max(2, round(_WINDOW_S / slot_s)), max(2, round(_SHORTEST_S / slot_s)))
    edges = [0, *cuts, len(power)]
    times_s = [0.0, *(_refined(facts, cut * slot_s, describing) for cut in cuts), len(power) * slot_s]
    weights = facts.slot_frames[:, None]
    whole_db = power_to_db((power * weights).sum(axis=0) / facts.slot_frames.sum())[keep]
    spectra, found = [], []
    for (start, end), (start_s, end_s) in zip(pairwise(edges), pairwise(times_s), strict=True):
        mean = (power[start:end] * weights[start:end]).sum(axis=0) / facts.slot_frames[start:end].sum()
        spectra.append(level_db[start:end].mean(axis=0))
        total_db = power_to_db(float(mean.sum()))
        found.append((start_s, end_s, total_db, power_to_db(mean)[keep] - whole_db))
    length_s = float(facts.slot_frames.sum()) * facts.frame_hop_s
    return [
        Section(label, start, min(end, length_s), level, change)
        for label, (start, end, level, change) in zip(_labels(spectra), found, strict=True)
    ]


def boundaries(level_db: NDArray[np.float64], window: int, shortest: int) -> list[int]:
    """Rows at which a new section begins. level_db: (slots, bands)."""
    count = len(level_db)
    if count < 2 * shortest:
        return []
    novelty = np.zeros(count)
    for t in range(shortest, count - shortest + 1):
        before, after = level_db[max(0, t - window) : t], level_db[t : t + window]
        change = before.mean(axis=0) - after.mean(axis=0)
        within = 0.5 * (before.var(axis=0) + after.var(axis=0))
        size = float(np.mean(change**2))
        if size > _DIFFERENCE_DB**2:
            novelty[t] = size / float(np.mean(within) + 2.0)
    cuts: list[int] = []
    for t in sorted(range(count), key=lambda t: -novelty[t]):
        if novelty[t] < _NOVELTY:
            break
        if all(abs(t - other) >= shortest for other in cuts):
            cuts.append(t)
    return sorted(cuts)


def _refined(facts: SpectralFacts, time_s: float, bands: NDArray[np.bool_]) -> float:
    """The boundary near time_s to a tenth of a second: where the second before and the second after differ most."""
    hop = facts.frame_hop_s
    second, reach = max(2, round(1.0 / hop)), max(2, round(1.5 * facts.slot_s / hop))
    middle = round(time_s / hop)
    first = max(0, middle - reach - second)
    level_db = power_to_db(facts.level[first : middle + reach + second, bands].astype(np.float64) + 1e-12)
    if len(level_db) < 2 * second + 1:
        return time_s
    total = np.concatenate([np.zeros((1, level_db.shape[1])), np.cumsum(level_db, axis=0)])
    at = np.arange(second, len(level_db) - second + 1)
    change = (total[at + second] - 2.0 * total[at] + total[at - second]) / second
    # a frame's window is two hops long, so a change at frame n lies half a hop after its start
    return float(first + at[int(np.argmax((change**2).mean(axis=1)))] + 0.5) * hop


def _labels(spectra: list[NDArray[np.float64]]) -> list[str]:
    """A for the first section; each later one takes the label of the nearest kind, or a new letter."""
    kinds: list[list[NDArray[np.float64]]] = []
    names = []
    for spectrum in spectra:
        shape = spectrum - spectrum.mean()
        distance = [float(np.sqrt(np.mean((np.mean(kind, axis=0) - shape) ** 2))) for kind in kinds]
        if distance and min(distance) < _ALIKE_DB:
            nearest = int(np.argmin(distance))
        else:
            kinds.append([])
            nearest = len(kinds) - 1
        kinds[nearest].append(shape)
        names.append(_letters(nearest))
    return names


def _letters(number: int) -> str:
    """A to Z, then AA, AB, ..."""
    text = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(ord("A") + rest) + text
    return text
