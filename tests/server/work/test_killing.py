"""kill -9 at any moment loses nothing and does nothing twice."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from cli_files import write
from service import DATABASES, JOB_S, START_S, Person, Service, owner_of, running, settings_of, wait_for
from tonewright.engine.demo import demo_song

pytestmark = pytest.mark.slow

RATE_HZ = 44_100
KINDS = ("arrive", "master", "deliver")
VICTIMS = [("worker",), ("web",), ("web", "worker"), ("serve",)]


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A song that keeps a job busy for a while."""
    return write(tmp_path_factory.mktemp("songs") / "sent.wav", demo_song(24.0, 3, "band", RATE_HZ))


@pytest.fixture(scope="module", params=DATABASES)
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with (
        settings_of(request.param) as settings,
        running(tmp_path_factory.mktemp("service"), demo="false", **settings) as found,
    ):
        yield found


@pytest.fixture(scope="module")
def owner(service: Service) -> Iterator[Person]:
    with owner_of(service) as found:
        yield found


@pytest.mark.parametrize("victims", VICTIMS, ids="-".join)
def test_a_killed_process_loses_nothing_and_does_nothing_twice(
    service: Service, owner: Person, sent: Path, victims: tuple[str, ...]
) -> None:
    """One song, and a kill in the middle of each of its three jobs."""
    song = owner.send(sent)["song_id"]
    for kind in KINDS:
        if kind == "deliver":
            master = owner.ask("GET", f"/api/songs/{song}/masters")["items"][0]
            owner.ask("POST", f"/api/masters/{master['id']}/deliveries", json={"format": "mp3"})
        owner.wait_until(song, kind, "running", "done")  # done where nobody answered meanwhile
        service.kill(*victims)
        owner.wait_until(song, kind, "done")
    must_be_whole(service, owner, song)


def test_killed_again_and_again(service: Service, owner: Person, sent: Path) -> None:
    """The worker dies at ever later moments of the same song, and once the song is done, it is done once."""
    song = owner.send(sent)["song_id"]
    for event in range(5):
        count = len(events(service, song))
        # done already where nobody looked for so long
        wait_for(partial(_has_more_or_is_done, service, song, count), JOB_S, f"the song goes on, {event}")
        service.kill("worker")
    owner.wait_until(song, "master", "done")
    must_be_whole(service, owner, song, ("arrive", "master"))


def _has_more_or_is_done(service: Service, song: str, count: int) -> bool:
    told = events(service, song)
    return len(told) > count or ("master", "ready") in told


def events(service: Service, song: str) -> list[tuple[str, str]]:
    """(kind, state) of each event of a song, in order."""
    state = "body->>'state'" if service.database_url else "json_extract(body, '$.state')"
    key = song if service.database_url else song.replace("-", "")
    return service.query(f"SELECT kind, {state} FROM tonewright_event WHERE song_id = %s ORDER BY id", key)


def must_be_whole(service: Service, owner: Person, song: str, kinds: tuple[str, ...] = KINDS) -> None:
    """Each job ended well, once, with one result that can be had; nothing is left lying about."""
    jobs = owner.jobs(song)
    assert [(job["kind"], job["state"]) for job in jobs] == [(kind, "done") for kind in kinds]
    told = events(service, song)
    assert told.count(("job", "done")) == len(kinds)
    assert told.count(("audio", "ready")) == told.count(("master", "ready")) == 1
    masters = owner.ask("GET", f"/api/songs/{song}/masters")["items"]
    assert [(master["number"], master["state"]) for master in masters] == [(1, "ready")]
    heard = owner.http.get(f"/api/masters/{masters[0]['id']}/segments/0")
    assert (heard.status_code, heard.content[:4]) == (200, b"fLaC")
    wait_for(lambda: not service.files_left(), START_S, f"nothing lies about: {service.files_left()}")
