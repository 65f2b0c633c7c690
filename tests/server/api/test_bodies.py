"""Bodies are bounded before anything of them reaches the disk."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from tonewright.server.api.bodies import MOST_BYTES, bounded, most_bytes

PART = "/api/uploads/0b7e0c0e-5a3e-4b0e-9b0a-1f4a3d3c2b1a/parts/1"


class Reader:
    """An application that reads the whole body, as Django does, and answers how long it was."""

    def __init__(self) -> None:
        self.got = 0

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            self.got += len(message["body"])
            if not message.get("more_body"):
                break
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def ask(path: str, chunks: list[bytes], announced: bytes | None = None) -> tuple[int, bytes, int]:
    """Gives the status, the answer, and how many bytes reached the application."""
    inner = Reader()
    sent: list[Mapping[str, Any]] = []
    waiting = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    waiting[-1]["more_body"] = False

    async def receive() -> Mapping[str, Any]:
        return waiting.pop(0)

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    headers = [] if announced is None else [(b"content-length", announced)]
    asyncio.run(bounded(inner)({"type": "http", "path": path, "headers": headers}, receive, send))
    return sent[0]["status"], sent[1]["body"], inner.got


@pytest.mark.parametrize("path", ["/api/projects", "/accounts/login/", "/anything", f"{PART}/more"])
def test_a_body_of_the_largest_size_passes_and_one_more_byte_does_not(path: str) -> None:
    exact = [bytes(MOST_BYTES // 2)] * 2
    assert ask(path, exact) == (200, b"", MOST_BYTES)
    status, answer, got = ask(path, [*exact, b"x", bytes(1000)])
    assert (status, json.loads(answer)["code"]) == (413, "too_large")
    assert got <= MOST_BYTES


def test_a_part_may_be_larger() -> None:
    assert most_bytes(PART) == 8 << 20
    assert ask(PART, [bytes(4 << 20), bytes(4 << 20)])[0] == 200
    assert ask(PART, [bytes(4 << 20)] * 3)[0] == 413


def test_what_is_announced_too_large_is_not_read() -> None:
    assert ask("/api/projects", [b"x"], announced=b"%d" % (MOST_BYTES + 1))[::2] == (413, 0)
    assert ask("/api/projects", [b"x"], announced=b"nonsense")[0] == 200
