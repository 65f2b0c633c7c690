"""What is kept too long goes, with all that hangs on it; what is not due stays."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tonewright.server.conf import conf
from tonewright.server.models import (
    Audio,
    Event,
    IdempotencyKey,
    Job,
    Master,
    Project,
    Song,
    StoredFile,
    Upload,
    User,
    Webhook,
    WebhookDelivery,
)
from tonewright.server.services import carrying, files, jobs, retention
from tonewright.server.services.carrying import Superseded
from tonewright.server.storage import storage


def song_with_everything(owner: User) -> Song:
    """A song with a kept mix, a version of it, a job at work and what was told."""
    song = Song.objects.create(project=Project.objects.create(owner=owner, title="P"), title="S")
    path = storage().spool / "mix"
    path.write_bytes(str(song.pk).encode())
    audio = Audio.objects.create(song=song, filename="mix.wav", bytes=9, sha256="0" * 64, key=files.keep(path))
    song.mix = audio
    song.save()
    master = Master.objects.create(song=song, audio=audio, number=1)
    jobs.accept(Job.Kind.MASTER, song, owner, master=master)
    return song


def aged(row: object, **times: timedelta) -> None:
    model = type(row)
    changes = {name: timezone.now() - age for name, age in times.items()}
    model._default_manager.filter(pk=row.pk).update(**changes)  # type: ignore[attr-defined]


@pytest.mark.django_db
def test_visitors_go_with_their_songs_and_whoever_works_on_them_stops() -> None:
    gone, stays = (
        User.objects.create_user(None, is_visitor=True, expires_at=timezone.now() + timedelta(minutes=minutes))
        for minutes in (-1, 1)
    )
    song, other = song_with_everything(gone), song_with_everything(stays)
    taken = carrying.claim(song.jobs.get().pk)
    assert taken is not None
    assert retention.run()["visitors"] == 1
    assert list(Song.objects.all()) == [other]
    with pytest.raises(Superseded):
        carrying.check(taken)


def test_deleted_projects_go_after_their_time(artist: User) -> None:
    songs = [song_with_everything(artist) for _ in range(3)]
    days = conf().keep_deleted_days
    aged(songs[0].project, deleted_at=timedelta(days=days, minutes=1))
    aged(songs[1].project, deleted_at=timedelta(days=days, minutes=-1))
    assert retention.run()["projects"] == 1
    assert set(Song.objects.all()) == set(songs[1:])


def test_files_of_nobodys_go_and_others_stay(artist: User) -> None:
    song, other = song_with_everything(artist), song_with_everything(artist)
    keys = [each.mix.key for each in (song, other) if each.mix]
    song.project.delete()
    assert retention.run()["files"] == 0  # kept a moment ago
    StoredFile._default_manager.update(touched_at=timezone.now() - timedelta(days=1))
    assert retention.run()["files"] == 1
    assert [storage().size(key) is not None for key in keys] == [False, True]


def test_what_was_told_goes_after_a_week(piece: Song, artist: User) -> None:
    old, new = (Event.objects.create(owner=artist, song=piece, kind="job", body={}) for _ in range(2))
    aged(old, at=timedelta(days=8))
    assert retention.run()["events"] == 1
    assert list(Event.objects.all()) == [new]


def test_answers_uploads_and_messages_go(artist: User) -> None:
    answer = IdempotencyKey.objects.create(owner=artist, key="k", request_sha256="0" * 64)
    aged(answer, created_at=timedelta(days=2))
    Upload.objects.create(
        owner=artist, filename="a.wav", bytes=9, part_bytes=9, expires_at=timezone.now() - timedelta(minutes=1)
    )
    webhook = Webhook.objects.create(owner=artist, url="https://example.org", secret="s")
    for state in WebhookDelivery.State.SENT, WebhookDelivery.State.WAITING:
        message = WebhookDelivery.objects.create(webhook=webhook, kind="master.ready", body={}, state=state)
        aged(message, created_at=timedelta(days=31))
    found = retention.run()
    assert (found["answers"], found["uploads"], found["messages"]) == (1, 1, 1)
    assert WebhookDelivery.objects.get().state == WebhookDelivery.State.WAITING
