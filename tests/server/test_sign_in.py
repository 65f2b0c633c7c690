"""Signing up and in, as the studio's page does it: codes by mail, passwords, second factors, sessions."""

import re

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from browsing import AUTH, EMAIL, PASSWORD, Browser, code, pending_flow
from tonewright.server.conf import conf
from tonewright.server.models import Project, User

pytestmark = pytest.mark.django_db


def test_signing_up_needs_the_code_that_was_mailed() -> None:
    browser = Browser()
    pending = browser.post("/auth/signup", {"email": EMAIL, "password": PASSWORD})
    assert (pending.status_code, pending_flow(pending)) == (401, "verify_email")
    assert browser.me.status_code == 401
    assert mail.outbox[0].to == [EMAIL]
    assert mail.outbox[0].subject == "Your code for Tonewright"
    assert browser.post("/auth/email/verify", {"key": "WRONG1"}).status_code == 400
    assert browser.post("/auth/email/verify", {"key": code()}).status_code == 200
    assert browser.me.json()["email"] == EMAIL
    assert browser.me.json()["role"] == "artist"


def test_a_code_is_not_guessed() -> None:
    browser = Browser()
    browser.post("/auth/signup", {"email": EMAIL, "password": PASSWORD})
    for _ in range(3):
        browser.post("/auth/email/verify", {"key": "WRONG1"})
    assert browser.post("/auth/email/verify", {"key": code()}).status_code == 409
    assert browser.me.status_code == 401


def test_nobody_signs_up_where_the_operator_wants_it_so(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = conf().model_copy(update={"signup": False})
    monkeypatch.setattr("tonewright.server.accounts.conf", lambda: closed)
    assert Browser().post("/auth/signup", {"email": EMAIL, "password": PASSWORD}).status_code == 403


def test_signing_up_with_a_taken_address_looks_the_same_and_makes_nothing(member: Browser) -> None:
    cache.clear()  # one mail to an address in ten seconds, not more
    pending = Browser().post("/auth/signup", {"email": EMAIL, "password": "another good phrase"})
    assert (pending.status_code, pending_flow(pending)) == (401, "verify_email")
    assert mail.outbox[-1].subject == "You have a Tonewright account already"
    assert User.objects.count() == 1


def test_a_password_opens_a_session_and_a_wrong_one_does_not(member: Browser) -> None:
    browser = Browser()
    wrong = browser.post("/auth/login", {"email": EMAIL, "password": "wrong"})
    unknown = browser.post("/auth/login", {"email": "nobody@example.org", "password": "wrong"})
    assert (wrong.status_code, wrong.json()) == (400, unknown.json())
    assert browser.post("/auth/login", {"email": EMAIL.upper(), "password": PASSWORD}).status_code == 200
    assert browser.me.json()["email"] == EMAIL
    assert browser.ask("DELETE", "/auth/session").status_code == 401
    assert browser.me.status_code == 401


def test_passwords_are_not_guessed(member: Browser) -> None:
    browser = Browser()
    statuses = [
        browser.post("/auth/login", {"email": EMAIL, "password": f"wrong{n}"}).status_code for n in range(6)
    ]
    assert statuses[:5] == [400] * 5
    refused = browser.post("/auth/login", {"email": EMAIL, "password": PASSWORD})
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["code"] == "too_many_login_attempts"


def test_a_code_by_mail_signs_in() -> None:
    Browser().sign_up(password=None)
    browser = Browser()
    pending = browser.post("/auth/code/request", {"email": EMAIL})
    assert (pending.status_code, pending_flow(pending)) == (401, "login_by_code")
    assert mail.outbox[-1].subject == "Your code to sign in to Tonewright"
    assert browser.post("/auth/code/confirm", {"code": code()}).status_code == 200
    assert browser.me.json()["has_password"] is False


def test_asking_for_a_code_tells_nobody_who_has_an_account(member: Browser) -> None:
    known = Browser().post("/auth/code/request", {"email": EMAIL})
    unknown = Browser().post("/auth/code/request", {"email": "nobody@example.org"})
    assert (known.status_code, known.json()) == (unknown.status_code, unknown.json())
    assert mail.outbox[-1].subject == "There is no Tonewright account with this address"


def test_a_forgotten_password_is_set_anew(member: Browser) -> None:
    browser = Browser()
    assert browser.post("/auth/password/request", {"email": EMAIL}).status_code == 200
    link = re.search(r"^http://localhost:8000/reset/(\S+)$", str(mail.outbox[-1].body), re.MULTILINE)
    assert link, mail.outbox[-1].body
    new = {"key": link[1], "password": "yet another good phrase"}
    assert browser.post("/auth/password/reset", new).status_code == 401  # set; not signed in by it
    assert member.me.status_code == 401  # the old sessions are over
    assert browser.post("/auth/login", {"email": EMAIL, "password": new["password"]}).status_code == 200


def test_a_mails_link_does_not_go_where_a_request_says_it_comes_from(member: Browser, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["evil.example"]
    other = Client(headers={"host": "evil.example"})
    other.post(f"{AUTH}/auth/password/request", {"email": EMAIL}, "application/json")
    assert "localhost:8000/reset/" in mail.outbox[-1].body
    assert "evil" not in mail.outbox[-1].body


@pytest.mark.django_db(transaction=True)
def test_a_second_factor_is_asked_for_once_it_is_set_up(member: Browser) -> None:
    member.post("/auth/reauthenticate", {"password": PASSWORD})
    offered = member.ask("GET", "/account/authenticators/totp")
    assert offered.status_code == 404  # none yet; what to scan comes with it
    secret = offered.json()["meta"]["secret"]
    assert "issuer=Tonewright" in offered.json()["meta"]["totp_url"]
    assert member.post("/account/authenticators/totp", {"code": totp(secret)}).status_code == 200
    assert "An authenticator app was added" in [message.subject for message in mail.outbox]
    member.ask("DELETE", "/auth/session")

    browser = Browser()
    pending = browser.post("/auth/login", {"email": EMAIL, "password": PASSWORD})
    assert (pending.status_code, pending_flow(pending)) == (401, "mfa_authenticate")
    assert browser.me.status_code == 401
    assert browser.post("/auth/2fa/authenticate", {"code": "000000"}).status_code == 400
    now = totp(secret)
    assert browser.post("/auth/2fa/authenticate", {"code": now}).status_code == 200
    assert browser.me.status_code == 200

    onlooker = Browser()
    onlooker.post("/auth/login", {"email": EMAIL, "password": PASSWORD})
    assert onlooker.post("/auth/2fa/authenticate", {"code": now}).status_code == 400


def test_recovery_codes_replace_the_second_factor_once_each(member: Browser) -> None:
    member.post("/auth/reauthenticate", {"password": PASSWORD})
    secret = member.ask("GET", "/account/authenticators/totp").json()["meta"]["secret"]
    member.post("/account/authenticators/totp", {"code": totp(secret)})
    codes = member.ask("GET", "/account/authenticators/recovery-codes").json()["data"]["unused_codes"]
    for status in (200, 400):
        browser = Browser()
        browser.post("/auth/login", {"email": EMAIL, "password": PASSWORD})
        assert browser.post("/auth/2fa/authenticate", {"code": codes[0]}).status_code == status


def totp(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())))))


def test_sessions_are_listed_and_ended_from_elsewhere(member: Browser) -> None:
    other = Browser("Chrome on a phone")
    other.post("/auth/login", {"email": EMAIL, "password": PASSWORD})
    listed = member.ask("GET", "/auth/sessions").json()["data"]
    assert {session["user_agent"] for session in listed} == {"Firefox", "Chrome on a phone"}
    lost = next(session["id"] for session in listed if not session["is_current"])
    assert other.me.status_code == 200
    assert member.ask("DELETE", "/auth/sessions", {"sessions": [lost]}).status_code == 200
    assert other.me.status_code == 401
    assert member.me.status_code == 200


def test_a_closed_account_is_out_at_once(member: Browser) -> None:
    User.objects.update(is_active=False)
    assert member.me.status_code == 401
    refused = Browser().post("/auth/login", {"email": EMAIL, "password": PASSWORD})
    assert refused.status_code in (400, 401)
    assert member.me.status_code == 401


def test_a_visitors_songs_come_along_when_they_sign_up() -> None:
    browser = Browser()
    visitor_id = browser.post("/api/visit").json()["id"]
    Project.objects.create(owner_id=visitor_id, title="Tried")
    assert browser.sign_up().status_code == 200
    assert Project.objects.get().owner.email == EMAIL
    assert browser.me.json()["is_visitor"] is False
    assert not User.objects.filter(is_visitor=True).exists()
    assert browser.client.session.get_expiry_age() > 24 * 3600


def test_the_operators_pages_are_entered_through_the_studio(artist: User) -> None:
    browser = Browser()
    sent = browser.client.get("/admin/login/?next=/admin/")
    assert (sent.status_code, sent.headers["Location"].partition("?")[0]) == (302, "/signin")
    posted = Client().post("/admin/login/", {"username": "artist@example.org", "password": PASSWORD})
    assert (posted.status_code, posted.headers["Location"].partition("?")[0]) == (302, "/signin")
