"""Carrying a job out: it is one worker's at a time, tells how far it is, and ends once.

A worker that was thought dead may come back with a result of its own. What it brings is dropped, because its claim on
the job is no longer the one in the row.
"""

import uuid
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from tonewright.base.errors import Interrupted, TonewrightError
from tonewright.server.models import Job, Master
from tonewright.server.services.events import tell_about
from tonewright.server.services.jobs import ENDED, OPEN, cancelled, settle, tell_job


class Superseded(Exception):
    """Another has taken the job over, or it is gone: whatever comes of this attempt is dropped."""


def claim(job_id: UUID) -> Job | None:
    """Take a job up, from whoever has it so far. None where there is nothing to be done any more."""
    with transaction.atomic():
        taken = Job.objects.filter(pk=job_id, state__in=OPEN, cancel_requested=False).update(
            state=Job.State.RUNNING, claim=uuid.uuid4().hex, stage="", done=0.0, started_at=timezone.now()
        )
        job = Job.objects.select_related("song", "owner", "audio", "master", "delivery").filter(pk=job_id).first()
        if job is None or job.state in ENDED:
            return None
        if not taken:
            settle(job, Job.State.CANCELLED, cancelled())
            return None
        if job.master is not None:
            job.master.state = Master.State.RENDERING
            job.master.save(update_fields=["state"])
        tell_job(job)
        tell_about(job)
    return job


def advance(job: Job, stage: str, done: float) -> None:
    """Tell how far a claimed job is. Raises Superseded where another has it now, Interrupted where it is cancelled."""
    with transaction.atomic():
        hold(job)
        job.stage, job.done = stage, done
        job.save(update_fields=["stage", "done"])
        tell_job(job)
    check(job)


def check(job: Job) -> None:
    """Whether a claimed job is to go on. Raises as advance does."""
    found = Job.objects.filter(pk=job.pk).values("claim", "state", "cancel_requested").first()
    if found is None or found["claim"] != job.claim or found["state"] != Job.State.RUNNING:
        raise Superseded(f"Job {job.pk} is another's now.")
    if found["cancel_requested"]:
        raise cancelled()


def hold(job: Job) -> None:
    """Make sure, within a transaction, that the job is still this claim's; its owner may be another by now.

    Raises Superseded.
    """
    held = Job.objects.select_for_update().filter(pk=job.pk, claim=job.claim, state=Job.State.RUNNING)
    found = held.values_list("owner", flat=True).first()
    if found is None:
        raise Superseded(f"Job {job.pk} is another's now.")
    job.owner_id = found


def finish(job: Job) -> None:
    """The job is done, in the transaction of its results."""
    job.state, job.stage, job.done, job.error = Job.State.DONE, "", 1.0, None
    job.finished_at = timezone.now()
    job.save(update_fields=["state", "stage", "done", "error", "finished_at"])
    tell_job(job)


def fail(job: Job, error: TonewrightError) -> None:
    """The job ended without a result. Raises Superseded."""
    with transaction.atomic():
        hold(job)
        stopped = isinstance(error, Interrupted)
        settle(job, Job.State.CANCELLED if stopped else Job.State.FAILED, error)


def give_up(job: Job, error: TonewrightError) -> None:
    """End an open job that nobody carries out any more. Raises Superseded where somebody does after all."""
    with transaction.atomic():
        found = Job.objects.select_for_update().filter(pk=job.pk, claim=job.claim, state__in=OPEN)
        if not found.exists():
            raise Superseded(f"Job {job.pk} is another's now.")
        settle(job, Job.State.FAILED, error)
