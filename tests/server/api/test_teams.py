"""Teams: who is in them, who decides, who is asked to join."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from tonewright.server.models import Invitation, Membership, Project, Team, User
from tonewright.server.services import teams

SignedIn = Callable[[User], Client]


@pytest.fixture
def team(artist: User, signed_in: SignedIn) -> str:
    """The address of a team that the artist owns."""
    made = signed_in(artist).post("/api/teams", {"name": "The Examples"}, "application/json")
    assert made.status_code == 201
    assert made.json()["my_role"] == "owner"
    return f"/api/teams/{made.json()['id']}"


def ask(client: Client, team: str, email: str) -> Any:
    return client.post(f"{team}/invitations", {"email": email}, "application/json")


def join(client: Client) -> Any:
    asked = client.get("/api/me/invitations").json()["items"]
    return client.post(f"/api/me/invitations/{asked[0]['id']}", {"join": True}, "application/json")


@pytest.fixture
def joined(artist: User, stranger: User, team: str, signed_in: SignedIn) -> str:
    """The same, with the stranger as a member."""
    ask(signed_in(artist), team, stranger.email or "")
    assert join(signed_in(stranger)).status_code == 204
    return team


def test_whoever_is_asked_joins(artist: User, stranger: User, joined: str, signed_in: SignedIn) -> None:
    members = signed_in(stranger).get(f"{joined}/members").json()["items"]
    assert {(member["email"], member["role"]) for member in members} == {
        ("artist@example.org", "owner"),
        ("stranger@example.org", "member"),
    }
    assert not Invitation.objects.exists()


def test_asking_tells_nobody_who_has_an_account(
    artist: User,
    stranger: User,
    team: str,
    signed_in: SignedIn,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    client = signed_in(artist)
    answers = []
    for email in ("stranger@example.org", "nobody@example.org"):
        with django_capture_on_commit_callbacks(execute=True):
            answers.append(ask(client, team, email))
    known, unknown = ({**answer.json(), "id": "", "created_at": "", "expires_at": ""} for answer in answers)
    assert [answer.status_code for answer in answers] == [201, 201]
    assert known | {"email": ""} == unknown | {"email": ""}
    assert [message.to for message in mail.outbox] == [["stranger@example.org"], ["nobody@example.org"]]
    assert mail.outbox[0].subject == "artist@example.org asks you to join The Examples on Tonewright"
    assert len(client.get(f"{team}/invitations").json()["items"]) == 2
    assert len(client.get(f"{team}/members").json()["items"]) == 1


def test_an_invitation_is_for_whom_it_names(artist: User, stranger: User, team: str, signed_in: SignedIn) -> None:
    invitation = ask(signed_in(artist), team, "other@example.org").json()["id"]
    client = signed_in(stranger)
    assert client.get("/api/me/invitations").json()["items"] == []
    assert client.post(f"/api/me/invitations/{invitation}", {"join": True}, "application/json").status_code == 404


@pytest.mark.parametrize("how", ["declined", "taken back", "over"])
def test_an_invitation_that_ended_lets_nobody_in(
    how: str, artist: User, stranger: User, team: str, signed_in: SignedIn
) -> None:
    owner, asked = signed_in(artist), signed_in(stranger)
    invitation = ask(owner, team, "Stranger@example.org").json()["id"]
    mine = f"/api/me/invitations/{invitation}"
    if how == "declined":
        assert asked.post(mine, {"join": False}, "application/json").status_code == 204
    elif how == "taken back":
        assert asked.delete(f"{team}/invitations/{invitation}").status_code == 404
        assert owner.delete(f"{team}/invitations/{invitation}").status_code == 204
    else:
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert asked.post(mine, {"join": True}, "application/json").status_code == 404
    assert Membership.objects.count() == 1


def test_only_owners_decide(artist: User, stranger: User, joined: str, signed_in: SignedIn) -> None:
    member = signed_in(stranger)
    other = f"{joined}/members/{artist.pk}"
    assert member.get(joined).json()["my_role"] == "member"
    assert member.patch(joined, {"name": "Mine"}, "application/json").status_code == 403
    assert member.delete(joined).status_code == 403
    assert member.delete(other).status_code == 403
    assert member.patch(other, {"role": "member"}, "application/json").status_code == 403
    assert member.get(f"{joined}/invitations").status_code == 403
    assert ask(member, joined, "x@example.org").status_code == 403


def test_a_team_keeps_an_owner(artist: User, stranger: User, joined: str, signed_in: SignedIn) -> None:
    owner = signed_in(artist)
    mine = f"{joined}/members/{artist.pk}"
    assert owner.delete(mine).status_code == 409
    assert owner.patch(mine, {"role": "member"}, "application/json").status_code == 409
    theirs = f"{joined}/members/{stranger.pk}"
    assert owner.patch(theirs, {"role": "owner"}, "application/json").json()["role"] == "owner"
    assert owner.delete(mine).status_code == 204
    assert owner.get(joined).status_code == 404


def test_whoever_leaves_sees_the_teams_songs_no_more(
    artist: User, stranger: User, project: Project, joined: str, signed_in: SignedIn
) -> None:
    project.team = Team.objects.get()
    project.save()
    member = signed_in(stranger)
    assert member.get(f"/api/projects/{project.pk}").status_code == 200
    assert member.delete(f"{joined}/members/{stranger.pk}").status_code == 204
    assert member.get(f"/api/projects/{project.pk}").status_code == 404


def test_a_dissolved_teams_projects_go_on(artist: User, project: Project, team: str, signed_in: SignedIn) -> None:
    project.team = Team.objects.get()
    project.save()
    assert signed_in(artist).delete(team).status_code == 204
    assert Project.objects.get(team=None).owner == artist


def test_asking_again_sends_again_and_makes_no_second_invitation(
    artist: User, team: str, signed_in: SignedIn
) -> None:
    client = signed_in(artist)
    first, again = ask(client, team, "a@example.org"), ask(client, team, "A@example.org")
    assert first.json()["id"] == again.json()["id"]
    assert ask(client, team, "artist@example.org").status_code == 409
    assert ask(client, team, "no address").status_code == 422


def test_teams_and_invitations_are_not_endless(
    artist: User, team: str, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teams, "MOST_TEAMS", 1)
    monkeypatch.setattr(teams, "MOST_INVITED", 1)
    client = signed_in(artist)
    assert client.post("/api/teams", {"name": "More"}, "application/json").status_code == 409
    assert ask(client, team, "a@example.org").status_code == 201
    assert ask(client, team, "a@example.org").status_code == 201
    assert ask(client, team, "b@example.org").status_code == 409


def test_a_visitor_makes_no_team(db: None) -> None:
    client = Client()
    client.post("/api/visit")
    assert client.post("/api/teams", {"name": "x"}, "application/json").status_code == 403
