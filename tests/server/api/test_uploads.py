"""Uploads over HTTP, as a browser sends them."""

import hashlib
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from cli_files import music
from tonewright.server.models import Audio, Job, Song, StoredFile, Upload, User
from tonewright.server.services import uploads
from tonewright.server.storage import parts_prefix, storage

Browser = Callable[[User], Client]


def wav(seconds: float = 1.0) -> bytes:
    """A song as a file, 16 bits."""
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, music(seconds).T, 44_100, "PCM_16", format="WAV")
    return file.getvalue()


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def create(client: Client, content: bytes, filename: str = "01 - The Examples - Opening.wav", **more: Any) -> Any:
    body = {"filename": filename, "bytes": len(content), **more}
    return client.post("/api/uploads", json.dumps(body), content_type="application/json")


def put(client: Client, upload: dict[str, Any], number: int, content: bytes, sha256: str | None = None) -> Any:
    return client.generic(
        "PUT",
        f"/api/uploads/{upload['id']}/parts/{number}",
        content,
        content_type="application/octet-stream",
        headers={"Content-SHA256": sha256 or digest(content)},
    )


def test_a_file_becomes_a_song_that_is_being_heard(artist: User, signed_in: Browser) -> None:
    client, content = signed_in(artist), wav()
    made = create(client, content, sha256=digest(content))
    assert made.status_code == 201, made.content
    upload = made.json()
    assert (upload["state"], upload["parts"]) == ("open", [])

    part = put(client, upload, 1, content)
    assert part.status_code == 200, part.content
    assert part.json() == {"number": 1, "bytes": len(content), "sha256": digest(content)}
    assert client.get(f"/api/uploads/{upload['id']}").json()["parts"] == [part.json()]

    done = client.post(f"/api/uploads/{upload['id']}/complete")
    assert done.status_code == 200, done.content
    assert done.json()["state"] == "done"
    audio = Audio.objects.get(pk=done.json()["audio_id"])
    song = Song.objects.get(pk=done.json()["song_id"])
    assert (audio.state, audio.sha256, audio.song) == ("checking", digest(content), song)
    assert (song.title, song.artist, song.track_number, song.mix) == ("Opening", "The Examples", 1, audio)
    assert (song.project.owner, song.project.kind, song.project.title) == (artist, "single", "Opening")
    assert storage().read(audio.key) == content
    assert list(storage().keys(parts_prefix(Upload.objects.get().pk))) == []
    job = Job.objects.get()
    assert (job.kind, job.audio, job.owner, job.state) == ("arrive", audio, artist, "queued")

    again = client.post(f"/api/uploads/{upload['id']}/complete")
    assert (again.status_code, again.json()) == (200, done.json())
    assert (Job.objects.count(), Audio.objects.count(), StoredFile.objects.count()) == (1, 1, 1)


def test_a_browser_that_was_closed_goes_on_where_it_was(
    artist: User, signed_in: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "part_bytes_of", lambda size: 50_000)
    content = wav()
    upload = create(signed_in(artist), content).json()
    parts = [content[at : at + 50_000] for at in range(0, len(content), 50_000)]
    assert len(parts) == 4
    for number in (3, 1):
        assert put(signed_in(artist), upload, number, parts[number - 1]).status_code == 200

    later = signed_in(artist)
    found = later.get("/api/uploads?state=open").json()["items"]
    assert [each["id"] for each in found] == [upload["id"]]
    assert [part["number"] for part in found[0]["parts"]] == [1, 3]
    early = later.post(f"/api/uploads/{upload['id']}/complete")
    assert early.status_code == 409
    assert early.json()["detail"] == "Parts are missing: 2, 4."
    for number in (2, 4):
        assert put(later, upload, number, parts[number - 1]).status_code == 200
    assert later.post(f"/api/uploads/{upload['id']}/complete").json()["state"] == "done"
    assert storage().read(Audio.objects.get().key) == content
    assert later.get("/api/uploads?state=open").json()["items"] == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"filename": "song.wav", "bytes": 0}, 415, "not_audio"),
        ({"filename": "song.wav", "bytes": 9 << 30}, 413, "too_large"),
        ({"filename": "cover.png", "bytes": 9}, 415, "not_audio"),
        ({"filename": "..", "bytes": 9}, 400, "usage"),
        ({"filename": "song.wav", "bytes": -1}, 422, "usage"),
        ({"filename": "song.wav", "bytes": 9, "sha256": "no"}, 422, "usage"),
        ({"filename": "song.wav", "bytes": 9, "role": "reference"}, 400, "usage"),
        ({"filename": "song.wav", "bytes": 9, "song_id": "3fa85f64-5717-4562-b3fc-2c963f66afa6"}, 404, "not_found"),
        ({"filename": "song.wav"}, 422, "usage"),
    ],
)
def test_what_can_not_be_is_refused_before_it_is_sent(
    artist: User, signed_in: Browser, body: dict[str, Any], status: int, code: str
) -> None:
    answer = signed_in(artist).post("/api/uploads", json.dumps(body), content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["detail"]
    assert not Upload.objects.exists()


def test_a_part_has_to_be_what_it_says(artist: User, signed_in: Browser) -> None:
    client, content = signed_in(artist), wav()
    upload = create(client, content).json()
    address = f"/api/uploads/{upload['id']}/parts/1"
    refused = {
        "no digest": client.generic("PUT", address, content, content_type="application/octet-stream"),
        "a digest that is none": put(client, upload, 1, content, sha256="x" * 64),
        "another's digest": put(client, upload, 1, content, sha256=digest(b"other")),
        "too short": put(client, upload, 1, content[:-1]),
        "too long": put(client, upload, 1, content + b"x"),
        "no such part": put(client, upload, 2, content),
        "part 0": put(client, upload, 0, content),
    }
    statuses = {words: answer.status_code for words, answer in refused.items()}
    assert statuses == {
        "no digest": 422,
        "a digest that is none": 422,
        "another's digest": 422,
        "too short": 400,
        "too long": 400,
        "no such part": 400,
        "part 0": 422,
    }
    assert refused["another's digest"].json()["code"] == "part_damaged"
    assert client.get(f"/api/uploads/{upload['id']}").json()["parts"] == []


def test_a_wrong_file_is_told_by_its_first_part(artist: User, signed_in: Browser) -> None:
    client, content = signed_in(artist), b"%PDF-1.7 and so on"
    answer = put(client, create(client, content).json(), 1, content)
    assert (answer.status_code, answer.json()["code"]) == (415, "not_audio")
    assert "PDF" in answer.json()["detail"]


def test_nobody_touches_another_s_upload(artist: User, stranger: User, signed_in: Browser) -> None:
    content = wav()
    upload = create(signed_in(artist), content).json()
    address, other = f"/api/uploads/{upload['id']}", signed_in(stranger)
    assert other.get(address).status_code == 404
    assert other.delete(address).status_code == 404
    assert other.post(f"{address}/complete").status_code == 404
    assert put(other, upload, 1, content).status_code == 404
    assert other.get("/api/uploads").json()["items"] == []
    nobody = Client()
    assert nobody.get(address).status_code == put(nobody, upload, 1, content).status_code == 401


def test_a_page_of_somebody_else_s_can_not_send_in_our_name(artist: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(artist, backend="django.contrib.auth.backends.ModelBackend")
    content = wav()
    assert create(client, content).status_code == 403
    upload = Upload.objects.create(
        owner=artist, filename="x.wav", bytes=len(content), part_bytes=8 << 20, expires_at=timezone.now()
    )
    assert put(client, {"id": upload.pk}, 1, content).status_code == 403
    assert not upload.parts.exists()


def test_a_creation_that_is_sent_again_makes_one_upload(artist: User, signed_in: Browser) -> None:
    client = signed_in(artist)
    body = json.dumps({"filename": "song.wav", "bytes": 900})
    answers = [
        client.post("/api/uploads", body, content_type="application/json", headers={"Idempotency-Key": "one"})
        for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert Upload.objects.count() == 1


def test_an_upload_can_be_given_up(artist: User, signed_in: Browser) -> None:
    client, content = signed_in(artist), wav()
    upload = create(client, content).json()
    put(client, upload, 1, content)
    address = f"/api/uploads/{upload['id']}"
    assert [client.delete(address).status_code for _ in range(2)] == [204, 204]
    assert client.get(address).json()["state"] == "aborted"
    assert client.post(f"{address}/complete").status_code == 409
    assert list(storage().keys(parts_prefix(Upload.objects.get().pk))) == []
