"""The same request twice makes one thing: the answer of the first is kept and given again."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from tonewright.server.errors import Conflict
from tonewright.server.models import IdempotencyKey, User

#: How long an answer is kept. A client that has heard nothing for a day asks for the thing instead.
KEPT = timedelta(hours=24)


def once(
    owner: User, key: str, request_sha256: str, make: Callable[[], tuple[int, Any]]
) -> tuple[int, dict[str, Any] | None]:
    """Do it, or give the answer of the time it was done. make: gives a status and a JSON body.

    The key's row and whatever is made are one transaction: of two requests at once the later waits for the earlier,
    and what fails or dies half-way leaves neither a thing nor a key. Raises Conflict if the key stands for another
    request; what `make` raises passes through.
    """
    with transaction.atomic():
        kept = _kept(owner, key)
        if kept is None:
            try:
                with transaction.atomic():
                    row = IdempotencyKey.objects.create(owner=owner, key=key, request_sha256=request_sha256)
            except IntegrityError:  # PostgreSQL: another was quicker, and has committed by now
                kept = IdempotencyKey.objects.get(owner=owner, key=key)
        if kept is not None:
            if kept.request_sha256 != request_sha256 or kept.status is None:
                raise Conflict("This Idempotency-Key was sent with another request.", "Send a new key.")
            return kept.status, kept.body
        row.status, row.body = make()
        row.save(update_fields=["status", "body"])
        return row.status, row.body


def _kept(owner: User, key: str) -> IdempotencyKey | None:
    row = IdempotencyKey.objects.filter(owner=owner, key=key).first()
    if row is not None and row.created_at <= timezone.now() - KEPT:
        row.delete()
        return None
    return row


def forget_old() -> int:
    """Delete the answers whose day is over. Gives how many."""
    return IdempotencyKey.objects.filter(created_at__lte=timezone.now() - KEPT).delete()[0]
