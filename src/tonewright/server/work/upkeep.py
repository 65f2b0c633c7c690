"""What is left behind is found again: jobs without a workflow, workflows without a worker, what is kept too long."""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import structlog
from django.db import close_old_connections
from django.utils import timezone

from tonewright.base.errors import Bug
from tonewright.server.models import Job
from tonewright.server.services import assembling, jobs, retention, webhooks
from tonewright.server.services.carrying import Superseded, give_up
from tonewright.server.work import demo, durable
from tonewright.server.work.executors import Slot

log = structlog.get_logger()

#: A job so young may still be on its way into the queue.
_TOO_YOUNG = timedelta(seconds=2)
_LOOK_S = 2.0
_RETENTION_S = 600.0
_UPLOADS_S = 20.0
_KEEP_WORKFLOWS = timedelta(days=2)


def workflow_of(job: Job) -> str:
    return f"{job.pk}-{job.attempts}"


def queue(job: Job) -> None:
    """Put a job into the durable queue; what fails here the sweeper makes good."""
    workflow_id = workflow_of(job)
    try:
        durable.enqueue(workflow_id, str(job.pk), job.order)
        Job.objects.filter(pk=job.pk, attempts=job.attempts).update(workflow_id=workflow_id)
    except Exception as error:
        log.warning("job.not_queued", job=str(job.pk), error=str(error))


def look_after_jobs(slot: Slot) -> None:
    """Take up what dead workers had begun, and queue what is not queued."""
    dead = slot.dead(durable.pending_executors())
    if dead:
        log.warning("worker.gone", executors=sorted(dead), jobs=durable.resume(dead))
    sweep()


def sweep() -> int:
    """Queue jobs whose workflow is not there; end those whose workflow was given up on. Gives how many."""
    open_jobs = list(Job.objects.filter(state__in=jobs.OPEN, created_at__lt=timezone.now() - _TOO_YOUNG))
    standing = durable.standing(workflow_of(job) for job in open_jobs)
    swept = 0
    for job in open_jobs:
        found = standing.get(workflow_of(job))
        if found is None:
            queue(job)
        elif found == "open":
            continue
        elif found == "ended":
            # an attempt of a job that is open ended without telling: nothing was made of it, so it is made anew
            Job.objects.filter(pk=job.pk, attempts=job.attempts, state__in=jobs.OPEN).update(
                attempts=job.attempts + 1, workflow_id=""
            )
        else:
            _give_up(job)
        swept += 1
    return swept


def _give_up(job: Job) -> None:
    try:
        give_up(job, Bug("The service was stopped over this again and again.", "Tell the operator."))
    except Superseded:
        log.info("job.superseded", job=str(job.pk))


def start(stop: threading.Event, folder: Path) -> None:
    """Do what is due now and then, in a thread of its own, until told to stop. folder: this worker's alone."""
    threading.Thread(target=_keep_up, args=(stop, folder), daemon=True, name="upkeep").start()


def _keep_up(stop: threading.Event, folder: Path) -> None:
    retention_at = uploads_at = timezone.now()
    _try("demo", lambda: demo.prepare(folder))
    while not stop.wait(_LOOK_S):
        close_old_connections()
        _try("webhooks", _send_webhooks)
        if timezone.now() >= retention_at:
            _try("retention", retain)
            retention_at = timezone.now() + timedelta(seconds=_RETENTION_S)
        if timezone.now() >= uploads_at:
            _try("uploads", assembling.resume_assembling)
            uploads_at = timezone.now() + timedelta(seconds=_UPLOADS_S)


def _send_webhooks() -> None:
    for delivery in webhooks.due():
        webhooks.send(delivery)


def retain() -> dict[str, int]:
    """Forget what is kept too long; gives how many of each."""
    done = retention.run()
    done["workflows"] = durable.forget(timezone.now() - _KEEP_WORKFLOWS)
    if any(done.values()):
        log.info("retention", **done)
    return done


def _try(what: str, act: Callable[[], object]) -> None:
    try:
        act()
    except Exception:
        log.exception(f"upkeep.{what}")
