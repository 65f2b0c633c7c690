"""The assistant: from what was heard and what is wanted to a proposal. Pure and repeatable."""

from collections.abc import Sequence

from tonewright.dsp.processors import kinds
from tonewright.engine.advise.dynamics import multiband_step
from tonewright.engine.advise.loudness import loudness_goal
from tonewright.engine.advise.proposal import Proposal, step
from tonewright.engine.advise.repairs import repair_steps
from tonewright.engine.advise.tone import tone_step
from tonewright.engine.advise.width import stereo_step
from tonewright.engine.analyze import Analysis
from tonewright.engine.intent import Character, Intent, Match
from tonewright.engine.recipe import Because, Step
from tonewright.engine.reference import ReferenceFacts


def propose(analysis: Analysis, intent: Intent, references: Sequence[ReferenceFacts] = ()) -> Proposal:
    """Steps in the order of a usual chain, the loudness to aim at, and what is left undone and why.

    In repair mode only findings are answered: no character, no references, no loudness.
    """
    if intent.mode == "repair":
        intent = intent.model_copy(update={"character": Character(), "match": Match(tone=0, dynamics=0, width=0)})
        references = ()
    goal = loudness_goal(analysis, intent, references)
    found, undone = repair_steps(analysis.findings, intent)
    wanted: list[Step | None] = [
        *found,
        stereo_step(analysis, intent, references),
        multiband_step(analysis, intent, references),
    ]
    if "tone" not in intent.keep:
        wanted += [tone_step(analysis, intent, references, analysis.measurements.rate_hz), _colour(intent)]
    order = kinds()
    steps = sorted((made for made in wanted if made is not None), key=lambda made: order.index(made.kind))
    return Proposal(tuple(steps), goal, tuple(undone))


def _colour(intent: Intent) -> Step | None:
    """Warmth is colour too: a little saturation beside the curve, from a quarter of the control up."""
    share = intent.amount * (intent.character.warmth - 25.0) / 75.0
    if share <= 0:
        return None
    because = Because(text=f"You asked for warmth {intent.character.warmth:+.0f}.", evidence={})
    return step("colour", "saturator", {"drive_db": round(6.0 * share, 1), "mix_pct": 50.0}, (because,))
