"""The studio's endpoints, with a room that only remembers what it was asked."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from catalogue import RATE_HZ, keep, ready_mix, recipe
from tonewright.engine.recipe import Recipe
from tonewright.server.errors import RoomLost
from tonewright.server.models import Audio, Song, User
from tonewright.server.services import studio
from tonewright.server.sound.jobs import ReferenceFile
from tonewright.server.sound.room import Superseded

Browser = Callable[[User], Client]


class FakeRoom:
    """What sound.room.Room is seen to be from outside."""

    def __init__(self) -> None:
        self.opened: list[tuple[str, bytes, list[tuple[bytes, str, float]]]] = []
        self.closed: list[str] = []
        self.asked: list[tuple[Any, ...]] = []
        self.fails: Exception | None = None

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    async def open(self, song: str, path: Path, references: list[ReferenceFile]) -> dict[str, Any]:
        await asyncio.sleep(0)
        told = [(each.path.read_bytes(), each.name, each.weight) for each in references]
        self.opened.append((song, path.read_bytes(), told))
        return {}

    async def propose(
        self, song: str, intent: dict[str, Any], listener: str, listened_to: tuple[int, int] | None
    ) -> dict[str, Any]:
        return self._answer("estimate", song, intent, listener, listened_to)

    async def settle(self, song: str, intent: dict[str, Any], listener: str) -> dict[str, Any]:
        return self._answer("exact", song, intent, listener) | {"integrated_lufs": -14.0}

    async def window(
        self, song: str, made_by: Recipe, start_frame: int, frames: int, mode: str, bypass: list[str], listener: str
    ) -> bytes:
        self._answer("window", song, made_by, start_frame, frames, mode, bypass, listener)
        return b"fLaC"

    async def close_song(self, song: str) -> None:
        self.closed.append(song)

    def _answer(self, state: str, *asked: Any) -> dict[str, Any]:
        if self.fails is not None:
            raise self.fails
        self.asked.append((state, *asked))
        found = recipe()
        return {
            "recipe": found.to_json(),
            "recipe_digest": found.digest(),
            "decisions": [],
            "shortfalls": [],
            "state": state,
        }


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> FakeRoom:
    fake = FakeRoom()
    monkeypatch.setattr(studio, "_rooms", studio.Rooms(fake))  # type: ignore[arg-type]
    return fake


@pytest.fixture
def mix(piece: Song) -> Audio:
    return ready_mix(piece, work_key=keep(b"the mix"))


def send(client: Client, path: str, body: Any, **headers: str) -> Any:
    return client.post(f"/api{path}", json.dumps(body), content_type="application/json", headers=headers)


def test_a_proposal_goes_by_the_songs_controls_or_by_those_sent(
    artist: User, mix: Audio, room: FakeRoom, signed_in: Browser
) -> None:
    client = signed_in(artist)
    mix.song.intent = {"amount": 0.25}
    mix.song.save()
    body = {"listened_to": {"start_s": 1.5, "seconds": 2.0}}
    answer = send(client, f"/songs/{mix.song_id}/propose", body, tonewright_listener="tab 1")
    assert answer.status_code == 200, answer.content
    assert answer.json()["state"] == "estimate"
    assert answer.json()["recipe"] == recipe().to_json()
    settled = send(client, f"/songs/{mix.song_id}/settle", {"intent": {"amount": 0.5, "keep": ["width"]}})
    assert (settled.json()["state"], settled.json()["integrated_lufs"]) == ("exact", -14.0)
    (_, name, first, listener, listened_to), (_, _, second, _) = room.asked
    assert (name, first["amount"], first["target"]) == (str(mix.pk), 0.25, "streaming")
    assert (second["amount"], second["keep"]) == (0.5, ["width"])
    assert listener == f"{artist.pk} tab 1"
    assert listened_to == (round(1.5 * RATE_HZ), round(2.0 * RATE_HZ))


def test_a_preview_is_the_stretch_that_was_asked_for(
    artist: User, mix: Audio, room: FakeRoom, signed_in: Browser
) -> None:
    given = recipe(2.0)
    body = {"recipe": given.to_json(), "start_s": 1.5, "seconds": 2.0, "mode": "delta:level", "bypass": ["x"]}
    answer = send(signed_in(artist), f"/songs/{mix.song_id}/preview", body)
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, b"fLaC", "audio/flac")
    assert answer["Tonewright-Start-Frame"] == str(round(1.5 * RATE_HZ))
    assert answer["Tonewright-Frames"] == str(2 * RATE_HZ)
    assert answer["Tonewright-Rate-Hz"] == str(RATE_HZ)
    assert answer["Tonewright-Recipe-Digest"] == given.digest()
    assert answer["Cache-Control"] == "private, no-store"
    _, _, asked, start, frames, mode, bypass, _ = room.asked[0]
    assert (asked, start, frames) == (given, round(1.5 * RATE_HZ), 2 * RATE_HZ)
    assert (mode, bypass) == ("delta:level", ["x"])


@pytest.mark.parametrize(
    ("asked_s", "start", "frames"),
    [((9.0, 30.0), 9 * RATE_HZ, RATE_HZ), ((500.0, 1.0), 10 * RATE_HZ - 1, 1), ((0.0, 1e-9), 0, 1)],
)
def test_a_stretch_ends_with_the_song(
    artist: User,
    mix: Audio,
    room: FakeRoom,
    signed_in: Browser,
    asked_s: tuple[float, float],
    start: int,
    frames: int,
) -> None:
    body = {"recipe": recipe().to_json(), "start_s": asked_s[0], "seconds": asked_s[1]}
    answer = send(signed_in(artist), f"/songs/{mix.song_id}/preview", body)
    assert (answer["Tonewright-Start-Frame"], answer["Tonewright-Frames"]) == (str(start), str(frames))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"seconds": 31}, "usage"),
        ({"seconds": 0}, "usage"),
        ({"start_s": -1}, "usage"),
        ({"mode": "only:"}, "usage"),
        ({"mode": "full\n"}, "usage"),
        ({"recipe": {"version": 1, "steps": "no"}}, "recipe_invalid"),
    ],
)
def test_what_can_not_be_heard_is_refused(
    artist: User, mix: Audio, room: FakeRoom, signed_in: Browser, change: dict[str, Any], code: str
) -> None:
    answer = send(signed_in(artist), f"/songs/{mix.song_id}/preview", {"recipe": recipe().to_json()} | change)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert room.asked == []


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(Superseded(), 409, "superseded"), (RoomLost("It ended.", "Try again."), 503, "room_lost")],
)
@pytest.mark.parametrize("path", ["propose", "settle", "preview"])
def test_what_a_room_says_is_told(
    artist: User,
    mix: Audio,
    room: FakeRoom,
    signed_in: Browser,
    path: str,
    error: Exception,
    status: int,
    code: str,
) -> None:
    room.fails = error
    body = {"recipe": recipe().to_json()} if path == "preview" else {}
    answer = send(signed_in(artist), f"/songs/{mix.song_id}/{path}", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_song_is_opened_once_and_again_when_what_leads_it_changes(
    artist: User, mix: Audio, room: FakeRoom, signed_in: Browser
) -> None:
    client, path = signed_in(artist), f"/songs/{mix.song_id}/propose"
    send(client, path, {})
    send(client, path, {})
    assert room.opened == [(str(mix.pk), b"the mix", [])]
    led = Audio.objects.create(
        song=mix.song,
        role="reference",
        state="ready",
        filename="led.wav",
        bytes=1,
        work_key=keep(b"led by"),
        weight=2.0,
    )
    send(client, path, {})
    send(client, path, {})
    assert room.opened[1:] == [(str(mix.pk), b"the mix", [(b"led by", "led.wav", 2.0)])]
    led.weight = 3.0
    led.save()
    send(client, path, {})
    assert room.opened[2][2] == [(b"led by", "led.wav", 3.0)]


def test_an_older_mix_can_be_listened_to_as_well(
    artist: User, mix: Audio, room: FakeRoom, signed_in: Browser
) -> None:
    ready_mix(mix.song, "new.wav", work_key=keep(b"new"))
    body = {"recipe": recipe().to_json(), "audio_id": str(mix.pk)}
    assert send(signed_in(artist), f"/songs/{mix.song_id}/preview", body).status_code == 200
    assert room.opened == [(str(mix.pk), b"the mix", [])]


def test_songs_that_nobody_listens_to_are_let_go(
    artist: User, mix: Audio, room: FakeRoom, signed_in: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studio, "_MOST_OPEN", 2)
    client = signed_in(artist)
    ids = []
    for name in ("one", "two", "three"):
        song = Song.objects.create(project=mix.song.project, title=name)
        ids.append(str(ready_mix(song, f"{name}.wav", work_key=keep(name.encode())).pk))
        send(client, f"/songs/{song.pk}/propose", {})
    assert room.closed == ids[:1]


def test_without_a_mix_there_is_nothing_to_hear(
    artist: User, piece: Song, room: FakeRoom, signed_in: Browser
) -> None:
    assert send(signed_in(artist), f"/songs/{piece.pk}/propose", {}).json()["code"] == "conflict"
