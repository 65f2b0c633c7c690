"""Dynamics: punch and the references' dynamics.

Nothing is compressed unasked. Gentle compression before the maximiser was tried for mixes that must lose much of their
peak-to-loudness ratio: it costs more than it spares (docs/decisions/0007-no-compression-unasked.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tonewright.base.units import power_to_db
from tonewright.engine.advise.proposal import step
from tonewright.engine.analyze import Analysis
from tonewright.engine.intent import Intent
from tonewright.engine.recipe import Because, Step
from tonewright.engine.reference import ReferenceFacts, weighted

#: Upper edges of the bands, where mixes part: kick and bass, body, presence, air.
_EDGES_HZ = (120.0, 1_000.0, 5_000.0, 20_000.0)
#: Full scale in the compressor is a full-scale sine, whose mean square is 3 dB lower.
_SINE_DB = 3.01


@dataclass(frozen=True)
class _Move:
    """One reason to compress. ratio in all bands; slow attacks let the beginnings through."""

    ratio: float
    above: float  # 0: from the median level of a band up, 1: only its loudest moments
    attack_ms: float
    release_ms: float
    range_db: float
    because: Because


def multiband_step(analysis: Analysis, intent: Intent, references: Sequence[ReferenceFacts]) -> Step | None:
    """The compressor, if anything asks for it. Several reasons: the strongest ratio leads."""
    moves = [move for move in (_punch(intent), _reference(analysis, intent, references)) if move]
    if not moves or intent.amount == 0 or "dynamics" in intent.keep:
        return None
    lead = max(moves, key=lambda move: move.ratio)
    ratio = 1.0 + intent.amount * (lead.ratio - 1.0)
    if ratio < 1.03:
        return None
    bands = [
        _band(analysis, low, high, lead, ratio) for low, high in zip((0.0, *_EDGES_HZ), _EDGES_HZ, strict=False)
    ]
    return step("dynamics", "multiband", {"bands": bands}, tuple(move.because for move in moves))


def _band(analysis: Analysis, low_hz: float, high_hz: float, move: _Move, ratio: float) -> dict[str, Any]:
    """One band's settings: the threshold lies in the band's own distribution of levels."""
    dynamics = analysis.dynamics
    inside = (dynamics.centre_hz >= low_hz) & (dynamics.centre_hz < high_hz)
    if not np.any(inside):
        return {"up_to_hz": high_hz, "threshold_db": 0.0, "ratio": 1.0}
    middle = power_to_db(float(np.sum(10.0 ** (dynamics.p50_db[inside] / 10.0)))) + _SINE_DB
    loud = power_to_db(float(np.sum(10.0 ** (dynamics.p95_db[inside] / 10.0)))) + _SINE_DB
    threshold = middle + move.above * (loud - middle)
    # bass needs longer to be itself than treble
    slower = {120.0: 1.6, 1_000.0: 1.0, 5_000.0: 0.8}.get(high_hz, 0.6)
    return {
        "up_to_hz": high_hz,
        "threshold_db": round(float(np.clip(threshold, -72.0, 0.0)), 1),
        "ratio": round(ratio, 3),
        "knee_db": 8.0,
        "attack_ms": round(float(np.clip(slower * move.attack_ms, 1.0, 200.0)), 1),
        "release_ms": round(float(np.clip(slower * move.release_ms, 10.0, 180.0)), 1),
        "range_db": move.range_db,
    }


def _punch(intent: Intent) -> _Move | None:
    punch = intent.character.punch / 100.0
    if punch == 0:
        return None
    because = Because(text=f"You asked for punch {100 * punch:+.0f}.", evidence={"punch": 100 * punch})
    if punch > 0:  # what rings on is held back, what begins passes
        return _Move(1.0 + punch, 0.3, 60.0, 90.0, 6.0 * punch, because)
    return _Move(1.0 - punch, 0.6, 1.5, 60.0, -5.0 * punch, because)


def _reference(analysis: Analysis, intent: Intent, references: Sequence[ReferenceFacts]) -> _Move | None:
    """Towards denser references only: what was compressed in the mix cannot be opened again here."""
    if not references or intent.match.dynamics == 0:
        return None
    own = float(np.mean(analysis.dynamics.spread_db))
    theirs = weighted([(r.weight, float(np.mean(r.analysis.dynamics.spread_db))) for r in references])
    denser = intent.match.dynamics * min(own - theirs, 6.0)
    if denser < 0.5:
        return None
    text = f"The references' levels move over {theirs:.1f} dB in a band, this song's over {own:.1f} dB."
    because = Because(text=text, evidence={"own_spread_db": own, "reference_spread_db": theirs})
    return _Move(own / (own - denser), 0.3, 20.0, 110.0, denser, because)
