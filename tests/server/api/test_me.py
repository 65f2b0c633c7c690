"""One's own account: named, taken along, left for good."""

import io
import json
import time
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from allauth.account import app_settings
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client
from django.utils import timezone

from browsing import EMAIL, PASSWORD, Browser
from tonewright.server.models import (
    ApiToken,
    Audio,
    Delivery,
    Job,
    Master,
    Membership,
    Project,
    Role,
    Song,
    StoredFile,
    Team,
    User,
)
from tonewright.server.services.files import keep
from tonewright.server.storage import content_key, storage

SignedIn = Callable[[User], Client]


def kept(folder: Path, text: bytes) -> str:
    """The key of a kept file with this in it, kept a while ago."""
    path = folder / "file"
    path.write_bytes(text)
    key = keep(path)
    StoredFile._default_manager.filter(key=key).update(touched_at=timezone.now() - timedelta(days=1))
    return key


@pytest.fixture
def mastered(piece: Song, tmp_path: Path) -> Master:
    """The artist's song with a mix, a version and a file to take away."""
    mix = Audio.objects.create(
        song=piece,
        state=Audio.State.READY,
        filename='my: "mix".wav',
        bytes=3,
        sha256="0" * 64,
        key=kept(tmp_path, b"mix"),
        work_key=kept(tmp_path, b"work"),
    )
    master = Master.objects.create(
        song=piece,
        number=1,
        audio=mix,
        state=Master.State.READY,
        recipe={"version": 1, "steps": []},
        master_key=kept(tmp_path, b"master"),
        report_key=kept(tmp_path, b"<html>"),
    )
    Delivery.objects.create(master=master, format="mp3", filename="song.mp3", key=kept(tmp_path, b"mp3"))
    piece.brief = "warm, please"
    piece.mix = mix
    piece.save()
    return master


def leave(client: Client, **body: str) -> Any:
    return client.delete("/api/me", body, "application/json")


def test_a_name_is_changed_and_has_no_second_line(artist: User, signed_in: SignedIn) -> None:
    client = signed_in(artist)
    changed = client.patch("/api/me", {"display_name": " The Artist "}, "application/json")
    assert changed.json()["display_name"] == "The Artist"
    assert client.patch("/api/me", {"display_name": "a\nBcc: b"}, "application/json").status_code == 422


def test_what_is_kept_is_told(artist: User, mastered: Master, signed_in: SignedIn) -> None:
    usage = signed_in(artist).get("/api/me/usage").json()
    assert usage == {"used_bytes": 3, "quota_bytes": 100 << 30, "file_bytes": 8 << 30}
    client = Client()
    client.post("/api/visit")
    assert client.get("/api/me/usage").json()["file_bytes"] == 1 << 30


def test_leaving_needs_the_password_or_a_sign_in_just_now(artist: User, signed_in: SignedIn) -> None:
    client = signed_in(artist)
    for body in ({}, {"password": "wrong"}):
        assert leave(client, **body).status_code == 403
    assert leave(client, password=PASSWORD).status_code == 204
    assert not User.objects.exists()
    assert client.get("/api/me").status_code == 401


def test_who_has_just_signed_in_needs_no_password(member: Browser) -> None:
    browser = Browser()
    browser.post("/auth/login", {"email": EMAIL, "password": PASSWORD})
    assert browser.ask("DELETE", "/api/me", {}).status_code == 204
    assert not User.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("password", [PASSWORD, None])
def test_who_has_just_signed_up_needs_no_password(password: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Browser()
    assert browser.sign_up(password=password).status_code == 200
    later_s = time.time() + app_settings.REAUTHENTICATION_TIMEOUT + 1
    with monkeypatch.context() as later:
        later.setattr("time.time", lambda: later_s)
        assert browser.ask("DELETE", "/api/me", {}).status_code == 403
    assert browser.ask("DELETE", "/api/me", {}).status_code == 204
    assert not User.objects.exists()


@pytest.mark.django_db
def test_what_proves_a_sign_up_is_noted_once() -> None:
    browser = Browser()
    browser.sign_up()
    session = browser.ask("GET", "/auth/session").json()
    assert [(each["method"], each["email"]) for each in session["data"]["methods"]] == [("code", EMAIL)]


def test_passwords_are_not_guessed_by_leaving(artist: User, signed_in: SignedIn) -> None:
    client = signed_in(artist)
    for _ in range(10):
        leave(client, password="wrong")
    assert leave(client, password=PASSWORD).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_leaving_deletes_the_rows_and_the_files(
    artist: User, stranger: User, mastered: Master, signed_in: SignedIn
) -> None:
    shared = mastered.audio.key
    other = Song.objects.create(project=Project.objects.create(owner=stranger, title="Theirs"), title="Theirs")
    Audio.objects.create(song=other, filename="same.wav", bytes=3, sha256="0" * 64, key=shared)
    Job.objects.create(kind=Job.Kind.MASTER, owner=artist, song=mastered.song, master=mastered)
    ApiToken.objects.create(user=artist, name="mine", prefix="twk_abc", sha256="1" * 64, scopes=["read"])
    assert leave(signed_in(artist), password=PASSWORD).status_code == 204
    for model in (Master, Delivery, Job, ApiToken):
        assert not model._default_manager.exists(), model
    assert Project.objects.get().owner == stranger
    assert list(StoredFile._default_manager.values_list("key", flat=True)) == [shared]
    assert storage().size(shared) == 3
    assert storage().size(mastered.master_key) is None


def test_a_teams_songs_stay_with_the_team(
    artist: User, stranger: User, project: Project, signed_in: SignedIn
) -> None:
    team, alone = Team.objects.create(name="The Examples"), Team.objects.create(name="Alone")
    for user, role in ((artist, "owner"), (stranger, "member")):
        Membership.objects.create(team=team, user=user, role=role)
    Membership.objects.create(team=alone, user=artist, role="owner")
    project.team = team
    project.save()
    assert leave(signed_in(artist), password=PASSWORD).status_code == 204
    project.refresh_from_db()
    assert project.owner == stranger
    assert [(m.user, m.role) for m in team.memberships.all()] == [(stranger, "owner")]
    assert not Team.objects.filter(pk=alone.pk).exists()


def test_the_last_who_runs_the_service_stays(artist: User, stranger: User, signed_in: SignedIn) -> None:
    User.objects.filter(pk=artist.pk).update(role=Role.ADMIN)
    client = signed_in(artist)
    assert leave(client, password=PASSWORD).status_code == 409
    stranger.delete()
    assert leave(client, password=PASSWORD).status_code == 204


def test_a_visitor_leaves_without_a_password(db: None) -> None:
    client = Client()
    client.post("/api/visit")
    assert leave(client).status_code == 204
    assert client.get("/api/me").status_code == 401


@pytest.mark.django_db(transaction=True)
def test_everything_one_owns_is_taken_along(artist: User, mastered: Master, signed_in: SignedIn) -> None:
    ApiToken.objects.create(user=artist, name="mine", prefix="twk_abc", sha256="1" * 64, scopes=["read"])
    answer = signed_in(artist).post("/api/me/export")
    assert answer.headers["Content-Type"] == "application/zip"
    assert 'filename="tonewright-export.zip"' in answer.headers["Content-Disposition"]
    packed = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.testzip() is None
        found = {name.rpartition("/")[2]: archive.read(name) for name in archive.namelist()}
        assert all(not any(bad in part for bad in ':*?"<>|') for part in archive.namelist())
    audio, delivery = Audio.objects.get(), Delivery.objects.get()
    assert found[f"{str(audio.pk)[:8]} my- -mix-.wav"] == b"mix"
    assert found["1.wav"] == b"master"
    assert found["1-report.html"] == b"<html>"
    assert found[f"{str(delivery.pk)[:8]} song.mp3"] == b"mp3"
    assert json.loads(found["1-recipe.json"]) == {"version": 1, "steps": []}
    assert json.loads(found["song.json"])["brief"] == "warm, please"
    account = json.loads(found["account.json"])
    assert account["email"] == artist.email
    assert account["tokens"][0]["name"] == "mine"
    told = b"".join(found.values()).decode("latin-1")
    assert "1" * 64 not in told
    assert artist.password not in told
    assert audio.work_key not in told


def test_a_file_that_is_gone_is_named(artist: User, piece: Song, signed_in: SignedIn) -> None:
    Audio.objects.create(song=piece, filename="gone.wav", bytes=3, sha256="0" * 64, key=content_key("0" * 64))
    packed = b"".join(signed_in(artist).post("/api/me/export").streaming_content)  # type: ignore[attr-defined]
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.read("missing.txt").decode().endswith("gone.wav\n")


@pytest.mark.django_db(transaction=True)
def test_an_export_streams_where_requests_are_served_together(artist: User, mastered: Master) -> None:
    async def ask() -> bytes:
        client = AsyncClient()
        await client.aforce_login(artist, backend="django.contrib.auth.backends.ModelBackend")
        answer = await client.post("/api/me/export")
        assert answer.is_async  # type: ignore[attr-defined]
        return b"".join([piece async for piece in answer.streaming_content])  # type: ignore[attr-defined]

    with zipfile.ZipFile(io.BytesIO(async_to_sync(ask)())) as archive:
        assert "account.json" in archive.namelist()
