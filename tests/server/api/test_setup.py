"""The first visit."""

import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tonewright.server.conf import conf
from tonewright.server.errors import Conflict
from tonewright.server.models import Project, User
from tonewright.server.services import accounts

OWNER = {"email": "Owner@example.org", "password": "correct horse battery", "display_name": "Owner"}


def post(client: Client, path: str, body: Any = None, **headers: str) -> Any:
    return client.post(path, {} if body is None else body, "application/json", headers=headers)


@pytest.mark.django_db
def test_the_first_visit_makes_the_owner_and_signs_in() -> None:
    client = Client()
    assert client.get("/api/setup").json()["needs_owner"] is True
    made = post(client, "/api/setup", OWNER)
    assert made.status_code == 201
    assert (made.json()["email"], made.json()["role"]) == ("owner@example.org", "admin")
    assert client.get("/api/me").json() == made.json()
    assert client.get("/api/setup").json()["needs_owner"] is False
    session = client.get("/api/auth/browser/v1/auth/session").json()
    assert session["meta"]["is_authenticated"] is True


def test_there_is_one_owner(artist: User) -> None:
    refused = post(Client(), "/api/setup", OWNER)
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert not User.objects.filter(role="admin").exists()


@pytest.mark.django_db
def test_a_visitor_does_not_count_as_an_account() -> None:
    accounts.create_visitor()
    assert accounts.needs_owner()


@pytest.mark.django_db
@pytest.mark.parametrize("password", ["short", "password1234", "owner@example.org"])
def test_the_owners_password_is_not_weak(password: str) -> None:
    refused = post(Client(), "/api/setup", OWNER | {"password": password})
    assert (refused.status_code, refused.json()["code"]) == (400, "usage")
    assert accounts.needs_owner()


@pytest.mark.django_db(transaction=True)
def test_two_first_visits_at_once_make_one_owner() -> None:
    together = threading.Barrier(4)
    made: list[str] = []

    def visit(number: int) -> None:
        together.wait()
        try:
            made.append(str(accounts.create_owner(f"{number}@example.org", "correct horse battery").email))
        except Conflict:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [user.email for user in User.objects.all()] == made


@pytest.mark.django_db
def test_what_the_browser_may_do_needs_the_csrf_token() -> None:
    client = Client(enforce_csrf_checks=True)
    token = client.get("/api/setup").cookies["csrftoken"].value
    for path, body in (("/api/visit", None), ("/api/setup", OWNER)):
        refused = post(client, path, body)
        assert (refused.status_code, refused.headers["Content-Type"]) == (403, "application/problem+json")
    assert post(client, "/api/setup", OWNER, **{"X-CSRFToken": token}).status_code == 201
    me = {"display_name": "Me"}
    assert client.patch("/api/me", me, "application/json").status_code == 403
    token = client.get("/api/me").cookies["csrftoken"].value
    changed = client.patch("/api/me", me, "application/json", headers={"X-CSRFToken": token})
    assert (changed.status_code, changed.json()["display_name"]) == (200, "Me")


@pytest.mark.django_db
def test_a_visitor_keeps_one_session_that_ends() -> None:
    client = Client()
    made = post(client, "/api/visit")
    assert made.status_code == 201
    assert made.json()["is_visitor"] is True
    assert client.get("/api/me").json() == made.json()
    assert post(client, "/api/visit").json()["id"] == made.json()["id"]
    User.objects.update(expires_at="2020-01-01T00:00:00Z")
    assert client.get("/api/me").status_code == 401


def test_whoever_is_signed_in_is_no_visitor(artist: User, signed_in: Any) -> None:
    assert post(signed_in(artist), "/api/visit").status_code == 409


@pytest.mark.django_db
def test_visitors_may_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = conf().model_copy(update={"visitors": False})
    monkeypatch.setattr("tonewright.server.services.accounts.conf", lambda: settings)
    assert post(Client(), "/api/visit").status_code == 403


def test_a_visitors_songs_come_along_when_they_sign_in(artist: User) -> None:
    client = Client()
    visitor = User.objects.get(pk=post(client, "/api/visit").json()["id"])
    project = Project.objects.create(owner=visitor, title="Tried")
    client.force_login(artist)
    project.refresh_from_db()
    assert project.owner == artist
    assert not User.objects.filter(pk=visitor.pk).exists()
    assert client.get("/api/me").json()["id"] == str(artist.pk)


def test_reading_who_one_is_writes_nothing(
    artist: User, signed_in: Any, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in(artist)
    client.get("/api/me")
    with django_assert_num_queries(2) as asked:  # the session and the person
        client.get("/api/me")
    assert all(query["sql"].startswith("SELECT") for query in asked.captured_queries)
