"""Steps in level that no musical change explains: all bands move alike."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tonewright.base.units import power_to_db
from tonewright.engine.facts import Facts
from tonewright.engine.findings.model import Finding, Region, Remedy, unit
from tonewright.measure.bands import THIRD_HZ

_BANDS_HZ = (70.0, 11_000.0)
_CELL_FRAMES = 4
_WINDOW_S = 4.0
_LEAST_STEP_DB = 2.5
#: How much more than their scatter over the bands the bands must move together.
_LEAST_CLEARNESS = 2.6
_APART_S = 4.0


def find(facts: Facts) -> Iterator[Finding]:
    steps = level_steps(facts)
    if not steps:
        return
    regions, points = _stretches(steps, facts.duration_s)
    largest = max(steps, key=lambda step: abs(step[1]))
    clearness = max(step[2] for step in steps)
    yield Finding(
        kind="uneven_level",
        severity=unit(0.2 + abs(largest[1]) / 10.0),
        confidence=unit(0.35 + 0.1 * clearness),
        message=(
            f"The level steps by {largest[1]:+.1f} dB at {largest[0]:.1f} s in all bands at once, as a fader move does and "
            "music does not; check the automation there, or let the leveller even it out."
        ),
        evidence={
            "steps": len(steps),
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
    score = np.where(np.abs(step) > _LEAST_STEP_DB, clear, 0.0)
    found: list[tuple[float, float, float]] = []
    for t in sorted(range(len(score)), key=lambda t: -score[t]):
        if score[t] < _LEAST_CLEARNESS:
            break
        time_s = (t + window) * cell_s
        if all(abs(time_s - other) > _APART_S for other, _, _ in found):
            found.append((time_s, float(step[t]), float(score[t])))
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
