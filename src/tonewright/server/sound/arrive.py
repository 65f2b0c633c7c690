"""A stranger's file arrives: it is decoded once into our own file, checked, and heard.

One reading decodes it, writes the work file and the listening file and draws the peaks; a second one, of our own
file, hears it.
"""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tonewright.base.files import FileSignal, Limits, Tags, open_signal
from tonewright.base.progress import Progress
from tonewright.base.signal import blocks, layout_of
from tonewright.engine.analyze import analysis_of
from tonewright.engine.facts import gather
from tonewright.engine.master import check_heard, check_length
from tonewright.server.sound.curves import song_curves
from tonewright.server.sound.folder import named, writing
from tonewright.server.sound.jobs import ArriveJob
from tonewright.server.sound.listen import ListenWriter
from tonewright.server.sound.peaks import PeaksMeter
from tonewright.server.sound.work_file import Origin, WorkWriter

_NAME_BYTES = 200


def arrive(job: ArriveJob, progress: Progress) -> dict[str, Any]:
    """Make work.bin, listen.bin, peaks.bin and analysis.json in the job's folder.

    Raises what opening, decoding and the checks before mastering raise; messages name the file as its owner does.
    """
    with _opened(job) as file:
        check_length(file)
        layout = layout_of(file)
        with (
            WorkWriter(job.folder / "work.bin", file.info) as work,
            writing(job.folder / "listen.bin") as listen_file,
            ListenWriter(listen_file, layout) as listen,
        ):
            peaks = PeaksMeter(layout)
            digest = _Digest(file)
            progress.stage("decode", 0.3)
            done = 0
            for block in blocks(file):
                work.write(block)
                listen.feed(block)
                peaks.feed(block)
                done += block.shape[1]
                progress.advance(done / file.frames)
            index = listen.finish()
            progress.stage("listen", 0.7)
            facts = gather(work.samples(), file.info, progress)
            check_heard(facts.measurements, file)
            origin = Origin(digest.result(), file.info, file.tags)
            work.finish(origin, facts)
        named(job.folder / "peaks.bin", peaks.file())
        found = analysis_of(facts)
        analysis = found.to_json() | {"curves": song_curves(found)}
        named(job.folder / "analysis.json", json.dumps(analysis).encode())
    return {
        "sha256": origin.sha256,
        "rate_hz": file.rate_hz,
        "channels": file.channels,
        "frames": file.frames,
        "duration_s": file.info.duration_s,
        "input": analysis["input"],
        "tags": tags_json(file.tags),
        "measurements": facts.measurements.to_json(),
        "listen_index": index.to_json(),
        "files": {"work": "work.bin", "analysis": "analysis.json", "peaks": "peaks.bin", "listen": "listen.bin"},
    }


def tags_json(tags: Tags) -> dict[str, Any]:
    """What the tags say, as far as it is said, without pictures and other programs' fields."""
    left_out = {"extra", "pictures", "bext"}
    return {name: value for name, value in vars(tags).items() if value and name not in left_out}


@contextmanager
def _opened(job: ArriveJob) -> Iterator[FileSignal]:
    """The source under its owner's name, so that messages say that and not where we keep it."""
    source, here = job.source.absolute(), Path.cwd()
    place = job.folder / ".source"
    place.mkdir()
    name = Path(safe_name(job.filename))
    (place / name).symlink_to(source)
    os.chdir(place)
    try:
        with open_signal(name, Limits(max_duration_s=job.max_duration_s)) as file:
            yield file
    finally:
        os.chdir(here)
        (place / name).unlink()
        place.rmdir()


def safe_name(name: str) -> str:
    """A name that a file can have, as like to the given one as can be."""
    last = "".join(c if c.isprintable() else "?" for c in name.replace("\\", "/").rpartition("/")[2])
    cut = last.encode("utf-8", "replace")
    if len(cut) > _NAME_BYTES:
        _, dot, end = last.rpartition(".")
        tail = f"{dot}{end}" if dot and len(end) <= 5 else ""
        cut = cut[: _NAME_BYTES - len(tail.encode())] + tail.encode()
    found = cut.decode("utf-8", "ignore").strip()
    return found if found.strip(".") else "audio"


class _Digest:
    """The file's SHA-256, reckoned beside the decoding."""

    def __init__(self, file: FileSignal) -> None:
        self._file = file
        self._found = ""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self._found = self._file.digest()

    def result(self) -> str:
        self._thread.join()
        return self._found or self._file.digest()
