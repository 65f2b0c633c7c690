"""Files to take away over HTTP: made once, named sensibly, fetched in parts."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import pytest
from django.test import Client

from catalogue import keep, ready_master, ready_mix
from tonewright.server.models import Delivery, Event, Job, Master, Song, User
from tonewright.server.services import carrying
from tonewright.server.services.naming import master_filename
from tonewright.server.services.rendering import Made, delivered
from tonewright.server.services.titles import tags_of

Browser = Callable[[User], Client]
WAV = b"RIFF" + bytes(range(256))


def send(client: Client, method: str, path: str, body: Any = None, **headers: str) -> Any:
    data = "" if body is None else json.dumps(body)
    return client.generic(method, f"/api{path}", data=data, content_type="application/json", headers=headers)


@pytest.fixture
def master(piece: Song) -> Master:
    return ready_master(ready_mix(piece), master_key=keep(WAV), bytes=len(WAV), tags=tags_of(piece))


def test_the_versions_own_file_is_there_at_once(artist: User, master: Master, signed_in: Browser) -> None:
    client = signed_in(artist)
    made = send(client, "POST", f"/masters/{master.pk}/deliveries", {"format": "wav"})
    assert made.status_code == 201, made.content
    delivery = made.json()
    assert (delivery["bits"], delivery["state"], delivery["bytes"]) == ("24", "ready", len(WAV))
    assert delivery["filename"] == "The Examples - Opening (Master 1, 24-bit).wav"
    assert not Job.objects.exists()
    file = send(client, "GET", f"/deliveries/{delivery['id']}/file")
    assert b"".join(file.streaming_content) == WAV
    assert file["Content-Type"] == "audio/wav"
    assert file["Content-Disposition"] == f'attachment; filename="{delivery["filename"]}"'
    rest = send(client, "GET", f"/deliveries/{delivery['id']}/file", range="bytes=200-")
    assert (rest.status_code, b"".join(rest.streaming_content)) == (206, WAV[200:])


def test_another_format_is_made_once_however_often_it_is_asked_for(
    artist: User, master: Master, signed_in: Browser
) -> None:
    client, path = signed_in(artist), f"/masters/{master.pk}/deliveries"
    first = send(client, "POST", path, {"format": "mp3"})
    again = send(client, "POST", path, {"format": "mp3"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert (first.json()["state"], first.json()["bits"]) == ("queued", "")
    job = Job.objects.get()
    assert (job.kind, str(job.delivery_id)) == ("deliver", first.json()["id"])
    waiting = send(client, "GET", f"/deliveries/{first.json()['id']}/file")
    assert (waiting.status_code, waiting.json()["code"]) == (409, "conflict")
    other = send(client, "POST", path, {"format": "flac", "bits": "16"}).json()
    assert [row["id"] for row in send(client, "GET", path).json()["items"]] == [other["id"], first.json()["id"]]
    assert Event.objects.filter(kind="delivery").count() == 2


def test_one_that_failed_is_tried_again(artist: User, master: Master, signed_in: Browser) -> None:
    client, path = signed_in(artist), f"/masters/{master.pk}/deliveries"
    made = send(client, "POST", path, {"format": "aac"}).json()
    Delivery.objects.update(state="failed", error={"code": "bug", "message": "m", "remedy": ""})
    again = send(client, "POST", path, {"format": "aac"})
    assert (again.status_code, again.json()["id"], again.json()["state"]) == (201, made["id"], "queued")
    assert again.json()["error"] is None
    assert Job.objects.count() == 2


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"format": "mp3", "bits": "16"}, "impossible"),
        ({"format": "wav", "bits": "32"}, "usage"),
        ({"format": "exe"}, "usage"),
        ({}, "usage"),
    ],
)
def test_what_no_file_can_be_is_refused(
    artist: User, master: Master, signed_in: Browser, body: dict[str, Any], code: str
) -> None:
    answer = send(signed_in(artist), "POST", f"/masters/{master.pk}/deliveries", body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert not Delivery.objects.exists()


def test_a_version_that_is_not_ready_has_no_files(artist: User, master: Master, signed_in: Browser) -> None:
    Master.objects.update(state="rendering")
    answer = send(signed_in(artist), "POST", f"/masters/{master.pk}/deliveries", {"format": "wav"})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_files_with_an_old_title_in_them_are_made_anew(artist: User, master: Master, signed_in: Browser) -> None:
    client, path = signed_in(artist), f"/masters/{master.pk}/deliveries"
    old = send(client, "POST", path, {"format": "wav"}).json()
    send(client, "PATCH", f"/songs/{master.song_id}", {"title": "Overture"})
    new = send(client, "POST", path, {"format": "wav"}).json()
    assert (new["state"], new["sha256"]) == ("queued", "")  # the version's own file still says the old one
    assert Job.objects.get().delivery_id == UUID(new["id"])
    assert send(client, "GET", f"/deliveries/{old['id']}").status_code == 404
    assert send(client, "GET", f"/deliveries/{new['id']}/file").status_code == 409


@pytest.mark.parametrize("change", [{"isrc": "QMABC2600001"}, {"artist": "Others"}, {"track_number": 3}])
def test_whatever_stands_in_the_file_makes_it_old(
    artist: User, master: Master, signed_in: Browser, change: dict[str, Any]
) -> None:
    client, path = signed_in(artist), f"/masters/{master.pk}/deliveries"
    send(client, "PATCH", f"/songs/{master.song_id}", change)
    assert send(client, "POST", path, {"format": "wav"}).json()["state"] == "queued"
    Song.objects.update(isrc="", artist="", track_number=None)
    send(client, "PATCH", f"/songs/{master.song_id}", {"title": "Opening"})
    assert send(client, "POST", path, {"format": "wav"}).json()["state"] == "queued"  # it is on its way


def test_a_project_that_is_called_otherwise_makes_them_old_too(
    artist: User, master: Master, signed_in: Browser
) -> None:
    client = signed_in(artist)
    send(client, "PATCH", f"/projects/{master.song.project_id}", {"artist": "Others"})
    asked = send(client, "POST", f"/masters/{master.pk}/deliveries", {"format": "wav"})
    assert asked.json()["state"] == "queued"


def test_a_file_that_was_made_under_a_name_that_is_no_more_is_not_handed_out(
    artist: User, master: Master, signed_in: Browser
) -> None:
    client, path = signed_in(artist), f"/masters/{master.pk}/deliveries"
    asked = send(client, "POST", path, {"format": "flac"}).json()
    job = carrying.claim(Job.objects.get().pk)
    assert job is not None
    old = Made(tags_of(master.song), keep(b"fLaC old"), 8, "0" * 64, "old.flac", [])
    send(client, "PATCH", f"/songs/{master.song_id}", {"title": "Overture"})
    assert not delivered(job, old)
    assert send(client, "GET", f"/deliveries/{asked['id']}/file").status_code == 409
    master.song.refresh_from_db()
    assert delivered(job, replace(old, tags=tags_of(master.song), key=keep(b"fLaC new")))
    file = send(client, "GET", f"/deliveries/{asked['id']}/file")
    assert b"".join(file.streaming_content) == b"fLaC new"


@pytest.mark.parametrize(
    ("title", "artist_name", "name"),
    [
        ("Étude №1", "Zoë", "Zoë - Étude №1 (Master 1, 24-bit).wav"),
        ('a/b\\c:"d"<e>|f?*', "", "The Examples - a_b_c__d__e__f__ (Master 1, 24-bit).wav"),
        (
            "\u202egnp.exe\x00\r\nSet-Cookie: x=1",
            "..",
            "The Examples - gnp.exe Set-Cookie_ x=1 (Master 1, 24-bit).wav",
        ),
        ("ø" * 200, "x", None),
    ],
)
def test_names_of_files_are_sensible_whatever_a_song_is_called(
    artist: User, master: Master, signed_in: Browser, title: str, artist_name: str, name: str | None
) -> None:
    master.song.title, master.song.artist = title, artist_name
    master.song.save()
    Master.objects.update(tags=tags_of(master.song))
    client = signed_in(artist)
    delivery = send(client, "POST", f"/masters/{master.pk}/deliveries", {"format": "wav"}).json()
    assert len(delivery["filename"].encode()) <= 200
    assert delivery["filename"].endswith(" (Master 1, 24-bit).wav")
    if name is not None:
        assert delivery["filename"] == name
    file = send(client, "GET", f"/deliveries/{delivery['id']}/file")
    assert b"".join(file.streaming_content) == WAV
    header = file["Content-Disposition"]
    assert "\n" not in header
    told = header.partition("filename*=utf-8''")[2] or header.partition('filename="')[2][:-1]
    assert unquote(told) == delivery["filename"]


def test_a_name_says_which_version_and_what_it_is(master: Master) -> None:
    assert master_filename(master, "mp3") == "The Examples - Opening (Master 1).mp3"
