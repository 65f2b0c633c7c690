"""Jobs: accepted with the row they are about, put in a fair order, carried out by one, cancelled, tried again."""

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models import BigIntegerField, Case, ExpressionWrapper, F, Max, Min, When
from django.utils import timezone

from tonewright.base.errors import Interrupted, TonewrightError
from tonewright.server.errors import Conflict
from tonewright.server.models import Audio, Delivery, Job, Master, Song, User
from tonewright.server.services.events import tell, tell_about
from tonewright.server.services.shown import job_json

#: What was asked for by nobody in particular waits for this many turns of others, and no longer.
BULK_TURNS = 20
OPEN = (Job.State.QUEUED, Job.State.RUNNING)
ENDED = (Job.State.DONE, Job.State.FAILED, Job.State.CANCELLED)

#: What the durable queue does with a job once its row is committed; work/ registers itself here.
_listeners: list[Callable[[Job], None]] = []


def on_queued(listener: Callable[[Job], None]) -> None:
    """Be called with every job that was accepted, after its transaction."""
    _listeners.append(listener)


def accept(
    kind: str, song: Song, owner: User, *, order: int | None = None, bulk: bool = False, **about: Any
) -> Job:
    """A new job, in the transaction of the row it is about. about: audio, master or delivery.

    order: the turn of a job that this one carries on, so that the two count as one.
    bulk: nobody is waiting for it.
    """
    turn = turn_of(owner) if order is None else order
    turn += BULK_TURNS if bulk else 0
    job = Job.objects.create(kind=kind, song=song, owner=owner, order=turn, bulk=bulk, **about)
    tell_job(job)
    transaction.on_commit(lambda: _queue(job))
    return job


def _queue(job: Job) -> None:
    for listener in _listeners:
        listener(job)


def turn_of(owner: User) -> int:
    """The turn of an owner's next job: start-time fair queueing (Goyal, Vin & Cheng, 1996) with jobs of equal size.

    An owner's jobs stand one turn apart; one who comes new stands at the turn that is served now. So whoever sends a
    hundred songs waits for whoever sends one.
    """
    waiting = Job.objects.filter(state__in=OPEN)
    put_off = Case(When(bulk=True, then=BULK_TURNS), default=0)
    turns = waiting.annotate(turn=ExpressionWrapper(F("order") - put_off, BigIntegerField()))
    running = turns.filter(state=Job.State.RUNNING).aggregate(now=Max("turn"))["now"]
    now = running if running is not None else turns.aggregate(now=Min("turn"))["now"]
    own = waiting.filter(owner=owner, bulk=False).aggregate(last=Max("order"))["last"]
    turn = 1 if now is None else now
    return turn if own is None else max(turn, own + 1)


def settle(job: Job, state: str, error: TonewrightError) -> None:
    """End a job and what it is about, within a transaction, with a reason in words."""
    job.state, job.error, job.finished_at = state, error_json(error), timezone.now()
    job.save(update_fields=["state", "error", "finished_at"])
    if job.audio is not None and job.kind == Job.Kind.ARRIVE:
        job.audio.state, job.audio.error = Audio.State.REFUSED, job.error
        job.audio.save(update_fields=["state", "error"])
    if job.master is not None and job.kind == Job.Kind.MASTER:
        stopped = state == Job.State.CANCELLED
        job.master.state = Master.State.CANCELLED if stopped else Master.State.FAILED
        job.master.error = job.error
        job.master.save(update_fields=["state", "error"])
    if job.delivery is not None:
        job.delivery.state, job.delivery.error = Delivery.State.FAILED, job.error
        job.delivery.save(update_fields=["state", "error"])
    tell_job(job)
    tell_about(job)


def cancel(job: Job) -> Job:
    """Stop a job, now or as soon as its render can be stopped. What ended stays as it ended."""
    with transaction.atomic():
        changed = Job.objects.filter(pk=job.pk, state__in=OPEN).update(cancel_requested=True)
        job.refresh_from_db()
        if changed and job.state == Job.State.QUEUED:
            settle(job, Job.State.CANCELLED, cancelled())
    return job


def retry(job: Job) -> Job:
    """Take up again what failed or was cancelled. Raises Conflict for what did not end so."""
    with transaction.atomic():
        changed = Job.objects.filter(pk=job.pk, state__in=(Job.State.FAILED, Job.State.CANCELLED)).update(
            state=Job.State.QUEUED,
            stage="",
            done=0.0,
            error=None,
            cancel_requested=False,
            started_at=None,
            finished_at=None,
            workflow_id="",
            claim="",
            attempts=F("attempts") + 1,
            order=turn_of(job.owner),
        )
        job.refresh_from_db()
        if not changed:
            raise Conflict(f"The job is {job.state}; only what failed or was cancelled can be tried again.")
        _reopen(job)
        tell_job(job)
        tell_about(job)
        transaction.on_commit(lambda: _queue(job))
    return job


def _reopen(job: Job) -> None:
    """What a job is about waits for it again."""
    if job.audio is not None and job.kind == Job.Kind.ARRIVE:
        job.audio.state, job.audio.error = Audio.State.CHECKING, None
        job.audio.save(update_fields=["state", "error"])
    if job.master is not None and job.kind == Job.Kind.MASTER:
        job.master.state, job.master.error = Master.State.QUEUED, None
        job.master.save(update_fields=["state", "error"])
    if job.delivery is not None:
        job.delivery.state, job.delivery.error = Delivery.State.QUEUED, None
        job.delivery.save(update_fields=["state", "error"])


def cancelled() -> Interrupted:
    """Why a job has no result that somebody stopped."""
    return Interrupted("Cancelled.", "Try again when you want it.")


def error_json(error: TonewrightError) -> dict[str, str]:
    return {"code": error.code, "message": error.message, "remedy": error.remedy}


def tell_job(job: Job) -> None:
    """Let listeners know how a job stands."""
    tell("job", job.owner_id, job.song_id, job_json(job))
