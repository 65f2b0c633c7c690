"""A real browser for tests, the system's Chromium, driven by Playwright."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from service import Service

#: What Debian, Ubuntu and Google call it.
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)
_AXE = Path(__file__).parents[1] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
#: How long a browser's test waits for anything: what is rendered takes minutes on a machine with other things to do.
PATIENCE_MS = 180_000
EMAIL, PASSWORD = "owner@example.org", "correct horse battery"

#: Notes every AudioWorkletNode that the page makes, so that a test can have what leaves it.
_EAVESDROP = """
window.listening = [];
const Made = window.AudioWorkletNode;
window.AudioWorkletNode = class extends Made {
  constructor(...given) { super(...given); window.listening.push(this); }
};
window.eavesdrop = (seconds) => new Promise((resolve) => {
  const node = window.listening.at(-1);
  const id = -Math.ceil(Math.random() * 1e9);
  node.port.addEventListener('message', function heard({ data }) {
    if (data.is !== 'recorded' || data.id !== id) return;
    node.port.removeEventListener('message', heard);
    const text = (samples) => {
      const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
      let characters = '';
      for (let at = 0; at < bytes.length; at += 32768)
        characters += String.fromCharCode(...bytes.subarray(at, at + 32768));
      return btoa(characters);
    };
    resolve({ position: data.position, channels: data.channels.map(text) });
  });
  node.port.postMessage({ do: 'record', id, frames: Math.round(seconds * node.context.sampleRate) });
});
"""


def executable() -> str:
    """The browser's path. Fails, and says what to install, where there is none."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        pytest.fail("The browser's tests need Chromium. On Debian and Ubuntu: apt install chromium", pytrace=False)
    return found


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Must be left before tests that use Django's rows: Playwright keeps an event loop in this thread."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=list(_FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def opened(browser: Browser, service: Service, **options: object) -> Iterator[BrowserContext]:
    """A window of its own. Any error that a page throws fails the test that opened it."""
    errors: list[str] = []
    context = browser.new_context(base_url=service.address, **options)  # type: ignore[arg-type]
    context.add_init_script(_EAVESDROP)
    context.on("weberror", lambda error: errors.append(str(error.error)))
    context.set_default_timeout(PATIENCE_MS)
    try:
        yield context
        assert errors == []
    finally:
        context.close()


def become_owner(context: BrowserContext) -> None:
    """Sign in as the owner, who is made on the first visit."""
    needed = context.request.get("/api/setup").json()["needs_owner"]
    token = next(cookie["value"] for cookie in context.cookies() if cookie["name"] == "csrftoken")
    headers = {"X-CSRFToken": token}
    account = {"email": EMAIL, "password": PASSWORD}
    path = "/api/setup" if needed else "/api/auth/browser/v1/auth/login"
    answer = context.request.post(path, data=account, headers=headers)
    assert answer.ok, answer.text()


def console_of(page: Page) -> list[str]:
    """What the page complains about, from now on."""
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    return complaints


def axe(page: Page) -> list[str]:
    """What axe has to say against a page, for WCAG 2.2 A and AA: "rule: element", empty when there is nothing."""
    page.evaluate(_AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })"
    )
    return [f"{fault['id']}: {node['html'][:200]}" for fault in found["violations"] for node in fault["nodes"]]


def overhang_px(page: Page) -> int:
    """How far a page is wider than its window."""
    return int(page.evaluate("document.scrollingElement.scrollWidth - window.innerWidth"))
