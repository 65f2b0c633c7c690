"""The main job: hear a song, decide, render, check the promises, deliver.

Passes over the song: one to hear it; one through the steps before the maximiser; one or two through the maximiser,
measured, until the loudness is met; one into the file, measured again as it is written. What is delivered is what was
measured.
"""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from tonewright.base.atomic import AtomicFile, refuse_inputs
from tonewright.base.errors import Silent, TooShort
from tonewright.base.files import Delivery, FileSignal, open_signal
from tonewright.base.files.formats import check_delivery
from tonewright.base.paths import shown
from tonewright.base.progress import NoProgress, Progress
from tonewright.base.signal import Layout, Signal
from tonewright.engine.advise.propose import propose
from tonewright.engine.analyze import analyze
from tonewright.engine.deliver import Order
from tonewright.engine.intent import Intent
from tonewright.engine.make import Heard, Made, carry_out, decide
from tonewright.engine.rate import AtRate
from tonewright.engine.recipe import Fingerprint, Recipe, to_text
from tonewright.engine.reference import read_reference
from tonewright.engine.result import Decision, MasterResult
from tonewright.engine.targets import target as target_named
from tonewright.measure.meter import Measurements

#: Shorter songs have no integrated loudness: one gating block of BS.1770.
LEAST_S = 0.4
#: Power of the rounding to 16 bits, a third of half a step squared: below it there is no sound.
_NOISE_OF_16_BITS = (1.0 / 2**15) ** 2 / 12.0


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
        check_heard(before.measurements, file)
        order = Order(target, delivery, file.tags, inputs)
        fingerprint = Fingerprint(
            sha256=file.digest(), rate_hz=file.rate_hz, channels=file.channels, frames=file.frames
        )
        song = Heard(signal, before, fingerprint, file.info if signal is file else None)
        if recipe is not None:
            made = carry_out(song, recipe, order, progress)
        else:
            references = [read_reference(r.path, r.weight) for r in intent.references]
            made = decide(song, propose(before, intent, references), order, progress)
        files = {"master": target}
        result = result_of(song, made, files, time.perf_counter() - started)
        if "recipe" in extras:
            extras["recipe"].file.write(to_text(made.recipe).encode())
        if "report" in extras:
            from tonewright.engine.picture import picture_of  # heavy, and only wanted here
            from tonewright.engine.reporting import report_page

            progress.stage("report", 0.1)
            extras["report"].file.write(report_page(result, picture_of(made.signal), file.tags, intent).encode())
        for name, extra in extras.items():
            extra.commit()
            files[name] = extra.target
    return result


def check_length(file: FileSignal) -> None:
    """Raises TooShort for a file that has no loudness."""
    if file.frames < LEAST_S * file.rate_hz:
        raise TooShort(
            f"{shown(file.info.path.name)} lasts {1000 * file.info.duration_s:.0f} ms; "
            "nothing under 400 ms can be mastered.",
            "Send the whole song.",
        )


def check_heard(measured: Measurements, file: FileSignal) -> None:
    """Raises Silent for a file that holds no sound."""
    if measured.integrated_lufs is None or _only_dc(measured):
        name = shown(file.info.path.name)
        raise Silent(f"{name} is silent: there is nothing to master.", "Check the export.")


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


def _named(save_recipe: Path | None, report: Path | None) -> list[tuple[str, Path]]:
    pairs = (("recipe", save_recipe), ("report", report))
    return [(name, path) for name, path in pairs if path is not None]


def _reserve(stack: ExitStack, path: Path, inputs: Sequence[Path]) -> AtomicFile:
    refuse_inputs(path, tuple(inputs))
    return stack.enter_context(AtomicFile(path))


def result_of(song: Heard, made: Made, files: dict[str, Path], seconds: float) -> MasterResult:
    """What was done, all in one. files: as in MasterResult."""
    return MasterResult(
        recipe=made.recipe,
        before=song.analysis,
        after=made.after,
        findings=song.analysis.findings,
        decisions=decisions(made.recipe),
        shortfalls=made.shortfalls,
        files=files,
        seconds=seconds,
        peak_before_loudness_db=made.peak_before_loudness_db,
    )


def decisions(recipe: Recipe) -> tuple[Decision, ...]:
    """The steps that are taken, in words, with their reasons."""
    return tuple(Decision(step.id, step.describe(), step.because) for step in recipe.steps if step.enabled)
