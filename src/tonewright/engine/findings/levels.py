"""Uneven levels: parts that are the same music at another level, and steps in which all bands move alike."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from tonewright.base.units import power_to_db
from tonewright.engine.facts import Facts
from tonewright.engine.findings.model import Finding, Region, Remedy, unit
from tonewright.measure.bands import THIRD_HZ
from tonewright.measure.sections import Section

_BANDS_HZ = (70.0, 11_000.0)
_CELL_FRAMES = 4
_WINDOW_S = 4.0
_LEAST_STEP_DB = 2.5
#: How much more than their scatter over the bands the bands must move together.
_LEAST_CLEARNESS = 5.0
_APART_S = 4.0
#: A fader move, not a start or an end: at most so large, neither side quieter than this below the song's loud level,
#: and this far from both ends of the song.
_MOST_STEP_DB, _QUIET_DB, _FROM_ENDS_S = 12.0, -26.0, 8.0


#: Two parts are the same music if their third-octaves differ by nothing but level: RMS of what is left, in dB, and how
#: many times the level difference (of at least _LEAST_STEP_DB) is that. docs/findings.md has the measurement.
_SAME_MUSIC_DB, _TIMES = 1.6, 2.0
_SHORTEST_PART_S = 6.0
#: Gain reaches its value within so long at each end of a part.
_RAMP_S = 0.5


def find(facts: Facts) -> Iterator[Finding]:
    parts = uneven_parts(facts)
    if parts:
        yield _of_parts(parts)
        return
    steps = level_steps(facts)
    if steps:
        yield _of_steps(steps, facts.duration_s)


def uneven_parts(facts: Facts) -> list[tuple[Section, float, float]]:
    """(part, how much quieter than its like in dB, what else differs in dB RMS) of parts that are too quiet.

    Intro and outro are left out: they are often the same music, meant softer.
    """
    hz = facts.spectrum.centre_hz
    top_hz = min(_BANDS_HZ[1], 0.8 * (facts.spectrum.edge_hz or facts.rate_hz / 2))
    bands = (hz > _BANDS_HZ[0]) & (hz < top_hz)
    inner = [s for s in facts.sections[1:-1] if s.end_s - s.start_s >= _SHORTEST_PART_S]
    found: dict[float, tuple[Section, float, float]] = {}
    for one, other in combinations(inner, 2):
        change = (one.change_db - other.change_db)[bands]
        step = float(np.median(change))
        rest = float(np.sqrt(np.mean((change - step) ** 2)))
        clear = rest <= _SAME_MUSIC_DB and abs(step) >= _TIMES * (rest + 0.5)
        if not clear or not _LEAST_STEP_DB <= abs(step) <= _MOST_STEP_DB:
            continue
        quiet = other if step > 0 else one
        held = found.get(quiet.start_s)
        if held is None or rest < held[2]:
            found[quiet.start_s] = (quiet, abs(step), rest)
    return [found[start] for start in sorted(found)]


def _of_parts(parts: list[tuple[Section, float, float]]) -> Finding:
    worst, step, rest = max(parts, key=lambda part: part[1])
    points: list[dict[str, float]] = []
    for part, gain, _ in parts:
        corners = ((part.start_s, 0.0), (part.start_s + 2 * _RAMP_S, gain), (part.end_s - 2 * _RAMP_S, gain))
        for time, level in (*corners, (part.end_s, 0.0)):
            points.append(
                {"time_s": round(max(0.0, time - _RAMP_S * (level == 0.0)), 3), "gain_db": round(level, 2)}
            )
    return Finding(
        kind="uneven_level",
        severity=unit(0.2 + step / 10.0),
        confidence=unit(0.5 + 0.1 * step / (rest + 0.5)),
        message=(
            f"The part from {worst.start_s:.0f} to {worst.end_s:.0f} s is the same music as elsewhere in the song but "
            f"{step:.1f} dB quieter; the leveller lifts it, or check the mix's automation there."
        ),
        evidence={
            "steps_db": [-part[1] for part in parts],
            "times_s": [part[0].start_s for part in parts],
            "difference_besides_level_db": [part[2] for part in parts],
            "label": worst.label,
        },
        regions=tuple(Region(part.start_s, part.end_s) for part, _, _ in parts),
        remedy=Remedy("leveller", {"points": points, "max_slope_db_per_s": 8.0}, {"step_db": 0.0}),
    )


def _of_steps(steps: list[tuple[float, float, float]], end_s: float) -> Finding:
    regions, points = _stretches(steps, end_s)
    largest = max(steps, key=lambda step: abs(step[1]))
    clearness = max(step[2] for step in steps)
    return Finding(
        kind="uneven_level",
        severity=unit(0.2 + abs(largest[1]) / 10.0),
        confidence=unit(0.3 + 0.06 * clearness),
        message=(
            f"The level steps by {largest[1]:+.1f} dB at {largest[0]:.1f} s in all bands at once, as a fader does and "
            "music does not; check the automation there, or let the leveller even it out."
        ),
        evidence={
            "times_s": [step[0] for step in steps],
            "steps_db": [step[1] for step in steps],
            "clearness": [step[2] for step in steps],
        },
        regions=regions,
        remedy=Remedy("leveller", {"points": points, "max_slope_db_per_s": 12.0}),
    )


def level_steps(facts: Facts) -> list[tuple[float, float, float]]:
    """(time in s, step in dB, clearness) of each step, in order of time."""
    spectral = facts.spectral
    bands = (_BANDS_HZ[0] < THIRD_HZ) & (min(_BANDS_HZ[1], 0.4 * facts.rate_hz) > THIRD_HZ)
    count = len(spectral.level) // _CELL_FRAMES
    if count < 4:
        return []
    power = spectral.level[: count * _CELL_FRAMES, bands].astype(np.float64)
    cells = power.reshape(count, _CELL_FRAMES, -1).mean(axis=1)
    cell_s = _CELL_FRAMES * spectral.frame_hop_s
    window = max(2, round(_WINDOW_S / cell_s))
    if count < 2 * window + 1:
        return []
    level_db = power_to_db(np.maximum(cells, cells.max() * 1e-9))
    step, clear = _compare(level_db, window)
    total_db = power_to_db(cells.sum(axis=1))
    loud_db = float(np.percentile(total_db, 90))
    around = np.lib.stride_tricks.sliding_window_view(total_db, 2 * window)
    quietest = np.minimum(np.median(around[:, :window], axis=1), np.median(around[:, window:], axis=1))
    time_s = (np.arange(len(step)) + window) * cell_s
    fits = (np.abs(step) > _LEAST_STEP_DB) & (np.abs(step) < _MOST_STEP_DB) & (quietest > loud_db + _QUIET_DB)
    fits &= (time_s > _FROM_ENDS_S) & (time_s < facts.duration_s - _FROM_ENDS_S)
    score = np.where(fits, clear, 0.0)
    found: list[tuple[float, float, float]] = []
    for t in sorted(range(len(score)), key=lambda t: -score[t]):
        if score[t] < _LEAST_CLEARNESS:
            break
        if all(abs(time_s[t] - other) > _APART_S for other, _, _ in found):
            found.append((float(time_s[t]), float(step[t]), float(score[t])))
    return sorted(found)


def _compare(level_db: NDArray[np.float64], window: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For each position with a whole window on both sides: the step (median over the bands of the change) and its
    clearness (step over scatter: of the change over the bands, and of the level within the windows)."""
    positions = np.arange(window, len(level_db) - window + 1)
    step, clear = np.zeros(len(positions)), np.zeros(len(positions))
    for n, t in enumerate(positions):
        before, after = level_db[t - window : t], level_db[t : t + window]
        change = np.median(after, axis=0) - np.median(before, axis=0)
        middle = float(np.median(change))
        scatter = 1.4826 * float(np.median(np.abs(change - middle)))
        step[n] = middle
        clear[n] = abs(middle) / (scatter + 0.5)
    return step, clear


def _stretches(
    steps: list[tuple[float, float, float]], end_s: float
) -> tuple[tuple[Region, ...], list[dict[str, float]]]:
    """The quieter or louder stretches between steps, and the leveller's points that even them out."""
    points: list[dict[str, float]] = []
    offsets = np.cumsum([0.0, *[step for _, step, _ in steps]])
    edges = [0.0, *[time for time, _, _ in steps], end_s]
    lengths = np.diff(edges)
    # the level that holds for most of the song stays as it is
    usual = float(offsets[np.argmax([lengths[np.abs(offsets - o) < 1.0].sum() for o in offsets])])
    regions = []
    for offset, start, end in zip(offsets, edges[:-1], edges[1:], strict=True):
        gain = min(12.0, max(-12.0, usual - float(offset)))
        if abs(gain) >= 1.0:
            regions.append(Region(start, end))
        points.append({"time_s": round(start + min(0.5, (end - start) / 3), 3), "gain_db": round(gain, 2)})
        points.append({"time_s": round(end - min(0.5, (end - start) / 3), 3), "gain_db": round(gain, 2)})
    return tuple(regions), points
