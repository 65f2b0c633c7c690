"""What a finding is: evidence first, words last."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tonewright.base.plain import plain


class Region(NamedTuple):
    """A stretch of the song, in seconds from its start."""

    start_s: float
    end_s: float


@dataclass(frozen=True)
class Remedy:
    """What would help. step: the processor's kind. params: its settings, as in a recipe. effect: what it is expected to
    change, as numbers with units in their names. note: what to know beside it."""

    step: str
    params: Mapping[str, Any] = field(default_factory=dict)
    effect: Mapping[str, float] = field(default_factory=dict)
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        return {"step": self.step, "params": dict(self.params), "effect": dict(self.effect), "note": self.note}


@dataclass(frozen=True)
class Finding:
    """One thing that was heard.

    severity: 0 (a trace) to 1 (it spoils the song). confidence: how likely it is really so, 0 to 1.
    regions: where; empty when it holds everywhere. evidence: numbers with their units in their names.
    message: one sentence for a musician. remedy: None when the mix itself should be mended; the message says where.
    """

    kind: str
    severity: float
    confidence: float
    message: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    regions: tuple[Region, ...] = ()
    remedy: Remedy | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "severity": self.severity,
            "confidence": self.confidence,
            "regions": [[region.start_s, region.end_s] for region in self.regions],
            "evidence": {name: plain(value) for name, value in self.evidence.items()},
            "message": self.message,
            "remedy": self.remedy.to_json() if self.remedy else None,
        }


def unit(value: float) -> float:
    """Held to 0..1."""
    return float(min(1.0, max(0.0, value)))


def regions_of(
    flags: NDArray[np.bool_], step_s: float, gap_s: float = 0.5, end_s: float = np.inf
) -> tuple[Region, ...]:
    """Stretches in which flags (n,) are set, one flag each step_s; stretches less than gap_s apart are one."""
    at = np.flatnonzero(flags)
    return merged([(float(n) * step_s, min((float(n) + 1) * step_s, end_s)) for n in at], gap_s)


def merged(stretches: Iterable[tuple[float, float]], gap_s: float) -> tuple[Region, ...]:
    """Stretches in order of time, those less than gap_s apart joined."""
    joined: list[tuple[float, float]] = []
    for start, end in sorted(stretches):
        if joined and start - joined[-1][1] <= gap_s:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(Region(start, end) for start, end in joined)
