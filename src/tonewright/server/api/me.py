"""One's own account: seen, named, exported, deleted. Invitations to teams are answered here too."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.contrib.auth import logout
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from ninja import Query, Router, Schema, Status

from tonewright.server import accounts as sign_in
from tonewright.server.api.auth import SESSION, actor
from tonewright.server.api.fields import NameOrNone
from tonewright.server.api.paging import Page, Paging, page
from tonewright.server.api.serving import binary
from tonewright.server.api.streams import stream
from tonewright.server.conf import conf
from tonewright.server.errors import NotAllowed
from tonewright.server.models import Invitation, User
from tonewright.server.services import accounts, export, quota, teams

router = Router()


class MeOut(Schema):
    """Who is signed in. expires_at: when a visitor's songs go."""

    id: UUID
    email: str | None
    display_name: str
    role: Literal["artist", "engineer", "admin"]
    is_visitor: bool
    expires_at: datetime | None
    has_password: bool
    created_at: datetime


class UsageOut(Schema):
    """used_bytes of quota_bytes are kept; a single file may have up to file_bytes."""

    used_bytes: int
    quota_bytes: int
    file_bytes: int


class MeChanges(Schema):
    display_name: NameOrNone


class Leaving(Schema):
    """password: needed unless one has signed in within the last minutes."""

    password: str = ""


class AskedOut(Schema):
    """A team that one is asked to join."""

    id: UUID
    team_id: UUID
    team: str
    invited_by: str
    expires_at: datetime


class AnswerIn(Schema):
    join: bool


def me_json(user: User) -> dict[str, Any]:
    return {
        "id": user.pk,
        "email": user.email,
        "display_name": user.display_name,
        "role": user.role,
        "is_visitor": user.is_visitor,
        "expires_at": user.expires_at,
        "has_password": user.has_usable_password(),
        "created_at": user.created_at,
    }


@router.get("", response=MeOut)
def get_me(request: HttpRequest) -> dict[str, Any]:
    """Who I am. Sets the CSRF cookie."""
    get_token(request)
    return me_json(actor(request).user)


@router.get("/usage", response=UsageOut)
def get_usage(request: HttpRequest) -> dict[str, int]:
    """What I keep here, and what I may."""
    user, settings = actor(request).user, conf()
    return {
        "used_bytes": quota.used_bytes(user),
        "quota_bytes": settings.quota_bytes,
        "file_bytes": settings.visitor_bytes if user.is_visitor else settings.upload_bytes,
    }


@router.patch("", response=MeOut, auth=SESSION)
def change_me(request: HttpRequest, body: MeChanges) -> dict[str, Any]:
    return me_json(accounts.rename(actor(request), body.display_name))


@router.delete("", response={204: None}, auth=SESSION)
def delete_me(request: HttpRequest, body: Leaving) -> Status[None]:
    """Delete my account with everything that is mine: songs, versions, files, tokens. It can't be taken back."""
    who = actor(request)
    _must_be_me(request, who.user, body.password)
    accounts.delete_account(who)
    request.session.pop(sign_in.VISITOR, None)
    logout(request)
    return Status(204, None)


@router.post("/export", auth=SESSION, openapi_extra=binary("application/zip", "OK"))
def export_me(request: HttpRequest) -> HttpResponseBase:
    """Everything that is mine, as one ZIP file: sounds, versions, recipes, briefs, and the rows as JSON."""
    user = actor(request).user
    return stream(request, export.pieces(user), "application/zip", "tonewright-export.zip")


@router.get("/invitations", response=Page[AskedOut], auth=SESSION)
def list_invitations(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    """Teams that I am asked to join."""
    return page(teams.asked(actor(request)), paging, _asked_json)


@router.post("/invitations/{invitation_id}", response={204: None}, auth=SESSION)
def answer_invitation(request: HttpRequest, invitation_id: UUID, body: AnswerIn) -> Status[None]:
    """Join a team, or decline."""
    teams.answer(actor(request), invitation_id, body.join)
    return Status(204, None)


def _asked_json(invitation: Invitation) -> dict[str, Any]:
    by = invitation.invited_by
    return {
        "id": invitation.pk,
        "team_id": invitation.team_id,
        "team": invitation.team.name,
        "invited_by": by.display_name or by.email or "",
        "expires_at": invitation.expires_at,
    }


def _must_be_me(request: HttpRequest, user: User, password: str) -> None:
    """Raises NotAllowed where a browser that was left open could have sent this."""
    if user.is_visitor or sign_in.signed_in_lately(request, user):
        return
    if not (password and sign_in.may_try(request, user) and accounts.has_password(user, password)):
        raise NotAllowed("The password is wrong or missing.", "Give your password, or sign in again.")
