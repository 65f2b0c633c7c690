"""What each kind of job does: a child process makes files, storage keeps them, one transaction tells of it.

All of it may be done again from the beginning at any time: files are kept under what they contain, and the transaction
happens once (services/carrying.py).
"""

import errno
import inspect
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import structlog
from django.db import InterfaceError, OperationalError, close_old_connections, connection

from tonewright.base.errors import Bug, DiskFull, TonewrightError
from tonewright.server.conf import conf
from tonewright.server.models import Audio, Job, Song
from tonewright.server.services import arrivals, carrying, naming, rendering
from tonewright.server.services.carrying import Superseded
from tonewright.server.services.files import keep
from tonewright.server.services.titles import tags_of
from tonewright.server.storage import storage
from tonewright.server.work.child import Children

log = structlog.get_logger()
T = TypeVar("T")

#: How long to wait before a job is begun again after the database could not be reached, in seconds.
_PATIENCE_S = (1.0, 5.0, 15.0, 60.0, 60.0)


class Carrier:
    """Carries jobs out, in any number of threads. folder: for files on their way, this worker's alone."""

    def __init__(self, folder: Path, children: Children, stopping: threading.Event) -> None:
        self._folder, self._children, self._stopping = folder, children, stopping
        self._lock = threading.Lock()
        self._totals: dict[str, dict[str, float]] = {}

    def totals(self) -> dict[str, dict[str, float]]:
        """What was done so far, as models.Worker keeps it."""
        with self._lock:
            return {kind: dict(counts) for kind, counts in self._totals.items()}

    def _count(self, job: Job, state: str, seconds: float) -> None:
        with self._lock:
            nothing = {"done": 0.0, "failed": 0.0, "seconds": 0.0, "audio_s": 0.0}
            counts = self._totals.setdefault(job.kind, nothing)
            counts[state] += 1.0
            if state == "done":
                counts["seconds"] += seconds
                counts["audio_s"] += _length_s(job)

    def __call__(self, job_id: str) -> None:
        """Carry one job out, whatever became of it before. Raises what the database does if it stays away."""
        for wait_s in _PATIENCE_S:
            try:
                self._once(UUID(job_id))
                return
            except (OperationalError, InterfaceError) as error:
                log.warning("job.database", job=job_id, error=str(error))
                self._stopping.wait(wait_s)
            finally:
                connection.close()
        self._once(UUID(job_id))

    def _once(self, job_id: UUID) -> None:
        close_old_connections()
        job = carrying.claim(job_id)
        if job is None:
            return
        folder = self._folder / job.claim
        with structlog.contextvars.bound_contextvars(
            job=str(job.pk), kind=job.kind, song=str(job.song_id), user=str(job.owner_id)
        ):
            log.info("job.begun", attempt=job.attempts)
            begun_s = time.monotonic()
            try:
                folder.mkdir(parents=True)
                _KINDS[job.kind](job, folder, self._run)
                seconds = time.monotonic() - begun_s
                self._count(job, "done", seconds)
                log.info("job.done", seconds=round(seconds, 2))
            except (OperationalError, InterfaceError):
                raise
            except Superseded:
                log.warning("job.superseded")
            except Exception as error:
                self._count(job, "failed", 0.0)
                self._fail(job, error)
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def _fail(self, job: Job, error: Exception) -> None:
        explained = _explained(error)
        if isinstance(explained, Bug):
            log.error("job.failed", code=explained.code, message=explained.message, exc_info=error)
        else:
            log.info("job.failed", code=explained.code, message=explained.message)
        try:
            carrying.fail(job, explained)
        except Superseded:
            log.warning("job.superseded")

    def _run(self, job: Job, folder: Path, order: dict[str, Any]) -> dict[str, Any]:
        """A job's child process; its progress goes into the row."""
        limits = {"folder": str(folder), "memory_bytes": conf().job_bytes}
        last: tuple[str, float] = ("", 0.0)

        def report(stage: str, done: float) -> None:
            nonlocal last
            now = (stage, round(done, 2))
            if now == last:
                carrying.check(job)
            else:
                carrying.advance(job, *now)
                last = now

        return self._children.run(order | limits, conf().job_minutes * 60.0, report)


Run = Callable[[Job, Path, dict[str, Any]], dict[str, Any]]


def _arrive(job: Job, folder: Path, run: Run) -> None:
    audio = job.audio
    assert audio is not None
    with storage().local(audio.key) as source:
        result = run(job, folder, {"job": "arrive", "source": str(source), "filename": audio.filename})
    arrivals.arrived(job, _kept(arrivals.Heard, folder, result))


def _master(job: Job, folder: Path, run: Run) -> None:
    master = job.master
    assert master is not None
    led_by = [] if master.recipe_given else _references(master.references)
    with all_local([master.audio.work_key, *(audio.work_key for audio, _ in led_by)]) as paths:
        order = {
            "job": "master",
            "source": str(paths[0]),
            "intent": master.intent,
            "recipe": master.recipe if master.recipe_given else None,
            "references": [
                {"path": str(path), "name": audio.filename, "weight": weight}
                for path, (audio, weight) in zip(paths[1:], led_by, strict=True)
            ],
            "tags": tags_of(job.song),
        }
        result = run(job, folder, order)
    rendering.rendered(job, _kept(rendering.Rendered, folder, result, tags=order["tags"]))


def _deliver(job: Job, folder: Path, run: Run) -> None:
    delivery = job.delivery
    assert delivery is not None
    master = delivery.master
    done = False
    while not done:  # again if the song was given another name meanwhile
        master.song = Song.objects.select_related("project").get(pk=job.song_id)
        tags = tags_of(master.song)
        with all_local([master.audio.work_key, master.master_key]) as (source, made):
            order = {
                "job": "deliver",
                "source": str(source),
                "made": str(made),
                "recipe": master.recipe,
                "format": delivery.format,
                "bits": delivery.bits or None,
                "tags": tags,
            }
            result = run(job, folder, order)
        path = folder / result["file"]
        file = rendering.Made(
            tags=tags,
            key=keep(path),
            bytes=result["bytes"],
            sha256=result["sha256"],
            filename=naming.master_filename(master, path.suffix.lstrip("."), delivery.bits),
            notes=result["notes"],
        )
        done = rendering.delivered(job, file)


def _kept(shape: Callable[..., T], folder: Path, result: dict[str, Any], **more: Any) -> T:
    """What a child made, in the shape that its use case takes: for each field `x_key`, the file `x` is kept."""
    names = [name.removesuffix("_key") for name in inspect.signature(shape).parameters if name.endswith("_key")]
    return shape(result=result, **{f"{name}_key": keep(folder / result["files"][name]) for name in names}, **more)


_KINDS: dict[str, Callable[[Job, Path, Run], None]] = {
    Job.Kind.ARRIVE: _arrive,
    Job.Kind.MASTER: _master,
    Job.Kind.DELIVER: _deliver,
}


@contextmanager
def all_local(keys: Sequence[str]) -> Iterator[list[Path]]:
    """Kept files as files on this machine."""
    with ExitStack() as stack:
        yield [stack.enter_context(storage().local(key)) for key in keys]


def _length_s(job: Job) -> float:
    """How long the song of a job that was done is."""
    audio = (job.delivery.master if job.delivery else job.master or job).audio
    found = Audio.objects.filter(pk=audio.pk).first() if audio else None
    return found.frames / found.rate_hz if found and found.frames and found.rate_hz else 0.0


def _references(kept: list[dict[str, Any]]) -> list[tuple[Audio, float]]:
    """The sounds that a version is led by, as far as they are still there."""
    rows = {str(row.pk): row for row in Audio.objects.filter(pk__in=[each["audio_id"] for each in kept])}
    return [(rows[each["audio_id"]], each["weight"]) for each in kept if each["audio_id"] in rows]


def _explained(error: Exception) -> TonewrightError:
    if isinstance(error, TonewrightError):
        return error
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskFull("There is no room left for what comes of this song.", "Tell the operator.")
    return Bug(
        f"A bug in Tonewright ({type(error).__name__}): nothing was made.", "Try again, or tell the operator."
    )
