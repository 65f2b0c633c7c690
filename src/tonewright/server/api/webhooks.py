"""Webhooks: where my programs are told what happened, and what they were told."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status
from pydantic import AfterValidator, StringConstraints

from tonewright.server.api.auth import actor
from tonewright.server.api.idempotency import idempotent
from tonewright.server.api.paging import Page, Paging, page
from tonewright.server.models import Webhook, WebhookDelivery
from tonewright.server.services import webhooks

router = Router()

EventName = Literal["master.ready", "master.failed", "song.analysed", "delivery.ready"]
Events = Annotated[
    list[EventName], Field(min_length=1, max_length=20), AfterValidator(lambda names: list(dict.fromkeys(names)))
]
Url = Annotated[str, StringConstraints(max_length=500)]


class WebhookIn(Schema):
    """url: https, at a public address."""

    url: Url
    events: Events


class WebhookChanges(Schema):
    """What is not sent stays."""

    url: Url = ""
    events: Events = Field(default_factory=list, validate_default=False)
    enabled: bool = True


class WebhookOut(Schema):
    id: UUID
    url: str
    events: list[EventName]
    enabled: bool
    created_at: datetime


class NewWebhookOut(WebhookOut):
    secret: str | None = Field(
        description="Signs what is sent. Shown this once; null where an Idempotency-Key is sent again."
    )


class MessageOut(Schema):
    """One message. status, answer: what came back last time, or why nothing did. next_at: the next try."""

    id: UUID
    event: str
    body: dict[str, Any]
    state: Literal["waiting", "sent", "failed"]
    attempts: int
    next_at: datetime | None
    status: int | None
    answer: str
    created_at: datetime


@router.get("", response=Page[WebhookOut])
def list_webhooks(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    return page(webhooks.mine(actor(request)), paging, _webhook_json)


@router.post("", response={201: NewWebhookOut})
@idempotent(hiding="secret")
def create_webhook(request: HttpRequest, body: WebhookIn) -> Status[dict[str, Any]]:
    """A new webhook.

    What is sent is signed: `Tonewright-Signature: t=<seconds>,v1=<hex>`, HMAC-SHA256 with the secret over
    `<seconds>.<body>`. Anything but an answer from 200 to 299 is tried again for about a day.
    """
    row = webhooks.create(actor(request), body.url, list(body.events))
    return Status(201, _webhook_json(row) | {"secret": row.secret})


@router.patch("/{webhook_id}", response=WebhookOut)
def change_webhook(request: HttpRequest, webhook_id: UUID, body: WebhookChanges) -> dict[str, Any]:
    changes = body.model_dump(exclude_unset=True)
    return _webhook_json(webhooks.change(actor(request), webhook_id, **changes))


@router.delete("/{webhook_id}", response={204: None})
def delete_webhook(request: HttpRequest, webhook_id: UUID) -> Status[None]:
    webhooks.get(actor(request), webhook_id).delete()
    return Status(204, None)


@router.get("/{webhook_id}/deliveries", response=Page[MessageOut])
def list_messages(request: HttpRequest, webhook_id: UUID, paging: Query[Paging]) -> dict[str, Any]:
    """What was sent, and how it went."""
    return page(webhooks.get(actor(request), webhook_id).deliveries.all(), paging, _message_json)


@router.post("/{webhook_id}/deliveries/{delivery_id}/send", response={202: MessageOut})
def send_again(request: HttpRequest, webhook_id: UUID, delivery_id: UUID) -> Status[dict[str, Any]]:
    """Send a message once more."""
    return Status(202, _message_json(webhooks.send_again(actor(request), webhook_id, delivery_id)))


def _webhook_json(row: Webhook) -> dict[str, Any]:
    return {
        "id": row.pk,
        "url": row.url,
        "events": row.events,
        "enabled": row.enabled,
        "created_at": row.created_at,
    }


def _message_json(row: WebhookDelivery) -> dict[str, Any]:
    return {
        "id": row.pk,
        "event": row.kind,
        "body": row.body,
        "state": row.state,
        "attempts": row.attempts,
        "next_at": row.next_at,
        "status": row.status,
        "answer": row.answer,
        "created_at": row.created_at,
    }
