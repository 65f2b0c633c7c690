"""What is kept too long goes: visitors, deleted projects, unfinished uploads, files of nobody's, old events."""

from datetime import timedelta

from django.db import models
from django.utils import timezone

from tonewright.server.conf import conf
from tonewright.server.models import Event, IdempotencyKey, Project, User, WebhookDelivery, Worker
from tonewright.server.services import audios, files, uploads

_KEEP_EVENTS = timedelta(days=7)
_KEEP_ANSWERS = timedelta(days=1)
_KEEP_MESSAGES = timedelta(days=30)
_KEEP_WORKERS = timedelta(days=1)


def run() -> dict[str, int]:
    """Let go of everything that is due; gives how many of each."""
    now = timezone.now()
    deleted = Project.objects.filter(deleted_at__lt=now - timedelta(days=conf().keep_deleted_days))
    messages = WebhookDelivery.objects.exclude(state=WebhookDelivery.State.WAITING)
    return {
        "visitors": _delete_each(User.objects.filter(is_visitor=True, expires_at__lt=now)),
        "projects": _delete_each(deleted),
        "uploads": uploads.expire(now),
        "events": Event.objects.filter(at__lt=now - _KEEP_EVENTS).delete()[0],
        "answers": IdempotencyKey.objects.filter(created_at__lt=now - _KEEP_ANSWERS).delete()[0],
        "messages": messages.filter(created_at__lt=now - _KEEP_MESSAGES).delete()[0],
        "workers": Worker.objects.filter(beat_at__lt=now - _KEEP_WORKERS).delete()[0],
        "sounds": audios.purge(),
        "files": files.sweep(),
    }


def _delete_each(rows: "models.QuerySet[User] | models.QuerySet[Project]") -> int:
    """Delete rows with all that is theirs, one after another; what works on it finds it gone and stops."""
    found = list(rows)
    for row in found:
        row.delete()
    return len(found)
