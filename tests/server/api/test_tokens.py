"""Keys for programs."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tonewright.server.models import ApiToken, IdempotencyKey, Role, User
from tonewright.server.services import tokens
from tonewright.server.services.access import Actor

SignedIn = Callable[[User], Client]


def make(client: Client, **body: Any) -> Any:
    return client.post("/api/tokens", {"name": "script"} | body, "application/json")


def with_token(text: str) -> Client:
    return Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {text}"})


def test_a_token_is_shown_once_and_kept_as_a_digest(artist: User, signed_in: SignedIn) -> None:
    client = signed_in(artist)
    made = make(client)
    text = made.json()["token"]
    assert made.status_code == 201
    assert text.startswith("twk_")
    assert made.json()["scopes"] == ["read", "write"]
    listed = client.get("/api/tokens").json()["items"]
    assert listed[0]["prefix"] == text[:10]
    assert "token" not in listed[0]
    row = ApiToken.objects.get()
    assert text not in [str(value) for value in vars(row).values()]
    assert with_token(text).get("/api/me").json()["email"] == artist.email


def test_a_reading_token_only_reads(artist: User, signed_in: SignedIn) -> None:
    program = with_token(make(signed_in(artist), scope="read").json()["token"])
    assert program.get("/api/teams").status_code == 200
    refused = program.post("/api/teams", {"name": "x"}, "application/json")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")


def test_a_token_makes_no_token_and_leaves_nobody(artist: User, signed_in: SignedIn) -> None:
    program = with_token(make(signed_in(artist)).json()["token"])
    assert make(program).status_code in (401, 403)
    assert program.delete("/api/me", {}, "application/json").status_code in (401, 403)
    assert User.objects.filter(pk=artist.pk).exists()


def test_only_who_runs_the_service_gives_a_token_that_power(artist: User, signed_in: SignedIn) -> None:
    client = signed_in(artist)
    assert make(client, scope="admin").status_code == 403
    User.objects.update(role=Role.ADMIN)
    program = with_token(make(client, scope="admin").json()["token"])
    assert program.get("/api/admin/users").status_code == 200
    lesser = with_token(make(client, scope="write").json()["token"])
    assert lesser.get("/api/admin/users").status_code == 403
    User.objects.update(role=Role.ARTIST)
    assert program.get("/api/admin/users").status_code == 403


def test_a_revoked_token_opens_nothing(artist: User, stranger: User, signed_in: SignedIn) -> None:
    client = signed_in(artist)
    made = make(client).json()
    program = with_token(made["token"])
    address = f"/api/tokens/{made['id']}"
    assert signed_in(stranger).delete(address).status_code == 404
    assert program.get("/api/me").status_code == 200
    assert client.delete(address).status_code == 204
    assert program.get("/api/me").status_code == 401
    assert client.delete(address).status_code == 404
    assert client.get("/api/tokens").json()["items"] == []


def test_a_token_ends_when_it_was_said_to(artist: User, signed_in: SignedIn) -> None:
    client = signed_in(artist)
    assert make(client, expires_at=(timezone.now() - timedelta(seconds=1)).isoformat()).status_code == 409
    program = with_token(make(client, expires_at=(timezone.now() + timedelta(days=1)).isoformat()).json()["token"])
    assert program.get("/api/me").status_code == 200
    ApiToken.objects.update(expires_at=timezone.now())
    assert program.get("/api/me").status_code == 401


def test_a_closed_accounts_token_opens_nothing(artist: User, signed_in: SignedIn) -> None:
    program = with_token(make(signed_in(artist)).json()["token"])
    User.objects.update(is_active=False)
    assert program.get("/api/me").status_code == 401


def test_the_last_use_is_noted_to_the_minute(artist: User) -> None:
    row, text = tokens.make(Actor(artist), "script", "read")
    tokens.user_of(text)
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    tokens.user_of(text)
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.filter(pk=row.pk).update(last_used_at=first - timedelta(minutes=2))
    tokens.user_of(text)
    assert ApiToken.objects.filter(last_used_at__gt=first).exists()


def test_tokens_are_not_endless(artist: User, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MOST_TOKENS", 1)
    client = signed_in(artist)
    assert make(client).status_code == 201
    assert make(client).status_code == 409


def test_an_answer_that_is_kept_for_a_repeated_request_holds_no_secret(artist: User, signed_in: SignedIn) -> None:
    client = signed_in(artist)
    headers = {"Idempotency-Key": "k"}
    first, again = (
        client.post("/api/tokens", {"name": "a"}, "application/json", headers=headers).json() for _ in range(2)
    )
    assert again == first | {"token": None}
    assert first["token"] not in str(IdempotencyKey.objects.get().body)
    assert ApiToken.objects.count() == 1


def test_a_visitor_gets_none(db: None) -> None:
    client = Client()
    client.post("/api/visit")
    assert make(client).status_code == 403
