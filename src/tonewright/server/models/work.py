"""Work that was accepted, what happened, and what must not happen twice."""

from typing import Any, ClassVar

from django.db import connection, models, transaction

from tonewright.server.models.accounts import User
from tonewright.server.models.catalog import Audio, Delivery, Master, Song
from tonewright.server.models.common import Row


class Job(Row):
    """One piece of work. It is finished once, or reported as failed with a reason.

    order: whose turn it is, lower first (services/jobs.py). bulk: nobody is waiting for it. done: 0..1 of the whole.
    attempts: how often it was asked for, the first time included. workflow_id: empty until it is queued durably; the
    sweeper looks for those.
    claim: who carries it out; whoever takes it over writes another, and the result of the one before is dropped.
    """

    class Kind(models.TextChoices):
        ARRIVE = "arrive"
        MASTER = "master"
        DELIVER = "deliver"

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="jobs")
    song = models.ForeignKey(Song, on_delete=models.CASCADE, related_name="jobs")
    audio = models.ForeignKey(Audio, on_delete=models.CASCADE, null=True, blank=True, related_name="jobs")
    master = models.ForeignKey(Master, on_delete=models.CASCADE, null=True, blank=True, related_name="jobs")
    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, null=True, blank=True, related_name="jobs")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED, db_index=True)
    stage = models.CharField(max_length=60, blank=True)
    done = models.FloatField(default=0.0)
    order = models.BigIntegerField(default=0, db_index=True)
    bulk = models.BooleanField(default=False)
    attempts = models.PositiveSmallIntegerField(default=1)
    error = models.JSONField(null=True, blank=True)
    claim = models.CharField(max_length=32, blank=True)
    workflow_id = models.CharField(max_length=100, blank=True, db_index=True)
    cancel_requested = models.BooleanField(default=False)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)


class Worker(models.Model):
    """A process that carries out jobs, for as long as it says so. executor: its name in the durable queue.

    totals: by kind of job, since it began: how many were done and failed, seconds spent on those done, audio_s of them.
    """

    executor = models.CharField(primary_key=True, max_length=120)
    pid = models.PositiveIntegerField()
    slots = models.PositiveSmallIntegerField(default=1)
    totals = models.JSONField(default=dict)
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.executor


#: Any number; PostgreSQL's lock under which events are numbered.
_NUMBERING_LOCK = 7_665_667


class Event(models.Model):
    """What happened to a song, for whoever listens. The id counts up; a listener goes on after the last it has."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(auto_now_add=True, db_index=True)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="events")
    song = models.ForeignKey(Song, on_delete=models.CASCADE, related_name="events", null=True)
    kind = models.CharField(max_length=20)
    body = models.JSONField()

    class Meta:
        ordering = ("id",)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Events become visible in the order of their ids, so that whoever has read up to one has missed none.

        SQLite writes one after another anyway. PostgreSQL numbers before it commits: there a transaction that has
        numbered an event lets no other number one until it ends.
        """
        with transaction.atomic():
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_NUMBERING_LOCK])
            super().save(*args, **kwargs)


class IdempotencyKey(Row):
    """A request that made something, and its answer, so that the same request again makes nothing more."""

    owner = models.ForeignKey(User, on_delete=models.CASCADE)
    key = models.CharField(max_length=255)
    request_sha256 = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["owner", "key"], name="one_answer_a_key")]


class Webhook(Row):
    """Where an owner's programs are told. secret: signs what is sent."""

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="webhooks")
    url = models.URLField(max_length=500)
    secret = models.CharField(max_length=64)
    events = models.JSONField(default=list)
    enabled = models.BooleanField(default=True)


class WebhookDelivery(Row):
    """One message to one webhook: sent until it is taken, or given up on."""

    class State(models.TextChoices):
        WAITING = "waiting"
        SENT = "sent"
        FAILED = "failed"

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    kind = models.CharField(max_length=20)
    body = models.JSONField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING, db_index=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True, blank=True, db_index=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    answer = models.CharField(max_length=500, blank=True)
