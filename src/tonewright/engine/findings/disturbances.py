"""Clicks, dropouts and DC."""

from collections.abc import Iterator

import numpy as np

from tonewright.base.units import gain_to_db
from tonewright.engine.facts import Facts
from tonewright.engine.findings.model import Finding, Remedy, merged, unit

#: More clicks a second than this are a sound, not a fault (a clicking synthesiser, a vinyl-crackle sample).
_MOST_CLICKS_PER_S = 2.0


def find(facts: Facts) -> Iterator[Finding]:
    for one in (_clicks(facts), _dropouts(facts), _dc(facts)):
        if one is not None:
            yield one


def _clicks(facts: Facts) -> Finding | None:
    clicks = facts.clicks
    if not clicks or len(clicks) / max(1.0, facts.duration_s) > _MOST_CLICKS_PER_S:
        return None
    times = merged([(click.time_s - 0.002, click.time_s + 0.003) for click in clicks], 0.005)
    sharpest = max(click.sigmas for click in clicks)
    loudest = max(click.size_dbfs for click in clicks)
    return Finding(
        kind="clicks",
        severity=unit(0.2 + 0.1 * np.log2(len(times)) + (loudest + 40.0) / 80.0),
        confidence=unit(0.5 + 0.01 * sharpest),
        message=(
            f"{len(times)} clicks, the loudest of {loudest:.0f} dBFS at {_loudest_time(facts):.2f} s; look in the "
            "session for hard edits without a crossfade or for a buffer dropout there, and export again."
        ),
        evidence={"clicks": len(times), "loudest_dbfs": loudest, "sharpest_sigmas": sharpest},
        regions=times,
        remedy=None,
    )


def _loudest_time(facts: Facts) -> float:
    return max(facts.clicks, key=lambda click: click.size_dbfs).time_s


#: A gap is shorter than this; longer ones are rests.
_LONGEST_GAP_S = 0.4
_SHORTEST_GAP_S = 0.001
#: The sound must break off and set in again in mid-wave: steps of these parts of the level around the gap.
_LEAST_STEP, _LARGER_STEP = 0.03, 0.2
#: and be this loud around it.
_LOUD = 0.003
#: More gaps in a second than this are a waveform that rests at zero.
_MOST_GAPS_PER_S = 4


def _dropouts(facts: Facts) -> Finding | None:
    runs, rate = facts.waveform.zero_runs, facts.rate_hz
    chunk_rms = np.sqrt(facts.waveform.energy)
    stretches = []
    for channel, first, frames, before, after in runs:
        seconds = frames / rate
        if not _SHORTEST_GAP_S <= seconds <= _LONGEST_GAP_S or first == 0 or after == 0.0:
            continue
        start, end = float(first) / rate, float(first + frames) / rate
        near = chunk_rms[_chunk(start, facts) : _chunk(end, facts) + 1, int(channel)]
        level = float(near.max(initial=0.0))
        if level > _LOUD and min(before, after) > _LEAST_STEP * level and max(before, after) > _LARGER_STEP * level:
            stretches.append((start, end))
    crowded = _crowded([start for start, _ in stretches])
    gaps = merged([s for s, crowd in zip(stretches, crowded, strict=True) if not crowd], 0.0005)
    if not gaps:
        return None
    longest = max(end - start for start, end in gaps)
    return Finding(
        kind="dropout",
        severity=unit(0.5 + 0.1 * np.log2(len(gaps)) + longest),
        confidence=0.9,
        message=(
            f"The sound drops out {len(gaps)} times for up to {1000 * longest:.0f} ms, at {gaps[0].start_s:.2f} s "
            "first; export the mix again, most likely a buffer ran empty."
        ),
        evidence={"gaps": len(gaps), "longest_ms": 1000.0 * longest},
        regions=gaps,
        remedy=None,
    )


def _chunk(time_s: float, facts: Facts) -> int:
    return min(len(facts.waveform.energy) - 1, int(time_s / facts.waveform.chunk_s))


def _crowded(starts: list[float]) -> list[bool]:
    """Which of the gaps have more than _MOST_GAPS_PER_S within a second around them."""
    times = np.array(starts)
    return [bool(((times > t - 0.5) & (times < t + 0.5)).sum() > 2 * _MOST_GAPS_PER_S) for t in starts]


#: Offset that costs headroom or clicks at edits (-48 dBFS).
_LEAST_DC = 0.004


def _dc(facts: Facts) -> Finding | None:
    mean = facts.waveform.mean
    if len(mean) < 4:
        return None
    # the median of the quarter seconds, so that a bass note or one bad spot makes no offset
    offset = np.median(mean, axis=0)
    spread = np.percentile(np.abs(mean - offset), 75, axis=0)
    worst = int(np.argmax(np.abs(offset)))
    if abs(offset[worst]) < max(_LEAST_DC, float(spread[worst])):
        return None
    level = gain_to_db(abs(float(offset[worst])))
    return Finding(
        kind="dc_offset",
        severity=unit((level + 60.0) / 40.0),
        confidence=0.95,
        message=(
            f"The waveform rests {100 * abs(float(offset[worst])):.1f} % of full scale off zero ({level:.0f} dBFS), "
            "which costs headroom and clicks at edits; the subsonic filter removes it."
        ),
        evidence={"offset": offset, "level_dbfs": level},
        remedy=Remedy("subsonic", {"corner_hz": 10.0, "order": 2}, {"level_dbfs": -120.0}),
    )
