"""The studio's endpoints with real rooms: what is previewed is what is delivered."""

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import soundfile

from cli_files import RATE_HZ, music, write
from service import Person, Service, owner_of, running

pytestmark = pytest.mark.slow

LENGTH_S = 12
#: One step of 24 bits either way: the master's rounding and its dither.
_ROUNDING = 2.5 / 2**23


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("studio")) as found:
        yield found


@pytest.fixture(scope="module")
def owner(service: Service) -> Iterator[Person]:
    with owner_of(service) as person:
        yield person


@pytest.fixture(scope="module")
def song(owner: Person, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A song with its first master."""
    path = write(tmp_path_factory.mktemp("mix") / "song.wav", music(LENGTH_S), subtype="PCM_24")
    song_id = owner.send(path)["song_id"]
    owner.wait_until(song_id, "master", "done")
    found: dict[str, Any] = owner.ask("GET", f"/api/songs/{song_id}")
    assert found["masters"][0]["state"] == "ready", found["masters"]
    return found


def sound(flac: bytes) -> tuple[Any, int]:
    """(frames, channels) and the rate."""
    samples, rate_hz = soundfile.read(io.BytesIO(flac), dtype="float64")
    return samples, rate_hz


def preview(owner: Person, song: dict[str, Any], **wanted: Any) -> Any:
    answer = owner.http.post(f"/api/songs/{song['id']}/preview", json=wanted)
    assert answer.status_code == 200, answer.text
    return answer


def delivered(owner: Person, song: dict[str, Any]) -> Any:
    """The version's own file."""
    path = f"/api/masters/{song['masters'][0]['id']}"
    delivery = owner.ask("POST", f"{path}/deliveries", json={"format": "wav"})
    answer = owner.http.get(f"/api/deliveries/{delivery['id']}/file")
    samples, rate_hz = sound(answer.content)
    assert (rate_hz, len(samples)) == (RATE_HZ, LENGTH_S * RATE_HZ)
    return samples


def test_what_is_previewed_is_what_is_delivered(owner: Person, song: dict[str, Any]) -> None:
    recipe = owner.ask("GET", f"/api/masters/{song['masters'][0]['id']}/recipe")
    answer = preview(owner, song, recipe=recipe, start_s=3.3, seconds=4.0)
    start, frames = int(answer.headers["Tonewright-Start-Frame"]), int(answer.headers["Tonewright-Frames"])
    assert (start, frames) == (round(3.3 * RATE_HZ), 4 * RATE_HZ)
    assert answer.headers["Tonewright-Recipe-Digest"] == song["masters"][0]["recipe_digest"]
    heard, rate_hz = sound(answer.content)
    assert rate_hz == int(answer.headers["Tonewright-Rate-Hz"])
    master = delivered(owner, song)[start : start + frames]
    assert np.abs(heard - master).max() < _ROUNDING


def test_the_pieces_to_listen_to_are_the_delivered_file_too(owner: Person, song: dict[str, Any]) -> None:
    path = f"/api/masters/{song['masters'][0]['id']}/segments"
    count = len(song["masters"][0]["listen_index"]["offsets"]) - 1
    pieces = [sound(owner.http.get(f"{path}/{number}").content)[0] for number in range(count)]
    np.testing.assert_array_equal(np.concatenate(pieces), delivered(owner, song))


def test_a_step_is_heard_alone_as_a_difference_and_left_out(owner: Person, song: dict[str, Any]) -> None:
    recipe = owner.ask("GET", f"/api/masters/{song['masters'][0]['id']}/recipe")
    last = recipe["steps"][-1]["id"]
    stretch = {"recipe": recipe, "start_s": 2.0, "seconds": 2.0}
    full, source, without = (
        sound(preview(owner, song, **stretch, **more).content)[0]
        for more in ({}, {"mode": "source"}, {"bypass": [step["id"] for step in recipe["steps"]]})
    )
    np.testing.assert_array_equal(source, without)
    assert np.abs(full - source).max() > 0.01
    difference = sound(preview(owner, song, **stretch, mode=f"delta:{last}").content)[0]
    assert np.isfinite(difference).all()
    unknown = owner.http.post(f"/api/songs/{song['id']}/preview", json=stretch | {"mode": "only:none-such"})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "recipe_invalid")


def test_a_proposal_follows_the_controls_and_settles_into_what_a_master_gets(
    owner: Person, song: dict[str, Any]
) -> None:
    plain = owner.ask("POST", f"/api/songs/{song['id']}/propose", json={})
    louder = {"lufs": -12.0, "character": {"brightness": 40}}
    asked = owner.ask("POST", f"/api/songs/{song['id']}/propose", json={"intent": louder})
    assert asked["recipe_digest"] != plain["recipe_digest"]
    settled = owner.ask("POST", f"/api/songs/{song['id']}/settle", json={"intent": louder})
    assert settled["state"] == "exact"
    made = owner.ask("POST", f"/api/songs/{song['id']}/masters", json={"intent": louder, "why": "brighter"})
    job = owner.ask("GET", f"/api/jobs?song={song['id']}&limit=1")["items"][0]
    while job["state"] not in ("done", "failed"):
        job = owner.ask("GET", f"/api/jobs/{job['id']}")
    master = owner.ask("GET", f"/api/masters/{made['id']}")
    assert master["recipe_digest"] == settled["recipe_digest"]
    compared = owner.ask("GET", f"/api/masters/{song['masters'][0]['id']}/compare/{made['id']}")
    assert compared["changes"]
    assert compared["mixes"] is None
