"""A key makes one thing, whatever is lost on the way."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import HttpRequest
from django.test import RequestFactory
from django.utils import timezone
from ninja import Schema, Status

from tonewright.base.errors import UsageError
from tonewright.server.api.idempotency import idempotent
from tonewright.server.errors import Conflict
from tonewright.server.models import IdempotencyKey, Team, User
from tonewright.server.services.access import Actor
from tonewright.server.services.idempotency import forget_old, once


class TeamOut(Schema):
    id: str
    name: str


@idempotent
def make_team(request: HttpRequest, name: str) -> Status[TeamOut]:
    team = Team.objects.create(name=name)
    return Status(201, TeamOut(id=str(team.pk), name=team.name))


def ask(user: User, name: str, key: str | None = None) -> Status[Any]:
    headers = {} if key is None else {"Idempotency-Key": key}
    request = RequestFactory().post("/api/teams", {"name": name}, "application/json", headers=headers)
    request.auth = Actor(user)  # type: ignore[attr-defined]
    return make_team(request, name)


def test_the_same_request_again_gives_the_same_answer(artist: User) -> None:
    first, again = ask(artist, "One", "k"), ask(artist, "One", "k")
    assert (first.status_code, first.value) == (again.status_code, again.value)
    assert first.value == {"id": str(Team.objects.get().pk), "name": "One"}


def test_without_a_key_each_request_makes_its_own(artist: User) -> None:
    ask(artist, "One")
    ask(artist, "One")
    assert Team.objects.count() == 2


def test_a_key_stands_for_one_request(artist: User) -> None:
    ask(artist, "One", "k")
    with pytest.raises(Conflict):
        ask(artist, "Two", "k")
    assert Team.objects.count() == 1


def test_a_key_is_its_owners(artist: User, stranger: User) -> None:
    assert ask(artist, "One", "k").value != ask(stranger, "One", "k").value


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\t", "ä"])
def test_a_key_is_printable_and_not_endless(artist: User, key: str) -> None:
    with pytest.raises(UsageError):
        ask(artist, "One", key)


def test_what_fails_may_be_tried_again_with_its_key(artist: User) -> None:
    def fail() -> tuple[int, Any]:
        Team.objects.create(name="half made")
        raise Conflict("not now")

    with pytest.raises(Conflict):
        once(artist, "k", "digest", fail)
    assert not Team.objects.exists()
    assert once(artist, "k", "digest", lambda: (201, {"id": 1})) == (201, {"id": 1})


def test_after_a_day_a_key_is_forgotten(artist: User) -> None:
    ask(artist, "One", "k")
    ask(artist, "One", "other")
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=24, seconds=1))
    ask(artist, "Two", "k")
    assert Team.objects.count() == 3
    assert forget_old() == 1
    assert IdempotencyKey.objects.get().key == "k"


@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_one() -> None:
    user = User.objects.create_user("artist@example.org", "correct horse battery")
    together = threading.Barrier(4)
    answers: list[Any] = []

    def send() -> None:
        together.wait()
        try:
            answers.append(ask(user, "One", "k").value)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 4
    assert len({answer["id"] for answer in answers}) == 1
    assert Team.objects.count() == 1
