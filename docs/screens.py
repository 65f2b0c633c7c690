"""Make the pictures of the main screens: a service of its own, the demo song, a real browser.

    python docs/screens.py [FOLDER]     (default: docs/screens; `make screens`)

Needs Chromium, as the browser's tests do.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))  # the service and the browser of the tests

from playwright.sync_api import Browser, Page  # noqa: E402

from chromium import become_owner, chromium, opened  # noqa: E402
from service import Person, Service, owner_of, running, wait_for  # noqa: E402

Theme = Literal["dark", "light"]
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


def mastered_demo(owner: Person) -> tuple[str, str]:
    """Ids of the demo's project and song, once its first version is ready."""

    def there() -> tuple[str, str] | None:
        for project in owner.ask("GET", "/api/projects")["items"]:
            for song in owner.ask("GET", f"/api/projects/{project['id']}/songs")["items"]:
                if any(master["state"] == "ready" for master in song["masters"]):
                    return project["id"], song["id"]
        return None

    found: tuple[str, str] = wait_for(there, 300.0, "the demo song is mastered")
    return found


@contextmanager
def window(browser: Browser, service: Service, theme: Theme, phone: bool, signed_in: bool) -> Iterator[Page]:
    size = PHONE if phone else WIDE
    with opened(browser, service, color_scheme=theme, viewport=size, device_scale_factor=1) as context:
        if signed_in:
            become_owner(context)
        yield context.new_page()


def studio(page: Page, song: str) -> None:
    """The studio with sound playing and its pictures drawn."""
    page.goto(f"/songs/{song}")
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Pause").wait_for()
    page.keyboard.press("2")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.wait_for_load_state("networkidle")


def draw(browser: Browser, service: Service, owner: Person, folder: Path) -> None:
    project, song = mastered_demo(owner)
    for theme in ("dark", "light"):
        for phone in (False, True):
            name = f"{theme}-phone" if phone else theme
            with window(browser, service, theme, phone, signed_in=False) as page:
                page.goto("/")
                page.get_by_role("heading", level=1).wait_for()
                page.screenshot(path=folder / f"welcome-{name}.png")
            with window(browser, service, theme, phone, signed_in=True) as page:
                page.goto(f"/projects/{project}")
                page.wait_for_load_state("networkidle")
                page.screenshot(path=folder / f"project-{name}.png")
            with window(browser, service, theme, phone, signed_in=True) as page:
                studio(page, song)
                page.screenshot(path=folder / f"studio-{name}.png")


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="tonewright-screens-") as place,
        running(Path(place) / "service") as service,
        owner_of(service) as owner,
        chromium() as browser,
    ):
        draw(browser, service, owner, folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "screens")
