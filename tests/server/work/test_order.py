"""Through a whole service: cancelled and tried again, in fair order, whatever the worker is doing."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cli_files import music, write
from service import JOB_S, START_S, Person, Service, owner_of, running, wait_for

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("service"), demo="false") as found:
        yield found


@pytest.fixture(scope="module")
def owner(service: Service) -> Iterator[Person]:
    with owner_of(service) as found:
        yield found


def test_who_sends_one_song_does_not_wait_for_who_sends_many(
    service: Service, owner: Person, tmp_path: Path
) -> None:
    sent = write(tmp_path / "short.wav", music(2.0))
    service.freeze("child")  # the first job goes on when the one song is there, and not before
    many = [owner.send(sent)["song_id"] for _ in range(6)]
    with closing(Person(service)) as visitor:
        visitor.ask("GET", "/api/setup")
        visitor.ask("POST", "/api/visit")
        one = visitor.send(sent)["song_id"]
        service.thaw("child")
        end = visitor.wait_until(one, "master", "done")["finished_at"]
    for song in many:
        owner.wait_until(song, "master", "done")
    ends = [owner.jobs(song)[-1]["finished_at"] for song in many]
    assert ends == sorted(ends)
    assert end < ends[2]  # of the many, at most those that had their turn already


def test_a_running_job_is_stopped_and_taken_up_again(service: Service, owner: Person, tmp_path: Path) -> None:
    service.freeze("child")  # so that it does not end before it is stopped
    song = owner.send(write(tmp_path / "long.wav", music(60.0)))["song_id"]
    job = owner.wait_until(song, "arrive", "running")
    owner.ask("POST", f"/api/jobs/{job['id']}/cancel")
    owner.wait_until(song, "arrive", "cancelled")
    assert owner.ask("GET", f"/api/songs/{song}/masters")["items"] == []
    wait_for(lambda: not service.files_left(), START_S, "nothing lies about")
    again = owner.ask("POST", f"/api/jobs/{job['id']}/retry")
    assert (again["state"], again["attempts"]) == ("queued", 2)
    owner.wait_until(song, "master", "done")


def test_a_wrong_file_is_refused_in_words(owner: Person, tmp_path: Path) -> None:
    sent = write(tmp_path / "silence.wav", 0.0 * music(2.0))
    song = owner.send(sent)["song_id"]
    job = owner.wait_until(song, "arrive", "failed", "done")
    assert job["error"]["code"] == "silent"
    assert "silence.wav" in job["error"]["message"]
    assert "/" not in job["error"]["message"]


def test_what_happens_is_heard_by_who_comes_back(owner: Person, tmp_path: Path) -> None:
    song = owner.send(write(tmp_path / "heard.wav", music(2.0)))["song_id"]
    owner.wait_until(song, "master", "done")
    everything = heard(owner, song, 0)
    assert len(everything) > 4
    assert everything == sorted(set(everything))
    assert heard(owner, song, everything[2]) == everything[3:]


def heard(owner: Person, song: str, after: int) -> list[int]:
    """The ids of a song's events after one, up to its master being ready."""
    found = []
    address = f"/api/events?song={song}"
    with owner.http.stream("GET", address, headers={"Last-Event-ID": str(after)}, timeout=JOB_S) as stream:
        kind = ""
        for line in stream.iter_lines():
            name, _, value = line.partition(": ")
            if name == "event":
                kind = value
            elif name == "id":
                found.append(int(value))
            elif name == "data" and kind == "master" and json.loads(value)["state"] == "ready":
                break
    return found
