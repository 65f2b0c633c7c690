"""Whoever watches the service is told how it is: health, readiness, figures, and a log that can be followed."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from tonewright.server.conf import conf
from tonewright.server.models import Audio, Job, Song, User, Worker
from tonewright.server.ops import health
from tonewright.server.services import jobs


@pytest.fixture(autouse=True)
def look_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "FRESH_S", -1.0)


@pytest.fixture
def worker(db: None) -> Worker:
    now = timezone.now()
    totals = {"master": {"done": 3, "failed": 1, "seconds": 6.0, "audio_s": 120.0}}
    return Worker.objects.create(executor="house-0", pid=1, started_at=now, beat_at=now, totals=totals)


def test_alive_needs_nothing(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "alive"}


def test_ready_when_all_is_there(client: Client, worker: Worker) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    assert set(answer.json()["checks"]) == {"database", "storage", "worker", "disk"}


def test_not_ready_without_a_worker_that_lives(client: Client, worker: Worker) -> None:
    Worker.objects.update(beat_at=timezone.now() - timedelta(minutes=1))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {
        "database": "ok",
        "storage": "ok",
        "worker": "no worker is alive",
        "disk": "ok",
    }


def test_not_ready_without_room(client: Client, worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "LEAST_ROOM_BYTES", 1 << 60)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["disk"].endswith("MiB are free")


def test_asking_often_looks_once(client: Client, worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    client.get("/readyz")
    monkeypatch.setattr(health, "FRESH_S", 60.0)
    monkeypatch.setitem(health.CHECKS, "storage", lambda: pytest.fail("looked again"))
    assert client.get("/readyz").status_code == 200


def test_what_is_wrong_gives_no_paths_away(client: Client, worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OSError(13, "Permission denied", str(conf().data))

    monkeypatch.setitem(health.CHECKS, "storage", fail)
    assert client.get("/readyz").json()["checks"]["storage"] == "PermissionError"


def test_figures_tell_of_requests_jobs_and_workers(
    client: Client, worker: Worker, piece: Song, artist: User
) -> None:
    audio = Audio.objects.create(song=piece, filename="mix.wav", bytes=1, sha256="0" * 64, key="")
    job = jobs.accept(Job.Kind.ARRIVE, piece, artist, audio=audio)
    Job.objects.filter(pk=job.pk).update(created_at=timezone.now() - timedelta(seconds=90))
    client.get("/healthz")
    text = client.get("/metrics").content.decode()
    found = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert float(found['tonewright_requests_total{method="GET",route="healthz",status="200"}']) >= 1
    assert found['tonewright_jobs{kind="arrive",state="queued"}'] == "1.0"
    assert 89 < float(found["tonewright_queue_age_seconds"]) < 120
    assert found['tonewright_worked_audio_seconds_total{kind="master",worker="house-0"}'] == "120.0"
    assert found['tonewright_worker_jobs_total{kind="master",state="failed",worker="house-0"}'] == "1.0"


@pytest.mark.parametrize(
    ("headers", "address", "status"),
    [
        ({}, "10.1.2.3", 200),
        ({}, "8.8.8.8", 403),
        ({"X-Forwarded-For": "8.8.8.8"}, "127.0.0.1", 403),
        ({}, "", 403),
    ],
)
@pytest.mark.django_db
def test_figures_are_for_this_network(headers: dict[str, str], address: str, status: int) -> None:
    assert Client(REMOTE_ADDR=address).get("/metrics", headers=headers).status_code == status


def test_strangers_addresses_make_no_figures(client: Client, db: None) -> None:
    for number in range(3):
        client.get(f"/api/nothing-{number}")
    assert "nothing-" not in client.get("/metrics").content.decode()


@pytest.mark.django_db
def test_an_answer_carries_its_requests_id(client: Client) -> None:
    assert len(client.get("/healthz")["X-Request-ID"]) == 32
    assert client.get("/healthz", headers={"X-Request-ID": "from-proxy-1"})["X-Request-ID"] == "from-proxy-1"
    assert client.get("/healthz", headers={"X-Request-ID": "bad id\twith"})["X-Request-ID"] != "bad id\twith"


SPEAKING = """
import logging, structlog
from tonewright.server.ops import logs
logs.configure("tests")
secret = "a password"
with structlog.contextvars.bound_contextvars(request="abc"):
    structlog.get_logger("ours").info("job.done", job="j1")
    logging.getLogger("others").warning("said %s", "this")
try:
    raise ValueError("went" + chr(10) + "wrong")
except ValueError:
    structlog.get_logger("ours").exception("broken")
"""


def spoken(log_format: str, folder: Path) -> str:
    """What a process of its own writes into its log."""
    environment = os.environ | {"TONEWRIGHT_DATA_DIR": str(folder), "TONEWRIGHT_LOG_FORMAT": log_format}
    done = subprocess.run(
        [sys.executable, "-c", SPEAKING], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    return done.stderr


def test_a_line_for_machines_carries_what_it_is_about(tmp_path: Path) -> None:
    ours, others, broken = (json.loads(line) for line in spoken("json", tmp_path).splitlines())
    assert ours.items() >= {"event": "job.done", "job": "j1", "request": "abc", "process": "tests"}.items()
    assert others.items() >= {"event": "said this", "request": "abc", "logger": "others"}.items()
    assert broken["exception"][0]["exc_value"] == "went\nwrong"


def test_the_log_holds_no_values_of_variables(tmp_path: Path) -> None:
    for log_format in ("json", "text"):
        assert "a password" not in spoken(log_format, tmp_path).replace('secret = "a password"', "")
