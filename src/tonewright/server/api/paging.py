"""Lists in pages: ?limit= and ?after=, answered with the cursor of the next page."""

import base64
import binascii
from collections.abc import Callable
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from ninja import Field, Schema

from tonewright.base.errors import UsageError

T = TypeVar("T")
P = TypeVar("P")
R = TypeVar("R", bound=Model)


class Page(Schema, Generic[T]):
    """items: at most `limit`. next: what to send as `after` for the page that follows; null at the end."""

    items: list[T]
    next: str | None


class Paging(Schema):
    limit: int = Field(50, ge=1, le=200)
    after: str = Field("", max_length=200)


def page(rows: QuerySet[R], paging: Paging, show: Any) -> dict[str, Any]:
    """One page of rows, newest first. Stable while rows are added: a cursor is a place, not a count.

    Raises UsageError for a cursor that is none of ours.
    """
    if paging.after:
        at, row_id = _read(paging.after, _moment)
        rows = rows.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=row_id))
    return _page(rows.order_by("-created_at", "-pk"), paging, show, lambda row: row.created_at.isoformat())


def page_in_order(rows: QuerySet[R], paging: Paging, show: Any) -> dict[str, Any]:
    """One page of rows by their `position`, lowest first. Raises UsageError like page."""
    if paging.after:
        place, row_id = _read(paging.after, _place)
        rows = rows.filter(Q(position__gt=place) | Q(position=place, pk__gt=row_id))
    return _page(rows.order_by("position", "pk"), paging, show, lambda row: row.position)


def _page(rows: QuerySet[R], paging: Paging, show: Any, place: Callable[[Any], object]) -> dict[str, Any]:
    found: list[Any] = list(rows[: paging.limit + 1])
    more = len(found) > paging.limit
    kept = found[: paging.limit]
    return {"items": [show(row) for row in kept], "next": _cursor(place(kept[-1]), kept[-1]) if more else None}


def _cursor(place: object, row: Model) -> str:
    return base64.urlsafe_b64encode(f"{place} {row.pk}".encode()).decode()


def _read(cursor: str, place_of: Callable[[str], P]) -> tuple[P, UUID]:
    try:
        place, row_id = base64.urlsafe_b64decode(cursor.encode()).decode().split(" ")
        return place_of(place), UUID(row_id)
    except (ValueError, binascii.Error, UnicodeError) as error:
        raise UsageError(
            "after: this is not a cursor of this list.", "Send the `next` of the page before."
        ) from error


def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("no time zone")
    return at


def _place(text: str) -> int:
    if len(text) > 9:
        raise ValueError("further than any list goes")
    return int(text)
