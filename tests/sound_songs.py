"""A song that arrives and is mastered, once for all tests that ask for it."""

from pathlib import Path
from typing import Any

import pytest

from sound_jobs import SECONDS, carried_out, write
from tonewright.engine.demo import demo_song


@pytest.fixture(scope="session")
def mix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo song, 24 bits."""
    return write(tmp_path_factory.mktemp("mix") / "mix.wav", demo_song(SECONDS, seed=3))


@pytest.fixture(scope="session")
def arrived(mix: Path) -> tuple[Path, dict[str, Any]]:
    """The folder and the result of the song's arrival."""
    folder = mix.parent / "arrived"
    return folder, carried_out(folder, "arrive", source=str(mix), filename="Nine Lives.wav")


@pytest.fixture(scope="session")
def mastered(arrived: tuple[Path, dict[str, Any]]) -> tuple[Path, dict[str, Any]]:
    """The folder and the result of its first master."""
    folder = arrived[0].parent / "mastered"
    return folder, carried_out(folder, "master", source=str(arrived[0] / "work.bin"))
