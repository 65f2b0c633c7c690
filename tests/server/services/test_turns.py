"""Whoever sends a hundred songs waits for whoever sends one."""

from collections.abc import Iterator

import pytest

from tonewright.server.models import Audio, Job, Project, Song, User
from tonewright.server.services import carrying, jobs


def song_of(owner: User) -> Song:
    project = Project.objects.create(owner=owner, title="Album")
    return Song.objects.create(project=project, title="Song")


def send(owner: User, number: int = 1, **turn: object) -> list[Job]:
    song = song_of(owner)
    sent = []
    for _ in range(number):
        audio = Audio.objects.create(song=song, filename="mix.wav", bytes=1, sha256="0" * 64, key="")
        sent.append(jobs.accept(Job.Kind.ARRIVE, song, owner, audio=audio, **turn))  # type: ignore[arg-type]
    return sent


def served() -> Iterator[Job]:
    """Carry everything out one after another, in the order of a queue with one slot."""
    while job := Job.objects.filter(state=Job.State.QUEUED).order_by("order", "created_at").first():
        taken = carrying.claim(job.pk)
        assert taken is not None
        yield taken
        carrying.finish(taken)


def test_one_song_does_not_wait_for_twenty(artist: User, stranger: User) -> None:
    send(artist, 20)
    order = []
    for position, job in enumerate(served()):
        order.append(job.owner)
        if position == 3:
            send(stranger)
    assert order.index(stranger) <= 5
    assert order.count(artist) == 20


def test_two_who_send_many_take_turns(artist: User, stranger: User) -> None:
    send(artist, 6)
    send(stranger, 6)
    order = [job.owner for job in served()]
    for cut in range(2, 13, 2):
        assert order[:cut].count(artist) == cut // 2


def test_what_carries_a_job_on_has_its_turn(artist: User) -> None:
    first, *others = send(artist, 5)
    (after,) = send(artist, 1, order=first.order)
    assert after.order < min(job.order for job in others)


def test_bulk_waits_for_others_but_not_for_ever(artist: User, stranger: User) -> None:
    (bulk,) = send(artist, 1, bulk=True)
    (own,) = send(artist)
    assert own.order < bulk.order
    sent = send(stranger, jobs.BULK_TURNS + 10)
    order = [job.pk for job in served()]
    assert order.index(bulk.pk) > order.index(sent[0].pk)
    assert order.index(bulk.pk) < order.index(sent[-1].pk)


@pytest.mark.usefixtures("db")
def test_an_empty_queue_begins_at_one() -> None:
    assert jobs.turn_of(User.objects.create_user("a@example.org")) == 1
