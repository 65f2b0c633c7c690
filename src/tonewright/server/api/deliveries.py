"""Files to take away: ordered in a format, fetched by name."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Query, Router, Schema, Status

from tonewright.server.api.auth import actor
from tonewright.server.api.idempotency import idempotent
from tonewright.server.api.paging import Page, Paging, page
from tonewright.server.api.problems import Problem
from tonewright.server.api.serving import binary, whole_file
from tonewright.server.api.shapes import CONFLICTS, REFUSALS, DeliveryOut
from tonewright.server.models import Delivery
from tonewright.server.services import deliveries
from tonewright.server.services.access import get
from tonewright.server.services.shown import delivery_json
from tonewright.server.sound.jobs import DeliveryBits, DeliveryFormat

router = Router()

MEDIA_TYPES: dict[str, str] = {"wav": "audio/wav", "flac": "audio/flac", "mp3": "audio/mpeg", "aac": "audio/mp4"}


class DeliveryIn(Schema):
    """bits: default 24 where the format has a word length."""

    format: DeliveryFormat
    bits: DeliveryBits | None = None


@router.get(
    "/masters/{master_id}/deliveries",
    response={200: Page[DeliveryOut], **REFUSALS},
    summary="The files that were asked for, newest first",
)
def list_deliveries(request: HttpRequest, master_id: UUID, paging: Query[Paging]) -> dict[str, Any]:
    return page(deliveries.of_master(actor(request), master_id), paging, delivery_json)


@router.post(
    "/masters/{master_id}/deliveries",
    response={200: DeliveryOut, 201: DeliveryOut, **CONFLICTS, 413: Problem},
    summary="Ask for a file in a format; one that there is already is given again",
)
@idempotent
def request_delivery(request: HttpRequest, master_id: UUID, body: DeliveryIn) -> Status[dict[str, Any]]:
    delivery, ordered = deliveries.request(actor(request), master_id, body.format, body.bits)
    return Status(201 if ordered else 200, delivery_json(delivery))


@router.get("/deliveries/{delivery_id}", response={200: DeliveryOut, **REFUSALS}, summary="How a file stands")
def get_delivery(request: HttpRequest, delivery_id: UUID) -> dict[str, Any]:
    return delivery_json(get(actor(request), Delivery, delivery_id))


@router.get(
    "/deliveries/{delivery_id}/file",
    response={**CONFLICTS},
    openapi_extra=binary("audio/*", "The file, or a range of it."),
    summary="Download a file",
)
def download(request: HttpRequest, delivery_id: UUID) -> HttpResponseBase:
    delivery = deliveries.ready(actor(request), delivery_id)
    return whole_file(request, delivery.key, MEDIA_TYPES[delivery.format], delivery.filename)
