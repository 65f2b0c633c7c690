"""Webhooks: a person's programs are told what happened, signed, until they take it or a day is over.

Events become messages in the transaction in which they happen (`heard`, which services/events.py calls). Whoever sends
asks for `due()` and gives each message to `send()`.
"""

import hashlib
import hmac
import json
import secrets
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from django.utils import timezone

from tonewright.server.errors import Conflict, NotFound
from tonewright.server.models import Audio, Delivery, Event, Master, Project, Webhook, WebhookDelivery
from tonewright.server.services import outside
from tonewright.server.services.access import Actor

State = WebhookDelivery.State
#: What can be told, and the event it follows from: (kind, state).
_TOLD: dict[tuple[str, str], str] = {
    ("master", Master.State.READY): "master.ready",
    ("master", Master.State.FAILED): "master.failed",
    ("audio", Audio.State.READY): "song.analysed",
    ("delivery", Delivery.State.READY): "delivery.ready",
}
EVENTS = tuple(_TOLD.values())
MOST_WEBHOOKS = 20
#: How long to wait after each try that failed; with the last, a message is given up on after about a day.
BACKOFF = tuple(
    timedelta(seconds=s) for s in (10, 60, 300, 900, 3600, 2 * 3600, 4 * 3600, 4 * 3600, 6 * 3600, 6 * 3600)
)
#: A message that is being sent is nobody else's for so long: longer than a try may take.
_LEASE = timedelta(seconds=60)
_SIGNATURE = "Tonewright-Signature"


def create(actor: Actor, url: str, events: list[str]) -> Webhook:
    """A new webhook with its secret, which is not shown again.

    Raises NotAllowed to a visitor, UsageError for an address that is none, Conflict for too many.
    """
    actor.must_have_account()
    if Webhook.objects.filter(owner=actor.user).count() >= MOST_WEBHOOKS:
        raise Conflict(f"There are {MOST_WEBHOOKS} webhooks already.", "Delete one.")
    outside.must_be_address(url)
    secret = "whs_" + secrets.token_urlsafe(32)
    return Webhook.objects.create(owner=actor.user, url=url, events=events, secret=secret)


def mine(actor: Actor) -> QuerySet[Webhook]:
    return Webhook.objects.filter(owner=actor.user)


def get(actor: Actor, webhook_id: UUID) -> Webhook:
    """One of the actor's. Raises NotFound."""
    found = mine(actor).filter(pk=webhook_id).first()
    if found is None:
        raise NotFound(f"There is no webhook {webhook_id}, or it is not yours.")
    return found


def change(actor: Actor, webhook_id: UUID, **changes: Any) -> Webhook:
    """changes: url, events, enabled. Raises NotFound, UsageError."""
    webhook = get(actor, webhook_id)
    if "url" in changes:
        outside.must_be_address(changes["url"])
    for name, value in changes.items():
        setattr(webhook, name, value)
    webhook.save(update_fields=list(changes))
    return webhook


def send_again(actor: Actor, webhook_id: UUID, delivery_id: UUID) -> WebhookDelivery:
    """Send a message once more, from now on. Raises NotFound."""
    delivery = get(actor, webhook_id).deliveries.filter(pk=delivery_id).first()
    if delivery is None:
        raise NotFound(f"There is no message {delivery_id}.")
    delivery.state, delivery.attempts, delivery.next_at = State.WAITING, 0, timezone.now()
    delivery.save(update_fields=["state", "attempts", "next_at"])
    return delivery


def heard(event: Event) -> None:
    """Make messages of an event, for the webhooks of whoever ordered it and of the project's owner."""
    told = _TOLD.get((event.kind, str(event.body.get("state"))))
    if told is None:
        return
    people = {event.owner_id, *Project.objects.filter(songs=event.song_id).values_list("owner", flat=True)}
    for webhook in Webhook.objects.filter(owner__in=people, enabled=True):
        if told in webhook.events:
            message(
                webhook, told, {"song_id": str(event.song_id) if event.song_id else None, event.kind: event.body}
            )


def message(webhook: Webhook, kind: str, about: dict[str, Any]) -> WebhookDelivery:
    """A message to one webhook, to be sent as soon as may be."""
    now = timezone.now()
    body = {"event": kind, "at": now.isoformat(), **about}
    return WebhookDelivery.objects.create(webhook=webhook, kind=kind, body=body, next_at=now)


def due(most: int = 20) -> list[WebhookDelivery]:
    """The messages whose time has come."""
    rows = WebhookDelivery.objects.filter(state=State.WAITING, next_at__lte=timezone.now(), webhook__enabled=True)
    return list(rows.select_related("webhook").order_by("next_at")[:most])


def send(delivery: WebhookDelivery) -> bool:
    """Try a message once, unless another process is at it. Gives whether it was taken.

    Taken is an answer from 200 to 299. Otherwise it is put off, and after the last try given up on.
    """
    claimed = WebhookDelivery.objects.filter(
        pk=delivery.pk, state=State.WAITING, attempts=delivery.attempts, next_at__lte=timezone.now()
    ).update(attempts=F("attempts") + 1, next_at=timezone.now() + _LEASE)
    if not claimed:
        return False
    body = json.dumps({"id": str(delivery.pk), **delivery.body}, separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Tonewright-Webhook",
        _SIGNATURE: signature(delivery.webhook.secret, int(time.time()), body),
    }
    try:
        status, answer = outside.post(delivery.webhook.url, body, headers)
    except outside.Unreachable as error:
        status, answer = None, str(error)
    delivery.attempts += 1
    delivery.status, delivery.answer = status, answer.replace("\0", "")[:500]
    if status is not None and 200 <= status < 300:
        delivery.state, delivery.next_at = State.SENT, None
    elif delivery.attempts > len(BACKOFF):
        delivery.state, delivery.next_at = State.FAILED, None
    else:
        delivery.next_at = timezone.now() + BACKOFF[delivery.attempts - 1]
    delivery.save(update_fields=["state", "attempts", "next_at", "status", "answer"])
    return delivery.state == State.SENT


def signature(secret: str, at_s: int, body: bytes) -> str:
    """`t=<seconds since 1970>,v1=<hex>`: HMAC-SHA256 over `<t>.<body>` with the webhook's secret."""
    return f"t={at_s},v1={hmac.new(secret.encode(), f'{at_s}.'.encode() + body, hashlib.sha256).hexdigest()}"
