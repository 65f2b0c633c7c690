"""Silence, and heads and tails that are cut off."""

from collections.abc import Iterator

import numpy as np

from tonewright.engine.facts import Facts
from tonewright.engine.findings.model import Finding, Region, regions_of, unit
from tonewright.measure.ends import SILENT_DB

#: Longer silence than this is no musical rest and no usual lead-in or run-out.
_LONG_HEAD_S, _LONG_TAIL_S, _LONG_GAP_S = 2.0, 5.0, 3.0
#: A cut: the very first (or last) millisecond is already this loud, and close to what follows.
_CUT_LEVEL_DB = -50.0
_CUT_WITHIN_DB = 10.0
#: not this far below the song's loud parts, as a room's last echo is,
_CUT_BELOW_LOUD_DB = 26.0
#: and the first sample is no zero crossing: this part of the RMS around.
_CUT_STEP = 0.2


def find(facts: Facts) -> Iterator[Finding]:
    edges = facts.edges
    silence = _silence(facts)
    if silence is not None:
        yield silence
    floor_db = max(_CUT_LEVEL_DB, (facts.noise.loud_db or 0.0) - _CUT_BELOW_LOUD_DB)
    if _cut(edges.head_edge_db, edges.head_body_db, edges.head_step, floor_db):
        yield _cut_off("cut_head", edges.head_edge_db, edges.head_body_db, edges.head_step, Region(0.0, 0.05))
    if _cut(edges.tail_edge_db, edges.tail_body_db, edges.tail_step, floor_db):
        end = facts.duration_s
        region = Region(max(0.0, end - 0.05), end)
        yield _cut_off("cut_tail", edges.tail_edge_db, edges.tail_body_db, edges.tail_step, region)


def _cut(edge_db: float, body_db: float, step: float, floor_db: float) -> bool:
    return edge_db > floor_db and edge_db > body_db - _CUT_WITHIN_DB and step > _CUT_STEP


def _cut_off(kind: str, edge_db: float, body_db: float, step: float, region: Region) -> Finding:
    head = kind == "cut_head"
    what = "starts" if head else "stops"
    return Finding(
        kind=kind,
        severity=unit(0.3 + (edge_db + 50.0) / 60.0),
        confidence=unit(0.6 + 0.2 * min(1.5, step)),
        message=(
            f"The sound {what} in mid-wave at {edge_db:.0f} dBFS, so {'the attack' if head else 'the ending'} was cut "
            f"off; export it with some room {'before' if head else 'after'}."
        ),
        evidence={"edge_dbfs": edge_db, "body_dbfs": body_db, "step_of_rms": step},
        regions=(region,),
    )


def _silence(facts: Facts) -> Finding | None:
    edges, chunk_s, end = facts.edges, facts.waveform.chunk_s, facts.duration_s
    head, tail = edges.silent_head_s, edges.silent_tail_s
    regions = []
    if head > _LONG_HEAD_S:
        regions.append(Region(0.0, head))
    quiet = facts.waveform.energy.max(axis=1, initial=0.0) <= 10.0 ** (SILENT_DB / 10.0)
    starts = np.arange(len(quiet)) * chunk_s
    inner = quiet & (starts >= head) & (starts + chunk_s <= end - tail)
    regions += [r for r in regions_of(inner, chunk_s, 0.01, end) if r.end_s - r.start_s > _LONG_GAP_S]
    if tail > _LONG_TAIL_S and head < end:
        regions.append(Region(end - tail, end))
    if not regions:
        return None
    total = sum(r.end_s - r.start_s for r in regions)
    at_start = head if head > _LONG_HEAD_S else 0.0
    at_end = tail if tail > _LONG_TAIL_S and head < end else 0.0
    lengths = ((at_start, "at the start"), (total - at_start - at_end, "within the song"), (at_end, "at the end"))
    parts = [f"{length:.1f} s {place}" for length, place in lengths if length > 0.05]
    return Finding(
        kind="silence",
        severity=unit(0.1 + total / 60.0),
        confidence=0.95,
        message=f"{' and '.join(parts)} of silence; trim it if not meant.",
        evidence={"head_s": head, "tail_s": tail, "total_s": total},
        regions=tuple(regions),
    )
