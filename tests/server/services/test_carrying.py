"""A job is one worker's at a time, ends once, can be stopped and tried again; rows and events say how it stands."""

import pytest

from tonewright.base.errors import Bug, Interrupted, Silent
from tonewright.server.errors import Conflict
from tonewright.server.models import Audio, Event, Job, Master, Song, User
from tonewright.server.services import carrying, jobs
from tonewright.server.services.carrying import Superseded


@pytest.fixture
def version(piece: Song) -> Master:
    audio = Audio.objects.create(song=piece, filename="mix.wav", bytes=1, sha256="0" * 64, key="")
    return Master.objects.create(song=piece, audio=audio, number=1)


@pytest.fixture
def job(version: Master, artist: User) -> Job:
    return jobs.accept(Job.Kind.MASTER, version.song, artist, master=version)


def told(kind: str) -> list[str]:
    return [event.body["state"] for event in Event.objects.filter(kind=kind)]


def test_claiming_tells_that_it_is_being_rendered(job: Job) -> None:
    taken = carrying.claim(job.pk)
    assert taken is not None
    assert (taken.state, taken.master and taken.master.state) == (Job.State.RUNNING, Master.State.RENDERING)
    assert told("job") == ["queued", "running"]
    assert told("master") == ["rendering"]


def test_whoever_comes_later_has_it_and_the_other_is_told(job: Job) -> None:
    first, second = carrying.claim(job.pk), carrying.claim(job.pk)
    assert first is not None
    assert second is not None
    for act in (carrying.check, carrying.hold, lambda lost: carrying.advance(lost, "draw", 0.5)):
        with pytest.raises(Superseded):
            act(first)
    with pytest.raises(Superseded):
        carrying.fail(first, Bug("late"))
    carrying.advance(second, "draw", 0.5)
    job.refresh_from_db()
    assert (job.stage, job.done) == ("draw", 0.5)


def test_what_ended_is_not_taken_up(job: Job) -> None:
    taken = carrying.claim(job.pk)
    assert taken is not None
    carrying.finish(taken)
    assert carrying.claim(job.pk) is None
    with pytest.raises(Superseded):
        carrying.fail(taken, Bug("late"))


def test_a_waiting_job_is_cancelled_at_once_with_its_version(job: Job, version: Master) -> None:
    assert jobs.cancel(job).state == Job.State.CANCELLED
    version.refresh_from_db()
    assert version.state == Master.State.CANCELLED
    assert carrying.claim(job.pk) is None
    assert jobs.cancel(job).state == Job.State.CANCELLED
    assert told("job") == ["queued", "cancelled"]


def test_a_running_job_is_told_to_stop(job: Job, version: Master) -> None:
    taken = carrying.claim(job.pk)
    assert taken is not None
    assert jobs.cancel(job).state == Job.State.RUNNING
    with pytest.raises(Interrupted) as stopped:
        carrying.check(taken)
    carrying.fail(taken, stopped.value)
    version.refresh_from_db()
    assert version.state == Master.State.CANCELLED


def test_a_job_that_was_cancelled_while_its_worker_was_dead_ends_when_it_is_taken_up(job: Job) -> None:
    assert carrying.claim(job.pk) is not None
    jobs.cancel(job)
    assert carrying.claim(job.pk) is None
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED


def test_trying_again_begins_anew(job: Job, version: Master) -> None:
    with pytest.raises(Conflict):
        jobs.retry(job)
    taken = carrying.claim(job.pk)
    assert taken is not None
    carrying.fail(taken, Silent("There is nothing in it.", "Export it again."))
    version.refresh_from_db()
    assert (version.state, version.error) == (
        Master.State.FAILED,
        {"code": "silent", "message": "There is nothing in it.", "remedy": "Export it again."},
    )
    again = jobs.retry(Job.objects.get(pk=job.pk))
    version.refresh_from_db()
    assert (again.state, again.error, again.attempts) == (Job.State.QUEUED, None, 2)
    assert (version.state, version.error) == (Master.State.QUEUED, None)


def test_a_refused_sound_says_why(piece: Song, artist: User) -> None:
    audio = Audio.objects.create(song=piece, filename="mix.wav", bytes=1, sha256="0" * 64, key="")
    job = jobs.accept(Job.Kind.ARRIVE, piece, artist, audio=audio)
    taken = carrying.claim(job.pk)
    assert taken is not None
    carrying.fail(taken, Silent("mix.wav is silence all through.", "Export it again."))
    audio.refresh_from_db()
    assert (audio.state, audio.error and audio.error["code"]) == (Audio.State.REFUSED, "silent")
    assert told("audio") == ["checking", "refused"]
