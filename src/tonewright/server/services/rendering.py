"""What comes of renders: a version is ready, a file to take away is ready."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from tonewright.server.models import Delivery, Job, Master, Song
from tonewright.server.services.carrying import finish, hold
from tonewright.server.services.events import tell
from tonewright.server.services.shown import delivery_json, master_json
from tonewright.server.services.titles import tags_of


@dataclass(frozen=True)
class Rendered:
    """A version's files and facts. result: as server/sound/master.py gives it. tags: what its file was told to say."""

    result: dict[str, Any]
    tags: dict[str, Any]
    master_key: str
    report_key: str
    curves_key: str
    peaks_key: str
    listen_key: str


def rendered(job: Job, made: Rendered) -> None:
    """The version is ready. Raises Superseded."""
    with transaction.atomic():
        hold(job)
        master = Master.objects.select_for_update(of=("self",)).select_related("author").get(jobs=job)
        result = made.result
        master.state, master.error = Master.State.READY, None
        master.recipe = result["recipe"]
        master.recipe_digest, master.engine_version = result["recipe_digest"], result["engine"]
        master.measurements = result["after"]
        master.decisions, master.shortfalls = result["decisions"], result["shortfalls"]
        master.listen_index, master.bytes = result["listen_index"], result["bytes"]
        master.tags = made.tags
        master.master_key, master.report_key, master.curves_key = made.master_key, made.report_key, made.curves_key
        master.peaks_key, master.listen_key = made.peaks_key, made.listen_key
        master.ready_at = timezone.now()
        master.save()
        finish(job)
        tell("master", job.owner_id, job.song_id, master_json(master))


@dataclass(frozen=True)
class Made:
    """A file to take away. tags: what it was told to say. notes: what had to differ from the version, in words."""

    tags: dict[str, Any]
    key: str
    bytes: int
    sha256: str
    filename: str
    notes: list[str]


def delivered(job: Job, made: Made) -> bool:
    """The file is ready; unless the song has another name by now: then nothing is done, and it has to be made anew.

    Raises Superseded.
    """
    with transaction.atomic():
        hold(job)
        # held, so that whoever gives it another name finds this file (projects.outdate_files)
        song = Song.objects.select_for_update().select_related("project").get(pk=job.song_id)
        if tags_of(song) != made.tags:
            return False
        delivery = Delivery.objects.select_for_update(of=("self",)).get(jobs=job)
        delivery.state, delivery.error = Delivery.State.READY, None
        delivery.key, delivery.bytes, delivery.sha256 = made.key, made.bytes, made.sha256
        delivery.filename, delivery.notes = made.filename, made.notes
        delivery.save()
        finish(job)
        tell("delivery", job.owner_id, job.song_id, delivery_json(delivery))
    return True
