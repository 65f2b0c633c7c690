"""serve, worker and admin from the command line: what can't be is said in one line, and stopping leaves nothing."""

import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from service import START_S, Service, owner_of, running, wait_for
from tonewright.cli.main import main


def tonewright(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"TONEWRIGHT_DATA_DIR": str(data)}
    command = [sys.executable, "-m", "tonewright", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("command", [["serve"], ["worker"], ["admin", "migrate"]])
def test_without_the_extra_the_way_to_it_is_told(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "dbos" else found(name))
    assert main(command) == 7
    assert "pip install 'tonewright[server]'" in capsys.readouterr().err


@pytest.mark.slow
def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = tonewright(tmp_path, "serve", "--port", str(port), "--json")
    assert done.returncode == 2
    assert f"127.0.0.1:{port}" in json.loads(done.stderr)["message"]


@pytest.mark.parametrize("words", [["owner"], ["migrate", "something"], ["explode"]])
def test_admin_takes_what_it_needs(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["admin", *words]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.slow
def test_a_worker_says_that_tables_are_missing(tmp_path: Path) -> None:
    done = tonewright(tmp_path, "worker")
    assert done.returncode == 7
    assert "tonewright admin migrate" in done.stderr


def another(service: Service, part: str, than: int) -> set[int]:
    return set(service.pids(part)) - {than}


@pytest.mark.slow
def test_a_part_that_dies_is_started_again_and_all_end_together(tmp_path: Path) -> None:
    with running(tmp_path, demo="false") as service:
        for part in ("web", "worker"):
            (before,) = service.pids(part)
            os.kill(before, signal.SIGKILL)
            wait_for(partial(another, service, part, before), START_S, f"another {part}")
        wait_for(service.is_ready, START_S, "it is ready again")
        service.stop()
        assert "Traceback" not in service.log()


@pytest.mark.slow
def test_stopping_does_not_wait_for_a_render_nor_for_listeners(song: Path, tmp_path: Path) -> None:
    with running(tmp_path, demo="false") as service, owner_of(service) as owner:
        service.freeze("child")  # a render that never ends by itself
        sent = owner.send(song)["song_id"]
        owner.wait_until(sent, "arrive", "running")
        with owner.http.stream("GET", "/api/events") as listening:
            assert listening.status_code == 200
            service.stop()


@pytest.mark.slow
def test_without_a_worker_it_answers_but_is_not_ready(tmp_path: Path) -> None:
    service = Service(tmp_path, "--no-worker")
    try:
        service.start(ready=False)
        assert service.pids("worker") == []
        assert not service.is_ready()
        service.stop()
    finally:
        service.end()
