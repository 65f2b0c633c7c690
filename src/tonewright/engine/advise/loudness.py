"""Loudness: where the master is to land."""

from collections.abc import Sequence

import numpy as np

from tonewright.engine.advise.proposal import LoudnessGoal
from tonewright.engine.analyze import Analysis
from tonewright.engine.intent import Intent
from tonewright.engine.recipe import Because
from tonewright.engine.reference import ReferenceFacts, weighted
from tonewright.engine.targets import target

#: The loudness control's reach in LU.
_CONTROL_LU = 4.0
#: A loud reference leads no further than this.
_LOUDEST_LUFS = -7.0


def loudness_goal(analysis: Analysis, intent: Intent, references: Sequence[ReferenceFacts]) -> LoudnessGoal | None:
    """Loudness and ceiling to aim at; None in repair mode, which leaves the level alone."""
    if intent.mode == "repair":
        return None
    destination = target(intent.target)
    lufs = destination.lufs if intent.lufs is None else intent.lufs
    asked = f"{destination.title} asks for" if intent.lufs is None else "You asked for"
    reasons = [Because(text=f"{asked} {lufs:g} LUFS.", evidence={"lufs": lufs})]
    if intent.character.loudness:
        lufs += intent.amount * _CONTROL_LU * intent.character.loudness / 100.0
        text = f"Loudness {intent.character.loudness:+.0f} makes it {lufs:.1f} LUFS."
        reasons.append(Because(text=text, evidence={"loudness": intent.character.loudness}))
    known = [(r.weight, r.integrated_lufs) for r in references if r.integrated_lufs is not None]
    if known and intent.match.loudness > 0:
        theirs = min(weighted(known), _LOUDEST_LUFS)
        lufs += intent.match.loudness * (theirs - lufs)
        text = f"The references are at {theirs:.1f} LUFS; {100 * intent.match.loudness:.0f} % of the way is {lufs:.1f}."
        reasons.append(Because(text=text, evidence={"reference_lufs": theirs}))
    lufs = float(np.clip(lufs, -40.0, -5.0))
    ceiling = destination.ceiling_dbtp
    if destination.loud_ceiling_dbtp is not None and lufs > (destination.plays_at_lufs or 0.0):
        ceiling = destination.loud_ceiling_dbtp
    ceiling = ceiling if intent.ceiling_dbtp is None else intent.ceiling_dbtp
    reasons.append(Because(text=f"The true peak may reach {ceiling:g} dBTP.", evidence={"ceiling_dbtp": ceiling}))
    if "loudness" in intent.keep:
        own = analysis.measurements.integrated_lufs
        reasons = [Because(text="You asked to keep the loudness; only the ceiling is held.", evidence={})]
        return LoudnessGoal(own, ceiling, tuple(reasons), may_limit="dynamics" not in intent.keep)
    return LoudnessGoal(lufs, ceiling, tuple(reasons), may_limit="dynamics" not in intent.keep)
