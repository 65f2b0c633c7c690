"""Somebody who has just signed up, and limits that begin anew with each test."""

import pytest
from django.core.cache import cache

from browsing import Browser
from tonewright.server.api.throttle import counter


@pytest.fixture(autouse=True)
def nobody_has_asked_yet() -> None:
    """Limits count over a whole process; a test begins with none used up."""
    counter.windows.clear()
    cache.clear()


@pytest.fixture
def member(db: None) -> Browser:
    """The browser of somebody who has just signed up."""
    browser = Browser()
    assert browser.sign_up().status_code == 200
    return browser
