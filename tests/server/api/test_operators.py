"""What those who run the service may do with its accounts."""

from collections.abc import Callable

import pytest
from django.test import Client

from tonewright.server.models import Project, Role, Song, User
from tonewright.server.services import accounts

SignedIn = Callable[[User], Client]


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_superuser("operator@example.org", "correct horse battery")


def test_accounts_are_listed_and_found_and_visitors_are_not_among_them(
    operator: User, artist: User, stranger: User, signed_in: SignedIn
) -> None:
    accounts.create_visitor()
    client = signed_in(operator)
    everybody = client.get("/api/admin/users").json()["items"]
    assert len(everybody) == 3
    found = client.get("/api/admin/users", {"search": "ARTIST@"}).json()["items"]
    assert [account["email"] for account in found] == ["artist@example.org"]
    first = client.get("/api/admin/users", {"limit": 2}).json()
    rest = client.get("/api/admin/users", {"limit": 2, "after": first["next"]}).json()
    assert first["items"] + rest["items"] == everybody
    assert rest["next"] is None


def test_a_role_opens_and_closes_the_operators_pages(operator: User, artist: User, signed_in: SignedIn) -> None:
    client, other = signed_in(operator), signed_in(artist)
    address = f"/api/admin/users/{artist.pk}"
    assert other.get("/api/admin/users").status_code == 403
    assert other.get("/admin/").status_code == 302
    assert client.patch(address, {"role": "admin"}, "application/json").json()["role"] == "admin"
    assert other.get("/api/admin/users").status_code == 200
    assert other.get("/admin/").status_code == 200
    assert client.patch(address, {"role": "engineer"}, "application/json").json()["role"] == "engineer"
    assert other.get("/api/admin/users").status_code == 403
    assert other.get("/admin/").status_code == 302


def test_a_closed_account_is_out_and_can_be_opened_again(operator: User, artist: User, signed_in: SignedIn) -> None:
    client, other = signed_in(operator), signed_in(artist)
    address = f"/api/admin/users/{artist.pk}"
    assert client.patch(address, {"is_active": False}, "application/json").json()["is_active"] is False
    assert other.get("/api/me").status_code == 401
    client.patch(address, {"is_active": True}, "application/json")
    assert other.get("/api/me").status_code == 200


@pytest.mark.parametrize("changes", [{"role": "artist"}, {"is_active": False}])
def test_somebody_is_left_to_run_the_service(
    changes: dict[str, object], operator: User, signed_in: SignedIn
) -> None:
    refused = signed_in(operator).patch(f"/api/admin/users/{operator.pk}", changes, "application/json")
    assert refused.status_code == 409
    operator.refresh_from_db()
    assert (operator.role, operator.is_active, operator.is_staff) == (Role.ADMIN, True, True)


def test_who_runs_the_service_hears_no_songs(operator: User, piece: Song, signed_in: SignedIn) -> None:
    client = signed_in(operator)
    assert client.get(f"/api/songs/{piece.pk}").status_code == 404
    assert client.get("/api/projects").json()["items"] == []


def test_the_operators_pages_open_for_every_kind_of_row(operator: User, piece: Song, signed_in: SignedIn) -> None:
    from django.contrib import admin

    client = signed_in(operator)
    ours = [model for model in admin.site._registry if model._meta.app_label == "tonewright"]
    assert {User, Project} <= set(ours)
    for model in ours:
        listed = client.get(f"/admin/tonewright/{model._meta.model_name}/")
        assert listed.status_code == 200, model
    shown = client.get(f"/admin/tonewright/user/{operator.pk}/change/")
    assert shown.status_code == 200
    assert operator.password not in shown.content.decode()
