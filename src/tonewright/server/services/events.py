"""What happened, told to whoever listens: an event is a row, written in the transaction of what it tells.

Write events last in a transaction: on PostgreSQL they are numbered one transaction after another (models/work.py).
"""

from typing import Any
from uuid import UUID

from tonewright.server.models import Event, Job
from tonewright.server.services import webhooks
from tonewright.server.services.shown import audio_json, delivery_json, master_json


def tell(kind: str, owner_id: UUID, song_id: UUID | None, body: dict[str, Any]) -> Event:
    """Let listeners know. kind: job, audio, master, song, delivery. body: the thing as the API shows it."""
    event = Event.objects.create(owner_id=owner_id, song_id=song_id, kind=kind, body=body)
    webhooks.heard(event)
    return event


def tell_about(job: Job) -> None:
    """Let listeners know how what a job is about stands."""
    if job.delivery is not None:
        tell("delivery", job.owner_id, job.song_id, delivery_json(job.delivery))
    elif job.master is not None:
        tell("master", job.owner_id, job.song_id, master_json(job.master))
    elif job.audio is not None:
        tell("audio", job.owner_id, job.song_id, audio_json(job.audio))
