"""The durable queue: everything of DBOS is behind this module.

A job's row is committed first; then a workflow named after the job and its attempt is put into the queue, which does
nothing where it is there already. Wherever a process dies in between, sweep() finds the row later. A workflow has one
step, the job, and that is safe to repeat; so there is nothing to replay, and DBOS is asked only to remember what is to
be done, in which order, and by whom it was begun.

Measured of DBOS 3.4, and answered here: its SQLite file begins without WAL; its own serializer is pickle; its
application version is a hash of the code, and workflows of another version are never taken up; a workflow whose
executor is gone stays pending until somebody says so (resume()).
"""

import json
import logging
import sqlite3
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

from dbos import DBOS, DBOSClient, DBOSConfig, EnqueueOptions
from dbos._serialization import Serializer

from tonewright.server.conf import Conf, conf

_NAME = "tonewright"
#: Of what is kept in the queue: a job's id. Not of the program: a new one takes up what the old one left.
_QUEUE_VERSION = "1"
_QUEUE = "jobs"
_WORKFLOW = "carry_out"
_POLL_S = 0.2
#: After so many workers died over one job it is given up on.
_MOST_RECOVERIES = 50
_ENDED_BADLY = ("ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
_ENDED = (*_ENDED_BADLY, "SUCCESS")


class _Json(Serializer):
    """Plain JSON, so that reading the queue can run no code."""

    def serialize(self, data: Any) -> str:
        return json.dumps(data, default=str)

    def deserialize(self, serialized_data: str) -> Any:
        return json.loads(serialized_data)

    def name(self) -> str:
        return "tonewright_json"


def system_url(settings: Conf) -> str:
    """Where the queue is kept: beside the rows in PostgreSQL, or in a SQLite file of its own."""
    if settings.database_url:
        return settings.database_url.replace("postgres://", "postgresql://", 1)
    return f"sqlite:///{settings.data / 'queue.sqlite3'}"


def migrate() -> None:
    """Make the queue's tables, or bring them up to date. Several processes may at once."""
    settings = conf()
    if not settings.database_url:
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        with sqlite3.connect(settings.data / "queue.sqlite3", timeout=30.0) as file:
            file.execute("PRAGMA journal_mode=WAL")
        file.close()
    _quiet()
    DBOS.migrate(system_url(settings))


def launch(executor: str, slots: int, carry_out: Callable[[str], None]) -> None:
    """Take up jobs in this process, up to `slots` at once, in threads. What this executor left pending comes first.

    executor: stable over restarts, and no other process's while this one lives. carry_out: told a job's id.
    """
    _quiet()
    config: DBOSConfig = {
        "name": _NAME,
        "system_database_url": system_url(conf()),
        "application_version": _QUEUE_VERSION,
        "executor_id": executor,
        "serializer": _Json(),
        "run_migrations": False,
        "log_level": "WARNING",
        "enable_otlp": False,
    }
    DBOS(config=config)

    @DBOS.workflow(name=_WORKFLOW, max_recovery_attempts=_MOST_RECOVERIES)
    def run(job_id: str) -> None:
        carry_out(job_id)

    DBOS.listen_queues([_QUEUE])
    DBOS.launch()
    DBOS.register_queue(_QUEUE, worker_concurrency=slots, polling_interval_sec=_POLL_S, on_conflict="always_update")


@lru_cache(maxsize=1)
def _client() -> DBOSClient:
    return DBOSClient(
        system_database_url=system_url(conf()),
        serializer=_Json(),
        application_name=_NAME,
        lazy=True,
        retry_connection_errors=False,
    )


def enqueue(workflow_id: str, job_id: str, order: int) -> None:
    """Put a job into the queue, lower orders first; nothing happens where it is there. Raises what databases do."""
    options: EnqueueOptions = {
        "workflow_name": _WORKFLOW,
        "queue_name": _QUEUE,
        "workflow_id": workflow_id,
        "app_version": _QUEUE_VERSION,
        "priority": min(max(order, 1), 2**31 - 1),
    }
    _client().enqueue(options, job_id)


def standing(workflow_ids: Iterable[str]) -> dict[str, str]:
    """How workflows stand: open, ended, or lost (given up on). Those that are not there are left out."""
    wanted = list(workflow_ids)
    if not wanted:
        return {}
    found = _client().list_workflows(workflow_ids=wanted, load_input=False, load_output=False)
    words = {"SUCCESS": "ended"} | dict.fromkeys(_ENDED_BADLY, "lost")
    return {each.workflow_id: words.get(each.status, "open") for each in found}


def pending_executors() -> set[str]:
    """Who has workflows that are begun and not ended."""
    found = _client().list_workflows(status="PENDING", load_input=False, load_output=False)
    return {each.executor_id for each in found if each.executor_id}


def resume(executors: Iterable[str]) -> int:
    """Put what dead executors had begun back into the queue; gives how many. Only where launch() was called."""
    return len(DBOS._recover_pending_workflows(list(executors)))


def forget(before: datetime) -> int:
    """Delete workflows that ended and were begun before a time; gives how many."""
    found = _client().list_workflows(
        status=list(_ENDED), end_time=before.isoformat(), limit=1000, load_input=False, load_output=False
    )
    ids = [each.workflow_id for each in found]
    if ids:
        _client().delete_workflows(ids)
    return len(ids)


def _quiet() -> None:
    """Our own log has the say: DBOS would write to standard error by itself, and advertise."""
    logger = logging.getLogger("dbos")
    logger.setLevel(logging.WARNING)
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
        logger.propagate = True
