"""The settings' screens, as their user fills them in; what they did is asked of the service."""

import base64
import hmac
import re
import struct
import time
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from chromium import PASSWORD, chromium, opened
from service import Person, Service

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]
NEW_PASSWORD = "a staple of another horse"


@pytest.fixture(scope="module")
def browser(served: Service, served_owner: Person) -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def signed_up(page: Page, served: Service, email: str, password: str = "") -> None:
    page.goto("/signup")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password (optional)").fill(password)
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Code").fill(served.mailed_code(email))
    page.get_by_role("button", name="Make the account").click()
    page.get_by_role("heading", name="Projects").wait_for()


def signed_in(page: Page, email: str, password: str) -> None:
    page.goto("/signin")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


@pytest.fixture(scope="module")
def page(browser: Browser, served: Service) -> Iterator[Page]:
    """A window of somebody's who has just signed up with a password."""
    with opened(browser, served) as context:
        page = context.new_page()
        signed_up(page, served, "singer@example.org", PASSWORD)
        yield page


def test_a_token_opens_the_api_until_it_is_revoked(page: Page, served: Service) -> None:
    page.goto("/settings/programs")
    page.get_by_label("Name").fill("Backup")
    page.get_by_label("May").select_option("read")
    page.get_by_role("button", name="Make a token").click()
    shown = page.get_by_text("It is shown this once").locator("xpath=..").locator(".token")
    headers = {"Authorization": f"Bearer {shown.inner_text()}"}
    with httpx.Client(base_url=served.url, headers=headers, trust_env=False, timeout=60) as program:
        assert program.get("/api/projects").status_code == 200
        assert program.post("/api/projects", json={"title": "No"}).status_code == 403
        page.get_by_role("button", name="Revoke Backup").click()
        expect(page.get_by_role("button", name="Revoke Backup")).to_have_count(0)
        assert program.get("/api/projects").status_code == 401


def test_a_webhook_is_added_and_switched_off(page: Page) -> None:
    page.goto("/settings/programs")
    page.get_by_label("Address").fill("https://hooks.example.com/tonewright")
    page.get_by_label("song.analysed").uncheck()
    page.get_by_role("button", name="Add a webhook").click()
    expect(page.get_by_text("This secret signs what is sent.")).to_be_visible()
    hook = page.get_by_role("listitem").filter(has_text="https://hooks.example.com/tonewright")
    expect(hook).to_contain_text("master.ready, master.failed, delivery.ready")
    hook.get_by_role("switch", name="On").click()
    page.reload()
    expect(hook.get_by_role("switch", name="On")).not_to_be_checked()
    hook.get_by_role("button", name=re.compile("^Delete")).click()
    expect(hook).to_have_count(0)


def test_another_browser_is_signed_out(page: Page, browser: Browser, served: Service) -> None:
    with opened(browser, served, user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0") as elsewhere:
        other = elsewhere.new_page()
        signed_in(other, "singer@example.org", PASSWORD)
        other.get_by_role("heading", name="Projects").wait_for()
        page.goto("/settings/security")
        page.get_by_role("button", name=re.compile("Sign out Firefox")).click()
        expect(page.get_by_role("button", name=re.compile("Sign out Firefox"))).to_have_count(0)
        other.reload()
        other.get_by_role("link", name="Sign in").first.wait_for()


def test_a_changed_password_is_the_one_that_counts(page: Page, browser: Browser, served: Service) -> None:
    page.goto("/settings")
    page.get_by_label("The password as it is").fill("not the password")
    page.get_by_label("New password").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_label("The password as it is")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("The password as it is").fill(PASSWORD)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("The password is changed.")).to_be_visible()
    with opened(browser, served) as context:
        other = context.new_page()
        signed_in(other, "singer@example.org", PASSWORD)
        expect(other.get_by_role("heading", name="Sign in")).to_be_visible()
        expect(other.locator("form")).to_contain_text(re.compile("password", re.IGNORECASE))
        signed_in(other, "singer@example.org", NEW_PASSWORD)
        other.get_by_role("heading", name="Projects").wait_for()


def has_shown_who_it_is(page: Page, outcome: Locator) -> None:
    """Wait for what was asked for, and answer with the password where the page wants to know who it is first."""
    question = page.get_by_role("dialog", name="Is it you?")
    question.or_(outcome).first.wait_for()
    if question.is_visible():
        question.get_by_label("Password", exact=True).fill(NEW_PASSWORD)
        question.get_by_role("button", name="Go on").first.click()
    outcome.wait_for()


def app_code(secret: str) -> str:
    """What an authenticator app shows now (RFC 6238, RFC 4226 section 5.3)."""
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30), "sha1")
    start = digest[-1] & 0x0F
    return f"{(int.from_bytes(digest[start : start + 4]) & 0x7FFFFFFF) % 10**6:06d}"


def test_an_authenticator_app_is_asked_for_until_it_is_switched_off(
    page: Page, browser: Browser, served: Service
) -> None:
    page.goto("/settings/security")
    page.get_by_role("button", name="Set it up").click()
    secret = page.locator(".secret").inner_text().replace(" ", "")
    page.get_by_label("The app’s code").fill(app_code(secret))
    page.get_by_role("button", name="Switch it on").click()
    has_shown_who_it_is(page, page.get_by_role("heading", name="Recovery codes"))
    page.get_by_role("button", name="Show them").click()
    recovery = page.locator(".codes li").first.inner_text()
    with opened(browser, served) as context:
        other = context.new_page()
        signed_in(other, "singer@example.org", NEW_PASSWORD)
        other.get_by_role("heading", name="One more step").wait_for()
        other.get_by_label("Code").fill(recovery)
        other.get_by_role("button", name="Go on").click()
        other.get_by_role("heading", name="Projects").wait_for()
    page.get_by_role("button", name="Switch it off").click()
    page.get_by_role("button", name="Set it up").wait_for()
    with opened(browser, served) as context:
        other = context.new_page()
        signed_in(other, "singer@example.org", NEW_PASSWORD)
        other.get_by_role("heading", name="Projects").wait_for()


def test_a_passkey_signs_in_without_a_password(page: Page, browser: Browser, served: Service) -> None:
    machine = page.context.new_cdp_session(page)
    machine.send("WebAuthn.enable")
    key = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    machine.send("WebAuthn.addVirtualAuthenticator", {"options": key})
    page.goto("/settings/security")
    page.get_by_label("Name of a new one").fill("Laptop")
    page.get_by_role("button", name="Add a passkey").click()
    has_shown_who_it_is(page, page.get_by_role("button", name="Remove Laptop"))
    page.get_by_role("button", name="singer@example.org").click()
    page.get_by_role("menuitem", name="Sign out").click()
    page.get_by_role("link", name="Sign in").first.click()
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_role("heading", name="Projects").wait_for()
    page.goto("/settings/security")
    page.get_by_role("button", name="Remove Laptop").click()
    has_shown_who_it_is(page, page.locator("main:not(:has([aria-label='Remove Laptop']))"))
    machine.detach()


def test_somebody_who_is_asked_joins_a_team(page: Page, browser: Browser, served: Service) -> None:
    page.goto("/teams")
    page.get_by_label("Name of the team").fill("The Examples")
    page.get_by_role("button", name="Make it").click()
    page.get_by_label("Address of a new member").fill("drummer@example.org")
    page.get_by_role("button", name="Ask to join").click()
    expect(page.get_by_text("A mail is on its way to drummer@example.org.")).to_be_visible()
    (mail,) = served.mails_to("drummer@example.org")
    assert f"{served.address}/teams" in mail
    with opened(browser, served) as context:
        other = context.new_page()
        signed_up(other, served, "drummer@example.org")
        other.goto("/teams")
        other.get_by_role("button", name="Join").click()
        other.get_by_role("heading", name="The Examples").wait_for()
    page.reload()
    expect(page.get_by_role("listitem").filter(has_text="drummer@example.org")).to_contain_text("Make owner")


def test_an_account_is_deleted_right_after_signing_up_without_a_password(browser: Browser, served: Service) -> None:
    with opened(browser, served) as context:
        page = context.new_page()
        signed_up(page, served, "passer-by@example.org")
        page.goto("/settings")
        page.get_by_role("button", name="Delete my account…").click()
        page.get_by_role("button", name="Delete everything").click()
        page.get_by_role("link", name="Sign in").first.wait_for()
        assert context.request.get("/api/me").status == 401
    assert served.query("SELECT count(*) FROM tonewright_user WHERE email = %s", "passer-by@example.org") == [(0,)]
