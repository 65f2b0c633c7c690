"""What a version's files answer: pieces, ranges, caches; and a report that can do nothing in our name."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client

from catalogue import keep, ready_master, ready_mix
from tonewright.base.signal import Layout
from tonewright.server.models import Master, Song, User
from tonewright.server.sound.peaks import PeaksHeader, PeaksMeter

Browser = Callable[[User], Client]

PIECES = [b"fLaC one", b"fLaC two..", b"fLaC 3"]
REPORT = b"<!DOCTYPE html><title><script>alert(document.cookie)</script></title>"


def peaks_file() -> bytes:
    meter = PeaksMeter(Layout(44100, 2))
    meter.feed(np.random.default_rng(1).uniform(-1, 1, (2, 44100 * 30)))
    return meter.file()


@pytest.fixture
def master(artist: User, piece: Song) -> Master:
    offsets = [0, *np.cumsum([len(part) for part in PIECES]).tolist()]
    return ready_master(
        ready_mix(piece),
        author=artist,
        report_key=keep(REPORT),
        curves_key=keep(json.dumps({"loudness": {}}).encode()),
        peaks_key=keep(peaks_file()),
        listen_key=keep(b"".join(PIECES)),
        listen_index={"rate_hz": 44100, "frames": 30, "segment_frames": 10, "offsets": offsets},
    )


def get(client: Client, path: str, **headers: str) -> Any:
    return client.get(f"/api{path}", headers=headers)


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_segments_are_the_pieces_of_the_listening_file_and_stay(
    artist: User, master: Master, signed_in: Browser
) -> None:
    client = signed_in(artist)
    for number, piece in enumerate(PIECES):
        answer = get(client, f"/masters/{master.pk}/segments/{number}")
        assert (answer.content, answer["Content-Type"]) == (piece, "audio/flac")
        assert answer["Cache-Control"] == "private, max-age=31536000, immutable"
        again = get(client, f"/masters/{master.pk}/segments/{number}", if_none_match=answer["ETag"])
        assert (again.status_code, again.content) == (304, b"")
    for number in (-1, 3, 10**12):
        assert get(client, f"/masters/{master.pk}/segments/{number}").status_code == 404


def test_peaks_come_whole_or_by_columns(artist: User, master: Master, signed_in: Browser) -> None:
    client, path, file = signed_in(artist), f"/masters/{master.pk}/peaks", peaks_file()
    assert body(get(client, path)) == file
    header = PeaksHeader.parse(file)
    offset, length = header.place(1, 10, 20)
    answer = get(client, f"{path}?level=1&start=10&count=20")
    assert answer.content == file[offset : offset + length]
    assert len(answer.content) == 20 * 2 * 2
    assert get(client, f"{path}?level=1&start=1000000").content == b""
    assert get(client, f"{path}?level={len(header.levels)}").status_code == 404
    assert get(client, f"{path}?level=-1").status_code == 422


@pytest.mark.parametrize(
    ("wanted", "status", "part"),
    [
        ("bytes=0-3", 206, slice(0, 4)),
        ("bytes=5-", 206, slice(5, None)),
        ("bytes=-4", 206, slice(-4, None)),
        ("bytes=0-99999", 206, slice(0, None)),
        ("bytes=-99999", 206, slice(0, None)),
        ("bytes=7-3", 200, slice(0, None)),
        ("bytes=-", 200, slice(0, None)),
        ("bytes=0-1,4-5", 200, slice(0, None)),
        ("pages=1-2", 200, slice(0, None)),
        ("bytes=99999-", 416, None),
        ("bytes=-0", 416, None),
        (f"bytes={'9' * 5000}-", 416, None),
    ],
)
def test_ranges_are_answered_as_the_standard_says(
    artist: User, master: Master, signed_in: Browser, wanted: str, status: int, part: slice | None
) -> None:
    answer = get(signed_in(artist), f"/masters/{master.pk}/report", range=wanted)
    assert answer.status_code == status
    if part is None:
        assert answer["Content-Range"] == f"bytes */{len(REPORT)}"
        assert answer.json()["status"] == 416
        return
    assert body(answer) == REPORT[part]
    assert answer["Content-Length"] == str(len(REPORT[part]))
    if status == 206:
        start = range(len(REPORT))[part].start
        assert answer["Content-Range"] == f"bytes {start}-{start + len(REPORT[part]) - 1}/{len(REPORT)}"


def test_a_range_of_another_file_is_the_whole(artist: User, master: Master, signed_in: Browser) -> None:
    client, path = signed_in(artist), f"/masters/{master.pk}/report"
    first = get(client, path)
    assert body(first) == REPORT
    etag = first["ETag"]
    assert body(get(client, path, range="bytes=0-3", if_range=etag)) == REPORT[:4]
    assert body(get(client, path, range="bytes=0-3", if_range='"another"')) == REPORT


def test_a_report_is_shut_away_from_whoever_looks_at_it(artist: User, master: Master, signed_in: Browser) -> None:
    client = signed_in(artist)
    answer = get(client, f"/masters/{master.pk}/report")
    assert body(answer) == REPORT
    policy = {part.split()[0]: part.split()[1:] for part in answer["Content-Security-Policy"].split(";")}
    assert "allow-same-origin" not in policy["sandbox"]
    assert "allow-scripts" not in policy["sandbox"]
    assert policy["default-src"] == ["'none'"]
    assert "script-src" not in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "Content-Disposition" not in answer
    saved = get(client, f"/masters/{master.pk}/report?download=true")
    assert body(saved) == REPORT
    assert saved["Content-Disposition"] == 'attachment; filename="The Examples - Opening (Master 1, report).html"'


def test_curves_are_json(artist: User, master: Master, signed_in: Browser) -> None:
    answer = get(signed_in(artist), f"/masters/{master.pk}/curves")
    assert (json.loads(body(answer)), answer["Content-Type"]) == ({"loudness": {}}, "application/json")


@pytest.mark.parametrize("path", ["report", "curves", "peaks", "segments/0"])
def test_nothing_is_served_before_it_is_there_nor_after_it_is_gone(
    artist: User, master: Master, signed_in: Browser, path: str
) -> None:
    client = signed_in(artist)
    Master.objects.update(state="rendering")
    assert get(client, f"/masters/{master.pk}/{path}").json()["code"] == "conflict"
    Master.objects.update(state="ready", report_key="", curves_key="", peaks_key="", listen_key="")
    assert get(client, f"/masters/{master.pk}/{path}").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_a_long_file_is_streamed_without_being_held(artist: User, master: Master) -> None:
    async def fetch() -> tuple[Any, list[bytes]]:
        client = AsyncClient()
        await client.aforce_login(artist, backend="django.contrib.auth.backends.ModelBackend")
        answer: Any = await client.get(f"/api/masters/{master.pk}/peaks", headers={"range": "bytes=100-"})
        return answer, [part async for part in answer.streaming_content]

    answer, parts = async_to_sync(fetch)()
    assert answer.status_code == 206
    assert b"".join(parts) == peaks_file()[100:]
