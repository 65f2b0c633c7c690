"""Passkeys: added to an account, then enough to sign in."""

from typing import Any

import pytest
from django.core import mail
from pytest_django import Settings

from authenticator import Authenticator
from browsing import PASSWORD, Browser

#: The host that the test client's requests name.
ORIGIN = "https://testserver"


@pytest.fixture(autouse=True)
def served_by_https(settings: Settings) -> None:
    """As in production: without it any page's word for where it is would do."""
    settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = False


@pytest.fixture
def passkey(member: Browser) -> Authenticator:
    """The passkey of somebody who has just signed up, and has signed out again."""
    member.post("/auth/reauthenticate", {"password": PASSWORD})
    asked = member.ask("GET", "/account/authenticators/webauthn?passwordless")
    options = asked.json()["data"]["creation_options"]["publicKey"]
    assert options["authenticatorSelection"]["residentKey"] == "required"
    key = Authenticator(ORIGIN)
    added = member.post("/account/authenticators/webauthn", {"name": "Phone", "credential": key.create(options)})
    assert added.status_code == 200, added.content
    assert "A passkey was added" in [message.subject for message in mail.outbox]
    listed = member.ask("GET", "/account/authenticators").json()["data"]
    assert [entry["name"] for entry in listed if entry["type"] == "webauthn"] == ["Phone"]
    member.ask("DELETE", "/auth/session")
    return key


def sign_in(browser: Browser, key: Authenticator) -> Any:
    options = browser.ask("GET", "/auth/webauthn/login").json()["data"]["request_options"]["publicKey"]
    return browser.post("/auth/webauthn/login", {"credential": key.get(options)})


def test_a_passkey_is_enough_to_sign_in(passkey: Authenticator) -> None:
    browser = Browser()
    assert sign_in(browser, passkey).status_code == 200
    assert browser.me.status_code == 200


def test_a_passkey_of_another_page_signs_nobody_in(passkey: Authenticator) -> None:
    passkey.origin = "https://evil.example"
    browser = Browser()
    assert sign_in(browser, passkey).status_code == 400
    assert browser.me.status_code == 401


def test_an_unknown_passkey_signs_nobody_in(passkey: Authenticator) -> None:
    other = Authenticator(ORIGIN)
    other.credential_id, other.user_handle = passkey.credential_id, passkey.user_handle
    browser = Browser()
    assert sign_in(browser, other).status_code == 400
    assert browser.me.status_code == 401


def test_an_answer_is_good_once(passkey: Authenticator) -> None:
    browser = Browser()
    options = browser.ask("GET", "/auth/webauthn/login").json()["data"]["request_options"]["publicKey"]
    heard = {"credential": passkey.get(options)}
    assert browser.post("/auth/webauthn/login", heard).status_code == 200
    assert Browser().post("/auth/webauthn/login", heard).status_code in (400, 409)
