"""Making a master of a song that was heard: decide or carry out, render, check, deliver; or decide without a file."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tonewright.base.files import AudioInfo
from tonewright.base.progress import NoProgress, Progress
from tonewright.base.signal import Signal, layout_of
from tonewright.base.units import gain_to_db
from tonewright.dsp.gain import GainParams
from tonewright.dsp.maximiser import MaximiserParams
from tonewright.engine.advise.proposal import LoudnessGoal, Proposal, Shortfall
from tonewright.engine.analyze import Analysis
from tonewright.engine.deliver import Draft, Order
from tonewright.engine.limit import limit_into
from tonewright.engine.loudness_search import Limited
from tonewright.engine.recipe import Because, Fingerprint, Recipe, Step
from tonewright.engine.rehearse import Rehearsal
from tonewright.engine.render import layers, stream
from tonewright.measure.cells import CellMeter
from tonewright.measure.loudness import integrated_lufs
from tonewright.measure.meter import Measurements

#: A repair that moves the loudness by less is neutral.
_LEVEL_TOLERANCE_LU = 0.02
#: The promise: this near to the loudness that was asked for, or a shortfall in words.
LOUDNESS_TOLERANCE_LU = 0.1


@dataclass(frozen=True, eq=False)
class Heard:
    """A song that was heard. fingerprint: of the file it came from. info: that file's, None where the signal was
    converted since and its samples are no longer the file's."""

    signal: Signal
    analysis: Analysis
    fingerprint: Fingerprint
    info: AudioInfo | None


@dataclass(frozen=True, eq=False)
class Made:
    """A finished signal and how it came to be. after: of what was delivered, or rehearsed.

    peak_before_loudness_db: (cells,) see MasterResult.
    """

    signal: Signal
    recipe: Recipe
    after: Measurements
    shortfalls: tuple[Shortfall, ...]
    peak_before_loudness_db: NDArray[np.float64] | None = None


def carry_out(
    song: Heard,
    recipe: Recipe,
    order: Order,
    progress: Progress | None = None,
    *,
    ceiling_dbtp: float | None = None,
) -> Made:
    """A given recipe into a file, nothing decided. Raises what Draft raises.

    ceiling_dbtp: what is promised; None promises the recipe's own, its maximiser's.
    """
    progress = progress or NoProgress()
    progress.stage("render", 0.6)
    if ceiling_dbtp is None:
        ceilings = [getattr(step.params, "ceiling_dbtp", None) for step in recipe.steps if step.enabled]
        ceiling_dbtp = ceilings[-1] if ceilings else None
    shortfalls: tuple[Shortfall, ...] = ()
    if recipe.input is not None and recipe.input.sha256 != song.fingerprint.sha256:
        text = "The recipe was made for another file: its levels and times may not fit this one."
        shortfalls = (Shortfall("recipe", text),)
    rendered = layers(song.signal, recipe)
    order = replace(order, ceiling_dbtp=ceiling_dbtp, source_bits=_untouched_bits(song, recipe))
    with Draft(order, progress) as draft:
        draft.play(rendered)
        after = draft.finish()
    return Made(rendered, recipe.model_copy(update={"input": song.fingerprint}), after, shortfalls)


def decide(
    song: Heard, proposal: Proposal, order: Order, progress: Progress | None = None, *, rehearse: bool = False
) -> Made:
    """Carry a proposal out and find the drive.

    rehearse: nothing is written; what is found is the very same. Raises what limit_into raises.
    """
    progress = progress or NoProgress()
    drafting = Rehearsal if rehearse else Draft
    recipe = Recipe(input=song.fingerprint, steps=proposal.steps)
    before_loudness = layers(song.signal, recipe)
    if proposal.goal is None:
        progress.stage("render", 0.6)
        recipe = level_kept(recipe, song.signal, song.analysis)
        repaired = layers(song.signal, recipe)
        order = replace(order, ceiling_dbtp=None, source_bits=_untouched_bits(song, recipe))
        with drafting(order, progress) as draft:
            draft.play(repaired)
            after = draft.finish()
        return Made(repaired, recipe, after, proposal.shortfalls)
    goal = proposal.goal
    landed = limit_into(
        order,
        before_loudness,
        goal.lufs,
        goal.ceiling_dbtp,
        may_limit=goal.may_limit,
        cells=song.analysis.measurements.cells if before_loudness is song.signal else None,
        drafting=drafting,
        progress=progress,
    )
    found = landed.found
    recipe = recipe.model_copy(update={"steps": (*recipe.steps, maximiser(found.params, goal))})
    shortfalls = (*proposal.shortfalls, *_loudness_shortfall(found, landed.after))
    return Made(found.signal, recipe, landed.after, shortfalls, found.peak_db)


def _untouched_bits(song: Heard, recipe: Recipe) -> int | None:
    """The source's word length where a recipe leaves its samples as they are, else None."""
    if song.info is None or song.info.is_float or any(step.enabled for step in recipe.steps):
        return None
    return song.info.bits


def level_kept(recipe: Recipe, signal: Signal, before: Analysis) -> Recipe:
    """The recipe with a last gain that gives the song its loudness back, where the steps have moved it.

    A repair is neutral in level. Peaks are not lifted over where they were, nor over full scale where they were under.
    """
    if not any(step.enabled for step in recipe.steps):
        return recipe
    cells = CellMeter(layout_of(signal))
    for block in stream(layers(signal, recipe)):
        cells.feed(block)
    after = cells.result()
    lufs, was = integrated_lufs(after.weighted_energy, signal.rate_hz), before.measurements.integrated_lufs
    if lufs is None or was is None:
        return recipe
    room_db = max(0.0, before.measurements.sample_peak_dbfs or 0.0) - gain_to_db(float(after.peak.max()))
    gain_db = min(was - lufs, max(room_db, 0.0)) if was > lufs else was - lufs
    if abs(gain_db) < _LEVEL_TOLERANCE_LU:
        return recipe
    because = Because(
        text=f"The repairs moved the loudness by {lufs - was:+.2f} LU.", evidence={"moved_lu": lufs - was}
    )
    step = Step(id="level", kind="gain", params=GainParams(gain_db=round(gain_db, 3)), because=(because,))
    return recipe.model_copy(update={"steps": (*recipe.steps, step)})


def maximiser(params: MaximiserParams, goal: LoudnessGoal) -> Step:
    """The last step, with the reasons of the goal that it was set for."""
    because = list(goal.because)
    if params.ceiling_dbtp < goal.ceiling_dbtp:
        text = f"The codec adds to the peaks, so the ceiling before it is {params.ceiling_dbtp:.2f} dBTP."
        because.append(Because(text=text, evidence={"ceiling_dbtp": params.ceiling_dbtp}))
    return Step(id="loudness", kind="maximiser", params=params, because=tuple(because))


def _loudness_shortfall(found: Limited, after: Measurements) -> list[Shortfall]:
    if found.why_short:
        return [Shortfall("loudness", found.why_short, found.evidence)]
    assert after.integrated_lufs is not None
    miss = after.integrated_lufs - found.wanted_lufs
    if abs(miss) <= LOUDNESS_TOLERANCE_LU:
        return []
    text = f"The master is at {after.integrated_lufs:.1f} LUFS instead of {found.wanted_lufs:.1f}."
    return [Shortfall("loudness", text, {"miss_lu": miss})]
