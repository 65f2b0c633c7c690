"""A version of a song is made: the master, its report, its curves, and what is needed to hear and draw it."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.base.files import Delivery, open_signal
from tonewright.base.progress import Progress
from tonewright.base.signal import Signal, blocks, layout_of
from tonewright.base.units import gain_to_db
from tonewright.engine.advise.propose import propose
from tonewright.engine.deliver import Order
from tonewright.engine.intent import Intent
from tonewright.engine.make import Made, carry_out, decide
from tonewright.engine.master import result_of
from tonewright.engine.picture import Picture, picture
from tonewright.engine.recipe import parse, to_text
from tonewright.engine.render import Layer, stream
from tonewright.engine.reporting import report_page
from tonewright.measure.cells import CellMeter
from tonewright.measure.spectral_pass import SpectralPass
from tonewright.server.sound.curves import master_curves
from tonewright.server.sound.folder import named, writing
from tonewright.server.sound.jobs import MasterJob
from tonewright.server.sound.listen import ListenIndex, ListenWriter
from tonewright.server.sound.peaks import PeaksMeter
from tonewright.server.sound.song import heard, references, tags
from tonewright.server.sound.work_file import WorkFile

#: The studio's masters keep the song's rate and have this word length; other forms are deliveries.
DELIVERY = Delivery(bits="24")
_FILES = {
    "master": "master.wav",
    "recipe": "recipe.json",
    "report": "report.html",
    "curves": "curves.json",
    "peaks": "peaks.bin",
    "listen": "listen.bin",
}


def make(job: MasterJob, progress: Progress) -> dict[str, Any]:
    """Make the files of a version in the job's folder. Gives `master --json` with digest and listening index."""
    started = time.perf_counter()
    recipe = None if job.recipe is None else parse(job.recipe)
    intent = Intent.parse(job.intent, "The intent")
    with ExitStack() as stack:
        work = stack.enter_context(WorkFile(job.source))
        song = heard(work, progress)
        written = tags(job.tags, work)
        order = Order(job.folder / _FILES["master"], DELIVERY, written, (job.source,))
        if recipe is not None:
            made = carry_out(song, recipe, order, progress)
            made = replace(made, peak_before_loudness_db=_peaks_before(made))
        else:
            made = decide(song, propose(song.analysis, intent, references(job.references, stack)), order, progress)
        progress.stage("draw", 0.45)
        index, after = _hear(job.folder, progress)
        files = {name: Path(file) for name, file in _FILES.items()}
        result = result_of(song, made, files, time.perf_counter() - started)
        named(job.folder / _FILES["recipe"], to_text(made.recipe).encode())
        named(job.folder / _FILES["curves"], json.dumps(master_curves(result, after)).encode())
        named(job.folder / _FILES["report"], report_page(result, after, written, intent).encode())
    return result.to_json() | {
        "recipe_digest": made.recipe.digest(),
        "engine": made.recipe.engine,
        "listen_index": index.to_json(),
        "bytes": order.target.stat().st_size,
    }


def _hear(folder: Path, progress: Progress) -> tuple[ListenIndex, Picture]:
    """Read the finished master once: for listening, for its waveform, and for its spectrum and stereo field."""
    with (
        open_signal(folder / _FILES["master"]) as file,
        writing(folder / _FILES["listen"]) as listen_file,
        ListenWriter(listen_file, layout_of(file)) as listen,
        ThreadPoolExecutor(1) as beside,
    ):
        peaks, spectral = PeaksMeter(layout_of(file)), SpectralPass(layout_of(file))
        done = 0
        for block in blocks(file):
            fed = beside.submit(spectral.feed, block)
            listen.feed(block)
            peaks.feed(block)
            fed.result()
            done += block.shape[1]
            progress.advance(done / file.frames)
        index = listen.finish()
    named(folder / _FILES["peaks"], peaks.file())
    return index, picture(spectral.result())


def _peaks_before(made: Made) -> NDArray[np.float64] | None:
    """The peaks that met the maximiser, each 10 ms; None without one."""
    last = made.signal
    if not isinstance(last, Layer) or not last.steps or last.steps[0].kind != "maximiser":
        return None
    return _cell_peaks_db(last.source)


def _cell_peaks_db(signal: Signal) -> NDArray[np.float64]:
    meter = CellMeter(layout_of(signal))
    for block in stream(signal):
        meter.feed(block)
    peaks: NDArray[np.float64] = meter.result().cell_peak.max(axis=0, initial=0.0)
    return gain_to_db(peaks)
