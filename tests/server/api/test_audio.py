"""Sounds over HTTP: as a whole, in pieces, from a browser's cache, and to nobody else."""

import asyncio
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import AsyncClient, Client

from catalogue import keep, ready_mix
from cli_files import RATE_HZ, music
from tonewright.base.signal import Layout
from tonewright.server.models import Audio, Song, User
from tonewright.server.sound.listen import ListenWriter
from tonewright.server.sound.peaks import PeaksMeter

Browser = Callable[[User], Client]
ORIGINAL = bytes(range(256)) * 4000


@pytest.fixture
def mix(piece: Song, tmp_path: Path) -> Audio:
    """Twelve seconds, with the files that arrival makes."""
    samples, layout = music(12.0), Layout(RATE_HZ, 2)
    peaks = PeaksMeter(layout)
    peaks.feed(samples)
    with (tmp_path / "listen.bin").open("wb") as file, ListenWriter(file, layout) as listen:
        listen.feed(samples)
        index = listen.finish()
    return ready_mix(
        piece,
        'Öp "1"\n.wav',
        key=keep(ORIGINAL),
        analysis_key=keep(b'{"version": 1}'),
        peaks_key=keep(peaks.file()),
        listen_key=keep((tmp_path / "listen.bin").read_bytes()),
        listen_index=index.to_json(),
    )


def content(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_a_sound_as_its_owner_sees_it(artist: User, signed_in: Browser, mix: Audio) -> None:
    answer = signed_in(artist).get(f"/api/audio/{mix.pk}")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["id"], body["duration_s"], body["measurements"]["integrated_lufs"]) == (str(mix.pk), 10.0, -20.0)


PATHS = ["", "/analysis", "/peaks", "/peaks?level=0", "/segments/0", "/file"]


@pytest.mark.parametrize("path", PATHS)
def test_nobody_else_gets_anything(signed_in: Browser, stranger: User, mix: Audio, path: str) -> None:
    address = f"/api/audio/{mix.pk}{path}"
    assert signed_in(stranger).get(address).status_code == 404
    assert Client().get(address).status_code == 401


@pytest.mark.parametrize("path", PATHS[1:])
def test_what_never_changes_is_sent_once(artist: User, signed_in: Browser, mix: Audio, path: str) -> None:
    client, address = signed_in(artist), f"/api/audio/{mix.pk}{path}"
    first = client.get(address)
    assert first.status_code == 200, first.content
    assert first["Cache-Control"] == "private, max-age=31536000, immutable"
    assert content(first)
    again = client.get(address, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_segments_are_the_pieces_of_the_listening_file(artist: User, signed_in: Browser, mix: Audio) -> None:
    assert mix.listen_index is not None
    client, offsets = signed_in(artist), mix.listen_index["offsets"]
    assert len(offsets) == 4
    pieces = [client.get(f"/api/audio/{mix.pk}/segments/{n}") for n in range(3)]
    assert [answer["Content-Type"] for answer in pieces] == ["audio/flac"] * 3
    assert all(answer.content.startswith(b"fLaC") for answer in pieces)
    assert [len(answer.content) for answer in pieces] == [b - a for a, b in itertools.pairwise(offsets)]
    assert len({answer["ETag"] for answer in pieces}) == 3
    for number in (3, -1, 10**30):
        assert client.get(f"/api/audio/{mix.pk}/segments/{number}").status_code in (404, 422)


def test_peaks_by_level_and_slice(artist: User, signed_in: Browser, mix: Audio) -> None:
    client, address = signed_in(artist), f"/api/audio/{mix.pk}/peaks"
    whole = content(client.get(address))
    assert whole.startswith(b"TWPK")
    level = client.get(f"{address}?level=0").content
    assert level == whole[-len(level) :] or level in whole
    assert client.get(f"{address}?level=0&start=10&count=5").content == level[10 * 4 : 15 * 4]
    assert client.get(f"{address}?level=60").status_code == 404
    assert client.get(f"{address}?level=-1").status_code == 422


def test_the_file_itself_whole_and_in_ranges(artist: User, signed_in: Browser, mix: Audio) -> None:
    client, address = signed_in(artist), f"/api/audio/{mix.pk}/file"
    whole = client.get(address)
    assert content(whole) == ORIGINAL
    assert whole["Content-Length"] == str(len(ORIGINAL))
    assert whole["Content-Disposition"].startswith("attachment")
    assert "\n" not in whole["Content-Disposition"]
    rest = client.get(address, headers={"Range": "bytes=1000-"})
    assert (rest.status_code, content(rest)) == (206, ORIGINAL[1000:])


@pytest.mark.django_db(transaction=True)
def test_a_download_under_asgi_comes_in_chunks(artist: User, mix: Audio) -> None:
    """Django would collect a plain iterator into memory before it sends any of it."""
    client = AsyncClient()
    client.force_login(artist, backend="django.contrib.auth.backends.ModelBackend")

    async def download() -> list[bytes]:
        answer: Any = await client.get(f"/api/audio/{mix.pk}/file")
        assert answer.status_code == 200
        assert answer.is_async
        return [chunk async for chunk in answer.streaming_content]

    chunks = asyncio.run(download())
    assert b"".join(chunks) == ORIGINAL
    assert len(chunks) > 1


def test_before_it_was_heard_there_is_nothing_to_hear(artist: User, signed_in: Browser, piece: Song) -> None:
    audio = Audio.objects.create(song=piece, filename="a.wav", bytes=1, sha256="")
    client = signed_in(artist)
    for path in PATHS[1:]:
        answer = client.get(f"/api/audio/{audio.pk}{path}")
        assert answer.status_code == 404, path
        assert answer["Content-Type"] == "application/problem+json"


def test_references_are_weighed_and_removed(artist: User, signed_in: Browser, mix: Audio) -> None:
    client = signed_in(artist)
    reference = Audio.objects.create(song=mix.song, filename="a.wav", bytes=1, sha256="", role="reference")

    def weigh(audio: Audio, body: dict[str, Any]) -> Any:
        return client.patch(f"/api/audio/{audio.pk}", json.dumps(body), content_type="application/json")

    assert weigh(reference, {"weight": 2.5}).json()["weight"] == 2.5
    for wrong in ({"weight": -1}, {"weight": 11}, {"weight": "much"}, {}):
        assert weigh(reference, wrong).status_code == 422, wrong
    assert weigh(mix, {"weight": 1}).status_code == 400
    assert client.delete(f"/api/audio/{mix.pk}").status_code == 409
    assert client.delete(f"/api/audio/{reference.pk}").status_code == 204
    assert client.delete(f"/api/audio/{reference.pk}").status_code == 404
