"""The jobs a child process takes, as declared shapes, and what runs them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from tonewright.base.errors import UsageError
from tonewright.base.params import Params
from tonewright.base.progress import Progress

_GIB = 2**30

#: What can be taken away, and the word lengths of what is not lossy.
DeliveryFormat = Literal["wav", "flac", "mp3", "aac"]
DeliveryBits = Literal["24", "16"]


class Job(Params):
    """What every job has.

    folder: the only place that is written to; it is there and empty. memory_bytes, file_bytes: see limits.confine.
    parent: the starting process's id.
    """

    job: str
    folder: Path
    memory_bytes: int = Field(3 * _GIB, ge=_GIB // 8)
    file_bytes: int = Field(64 * _GIB, ge=1)
    parent: int | None = None


class ArriveJob(Job):
    """A stranger's file is decoded, checked and heard.

    source: the file. filename: its name as its owner knows it, for messages and formats.
    max_duration_s: longer ones are refused.
    """

    job: Literal["arrive"]
    source: Path
    filename: str
    max_duration_s: float = Field(12 * 3600.0, gt=0)


class ReferenceFile(Params):
    """A song to be led by: the work file of its arrival. name: for words."""

    path: Path
    name: str
    weight: float = Field(1.0, ge=0, le=10)


class SongTags(Params):
    """What the song's owner says about it; what is not given stays as it was in the source."""

    title: str = ""
    artist: str = ""
    album: str = ""
    album_artist: str = ""
    track_number: int = Field(0, ge=0)
    track_total: int = Field(0, ge=0)
    isrc: str = ""
    upc: str = ""
    date: str = ""
    genre: str = ""
    composer: str = ""
    copyright: str = ""
    publisher: str = ""
    comment: str = ""


class MasterJob(Job):
    """A version of a song is made. source: its work file. intent: engine.intent.Intent without references.
    recipe: carried out instead of deciding."""

    job: Literal["master"]
    source: Path
    intent: dict[str, Any] = Field(default_factory=dict)
    recipe: dict[str, Any] | None = None
    references: tuple[ReferenceFile, ...] = Field((), max_length=16)
    tags: SongTags = SongTags()


class DeliverJob(Job):
    """A file to take away is made from a version's recipe. source: the song's work file. made: the version's own file,
    whose words are taken where they can stay. name: of the file, without its extension. target: a name from
    `tonewright targets`, whose rate is delivered where it asks for one."""

    job: Literal["deliver"]
    source: Path
    made: Path | None = None
    recipe: dict[str, Any]
    format: DeliveryFormat
    bits: DeliveryBits | None = None
    quality: Literal["standard", "high", "best"] = "high"
    target: str | None = None
    tags: SongTags = SongTags()
    name: str = "master"


_KINDS: dict[str, type[Job]] = {"arrive": ArriveJob, "master": MasterJob, "deliver": DeliverJob}


def parse(document: Any) -> Job:
    """A job from decoded JSON. Raises UsageError or Impossible."""
    kind = _KINDS.get(str(document.get("job"))) if isinstance(document, dict) else None
    if kind is None:
        raise UsageError("That is no job.", f"Known: {', '.join(_KINDS)}.")
    return kind.parse(document, "The job")


def runner(job: Job) -> Callable[[Progress], dict[str, Any]]:
    """What carries a job out. What it needs is imported here, under the limits that are set by then."""
    if isinstance(job, ArriveJob):
        from tonewright.server.sound.arrive import arrive

        return lambda progress: arrive(job, progress)
    if isinstance(job, MasterJob):
        from tonewright.server.sound.master import make

        return lambda progress: make(job, progress)
    if isinstance(job, DeliverJob):
        from tonewright.server.sound.delivery import make_delivery

        return lambda progress: make_delivery(job, progress)
    raise UsageError(f"Nothing carries out {job.job}.")
