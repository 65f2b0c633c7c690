"""Jobs without a workflow are queued, workflows that were given up on are told, dead workers' are taken over."""

from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from tonewright.server.models import Audio, Job, Song, User, Worker
from tonewright.server.services import carrying, jobs
from tonewright.server.work import executors, upkeep
from tonewright.server.work.executors import Slot


class Queue:
    """Stands in for work/durable.py."""

    def __init__(self) -> None:
        self.standings: dict[str, str] = {}
        self.away = False

    def enqueue(self, workflow_id: str, job_id: str, order: int) -> None:
        if self.away:
            raise OSError("the queue is away")
        self.standings.setdefault(workflow_id, "open")

    def standing(self, workflow_ids: Any) -> dict[str, str]:
        return {each: self.standings[each] for each in workflow_ids if each in self.standings}


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Queue:
    found = Queue()
    monkeypatch.setattr(upkeep, "durable", found)
    return found


@pytest.fixture
def job(piece: Song, artist: User) -> Job:
    audio = Audio.objects.create(song=piece, filename="mix.wav", bytes=1, sha256="0" * 64, key="")
    made = jobs.accept(Job.Kind.ARRIVE, piece, artist, audio=audio)
    Job.objects.filter(pk=made.pk).update(created_at=timezone.now() - timedelta(minutes=1))
    return made


def test_a_job_that_was_not_queued_is_queued_later_once(queue: Queue, job: Job) -> None:
    queue.away = True
    upkeep.queue(job)  # as on commit: it must not fail there
    queue.away = False
    assert upkeep.sweep() == 1
    assert queue.standings == {f"{job.pk}-1": "open"}
    assert upkeep.sweep() == 0


def test_a_job_whose_workflow_was_given_up_on_says_so(queue: Queue, job: Job) -> None:
    carrying.claim(job.pk)
    queue.standings[f"{job.pk}-1"] = "lost"
    upkeep.sweep()
    job.refresh_from_db()
    assert (job.state, job.error and job.error["code"]) == (Job.State.FAILED, "bug")


def test_a_workflow_that_ended_without_telling_is_begun_anew(queue: Queue, job: Job) -> None:
    queue.standings[f"{job.pk}-1"] = "ended"
    upkeep.sweep()
    upkeep.sweep()
    assert queue.standings == {f"{job.pk}-1": "ended", f"{job.pk}-2": "open"}


def test_what_ended_is_left_alone(queue: Queue, job: Job) -> None:
    taken = carrying.claim(job.pk)
    assert taken is not None
    carrying.finish(taken)
    assert upkeep.sweep() == 0
    assert queue.standings == {}


@pytest.fixture
def slots(tmp_path: Any, monkeypatch: pytest.MonkeyPatch, db: None) -> Iterator[tuple[Slot, Slot]]:
    monkeypatch.setattr(executors, "conf", lambda: SimpleNamespace(data=tmp_path))
    with Slot() as first, Slot() as second:
        yield first, second


def test_slots_are_different_and_the_same_after_a_restart(slots: tuple[Slot, Slot]) -> None:
    first, second = slots
    assert first.executor != second.executor
    second.__exit__()
    with Slot() as again:
        assert again.executor == second.executor


def test_a_worker_of_this_house_is_dead_as_soon_as_its_process_is(slots: tuple[Slot, Slot]) -> None:
    first, second = slots
    second.beat(1, {})
    assert first.dead({first.executor, second.executor}) == set()
    second.__exit__()
    assert first.dead({first.executor, second.executor}) == {second.executor}


def test_a_worker_elsewhere_is_dead_when_it_is_silent(slots: tuple[Slot, Slot]) -> None:
    now = timezone.now()
    for name, age_s in (("elsewhere-0", 5), ("elsewhere-1", 60)):
        Worker.objects.create(executor=name, pid=1, started_at=now, beat_at=now - timedelta(seconds=age_s))
    assert slots[0].dead({"elsewhere-0", "elsewhere-1", "elsewhere-2"}) == {"elsewhere-1", "elsewhere-2"}
