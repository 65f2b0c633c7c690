"""What the service is told from outside, where more than one thing follows from it."""

import importlib.util

import pytest

from tonewright.base.errors import UsageError
from tonewright.server.conf import read_conf

URL = "postgresql://an%40artist:p%2Fw@db.example:5433/song%20s?sslmode=require&connect_timeout=5"


def test_a_database_url_is_read_in_full() -> None:
    found = read_conf({"TONEWRIGHT_DATABASE_URL": URL}).database()
    named = {name: found[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
    assert named == {"NAME": "song s", "USER": "an@artist", "PASSWORD": "p/w", "HOST": "db.example", "PORT": "5433"}
    assert found["OPTIONS"].items() >= {"sslmode": "require", "connect_timeout": "5"}.items()


def test_connections_are_pooled_where_that_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read_conf({"TONEWRIGHT_DATABASE_URL": "postgresql:///songs"})
    assert settings.database()["OPTIONS"]["pool"]["max_size"] > 1
    monkeypatch.setattr("tonewright.server.conf.find_spec", lambda name: None)
    assert "pool" not in settings.database()["OPTIONS"]
    assert importlib.util.find_spec("psycopg_pool") is not None


def test_another_database_is_refused() -> None:
    with pytest.raises(UsageError, match="mysql"):
        read_conf({"TONEWRIGHT_DATABASE_URL": "mysql://host/songs"}).database()


@pytest.mark.parametrize(
    ("told", "url"),
    [
        ({}, "http://localhost:8000"),
        ({"TONEWRIGHT_HOST": "::1", "TONEWRIGHT_PORT": "8100"}, "http://localhost:8100"),
        ({"TONEWRIGHT_HOST": "studio.lan"}, "http://studio.lan:8000"),
        ({"TONEWRIGHT_PUBLIC_URL": "https://master.example/"}, "https://master.example"),
    ],
)
def test_the_address_that_people_are_told_has_a_name(told: dict[str, str], url: str) -> None:
    assert read_conf(told).url == url
