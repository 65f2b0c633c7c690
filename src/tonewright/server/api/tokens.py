"""Keys for programs. Made and revoked in the browser only: a key can't make another."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status

from tonewright.server.api.auth import SESSION, actor
from tonewright.server.api.fields import Name
from tonewright.server.api.idempotency import idempotent
from tonewright.server.api.paging import Page, Paging, page
from tonewright.server.models import ApiToken
from tonewright.server.services import tokens

router = Router(auth=SESSION)


class TokenIn(Schema):
    """scope: read; write, which reads too; admin, which does both and what only those who run the service may."""

    name: Name
    scope: Literal["read", "write", "admin"] = "write"
    expires_at: datetime | None = None


class TokenOut(Schema):
    """prefix: how the token begins, to tell one from another."""

    id: UUID
    name: str
    prefix: str
    scopes: list[str]
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


class NewTokenOut(TokenOut):
    token: str | None = Field(description="Shown this once; null where an Idempotency-Key is sent again.")


@router.get("", response=Page[TokenOut])
def list_tokens(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    return page(tokens.usable(actor(request)), paging, _token_json)


@router.post("", response={201: NewTokenOut})
@idempotent(hiding="token")
def create_token(request: HttpRequest, body: TokenIn) -> Status[dict[str, Any]]:
    """A new token. Its text is shown in this answer and never again."""
    row, text = tokens.make(actor(request), body.name, body.scope, body.expires_at)
    return Status(201, _token_json(row) | {"token": text})


@router.delete("/{token_id}", response={204: None})
def revoke_token(request: HttpRequest, token_id: UUID) -> Status[None]:
    """End a token now."""
    tokens.revoke(actor(request), token_id)
    return Status(204, None)


def _token_json(row: ApiToken) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        "prefix": row.prefix,
        "scopes": row.scopes,
        "created_at": row.created_at,
        "last_used_at": row.last_used_at,
        "expires_at": row.expires_at,
    }
