"""Files on their way in, as their sender sees it: broken off and gone on with, whole folders, and what is no sound."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.sync_api import BrowserContext, Page, Request, Route, expect

from service import Person
from tonewright.engine.demo import demo_song

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]
FILES = "input[type=file]:not([webkitdirectory])"


@pytest.fixture
def page(signed_in_browser: BrowserContext, served_owner: Person) -> Iterator[Page]:
    page = signed_in_browser.new_page()
    page.goto("/")
    page.get_by_role("heading", name="Projects").wait_for()
    yield page
    page.close()


def parts_sent(page: Page) -> list[int]:
    """Numbers of the parts that a page sends from now on."""
    numbers: list[int] = []

    def note(request: Request) -> None:
        if found := re.search(r"/api/uploads/[^/]+/parts/(\d+)$", request.url):
            numbers.append(int(found[1]))

    page.on("request", note)
    return numbers


def test_what_broke_off_goes_on_where_it_stopped(
    signed_in_browser: BrowserContext, page: Page, served_owner: Person, tmp_path: Path
) -> None:
    # three parts of 8 MiB
    song = tmp_path / "Harbour Lights.wav"
    soundfile.write(song, np.tile(demo_song(30.0, seed=4), 2).T, 44_100, subtype="FLOAT")
    assert 16 << 20 < song.stat().st_size < 24 << 20

    def break_off(route: Route) -> None:
        route.abort("connectionreset")

    page.route(re.compile(r"/parts/[23]$"), break_off)
    first = parts_sent(page)
    page.locator(FILES).first.set_input_files(song)
    expect(page.get_by_text("No connection. It goes on by itself.")).to_be_visible()
    (upload,) = served_owner.ask("GET", "/api/uploads?state=open")["items"]
    assert 1 in first
    page.close()

    again = signed_in_browser.new_page()
    again.goto("/")
    expect(again.get_by_text("Choose the file again to go on.")).to_be_visible()
    there = [part["number"] for part in served_owner.ask("GET", f"/api/uploads/{upload['id']}")["parts"]]
    assert there == [1]
    second = parts_sent(again)
    again.locator(FILES).first.set_input_files(song)
    again.get_by_role("link", name=re.compile("Harbour Lights")).first.wait_for()
    assert sorted(second) == [2, 3]
    done = served_owner.ask("GET", f"/api/uploads/{upload['id']}")
    audio = served_owner.ask("GET", f"/api/audio/{done['audio_id']}")
    assert audio["bytes"] == song.stat().st_size
    again.close()


def test_text_that_is_called_a_sound_is_refused_before_it_is_sent(page: Page, tmp_path: Path) -> None:
    (tmp_path / "notes.wav").write_text("verse, chorus, verse\n" * 100)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/uploads" in request.url else None)
    page.locator(FILES).first.set_input_files(tmp_path / "notes.wav")
    expect(page.get_by_text("notes.wav holds text, no sound.")).to_be_visible()
    assert asked == []
    page.get_by_role("button", name="Dismiss notes.wav").click()


def test_a_folder_becomes_a_project_in_the_order_in_which_people_count(
    page: Page, served_owner: Person, tmp_path: Path
) -> None:
    album = tmp_path / "Low Tide"
    album.mkdir()
    for name in ("10 Ebb.wav", "2 Flood.wav"):
        soundfile.write(album / name, demo_song(6.0, seed=len(name)).T, 44_100, subtype="PCM_16")
    (album / "cover.jpg").write_bytes(b"\xff\xd8\xff")
    page.locator("input[webkitdirectory]").first.set_input_files(album)
    page.get_by_role("heading", name="2 songs").wait_for()
    expect(page.get_by_label("Title of the project")).to_have_value("Low Tide")
    expect(page.get_by_text("Left out of the folder: cover.jpg.")).to_be_visible()
    page.get_by_role("button", name="Send them in").click()
    rows = page.get_by_role("list", name="Songs").get_by_role("listitem")
    expect(rows).to_have_count(2)
    expect(page.get_by_role("link", name="Open 2 Flood")).to_be_visible()
    (project,) = [each for each in served_owner.ask("GET", "/api/projects")["items"] if each["title"] == "Low Tide"]
    songs = served_owner.ask("GET", f"/api/projects/{project['id']}/songs")["items"]
    assert [song["title"] for song in songs] == ["2 Flood", "10 Ebb"]
