"""For those who run the service: its accounts. Not their songs."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from tonewright.server.api.auth import actor
from tonewright.server.api.paging import Page, Paging, page
from tonewright.server.models import User
from tonewright.server.services import accounts

router = Router()

Role = Literal["artist", "engineer", "admin"]


class AccountOut(Schema):
    id: UUID
    email: str | None
    display_name: str
    role: Role
    is_active: bool
    created_at: datetime
    last_login: datetime | None


class Search(Paging):
    search: str = Field("", max_length=100, pattern=r"^[^\x00]*$", description="A part of an address or a name.")


class AccountChanges(Schema):
    """What is not sent stays. is_active: false closes an account without deleting anything."""

    role: Role = "artist"
    is_active: bool = True


@router.get("/users", response=Page[AccountOut])
def list_users(request: HttpRequest, query: Query[Search]) -> dict[str, Any]:
    actor(request).must_be_admin()
    return page(accounts.find(query.search), query, _account_json)


@router.patch("/users/{user_id}", response=AccountOut)
def change_user(request: HttpRequest, user_id: UUID, body: AccountChanges) -> dict[str, Any]:
    return _account_json(accounts.change(actor(request), user_id, **body.model_dump(exclude_unset=True)))


def _account_json(user: User) -> dict[str, Any]:
    return {
        "id": user.pk,
        "email": user.email,
        "display_name": user.display_name,
        "role": user.role,
        "is_active": user.is_active,
        "created_at": user.created_at,
        "last_login": user.last_login,
    }
