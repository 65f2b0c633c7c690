"""The main job: hear a song, decide, render, check the promises, deliver.

Passes over the song: one to hear it; one through the steps before the maximiser; one or two through the maximiser,
measured, until the loudness is met; one into the file, measured again as it is written. What is delivered is what was
measured.
"""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.base.atomic import AtomicFile, refuse_inputs
from tonewright.base.errors import CeilingPassed, Silent, TooShort
from tonewright.base.files import Delivery, FileSignal, open_signal
from tonewright.base.files.formats import check_delivery
from tonewright.base.progress import NoProgress, Progress
from tonewright.base.signal import Layout, Signal, layout_of
from tonewright.base.units import gain_to_db
from tonewright.dsp.gain import GainParams
from tonewright.engine.advise.proposal import LoudnessGoal, Proposal, Shortfall
from tonewright.engine.advise.propose import propose
from tonewright.engine.analyze import Analysis, analyze
from tonewright.engine.deliver import Draft, Order, deliver
from tonewright.engine.intent import Intent
from tonewright.engine.loudness_search import Limited, search
from tonewright.engine.rate import AtRate
from tonewright.engine.recipe import Because, Fingerprint, Recipe, Step, to_text
from tonewright.engine.reference import read_reference
from tonewright.engine.render import layers, stream
from tonewright.engine.result import Decision, MasterResult
from tonewright.engine.targets import target as target_named
from tonewright.measure.cells import CellMeter
from tonewright.measure.loudness import integrated_lufs
from tonewright.measure.meter import Measurements

#: Shorter songs have no integrated loudness: one gating block of BS.1770.
LEAST_S = 0.4
#: A codec adds to the peaks; so often the ceiling is lowered for it and the song is limited again.
_ATTEMPTS = 4
#: A repair that moves the loudness by less is neutral.
_LEVEL_TOLERANCE_LU = 0.02
#: The promise: this near to the loudness that was asked for, or a shortfall in words.
LOUDNESS_TOLERANCE_LU = 0.1

#: Power of the rounding to 16 bits, a third of half a step squared: below it there is no sound.
_NOISE_OF_16_BITS = (1.0 / 2**15) ** 2 / 12.0


@dataclass(frozen=True, eq=False)
class _Made:
    """A finished signal and how it came to be."""

    signal: Signal
    recipe: Recipe
    after: Measurements
    shortfalls: tuple[Shortfall, ...]
    peak_before_loudness_db: NDArray[np.float64] | None = None


def master(
    source: Path,
    target: Path,
    intent: Intent,
    delivery: Delivery,
    *,
    recipe: Recipe | None = None,
    save_recipe: Path | None = None,
    report: Path | None = None,
    progress: Progress | None = None,
) -> MasterResult:
    """Master a file into another. With a recipe nothing is decided: it is carried out and checked.

    delivery: what it leaves open (word length, rate) is the target's. Writes all files or none.
    Raises what the error tree says of inputs, outputs and promises.
    """
    started = time.perf_counter()
    progress = progress or NoProgress()
    destination = target_named(intent.target)
    with ExitStack() as stack:
        file = stack.enter_context(open_signal(source))
        check_length(file)
        delivery = completed(delivery, target, destination.bits, destination.rate_hz)
        check_delivery(target, delivery, Layout(delivery.rate_hz or file.rate_hz, file.channels))
        inputs = (source, *(reference.path for reference in intent.references))
        refuse_inputs(target, inputs)
        # opened before the work begins, so that a folder that can't be written to is known at once
        extras = {name: _reserve(stack, path, inputs) for name, path in _named(save_recipe, report)}
        signal = at_rate(stack, file, delivery.rate_hz, progress)

        progress.stage("listen", 0.35)
        before = analyze(signal, file.info, progress)
        if before.measurements.integrated_lufs is None or _only_dc(before.measurements):
            raise Silent(f"{source.name} is silent: there is nothing to master.", "Check the export.")
        order = Order(target, delivery, file.tags, inputs)
        fingerprint = Fingerprint(
            sha256=file.digest(), rate_hz=file.rate_hz, channels=file.channels, frames=file.frames
        )
        if recipe is not None:
            made = _carry_out(signal, recipe, fingerprint, order, file, progress)
        else:
            references = [read_reference(r.path, r.weight) for r in intent.references]
            proposal = propose(before, intent, references)
            made = _decide(signal, before, proposal, fingerprint, order, file, progress)
        files = {"master": target}
        result = MasterResult(
            recipe=made.recipe,
            before=before,
            after=made.after,
            findings=before.findings,
            decisions=tuple(_decision(step) for step in made.recipe.steps if step.enabled),
            shortfalls=made.shortfalls,
            files=files,
            seconds=time.perf_counter() - started,
            peak_before_loudness_db=made.peak_before_loudness_db,
        )
        if "recipe" in extras:
            extras["recipe"].file.write(to_text(made.recipe).encode())
        if "report" in extras:
            from tonewright.engine.reporting import report_page  # heavy, and only wanted here

            progress.stage("report", 0.1)
            extras["report"].file.write(report_page(result, made.signal, file.tags, intent).encode())
        for name, extra in extras.items():
            extra.commit()
            files[name] = extra.target
    return result


def check_length(file: FileSignal) -> None:
    """Raises TooShort for a file that has no loudness."""
    if file.frames < LEAST_S * file.rate_hz:
        raise TooShort(
            f"{file.info.path.name} lasts {1000 * file.info.duration_s:.0f} ms; nothing under 400 ms can be mastered.",
            "Send the whole song.",
        )


def _only_dc(measured: Measurements) -> bool:
    """Nothing but an offset; what the meter then heard is the offset's own start."""
    power = 10.0 ** (np.array([-np.inf if each is None else each for each in measured.rms_dbfs]) / 10.0)
    return bool(np.all(power - np.square(measured.dc) < _NOISE_OF_16_BITS))


def completed(delivery: Delivery, target: Path, bits: int, rate_hz: int | None) -> Delivery:
    """The delivery with what it leaves open set by the destination, as far as the file's format allows."""
    from tonewright.base.files.formats import output_format

    values: dict[str, Any] = {}
    if delivery.bits is None and str(bits) in output_format(target, delivery).bits:
        values["bits"] = str(bits)
    if delivery.rate_hz is None and rate_hz is not None:
        values["rate_hz"] = rate_hz
    return delivery.model_copy(update=values)


def at_rate(stack: ExitStack, file: FileSignal, rate_hz: int | None, progress: Progress) -> Signal:
    """The file itself, or the file at another rate for as long as the stack is open."""
    if rate_hz is None or rate_hz == file.rate_hz:
        return file
    progress.stage("convert the rate", 0.1)
    return stack.enter_context(AtRate(file, rate_hz, file.info.path, progress))


def untouched_bits(file: FileSignal, signal: Signal, recipe: Recipe) -> int | None:
    """The source's word length where a recipe leaves its samples as they are, else None."""
    touched = signal is not file or any(step.enabled for step in recipe.steps)
    return None if touched or file.info.is_float else file.info.bits


def _named(save_recipe: Path | None, report: Path | None) -> list[tuple[str, Path]]:
    pairs = (("recipe", save_recipe), ("report", report))
    return [(name, path) for name, path in pairs if path is not None]


def _reserve(stack: ExitStack, path: Path, inputs: Sequence[Path]) -> AtomicFile:
    refuse_inputs(path, tuple(inputs))
    return stack.enter_context(AtomicFile(path))


def _carry_out(
    signal: Signal, recipe: Recipe, fingerprint: Fingerprint, order: Order, file: FileSignal, progress: Progress
) -> _Made:
    """A given recipe, nothing decided. Its maximiser's ceiling is promised."""
    progress.stage("render", 0.6)
    ceilings = [getattr(step.params, "ceiling_dbtp", None) for step in recipe.steps if step.enabled]
    shortfalls: tuple[Shortfall, ...] = ()
    if recipe.input is not None and recipe.input.sha256 != fingerprint.sha256:
        text = "The recipe was made for another file: its levels and times may not fit this one."
        shortfalls = (Shortfall("recipe", text),)
    rendered = layers(signal, recipe)
    order = _with(order, ceilings[-1] if ceilings else None, untouched_bits(file, signal, recipe))
    after = deliver(rendered, order, progress=progress)
    return _Made(rendered, recipe.model_copy(update={"input": fingerprint}), after, shortfalls)


def _decide(
    signal: Signal,
    before: Analysis,
    proposal: Proposal,
    fingerprint: Fingerprint,
    order: Order,
    file: FileSignal,
    progress: Progress,
) -> _Made:
    """Carry a proposal out, find the drive, and lower the ceiling where a codec raises the peaks."""
    recipe = Recipe(input=fingerprint, steps=proposal.steps)
    before_loudness = layers(signal, recipe)
    if proposal.goal is None:
        progress.stage("render", 0.6)
        recipe = level_kept(recipe, signal, before)
        repaired = layers(signal, recipe)
        order = _with(order, None, untouched_bits(file, signal, recipe))
        return _Made(repaired, recipe, deliver(repaired, order, progress=progress), proposal.shortfalls)
    goal = proposal.goal
    ceiling_dbtp = goal.ceiling_dbtp
    cells = before.measurements.cells if before_loudness is signal else None
    with Draft(_with(order, ceiling_dbtp, None), progress) as draft:

        def play(limited: Signal) -> float | None:
            progress.stage("limit and write", 0.35)
            return draft.play(limited).integrated_lufs

        for attempt in range(_ATTEMPTS):
            progress.stage("set the loudness", 0.2)
            found = search(
                before_loudness,
                goal.lufs,
                ceiling_dbtp,
                may_limit=goal.may_limit,
                cells=cells,
                play=play,
                progress=progress,
            )
            if draft.signal is not found.signal:
                play(found.signal)
            try:
                after = draft.finish()
                break
            except CeilingPassed as passed:
                if attempt == _ATTEMPTS - 1:
                    raise
                ceiling_dbtp -= passed.over_db + 0.02
    recipe = recipe.model_copy(update={"steps": (*recipe.steps, _maximiser(found, goal, ceiling_dbtp))})
    shortfalls = (*proposal.shortfalls, *_loudness_shortfall(found, after))
    return _Made(found.signal, recipe, after, shortfalls, found.peak_db)


def level_kept(recipe: Recipe, signal: Signal, before: Analysis) -> Recipe:
    """The recipe with a last gain that gives the song its loudness back, where the steps have moved it.

    A repair is neutral in level. Peaks are not lifted over where they were, nor over full scale where they were under.
    """
    cells = CellMeter(layout_of(signal))
    for block in stream(layers(signal, recipe)):
        cells.feed(block)
    after = cells.result()
    lufs, was = integrated_lufs(after.weighted_energy, signal.rate_hz), before.measurements.integrated_lufs
    if not recipe.steps or lufs is None or was is None:
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


def _with(order: Order, ceiling_dbtp: float | None, source_bits: int | None) -> Order:
    return replace(order, ceiling_dbtp=ceiling_dbtp, source_bits=source_bits)


def _maximiser(found: Limited, goal: LoudnessGoal, ceiling_dbtp: float) -> Step:
    because = list(goal.because)
    if ceiling_dbtp < goal.ceiling_dbtp:
        text = f"The codec adds to the peaks, so the ceiling before it is {ceiling_dbtp:.2f} dBTP."
        because.append(Because(text=text, evidence={"ceiling_dbtp": ceiling_dbtp}))
    return Step(id="loudness", kind="maximiser", params=found.params, because=tuple(because))


def _loudness_shortfall(found: Limited, after: Measurements) -> list[Shortfall]:
    if found.why_short:
        return [Shortfall("loudness", found.why_short, found.evidence)]
    assert after.integrated_lufs is not None
    miss = after.integrated_lufs - found.wanted_lufs
    if abs(miss) <= LOUDNESS_TOLERANCE_LU:
        return []
    text = f"The master is at {after.integrated_lufs:.1f} LUFS instead of {found.wanted_lufs:.1f}."
    return [Shortfall("loudness", text, {"miss_lu": miss})]


def _decision(step: Step) -> Decision:
    return Decision(step.id, step.describe(), step.because)
