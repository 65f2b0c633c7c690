"""Signing in with an account elsewhere: the whole way there and back, with a provider that stands on this machine."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.github.views import GitHubOAuth2Adapter
from pytest_django import Settings

from browsing import AUTH, EMAIL, Browser
from tonewright.server.conf import conf
from tonewright.server.models import Project, User
from tonewright.server.settings import _provider

pytestmark = pytest.mark.django_db

CLIENT, SECRET, CODE, TOKEN = "our-id", "our-secret", "a-code", "a-token"


class Provider(ThreadingHTTPServer):
    """Speaks as GitHub does to those who sign people in through it. verified: whether it knows the person's address."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.email, self.verified = EMAIL, True
        self.exchanged: dict[str, str] = {}


class _Answers(BaseHTTPRequestHandler):
    server: Provider

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.exchanged = {name: values[0] for name, values in parse_qs(sent).items()}
        good = (self.server.exchanged["code"], self.server.exchanged["client_secret"]) == (CODE, SECRET)
        self._say({"access_token": TOKEN, "token_type": "bearer"} if good else {"error": "bad_verification_code"})

    def do_GET(self) -> None:
        if self.headers["Authorization"] != f"token {TOKEN}":
            self._say({"message": "Bad credentials"}, 401)
        elif self.path == "/user":
            self._say({"id": 7, "login": "somebody", "name": "Some Body", "email": None})
        else:
            self._say([{"email": self.server.email, "verified": self.server.verified, "primary": True}])

    def _say(self, what: Any, status: int = 200) -> None:
        body = json.dumps(what).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Not to the tests' output."""


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[Provider]:
    """GitHub, as far as this service can tell, with a client of ours."""
    settings.SOCIALACCOUNT_PROVIDERS = {"github": _provider(f"{CLIENT}:{SECRET}")}
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Provider() as found:
        paths = {"access_token_url": "/token", "authorize_url": "/authorize", "profile_url": "/user"}
        for name, path in (paths | {"emails_url": "/emails"}).items():
            monkeypatch.setattr(GitHubOAuth2Adapter, name, found.url + path)
        thread = threading.Thread(target=found.serve_forever)
        thread.start()
        yield found
        found.shutdown()
        thread.join()


def sent_there(browser: Browser) -> dict[str, str]:
    """Go to the provider; gives what it is told."""
    form = {"provider": "github", "callback_url": "/projects", "process": "login"}
    token = {"csrfmiddlewaretoken": browser.client.cookies["csrftoken"].value}
    gone = browser.client.post(f"{AUTH}/auth/provider/redirect", form | token)
    assert gone.status_code == 302, gone.content
    address = urlsplit(gone.headers["Location"])
    assert address.path == "/authorize"
    return {name: values[0] for name, values in parse_qs(address.query).items()}


def come_back(browser: Browser, told: dict[str, str], **answer: str) -> str:
    """Come back from the provider with its answer; gives where one ends up."""
    back = browser.client.get(urlsplit(told["redirect_uri"]).path, {"state": told["state"]} | answer)
    assert back.status_code == 302, back.content
    return str(back.headers["Location"])


def test_a_stranger_has_an_account_when_they_come_back(provider: Provider) -> None:
    browser = Browser()
    told = sent_there(browser)
    assert (told["client_id"], told["response_type"]) == (CLIENT, "code")
    assert "user:email" in told["scope"]
    assert come_back(browser, told, code=CODE) == "/projects"
    assert provider.exchanged["client_id"] == CLIENT
    assert provider.exchanged["redirect_uri"] == told["redirect_uri"]
    me = browser.me.json()
    assert (me["email"], me["has_password"], me["role"]) == (EMAIL, False, "artist")
    other = Browser()
    assert come_back(other, sent_there(other), code=CODE) == "/projects"
    assert other.me.json()["id"] == me["id"]
    assert browser.ask("DELETE", "/api/me", {}).status_code == 204
    assert not User.objects.exists()
    assert not SocialAccount.objects.exists()


def test_who_has_this_address_here_is_who_signs_in(provider: Provider, member: Browser) -> None:
    browser = Browser()
    assert come_back(browser, sent_there(browser), code=CODE) == "/projects"
    assert browser.me.json()["id"] == member.me.json()["id"]
    assert SocialAccount.objects.get().user.email == EMAIL


def test_an_address_that_the_provider_does_not_vouch_for_opens_nothing(provider: Provider, member: Browser) -> None:
    provider.verified = False
    browser = Browser()
    come_back(browser, sent_there(browser), code=CODE)
    assert browser.me.status_code == 401
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize("answer", [{"code": "another-code"}, {"error": "access_denied"}, {}])
def test_what_goes_wrong_there_is_said_here(provider: Provider, answer: dict[str, str]) -> None:
    browser = Browser()
    ended = come_back(browser, sent_there(browser), **answer)
    assert ended == f"{conf().url}/signin?failed=provider"
    assert browser.me.status_code == 401


def test_nobody_is_signed_in_by_an_answer_that_they_did_not_ask_for(provider: Provider) -> None:
    theirs, mine = Browser(), Browser()
    told = sent_there(theirs)
    mine.client.get(urlsplit(told["redirect_uri"]).path, {"state": told["state"], "code": CODE})
    assert mine.me.status_code == 401
    assert provider.exchanged == {}


def test_a_closed_service_takes_no_strangers_from_elsewhere(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = conf().model_copy(update={"signup": False})
    monkeypatch.setattr("tonewright.server.accounts.conf", lambda: closed)
    browser = Browser()
    come_back(browser, sent_there(browser), code=CODE)
    assert browser.me.status_code == 401
    assert not User.objects.exists()


def test_a_visitors_songs_come_along(provider: Provider) -> None:
    browser = Browser()
    visitor_id = browser.post("/api/visit").json()["id"]
    Project.objects.create(owner_id=visitor_id, title="Tried")
    come_back(browser, sent_there(browser), code=CODE)
    assert Project.objects.get().owner.email == EMAIL
