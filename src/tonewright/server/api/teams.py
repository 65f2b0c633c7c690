"""Teams, their members, and who is asked to join."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status

from tonewright.server.api.auth import actor
from tonewright.server.api.fields import Email, Name
from tonewright.server.api.idempotency import idempotent
from tonewright.server.api.paging import Page, Paging, page
from tonewright.server.models import Invitation, Membership, Team, User
from tonewright.server.services import teams

router = Router()


class TeamIn(Schema):
    name: Name


class TeamOut(Schema):
    """my_role: what the one who asks is in it."""

    id: UUID
    name: str
    my_role: Literal["owner", "member"]
    created_at: datetime


class MemberOut(Schema):
    user_id: UUID
    email: str | None
    display_name: str
    role: Literal["owner", "member"]
    created_at: datetime


class RoleIn(Schema):
    role: Literal["owner", "member"]


class InvitationIn(Schema):
    email: Email


class InvitationOut(Schema):
    id: UUID
    email: str
    expires_at: datetime
    created_at: datetime


@router.get("", response=Page[TeamOut])
def list_teams(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    """The teams that I am in."""
    who = actor(request)
    roles = dict(Membership.objects.filter(user=who.user).values_list("team", "role"))
    return page(teams.mine(who), paging, lambda team: _team_json(team, roles[team.pk]))


@router.post("", response={201: TeamOut})
@idempotent
def create_team(request: HttpRequest, body: TeamIn) -> Status[dict[str, Any]]:
    """A new team, which I own."""
    return Status(201, _team_json(teams.create(actor(request), body.name), teams.OWNER))


@router.get("/{team_id}", response=TeamOut)
def get_team(request: HttpRequest, team_id: UUID) -> dict[str, Any]:
    who = actor(request)
    return _shown(teams.get(who, team_id), who.user)


@router.patch("/{team_id}", response=TeamOut)
def rename_team(request: HttpRequest, team_id: UUID, body: TeamIn) -> dict[str, Any]:
    who = actor(request)
    return _shown(teams.rename(who, team_id, body.name), who.user)


@router.delete("/{team_id}", response={204: None})
def delete_team(request: HttpRequest, team_id: UUID) -> Status[None]:
    """Dissolve a team; its projects go on as their owners' own."""
    teams.delete(actor(request), team_id)
    return Status(204, None)


@router.get("/{team_id}/members", response=Page[MemberOut])
def list_members(request: HttpRequest, team_id: UUID, paging: Query[Paging]) -> dict[str, Any]:
    team = teams.get(actor(request), team_id)
    return page(team.memberships.select_related("user"), paging, _member_json)


@router.patch("/{team_id}/members/{user_id}", response=MemberOut)
def change_member(request: HttpRequest, team_id: UUID, user_id: UUID, body: RoleIn) -> dict[str, Any]:
    """Make a member an owner, or an owner a member."""
    return _member_json(teams.set_role(actor(request), team_id, user_id, body.role))


@router.delete("/{team_id}/members/{user_id}", response={204: None})
def remove_member(request: HttpRequest, team_id: UUID, user_id: UUID) -> Status[None]:
    """Leave, with one's own id; or take somebody out."""
    teams.remove(actor(request), team_id, user_id)
    return Status(204, None)


@router.get("/{team_id}/invitations", response=Page[InvitationOut])
def list_team_invitations(request: HttpRequest, team_id: UUID, paging: Query[Paging]) -> dict[str, Any]:
    """Who was asked and has not answered."""
    return page(teams.open_invitations(teams.get_own(actor(request), team_id)), paging, _invitation_json)


@router.post("/{team_id}/invitations", response={201: InvitationOut})
@idempotent
def invite(request: HttpRequest, team_id: UUID, body: InvitationIn) -> Status[dict[str, Any]]:
    """Ask somebody to join, by address. Whether an account has it makes no difference to the answer."""
    return Status(201, _invitation_json(teams.invite(actor(request), team_id, body.email)))


@router.delete("/{team_id}/invitations/{invitation_id}", response={204: None})
def take_back_invitation(request: HttpRequest, team_id: UUID, invitation_id: UUID) -> Status[None]:
    teams.take_back(actor(request), team_id, invitation_id)
    return Status(204, None)


def _shown(team: Team, user: User) -> dict[str, Any]:
    return _team_json(team, team.memberships.get(user=user).role)


def _team_json(team: Team, role: str) -> dict[str, Any]:
    return {"id": team.pk, "name": team.name, "my_role": role, "created_at": team.created_at}


def _member_json(membership: Membership) -> dict[str, Any]:
    user = membership.user
    return {
        "user_id": user.pk,
        "email": user.email,
        "display_name": user.display_name,
        "role": membership.role,
        "created_at": membership.created_at,
    }


def _invitation_json(row: Invitation) -> dict[str, Any]:
    return {"id": row.pk, "email": row.email, "expires_at": row.expires_at, "created_at": row.created_at}
