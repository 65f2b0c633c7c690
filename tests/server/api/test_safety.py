"""What strangers send is bounded, and what browsers get keeps them from doing more than the studio needs."""

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tonewright.server.api import parser
from tonewright.server.api.safety import page_policy
from tonewright.server.conf import conf
from tonewright.server.models import User

SignedIn = Callable[[User], Client]


def policy(text: str) -> dict[str, list[str]]:
    return {part.split()[0]: part.split()[1:] for part in text.split("; ")}


def test_the_page_runs_no_inline_scripts_and_asks_nobody_else(db: None) -> None:
    answer = Client().get("/")
    told = policy(answer.headers["Content-Security-Policy"])
    assert told["script-src"] == ["'self'"]
    assert told["connect-src"] == ["'self'"]
    assert told["worker-src"] == ["'self'", "blob:"]
    assert told["media-src"] == ["'self'", "blob:"]
    assert told["object-src"] == told["base-uri"] == told["frame-ancestors"] == ["'none'"]
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "microphone=()" in answer.headers["Permissions-Policy"]


def test_signing_in_elsewhere_is_allowed_only_where_it_is_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    assert policy(page_policy())["form-action"] == ["'self'"]
    settings = conf().model_copy(update={"oauth_github": "id:secret"})
    monkeypatch.setattr("tonewright.server.api.safety.conf", lambda: settings)
    assert policy(page_policy())["form-action"] == ["'self'", "https://github.com"]


def test_an_answer_of_the_api_is_no_page_and_is_kept_by_nobody(db: None) -> None:
    answer = Client().get("/api/setup")
    told = policy(answer.headers["Content-Security-Policy"])
    assert told["default-src"] == ["'none'"]
    assert "sandbox" in told
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/nothing-here", 404, "not_found"),
        ("GET", "/api/projects/no-id", 401, "not_signed_in"),
        ("DELETE", "/api/setup", 405, "usage"),
        ("GET", "/api/me", 401, "not_signed_in"),
    ],
)
def test_whatever_is_refused_is_a_problem(db: None, method: str, path: str, status: int, code: str) -> None:
    answer = Client().generic(method, path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert (answer.json()["code"], answer.json()["status"]) == (code, status)


def test_another_host_is_refused(db: None) -> None:
    answer = Client(headers={"host": "evil.example"}).get("/api/setup")
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")


def test_a_fault_of_ours_is_a_problem_that_tells_nothing(
    db: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> bool:
        raise RuntimeError("the secret reason")

    monkeypatch.setattr("tonewright.server.services.accounts.needs_owner", fail)
    answer = Client(raise_request_exception=False).get("/api/setup")
    assert (answer.status_code, answer.json()["code"]) == (500, "bug")
    assert "secret" not in answer.content.decode()
    assert "the secret reason" in caplog.text


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[" * 100_000, 400),
        (b'{"display_name": ' + b'{"a":' * 50 + b"1" + b"}" * 51, 400),
        (b'{"display_name": NaN}', 400),
        (b'{"display_name": "\\u0000"}', 400),
        (b'{"display_name": "\\ud800"}', 400),
        (b'{"display_name": ' + b"9" * 5000 + b"}", 400),
        (b'{"display_name": 99999999999999999999}', 400),
        (b"\xff\xfe", 400),
        (b"", 422),
        (b"[]", 422),
        (b'{"display_name": "' + b"x" * parser.MOST_BYTES + b'"}', 413),
    ],
)
def test_json_that_could_harm_is_refused(artist: User, signed_in: SignedIn, body: bytes, status: int) -> None:
    answer: Any = signed_in(artist).generic("PATCH", "/api/me", body, "application/json")
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")


def test_cookies_are_for_the_service_alone(artist: User, db: None) -> None:
    client = Client()
    client.post("/api/visit")
    session = client.cookies["sessionid"]
    assert session["httponly"] is True
    assert session["samesite"] == "Lax"


def test_behind_https_cookies_stay_there() -> None:
    told = "from tonewright.server.settings import *; print(SESSION_COOKIE_SECURE, CSRF_COOKIE_SECURE, "
    told += "SECURE_HSTS_SECONDS > 0, MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN, 'music.example' in ALLOWED_HOSTS)"
    environment = os.environ | {"TONEWRIGHT_PUBLIC_URL": "https://music.example"}
    ran = subprocess.run([sys.executable, "-c", told], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["True", "True", "True", "False", "True"]


def test_the_page_of_the_api_loads_its_scripts_from_here(db: None) -> None:
    page = Client().get("/api/docs").content.decode()
    assert "//cdn" not in page
    assert "/static/ninja/swagger-ui-bundle.js" in page
