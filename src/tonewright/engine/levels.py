"""What the leveller is to do: gains for the sections that stand apart from their like for no musical reason.

Two sections are alike when the difference of their levels is the same in all third-octaves and at quiet and loud
moments alike: a fader move shifts everything by the same amount, while a softer intro, a breakdown or a build-up
changes which sounds there are and how they are played (docs/evidence.md). Each section is held against the weighted
median of itself and those like it, so the odd one out moves and the usual level stays. Of two that differ, the odd one
is that further from the song's usual level. Where likeness or difference is doubtful the move shrinks to nothing.

A section that swells or fades in itself is left alone, and so is a quieter first or last one: songs begin and end
softly on purpose.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tonewright.base.units import power_to_db
from tonewright.dsp.leveller import LevelPoint

#: Levels are compared at these shares of a section's time: quiet, usual and loud moments.
_PERCENTILES = (20.0, 50.0, 80.0)
#: A section shorter than this says too little about its level.
_SHORTEST_S = 4.0
#: So much at both ends of a section is not looked at: what rings over, and edges that are not exact.
_MARGIN_S = 0.75
#: Bands and moments further than this below the song's loudest do not count.
_DEPTH_DB = 50.0
#: Sections differ in kind when their difference scatters by this much over bands and percentiles.
_UNLIKE_DB = 2.5
#: From this likeness on a section's vote counts in full.
_SURELY_ALIKE = 0.4
#: A section's vote for itself, by its length: when it is nearer to the song's usual level than its like, and when not.
_OWN_VOTE, _ODD_VOTE = 1.25, 0.5
#: Difference over scatter (with half a dB added): below the first it is taken for music, from the second for an edit.
#: The second is where the finding of uneven levels begins.
_DOUBTFUL, _CLEAR = 1.3, 2.6
#: Differences up to this are natural, and larger ones are reduced by it.
_NATURAL_DB = 0.7
#: A section that moves by so much in itself swells or fades.
_SWELL_DB = 4.0
_LEAST_GAIN_DB = 0.25
#: A section further below the song's usual level is a fade or a whisper, not a fader left in the wrong place.
_WHISPER_DB = 15.0


@dataclass(frozen=True)
class SectionLevel:
    """One section held against its like. offset_db: its level less theirs, as far as it is believed to be no music.
    alike: 0..1, the likeness of the best match. gain_db: what the leveller is to do."""

    start_s: float
    end_s: float
    offset_db: float
    alike: float
    gain_db: float


def section_levels(
    power: NDArray[np.floating], hop_s: float, edges_s: Sequence[float], *, max_gain_db: float = 4.0
) -> tuple[SectionLevel, ...]:
    """Hold every section against those like it.

    power: (frames, bands) mean square in third-octaves (any division of the spectrum that does not change), one row
    per hop_s. edges_s: the section edges, from the song's start to its end, rising.
    """
    spans = list(pairwise(edges_s))
    described = [_describe(power, hop_s, start, end) for start, end in spans]
    count = len(spans)
    difference, alike = np.zeros((count, count)), np.zeros((count, count))
    for i in range(count):
        for j in range(count):
            first, second = described[i], described[j]
            if i != j and first is not None and second is not None:
                difference[i, j], alike[i, j] = _compare(first, second)
    lengths = np.array([end - start for start, end in spans])
    levels = np.array([np.nan if each is None else _total_db(each) for each in described])
    offsets = _odd_ones_out(difference, alike, lengths, levels)
    found = []
    for i, (start, end) in enumerate(spans):
        offset = 0.0 if offsets[i] < 0.0 and i in (0, count - 1) else float(offsets[i])
        size = max(0.0, abs(offset) - _NATURAL_DB)
        gain = -float(np.sign(offset)) * min(size, max_gain_db)
        found.append(SectionLevel(start, end, offset, float(alike[i].max(initial=0.0)), gain))
    return tuple(found)


def _odd_ones_out(
    difference: NDArray[np.float64],
    alike: NDArray[np.float64],
    lengths: NDArray[np.float64],
    levels_db: NDArray[np.float64],
) -> NDArray[np.float64]:
    """How far each section is from its like, one after the other: what has been set right is no reason to move more.

    difference[i, j], alike[i, j]: as from _compare. levels_db: nan where a section says nothing.
    """
    difference = difference.copy()
    count = len(lengths)
    known = np.isfinite(levels_db)
    if not known.any():
        return np.zeros(count)
    usual = _weighted_median(levels_db[known], lengths[known])
    known[known] = levels_db[known] > usual - _WHISPER_DB
    votes = np.minimum(1.0, alike / _SURELY_ALIKE) * lengths
    moved = np.zeros(count)
    for _ in range(count):
        candidates = []
        for i in np.flatnonzero(known & (moved == 0.0) & (votes.sum(axis=1) > 0.0)):
            others = _weighted_median(difference[i], votes[i])
            odd = bool(abs(levels_db[i] - usual) > abs(levels_db[i] - others - usual))
            ballot = votes[i].copy()
            ballot[i] = lengths[i] * (_ODD_VOTE if odd else _OWN_VOTE)
            offset = _weighted_median(difference[i], ballot)
            if offset != 0.0:
                candidates.append((odd, abs(offset), -lengths[i], i, offset))
        if not candidates:
            break
        *_, i, offset = max(candidates)
        moved[i] = offset
        difference[i] -= offset
        difference[:, i] += offset
        difference[i, i] = 0.0
    return moved


def level_points(sections: Sequence[SectionLevel], *, max_slope_db_per_s: float = 3.0) -> tuple[LevelPoint, ...]:
    """The leveller's points for the gains of section_levels: empty when the levels are even.

    The gain holds within a section and moves around its edges, half before and half after, at most at the slope.
    """
    gains = [section.gain_db if abs(section.gain_db) >= _LEAST_GAIN_DB else 0.0 for section in sections]
    if not any(gains):
        return ()
    points: dict[float, float] = {}
    for index, section in enumerate(sections):
        half_length = 0.5 * (section.end_s - section.start_s)
        for edge, inward, other in ((section.start_s, 1.0, index - 1), (section.end_s, -1.0, index + 1)):
            move = abs(gains[index] - gains[other]) if 0 <= other < len(gains) else 0.0
            # the leveller's curve is steepest in its middle, by half as much again as on the whole
            half_ramp = 0.5 * 1.5 * move / max_slope_db_per_s
            time_s = edge + inward * min(half_ramp, half_length)
            points[round(time_s, 3)] = round(gains[index], 2)
    return tuple(LevelPoint(time_s=time, gain_db=points[time]) for time in sorted(points))


def _describe(
    power: NDArray[np.floating], hop_s: float, start_s: float, end_s: float
) -> NDArray[np.float64] | None:
    """Levels in dB (percentiles, bands) of one section; None where it says nothing or moves in itself."""
    if end_s - start_s < _SHORTEST_S:
        return None
    rows = power[round((start_s + _MARGIN_S) / hop_s) : round((end_s - _MARGIN_S) / hop_s)].astype(np.float64)
    total_db = power_to_db(power.sum(axis=1).astype(np.float64))
    own_db = power_to_db(rows.sum(axis=1))
    active = own_db > total_db.max() - _DEPTH_DB
    if np.count_nonzero(active) * hop_s < 0.5 * _SHORTEST_S:
        return None
    thirds = np.array_split(own_db[active], 3)
    if abs(np.median(thirds[2]) - np.median(thirds[0])) > _SWELL_DB:
        return None
    return np.asarray(np.percentile(power_to_db(rows[active]), _PERCENTILES, axis=0), dtype=np.float64)


def _total_db(described: NDArray[np.float64]) -> float:
    """A section's usual level."""
    return power_to_db(float(np.sum(10.0 ** (described[1] / 10.0))))


def _compare(first: NDArray[np.float64], second: NDArray[np.float64]) -> tuple[float, float]:
    """(how much louder the first is for no musical reason, likeness 0..1)."""
    loudest = max(first.max(), second.max())
    counts = (np.maximum(first, second)[1] > loudest - _DEPTH_DB).nonzero()[0]
    change = (first - second)[:, counts]
    middle = float(np.median(change))
    # four fifths must agree, scaled so that a Gaussian's scatter is its standard deviation
    scatter = float(np.percentile(np.abs(change - middle), 80.0)) / 1.2816
    likeness = max(0.0, 1.0 - (scatter / _UNLIKE_DB) ** 2) ** 2
    clearness = (abs(middle) / (scatter + 0.5) - _DOUBTFUL) / (_CLEAR - _DOUBTFUL)
    return middle * min(1.0, max(0.0, clearness)), likeness


def _weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """The value with half of the weight on either side."""
    order = np.argsort(values, kind="stable")
    share = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(share, 0.5 * share[-1])])
