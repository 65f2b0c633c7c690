"""What happened to the peaks: clipping, soft clipping, inter-sample overs."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tonewright.base.units import gain_to_db
from tonewright.engine.facts import Facts
from tonewright.engine.findings.model import Finding, Region, Remedy, merged, regions_of, unit
from tonewright.measure.waveform import (
    EXCURSIONS,
    FLAT_EXCURSIONS,
    FLAT_LEVEL,
    FLAT_SAMPLES,
    FLATS,
    PEAK,
    WaveformFacts,
)

#: Flat tops belong together when their levels differ by less than this (0.1 dB).
_SAME_LEVEL = 0.0115
#: Fewer flat tops than this in a song are chance.
_LEAST_FLATS = 4
#: More of all samples than this in flat tops is a waveform (a square wave), not damage.
_MOST_SHARE = 0.2


def find(facts: Facts) -> Iterator[Finding]:
    hard = _clipping(facts)
    if hard is not None:
        yield hard
    else:
        soft = _soft_clipping(facts)
        if soft is not None:
            yield soft
    overs = _overs(facts)
    if overs is not None:
        yield overs


def _clipping(facts: Facts) -> Finding | None:
    tops = facts.waveform.tops
    flagged = np.zeros(len(tops), np.bool_)
    count, samples, levels = 0, 0, []
    for channel in range(tops.shape[1]):
        for side in range(2):
            one = tops[:, channel, side]
            has = one[:, FLATS] > 0
            if not has.any():
                continue
            level = _common_level(one[has, FLAT_LEVEL], one[has, FLATS])
            at_level = has & (np.abs(one[:, FLAT_LEVEL] - level) < _SAME_LEVEL * level)
            # the flat tops must be one ceiling, and nothing may rise above it
            if one[at_level, FLATS].sum() < 0.6 * one[has, FLATS].sum() or level < 0.97 * one[:, PEAK].max():
                continue
            flagged |= at_level
            count += int(one[at_level, FLATS].sum())
            samples += int(one[at_level, FLAT_SAMPLES].sum())
            levels.append(gain_to_db(float(level)))
    share = samples / max(1, facts.frames * facts.channels)
    if count < _LEAST_FLATS or share > _MOST_SHARE:
        return None
    regions = regions_of(flagged, facts.waveform.chunk_s, 0.5, facts.duration_s)
    # 1e-6 of all samples is inaudible, 1e-2 ruins a song
    severity = unit((np.log10(share) + 6.0) / 4.0)
    per_minute = count / max(facts.duration_s, 1.0) * 60.0
    return Finding(
        kind="clipping",
        severity=max(0.05, severity),
        confidence=0.98 if count >= 20 else 0.85,
        message=(
            f"{count} peaks are cut off flat at {max(levels):.1f} dBFS ({per_minute:.0f} a minute), which no "
            "mastering restores; export the mix again with its peaks some decibels under full scale."
        ),
        evidence={
            "flat_tops": count,
            "flat_samples": samples,
            "share_of_samples": share,
            "clip_level_dbfs": max(levels),
            "lowest_clip_level_dbfs": min(levels),
        },
        regions=regions,
        remedy=None,
    )


def _common_level(levels: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """The level that most flat tops share."""
    order = np.argsort(levels, kind="stable")
    x, w = levels[order], weights[order]
    end = np.searchsorted(x, x * (1.0 + _SAME_LEVEL), side="right")
    total = np.concatenate([[0.0], np.cumsum(w)])
    best = int(np.argmax(total[end] - total[: len(x)]))
    inside = slice(best, int(end[best]))
    return float(np.average(x[inside], weights=w[inside]))


def shelf_octaves(waveform: WaveformFacts) -> float:
    """How much more often the waveform is near its top than a little below it, octaves; the most over channels and
    polarities. Natural music thins out towards its peak (negative)."""
    found = [-10.0]
    for channel in range(waveform.histogram.shape[0]):
        for side in range(2):
            counts = waveform.histogram[channel, side].astype(np.float64)
            occupied = np.flatnonzero(counts)
            if len(occupied) == 0 or counts.sum() < 1000:
                continue
            last = int(occupied[-1])
            total = np.concatenate([[0.0], np.cumsum(counts)])
            for top in range(max(64, int(0.7 * last)), last + 1):
                width = max(2, top // 32)
                low = top - 4 * width
                above = total[min(len(counts), top + 1)] - total[top + 1 - width]
                below = (total[top + 1 - 2 * width] - total[low]) / 2.0
                # a real shelf holds a good part of all that is up there
                rest = total[-1] - total[min(len(counts), top + 1)]
                if above < 40 or rest > above:
                    continue
                found.append(float(np.log2(above / max(below, 1.0))))
    return max(found)


def _soft_clipping(facts: Facts) -> Finding | None:
    waveform = facts.waveform
    shelf = shelf_octaves(waveform)
    share, flagged = flat_excursion_share(waveform)
    if shelf < 1.0 or share < 0.5:
        return None
    peak = gain_to_db(float(waveform.tops[..., PEAK].max(initial=0.0)))
    return Finding(
        kind="soft_clipping",
        severity=unit(0.2 + 0.15 * shelf),
        confidence=unit(0.4 + 0.1 * shelf),
        message=(
            f"Peaks near {peak:.1f} dBFS are rounded off as by a clipper or saturator, perhaps before a conversion; "
            "an earlier export without it would keep the punch."
        ),
        evidence={"shelf_octaves": shelf, "flat_share": share, "peak_dbfs": peak},
        regions=regions_of(flagged, waveform.chunk_s, 1.0, facts.duration_s),
        remedy=None,
    )


def flat_excursion_share(waveform: WaveformFacts) -> tuple[float, NDArray[np.bool_]]:
    """Share of the peaks near the song's highest that fall short of what their slopes promise, and the chunks."""
    tops = waveform.tops
    if len(tops) == 0:
        return 0.0, np.zeros(0, np.bool_)
    high = tops[..., PEAK] > 0.85 * tops[..., PEAK].max(axis=0, keepdims=True)
    excursions = np.where(high, tops[..., EXCURSIONS], 0.0)
    flat = np.where(high, tops[..., FLAT_EXCURSIONS], 0.0)
    total = float(excursions.sum())
    share = float(flat.sum()) / total if total >= 20 else 0.0
    flagged: NDArray[np.bool_] = (flat.sum(axis=(1, 2)) > 0.5 * excursions.sum(axis=(1, 2))) & (
        flat.sum(axis=(1, 2)) >= 2
    )
    return share, flagged


def _overs(facts: Facts) -> Finding | None:
    peak = facts.measurements.true_peak_dbtp
    if peak is None or peak <= 0.0:
        return None
    series = facts.measurements.true_peak_series
    over = np.flatnonzero(series.values > 0.0)
    ends = series.start_s + over * series.hop_s
    regions: tuple[Region, ...] = merged([(max(0.0, float(t) - series.hop_s), float(t)) for t in ends], 0.25)
    return Finding(
        kind="intersample_overs",
        severity=unit(0.1 + peak / 4.0),
        confidence=0.99,
        message=(
            f"Between the samples the waveform rises to {peak:+.1f} dBTP in {len(regions)} places, which players and "
            "encoders may clip; the limiter's true-peak ceiling takes care of it."
        ),
        evidence={
            "true_peak_dbtp": peak,
            "sample_peak_dbfs": facts.measurements.sample_peak_dbfs,
            "over_100_ms_windows": len(over),
        },
        regions=regions,
        remedy=Remedy("maximiser", effect={"true_peak_dbtp": -1.0}, note="A true-peak ceiling of -1 dBTP."),
    )
