"""Limits hold over processes, cost reading no writing, and say when to come again. No test waits."""

from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.test import Client, RequestFactory
from pytest_django import DjangoAssertNumQueries, Settings

from tonewright.server.api import throttle
from tonewright.server.api.throttle import READ, VISIT, WRITE, Counter, Rate, address_of, rate_of
from tonewright.server.models import User

NOW_S = 1_000_000.0 * 60


def passed(counter: Counter, rate: Rate, tries: int, now_s: float = NOW_S, who: str = "me") -> int:
    return sum(counter.take(rate, who, now_s) == 0.0 for _ in range(tries))


def test_so_many_pass_in_a_window_and_more_in_the_next() -> None:
    rate, counter = Rate("test", 10, 60, lease=3), Counter()
    assert passed(counter, rate, 25) == 10
    assert counter.take(rate, "me", NOW_S + 15) == 45.0
    assert passed(counter, rate, 25, NOW_S + 60) == 10
    assert passed(counter, rate, 25, who="another") == 10


def test_a_limit_holds_over_all_processes() -> None:
    rate, processes = Rate("test", 100, 60, lease=10), [Counter() for _ in range(4)]
    shares = [passed(process, rate, 10) for _ in range(20) for process in processes]
    assert sum(shares) == 100


def test_a_lease_is_one_write_for_many_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(cache, "set", lambda key, *_: written.append(key))
    assert passed(Counter(), READ, READ.lease) == READ.lease
    assert len(written) == 1


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "_MOST_REMEMBERED", 5)
    counter = Counter()
    for number in range(20):
        counter.take(READ, str(number), NOW_S)
    assert len(counter.windows) == 5


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "/api/songs/1", "read"),
        ("POST", "/api/projects", "write"),
        ("POST", "/api/songs/1/preview", "preview"),
        ("POST", "/api/songs/1/settle", "preview"),
        ("PUT", "/api/uploads/1/parts/3", "part"),
        ("POST", "/api/tokens", "account"),
        ("GET", "/api/tokens", "read"),
        ("DELETE", "/api/me", "account"),
        ("POST", "/api/visit", "visit"),
    ],
)
def test_each_kind_of_request_has_its_limit(method: str, path: str, name: str) -> None:
    assert rate_of(method, path).name == name


def test_too_many_is_a_problem_that_says_when_to_come_again(
    artist: User, stranger: User, signed_in: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "READ", Rate("read", 2, 60))
    monkeypatch.setattr("time.time", lambda: NOW_S + 20.5)
    client = signed_in(artist)
    assert [client.get("/api/me").status_code for _ in range(3)] == [200, 200, 429]
    refused = client.get("/api/me")
    assert refused.headers["Retry-After"] == "40"
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.json()["code"] == "too_many_requests"
    assert signed_in(stranger).get("/api/me").status_code == 200


def test_an_address_makes_so_many_visitors(db: None) -> None:
    statuses = [Client().post("/api/visit").status_code for _ in range(VISIT.requests + 1)]
    assert statuses == [201] * VISIT.requests + [429]
    assert Client(REMOTE_ADDR="198.51.100.7").post("/api/visit").status_code == 201


def test_an_ipv6_network_counts_as_one() -> None:
    def seen(address: str) -> str:
        return address_of(RequestFactory(REMOTE_ADDR=address).get("/"))

    assert seen("2001:db8:1:2::1") == seen("2001:db8:1:2:ffff::9") != seen("2001:db8:1:3::1")
    assert seen("198.51.100.7") == "198.51.100.7"
    assert seen("") != ""


def test_limits_are_counted_in_the_database_where_there_is_no_other_cache(
    db: None, settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    from django.core.cache import caches
    from django.core.management import call_command

    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "tonewright_cache",
        }
    }
    call_command("createcachetable")
    assert type(caches["default"]).__name__ == "DatabaseCache"
    counter = Counter()
    assert passed(counter, Rate("test", 4, 60, lease=2), 9) == 4
    counter.take(WRITE, "me", NOW_S)
    with django_assert_num_queries(0):
        counter.take(WRITE, "me", NOW_S)
