"""Event streams: each hears what is theirs, in order, goes on where it was, and hears no more once access is over."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from django.test import Client

from tonewright.server.api import live
from tonewright.server.api.live import Hub
from tonewright.server.models import Event, Membership, Project, Song, Team, User
from tonewright.server.services import listening
from tonewright.server.services.access import Actor
from tonewright.server.services.events import tell

pytestmark = pytest.mark.django_db(transaction=True)

Line = tuple[str, int, Any]


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_LOOK_S", 0.01)
    monkeypatch.setattr(live, "HEARTBEAT_S", 0.1)


def always() -> bool:
    return True


async def take(stream: AsyncIterator[str], count: int) -> list[Line]:
    """The next events of a stream, without its heartbeats."""
    found: list[Line] = []
    async with asyncio.timeout(20):
        async for text in stream:
            if text.startswith("event: "):
                kind, number, data = (line.partition(": ")[2] for line in text.strip().split("\n"))
                found.append((kind, int(number), json.loads(data)))
                if len(found) == count:
                    break
    return found


async def begun(stream: AsyncIterator[str]) -> AsyncIterator[str]:
    """The stream once it hears."""
    assert await anext(stream) == "retry: 2000\n\n"
    return stream


async def telling(song: Song, *bodies: dict[str, Any], kind: str = "job") -> None:
    for body in bodies:
        await asyncio.to_thread(tell, kind, song.project.owner_id, song.pk, body)


def test_what_happens_is_heard_in_order_by_all(artist: User, piece: Song) -> None:
    async def listen() -> list[list[Line]]:
        hub = Hub()
        streams = [await begun(hub.listen(Actor(artist), song, None, always)) for song in (None, piece.pk, None)]
        await telling(piece, {"n": 1}, {"n": 2}, {"n": 3})
        return [await take(stream, 3) for stream in streams]

    heard = asyncio.run(listen())
    assert [[body["n"] for _, _, body in each] for each in heard] == [[1, 2, 3]] * 3
    assert [number for _, number, _ in heard[0]] == sorted(Event.objects.values_list("pk", flat=True))


def test_who_comes_back_hears_what_was_missed_once(artist: User, piece: Song) -> None:
    known = tell("job", artist.pk, piece.pk, {"n": 1})
    for number in range(2, 6):
        tell("job", artist.pk, piece.pk, {"n": number})

    async def listen() -> list[Line]:
        stream = await begun(Hub().listen(Actor(artist), None, known.pk, always))
        await telling(piece, {"n": 6})
        return await take(stream, 5)

    assert [body["n"] for _, _, body in asyncio.run(listen())] == [2, 3, 4, 5, 6]


def test_more_than_fits_at_once_is_heard_too(artist: User, piece: Song, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "MOST_AT_ONCE", 4)
    for number in range(10):
        tell("job", artist.pk, piece.pk, {"n": number})

    async def listen() -> list[Line]:
        return await take(Hub().listen(Actor(artist), piece.pk, 0, always), 10)

    assert [body["n"] for _, _, body in asyncio.run(listen())] == list(range(10))


def test_nobody_hears_what_is_not_theirs(artist: User, stranger: User, piece: Song) -> None:
    own = Song.objects.create(project=Project.objects.create(owner=stranger, title="Other"), title="Other")
    tell("job", artist.pk, piece.pk, {"n": 1})

    async def listen() -> list[Line]:
        stream = await begun(Hub().listen(Actor(stranger), None, 0, always))
        await telling(piece, {"n": 2})
        await telling(own, {"n": 3})
        return await take(stream, 1)

    assert [body["n"] for _, _, body in asyncio.run(listen())] == [3]


def test_a_team_hears_its_songs_and_no_longer_once_one_has_left(
    artist: User, stranger: User, piece: Song, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_PEOPLE_S", 0.0)
    team = Team.objects.create(name="The Examples")
    membership = Membership.objects.create(team=team, user=stranger)
    Project.objects.filter(pk=piece.project_id).update(team=team)
    other = Song.objects.create(project=Project.objects.create(owner=stranger, title="Other"), title="Other")

    async def listen() -> list[Line]:
        stream = await begun(Hub().listen(Actor(stranger), None, None, always))
        await telling(piece, {"n": 1})
        first = await take(stream, 1)
        await asyncio.to_thread(membership.delete)
        await telling(piece, {"n": 2})
        await telling(other, {"n": 3})
        return first + await take(stream, 1)

    assert [body["n"] for _, _, body in asyncio.run(listen())] == [1, 3]


def test_a_stream_ends_when_access_does(artist: User, piece: Song) -> None:
    asked = []

    def twice() -> bool:
        asked.append(1)
        return len(asked) < 3

    async def listen() -> list[str]:
        return [text async for text in Hub().listen(Actor(artist), piece.pk, None, twice)]

    assert asyncio.run(listen()) == ["retry: 2000\n\n"] + [": still here\n\n"] * 2


def test_who_does_not_keep_up_is_let_go(artist: User, piece: Song, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_MOST_WAITING", 3)

    async def listen() -> tuple[list[Line], int]:
        hub = Hub()
        stream = await begun(hub.listen(Actor(artist), piece.pk, None, always))
        (listener,) = hub._listeners
        await telling(piece, *({"n": number} for number in range(8)))
        async with asyncio.timeout(20):
            while not listener.over:
                await asyncio.sleep(0.01)
        return await take(stream, 99), hub.count(artist.pk)

    assert asyncio.run(listen()) == ([], 0)


def test_closing_ends_all_streams(artist: User, piece: Song) -> None:
    async def listen() -> list[Line]:
        hub = Hub()
        stream = await begun(hub.listen(Actor(artist), piece.pk, None, always))
        hub.close()
        return await take(stream, 1)

    assert asyncio.run(listen()) == []


def test_the_address(signed_in: Callable[[User], Client], artist: User, stranger: User, piece: Song) -> None:
    answer = signed_in(artist).get(f"/api/events?song={piece.pk}")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/event-stream")
    assert signed_in(artist).get("/api/events", headers={"Last-Event-ID": "seven"}).status_code == 400
    assert signed_in(artist).get("/api/events?after=-1").status_code == 422
    assert signed_in(stranger).get(f"/api/events?song={piece.pk}").status_code == 404
    assert Client().get("/api/events").status_code == 401
