"""Songs over HTTP: described, steered, put in order, deleted; whatever text strangers send."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalogue import ready_master, ready_mix
from tonewright.server.models import Audio, Event, Job, Master, Project, Song, User

Browser = Callable[[User], Client]


def send(client: Client, method: str, path: str, body: Any = None) -> Any:
    data = "" if body is None else json.dumps(body)
    return client.generic(method, f"/api{path}", data=data, content_type="application/json")


def test_a_song_has_its_controls_from_the_start(artist: User, project: Project, signed_in: Browser) -> None:
    made = send(signed_in(artist), "POST", f"/projects/{project.pk}/songs", {"title": "Opening"})
    assert made.status_code == 201, made.content
    song = made.json()
    assert (song["title"], song["position"], song["mix"], song["masters"]) == ("Opening", 0, None, [])
    assert song["intent"]["target"] == "streaming"
    assert song["intent"]["character"]["warmth"] == 0
    assert song["intent"]["keep"] == []


def test_what_is_not_sent_stays(artist: User, piece: Song, signed_in: Browser) -> None:
    client, path = signed_in(artist), f"/songs/{piece.pk}"
    send(client, "PATCH", path, {"artist": "The Examples", "track_number": 3, "brief": "warm,\r\nnot loud"})
    changed = send(client, "PATCH", path, {"intent": {"character": {"warmth": 20}, "keep": ["width", "dynamics"]}})
    song = changed.json()
    assert (song["title"], song["artist"], song["track_number"]) == ("Opening", "The Examples", 3)
    assert song["brief"] == "warm,\nnot loud"
    assert (song["intent"]["character"]["warmth"], song["intent"]["keep"]) == (20, ["dynamics", "width"])
    assert send(client, "PATCH", path, {"track_number": None}).json()["track_number"] is None
    assert Event.objects.filter(song=piece, kind="song").count() == 3


@pytest.mark.parametrize(
    ("intent", "code"),
    [
        ({"target": "the moon"}, "impossible"),
        ({"character": {"warmth": 101}}, "usage"),
        ({"references": [{"path": "/etc/passwd"}]}, "usage"),
        ({"lufs": 0}, "usage"),
        ({"unknown": 1}, "usage"),
    ],
)
def test_controls_that_are_none_are_refused(
    artist: User, piece: Song, signed_in: Browser, intent: dict[str, Any], code: str
) -> None:
    answer = send(signed_in(artist), "PATCH", f"/songs/{piece.pk}", {"intent": intent})
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    piece.refresh_from_db()
    assert piece.intent == {}


@pytest.mark.parametrize("isrc", ["QM-ABC-26-00001", "qmabc2600001", "ISRC QMABC2600001"])
def test_an_isrc_is_kept_as_twelve_characters(artist: User, piece: Song, signed_in: Browser, isrc: str) -> None:
    client, path = signed_in(artist), f"/songs/{piece.pk}"
    assert send(client, "PATCH", path, {"isrc": isrc}).json()["isrc"] == "QMABC2600001"
    assert send(client, "PATCH", path, {"isrc": ""}).json()["isrc"] == ""


@pytest.mark.parametrize("isrc", ["QMABC260000", "QMABC26000011", "12ABC2600001", "QMABC26O0001", "hello"])
def test_what_is_no_isrc_is_refused(artist: User, piece: Song, signed_in: Browser, isrc: str) -> None:
    answer = send(signed_in(artist), "PATCH", f"/songs/{piece.pk}", {"isrc": isrc})
    assert (answer.status_code, answer.json()["code"]) == (422, "impossible")
    assert "12 characters" in answer.json()["remedy"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("a\u202egnp.exe", "agnp.exe"),
        ("one\ntwo\tthree\x07", "one two three"),
        ("e\u0301tude", "\u00e9tude"),
        ("שלום 🎹", "שלום 🎹"),
        ("x" * 200, "x" * 200),
    ],
)
def test_titles_are_kept_as_text_and_turn_nothing_around(
    artist: User, piece: Song, signed_in: Browser, sent: str, kept: str
) -> None:
    client = signed_in(artist)
    assert send(client, "PATCH", f"/songs/{piece.pk}", {"title": sent}).json()["title"] == kept
    answer = send(client, "GET", f"/songs/{piece.pk}")
    assert answer["Content-Type"].startswith("application/json")
    assert answer.json()["title"] == kept


@pytest.mark.parametrize("field", ["title", "artist", "brief", "isrc"])
def test_endless_text_is_refused(artist: User, piece: Song, signed_in: Browser, field: str) -> None:
    answer = send(signed_in(artist), "PATCH", f"/songs/{piece.pk}", {field: "y" * 10_000})
    assert (answer.status_code, answer.json()["fields"][0]["field"]) == (422, f"body.{field}")


def test_songs_stand_in_the_order_they_are_put_in(artist: User, project: Project, signed_in: Browser) -> None:
    client, path = signed_in(artist), f"/projects/{project.pk}/songs"
    ids = {name: send(client, "POST", path, {"title": name}).json()["id"] for name in "abcde"}
    send(client, "PATCH", f"/songs/{ids['e']}", {"position": 1})
    send(client, "PATCH", f"/songs/{ids['a']}", {"position": 99})
    seen: list[str] = []
    after = ""
    while after is not None:
        body = send(client, "GET", f"{path}?limit=2&after={after}").json()
        seen += [row["title"] for row in body["items"]]
        after = body["next"]
    assert "".join(seen) == "ebcda"


def test_a_page_of_songs_takes_as_many_queries_as_one(artist: User, project: Project, signed_in: Browser) -> None:
    client, path = signed_in(artist), f"/api/projects/{project.pk}/songs"

    def queries(songs: int) -> int:
        while Song.objects.count() < songs:
            song = Song.objects.create(project=project, title="One more", position=Song.objects.count())
            ready_master(ready_mix(song), author=artist)
            ready_master(song.mix)
            Audio.objects.create(song=song, role="reference", state="ready", filename="r.wav", bytes=1)
            Job.objects.create(kind="arrive", song=song, owner=artist)
        with CaptureQueriesContext(connection) as asked:
            assert len(client.get(path).json()["items"]) == songs
        return len(asked)

    client.get(path)  # the first request of a session asks a little more
    assert queries(1) == queries(12)


def test_a_song_is_deleted_with_all_that_hangs_on_it(artist: User, piece: Song, signed_in: Browser) -> None:
    ready_master(ready_mix(piece))
    job = Job.objects.create(kind="master", song=piece, owner=artist)
    client = signed_in(artist)
    assert send(client, "DELETE", f"/songs/{piece.pk}").status_code == 204
    assert send(client, "GET", f"/songs/{piece.pk}").status_code == 404
    assert not any(model.objects.exists() for model in (Song, Audio, Master))
    assert not Job.objects.filter(pk=job.pk).exists()
    told = Event.objects.get(kind="song")
    assert told.body == {"id": str(piece.pk), "project_id": str(piece.project_id), "deleted": True}


def test_all_mixes_of_a_song_are_listed(artist: User, piece: Song, signed_in: Browser) -> None:
    first, second = ready_mix(piece, "first.wav"), ready_mix(piece, "second.wav")
    Audio.objects.create(song=piece, role="reference", filename="r.wav", bytes=1)
    items = send(signed_in(artist), "GET", f"/songs/{piece.pk}/mixes").json()["items"]
    assert [row["id"] for row in items] == [str(second.pk), str(first.pk)]
    assert send(signed_in(artist), "GET", f"/songs/{piece.pk}").json()["mix"]["id"] == str(second.pk)
