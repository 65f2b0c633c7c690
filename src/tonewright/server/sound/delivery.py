"""A file to take away, made from a version: another format, word length or rate of the same master, or other tags."""

import hashlib
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from tonewright.base.errors import CeilingPassed
from tonewright.base.files import Delivery, open_signal
from tonewright.base.files.formats import output_format
from tonewright.base.progress import Progress
from tonewright.dsp.maximiser import MaximiserParams
from tonewright.engine.deliver import Order, deliver
from tonewright.engine.make import Heard, Made, carry_out
from tonewright.engine.rate import AtRate
from tonewright.engine.recipe import Recipe, Step, parse
from tonewright.engine.targets import target as target_named
from tonewright.measure.meter import Measurements
from tonewright.server.sound.jobs import DeliverJob
from tonewright.server.sound.master import DELIVERY as MASTER
from tonewright.server.sound.song import heard, tags
from tonewright.server.sound.work_file import WorkFile

_EXTENSIONS = {"wav": ".wav", "flac": ".flac", "mp3": ".mp3", "aac": ".m4a"}
#: How often room is made for a codec that raises the peaks, and what is kept free besides what it added last.
_ATTEMPTS = 4
_SPARE_DB = 0.02


def make_delivery(job: DeliverJob, progress: Progress) -> dict[str, Any]:
    """Make delivery.<extension> in the job's folder; says in `notes` where it differs from the version.

    Raises CeilingPassed where a codec leaves no room, and what carry_out raises.
    """
    recipe = parse(job.recipe)
    path = job.folder / f"delivery{_EXTENSIONS[job.format]}"
    with ExitStack() as stack:
        work = stack.enter_context(WorkFile(job.source))
        delivery = Delivery(bits=job.bits, quality=job.quality)
        form = output_format(path, delivery)
        wanted_hz = (target_named(job.target).rate_hz if job.target else None) or work.rate_hz
        rate_hz = wanted_hz if form.carries(wanted_hz) else form.nearest_rate_hz(wanted_hz)
        song = heard(work, progress)
        if rate_hz != work.rate_hz:
            progress.stage("convert the rate", 0.1)
            signal = stack.enter_context(AtRate(work, rate_hz, work.info.path, progress))
            song = Heard(signal, song.analysis, song.fingerprint, None)
        order = Order(path, delivery, tags(job.tags, work), (job.source,))
        notes: list[str] = []
        if job.made is not None and rate_hz == work.rate_hz and delivery.bits == MASTER.bits:
            after = _same_words(job.made, order, progress)
        else:
            made, notes = _under_its_ceiling(song, recipe, order, progress)
            after, recipe = made.after, made.recipe
    if rate_hz != work.rate_hz:
        notes.insert(0, f"The rate is {rate_hz} Hz instead of the song's {work.rate_hz} Hz.")
    return {
        "file": path.name,
        "bytes": path.stat().st_size,
        "sha256": _sha256(path),
        "format": job.format,
        "bits": None if form.lossy else int(delivery.bits or form.bits[0]),
        "rate_hz": rate_hz,
        "measurements": after.to_json(),
        "recipe": recipe.to_json(),
        "notes": notes,
        "files": {"delivery": path.name},
    }


def _same_words(made: Path, order: Order, progress: Progress) -> Measurements:
    """The version's own file again, to the word, with other tags or in another lossless format."""
    progress.stage("write", 0.6)
    with open_signal(made) as file:
        return deliver(file, replace(order, source_bits=file.info.bits), progress=progress)


def _under_its_ceiling(song: Heard, recipe: Recipe, order: Order, progress: Progress) -> tuple[Made, list[str]]:
    """The recipe carried out; its maximiser under a lower ceiling where a codec adds to the peaks."""
    loudness = next((step for step in reversed(recipe.steps) if step.enabled), None)
    if loudness is None or not isinstance(loudness.params, MaximiserParams):
        return carry_out(song, recipe, order, progress), []
    promised_dbtp = lowered_dbtp = loudness.params.ceiling_dbtp
    notes: list[str] = []
    for _ in range(_ATTEMPTS - 1):
        try:
            return carry_out(song, recipe, order, progress, ceiling_dbtp=promised_dbtp), notes
        except CeilingPassed as passed:
            lowered_dbtp -= passed.over_db + _SPARE_DB
        recipe = _under(recipe, loudness, lowered_dbtp)
        notes = [
            f"Coding adds to the peaks, so the maximiser's ceiling is {lowered_dbtp:.2f} dBTP instead of "
            f"{promised_dbtp:g} dBTP; what is played stays under that."
        ]
    return carry_out(song, recipe, order, progress, ceiling_dbtp=promised_dbtp), notes


def _under(recipe: Recipe, step: Step, ceiling_dbtp: float) -> Recipe:
    """The recipe with this maximiser under another ceiling."""
    lowered = step.model_copy(update={"params": step.params.model_copy(update={"ceiling_dbtp": ceiling_dbtp})})
    steps = tuple(lowered if each.id == step.id else each for each in recipe.steps)
    return recipe.model_copy(update={"steps": steps})


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
