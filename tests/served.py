"""One service for the browser's tests, its owner, and a song that is mastered there."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile
from playwright.sync_api import BrowserContext

from chromium import become_owner, chromium, opened
from service import Person, Service, owner_of, running
from tonewright.engine.demo import demo_song

RATE_HZ = 44_100
SECONDS = 20.0


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("served") / "service", demo="false") as service:
        yield service


@pytest.fixture(scope="session")
def served_owner(served: Service) -> Iterator[Person]:
    with owner_of(served) as owner:
        yield owner


@pytest.fixture(scope="session")
def dawn_wav(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mixes") / "03 - The Examples - Dawn.wav"
    soundfile.write(path, demo_song(SECONDS).T, RATE_HZ, subtype="PCM_24")
    return path


@pytest.fixture(scope="session")
def dawn(served_owner: Person, dawn_wav: Path) -> str:
    """Id of a song whose first version is ready."""
    song: str = served_owner.send(dawn_wav)["song_id"]
    served_owner.wait_until(song, "master", "done")
    return song


@pytest.fixture(scope="module")
def signed_in_browser(served: Service, served_owner: Person) -> Iterator[BrowserContext]:
    """A window of the owner's."""
    with chromium() as browser, opened(browser, served, viewport={"width": 1280, "height": 850}) as context:
        become_owner(context)
        yield context
