"""Somebody without an account: a song is tried, heard, and kept by signing up."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from chromium import chromium, opened
from listening import hears
from service import Person, Service

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]


def test_a_visitors_song_comes_along_into_the_account(
    served: Service, served_owner: Person, dawn_wav: Path
) -> None:
    with chromium() as browser, opened(browser, served) as context:
        page = context.new_page()
        page.goto("/")
        page.get_by_role("heading", name="Drop a song here to try it").wait_for()
        page.locator("input[type=file]").first.set_input_files(dawn_wav)
        page.get_by_role("button", name=re.compile("Version 1")).wait_for()
        studio = page.url
        page.get_by_role("button", name="Play").click()
        hears(page)
        page.get_by_role("link", name="Keep it").click()
        page.get_by_label("E-mail").fill("visitor@example.org")
        page.get_by_role("button", name="Go on").click()
        page.get_by_label("Code").fill(served.mailed_code("visitor@example.org"))
        page.get_by_role("button", name="Make the account").click()
        page.get_by_role("heading", name="Projects").wait_for()
        expect(page.get_by_role("link", name="Keep it")).to_have_count(0)
        page.get_by_role("link", name=re.compile("Dawn")).first.click()
        page.get_by_role("link", name="Open Dawn").click()
        page.get_by_role("button", name=re.compile("Version 1")).wait_for()
        assert page.url == studio
        assert context.request.get("/api/me").json()["email"] == "visitor@example.org"
