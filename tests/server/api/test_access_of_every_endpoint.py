"""Nobody hears, sees or changes what is not theirs: every endpoint is asked by everybody, with real rows."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from who_may import CALLERS, TABLE, Line

from tonewright.server.api.app import api
from world import PART, World

_REFUSED = (401, 403, 404)
_MADE_UP = "00000000-0000-4000-8000-00000000ffff"


def address(line: Line, rows: dict[str, str]) -> str:
    named = {**rows, **{place: rows[name] for place, name in line.rows.items()}}
    return (line.path + line.query).format(**named)


def ask(client: Client, line: Line, rows: dict[str, str]) -> tuple[Any, str]:
    """The answer and its text; what it did is undone."""
    sent = address(line, rows)
    with transaction.atomic():
        if line.method == "PUT":
            part = {"Content-SHA256": hashlib.sha256(PART).hexdigest()}
            sent = f"{sent.rpartition('/')[0]}/1"
            answer: Any = client.put(sent, PART, "application/octet-stream", headers=part)
        else:
            body = "" if line.body is None else json.dumps(line.body)
            answer = client.generic(line.method, sent, body, "application/json")
        told = text(answer)
        transaction.set_rollback(True)
    return answer, told


def text(answer: Any) -> str:
    if not answer.streaming:
        return str(answer.content.decode("latin-1"))
    if answer.is_async:
        return ""  # events of a song; whoever got this far may hear it
    return b"".join(answer.streaming_content).decode("latin-1")


def endpoints() -> Iterator[tuple[str, str]]:
    for path, operations in api.get_openapi_schema()["paths"].items():
        for method in operations:
            yield method.upper(), path


def test_every_endpoint_has_its_line() -> None:
    listed = [(line.method, line.path) for line in TABLE]
    assert sorted(listed) == sorted(set(listed))
    assert sorted(set(endpoints()) - set(listed)) == [], "add who may ask this to who_may.py"
    assert sorted(set(listed) - set(endpoints())) == [], "these are gone"


@pytest.mark.parametrize("line", TABLE, ids=lambda line: f"{line.method} {line.path}")
def test_who_may(line: Line, world: World) -> None:
    may: dict[str, int] = {}
    for caller in CALLERS:
        answer, told = ask(world.clients[caller], line, world.rows)
        assert answer.status_code < 500, (caller, told)
        may[caller] = answer.status_code
        if answer.status_code >= 400:
            assert answer.headers["Content-Type"] == "application/problem+json"
        if caller not in ("owner", "member", "reader"):
            sent = address(line, world.rows)
            leaked = {row_id for row_id in world.private if row_id in told and row_id not in sent}
            assert not leaked, (caller, told)
    assert {caller for caller, status in may.items() if status not in _REFUSED} == line.may, may
    if "_id}" in line.path + line.query:
        must_not_tell_whether_it_is_there(line, world)


def must_not_tell_whether_it_is_there(line: Line, world: World) -> None:
    """What is another's looks like what there is not."""
    made_up = {name: value if name == "number" else _MADE_UP for name, value in world.rows.items()}
    for caller in ("stranger", "visitor"):
        real, told = ask(world.clients[caller], line, world.rows)
        invented, told_of_it = ask(world.clients[caller], line, made_up)
        assert real.status_code == invented.status_code, caller
        assert without_ids(told, world.rows) == without_ids(told_of_it, made_up), caller


def without_ids(told: str, rows: dict[str, str]) -> str:
    for row_id in {value for name, value in rows.items() if name != "number"}:
        told = told.replace(row_id, "ID")
    return told
