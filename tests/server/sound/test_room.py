"""Rooms: what they play is what is delivered, the newest request wins, and a dead one is started anew."""

import asyncio
import io
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from sound_jobs import RATE
from tonewright.base.errors import Impossible, InputUnreadable, RecipeInvalid
from tonewright.base.signal import Block
from tonewright.engine.recipe import Recipe, parse
from tonewright.engine.render import delta, layers, only, segment_frames
from tonewright.server.errors import RoomLost
from tonewright.server.sound.jobs import ReferenceFile
from tonewright.server.sound.room import Room, Superseded
from tonewright.server.sound.room_process import Waiting
from tonewright.server.sound.work_file import WorkFile

Arrived = tuple[Path, dict[str, Any]]


def decoded(raw: bytes) -> Block:
    samples, _ = soundfile.read(io.BytesIO(raw), dtype="float64", always_2d=True)
    found: Block = samples.T
    return found


def with_song(arrived: Arrived, work: Callable[[Room], Awaitable[None]]) -> None:
    """Do something in a room where the song "s" lies open."""

    async def run() -> None:
        async with Room() as room:
            told = await room.open("s", arrived[0] / "work.bin")
            assert told == {name: arrived[1][name] for name in ("rate_hz", "channels", "frames")}
            await work(room)

    asyncio.run(run())


def same(raw: bytes, expected: Block) -> None:
    """The very samples, as 24 bits hold them."""
    np.testing.assert_array_equal(decoded(raw), np.rint(expected * 2**23) / 2**23)


def test_windows_are_slices_of_the_master_and_of_its_parts(arrived: Arrived, mastered: Arrived) -> None:
    recipe = parse(mastered[1]["recipe"])
    tone = recipe.steps[0].id

    async def work(room: Room) -> None:
        with WorkFile(arrived[0] / "work.bin") as song:
            whole = layers(song, recipe)
            # within a segment, over a join, at the end
            for start, frames in (
                (100_000, 44_100),
                (segment_frames(RATE) - 2_000, 4_000),
                (song.frames - 999, 5_000),
            ):
                raw = await room.window("s", recipe, start, frames)
                same(raw, whole.read(start, frames))
                # and the delivered file differs from it by its rounding alone
                delivered, _ = soundfile.read(
                    mastered[0] / "master.wav", start=start, frames=frames, always_2d=True
                )
                assert np.abs(decoded(raw) - delivered.T).max() <= 2.5 * 2.0**-23
            start, frames = 200_000, 20_000
            same(await room.window("s", recipe, start, frames, "source"), song.read(start, frames))
            same(
                await room.window("s", recipe, start, frames, f"only:{tone}"),
                only(song, recipe, tone).read(start, frames),
            )
            same(
                await room.window("s", recipe, start, frames, f"delta:{tone}"),
                delta(song, recipe, tone).read(start, frames),
            )
            without = Recipe(steps=recipe.steps[1:])
            raw = await room.window("s", recipe, start, frames, bypass=[tone])
            same(raw, layers(song, without).read(start, frames))

    with_song(arrived, work)


def test_settling_finds_what_the_master_found_and_is_remembered(arrived: Arrived, mastered: Arrived) -> None:
    async def work(room: Room) -> None:
        first = await room.propose("s", {})
        assert first["state"] == "estimate"
        assert first["decisions"]
        settled = await room.settle("s", {})
        assert settled["state"] == "exact"
        assert settled["recipe"] == mastered[1]["recipe"]
        assert settled["recipe_digest"] == mastered[1]["recipe_digest"]
        assert settled["integrated_lufs"] == mastered[1]["after"]["integrated_lufs"]
        assert settled["shortfalls"] == mastered[1]["shortfalls"]
        again = await room.propose("s", {})
        assert (again["state"], again["recipe"]) == ("exact", settled["recipe"])
        other = await room.propose("s", {"character": {"warmth": 50}})
        assert other["state"] == "estimate"

    with_song(arrived, work)


def test_what_is_begun_while_it_is_proposed_is_heard_as_it_would_be(arrived: Arrived) -> None:
    intents: list[dict[str, Any]] = [{"character": {"warmth": warmth, "width": 40}} for warmth in (40, 60, 80)]
    windows = [(100_000, 44_100), (segment_frames(RATE) - 2_000, 4_000)]

    heard: list[tuple[dict[str, Any], tuple[int, int], bytes]] = []

    async def begun(room: Room) -> None:
        for number, intent in enumerate(intents):
            for window in windows:
                # what is begun for another control is broken off, and can be asked for again
                await room.propose("s", intents[number - 1], listened_to=(200_000, 44_100))
                recipe = (await room.propose("s", intent, listened_to=window))["recipe"]
                heard.append((recipe, window, await room.window("s", recipe, *window)))

    async def plain(room: Room) -> None:
        for recipe, window, raw in heard:
            assert await room.window("s", recipe, *window) == raw

    with_song(arrived, begun)
    with_song(arrived, plain)


def test_a_newer_request_takes_the_place_of_older_ones(arrived: Arrived, mastered: Arrived) -> None:
    recipes = [mastered[1]["recipe"] | {"steps": mastered[1]["recipe"]["steps"][n:]} for n in range(2)]

    async def work(room: Room) -> None:
        asked = [room.window("s", recipes[n % 2], 10_000, 200_000, listener="me") for n in range(7)]
        found = await asyncio.gather(*asked, return_exceptions=True)
        assert isinstance(found[-1], bytes)
        assert sum(isinstance(each, Superseded) for each in found) >= 5
        # pieces of one sound, and other listeners, don't push each other aside
        pieces = [room.window("s", recipes[0], start, 5_000, listener="me") for start in range(0, 50_000, 5_000)]
        others = [room.window("s", recipes[1], 0, 5_000, listener=f"{n}") for n in range(3)]
        assert all(isinstance(each, bytes) for each in await asyncio.gather(*pieces, *others))

    with_song(arrived, work)


def test_what_waits_is_replaced_and_what_runs_is_told() -> None:
    waiting = Waiting()
    first = {"id": 1, "do": "propose", "song": "s", "listener": "me"}
    waiting.put(first)
    running = waiting.take()
    assert waiting.put(first | {"id": 2, "song": "other"}) == []
    assert not running.token.stopped
    assert waiting.put(first | {"id": 3, "do": "window", "recipe": 1}) == []
    assert running.token.stopped
    assert [gone["id"] for gone in waiting.put(first | {"id": 4, "do": "window", "recipe": 2})] == [3]
    assert waiting.put(first | {"id": 5, "do": "window", "recipe": 2}) == []
    assert waiting.put({"id": 6, "do": "close", "song": "s"}) == []
    assert [waiting.take().head["id"] for _ in range(4)] == [2, 4, 5, 6]


def test_a_room_that_was_killed_is_started_anew_and_opens_its_songs(arrived: Arrived, mastered: Arrived) -> None:
    recipe = mastered[1]["recipe"]

    async def work(room: Room) -> None:
        before = await room.window("s", recipe, 0, 1_000)
        process = await room._rooms[0].ready()
        waiting = asyncio.create_task(room.window("s", recipe, 300_000, 400_000))
        await asyncio.sleep(0)  # it is sent
        await asyncio.sleep(0)
        os.kill(process.pid, signal.SIGKILL)
        with pytest.raises(RoomLost):
            await waiting
        assert await room.window("s", recipe, 0, 1_000) == before
        assert (await room._rooms[0].ready()).pid != process.pid

    with_song(arrived, work)


def test_a_room_that_does_not_answer_is_given_up(
    arrived: Arrived, mastered: Arrived, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(room: Room) -> None:
        process = await room._rooms[0].ready()
        os.kill(process.pid, signal.SIGSTOP)
        monkeypatch.setattr("tonewright.server.sound.room._ANSWER_S", 0.2)
        with pytest.raises(RoomLost, match="too long"):
            await room.window("s", mastered[1]["recipe"], 0, 1_000)
        monkeypatch.undo()
        assert await room.window("s", mastered[1]["recipe"], 0, 1_000)

    with_song(arrived, work)


def test_wrong_requests_are_refused_in_words(arrived: Arrived, mastered: Arrived, tmp_path: Path) -> None:
    recipe = mastered[1]["recipe"]

    async def work(room: Room) -> None:
        with pytest.raises(Impossible, match="outside"):
            await room.window("s", recipe, 10**9, 100)
        with pytest.raises(Impossible, match="too long"):
            await room.window("s", recipe, 0, 44_100 * 61)
        with pytest.raises(RecipeInvalid, match="no mode"):
            await room.window("s", recipe, 0, 100, "sideways")
        with pytest.raises(RecipeInvalid, match="no step"):
            await room.window("s", recipe, 0, 100, "only:nothing")
        with pytest.raises(RecipeInvalid):
            await room.window("s", {"version": 1, "steps": 5}, 0, 100)
        with pytest.raises(Impossible, match="character"):
            await room.propose("s", {"character": {"warmth": 1_000}})
        with pytest.raises(InputUnreadable):
            await room.open("nowhere", tmp_path / "nowhere")
        with pytest.raises(InputUnreadable):
            await room.open("led", arrived[0] / "work.bin", [ReferenceFile(path=tmp_path / "nowhere", name="r")])
        assert room.is_open("s")
        await room.close_song("s")
        assert not room.is_open("s")

    with_song(arrived, work)
