"""Django behind ASGI on lasting threads: what is answered, what is streamed, and who waits for whom."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import path

from tonewright.server.handler import OneThreadHandler

PATIENCE_S = 30.0
LARGE = bytes(range(256)) * 4096
closed = threading.Event()


def echo(request: HttpRequest) -> HttpResponse:
    answer = HttpResponse(request.body)
    answer["Thread"] = threading.current_thread().name
    answer.set_cookie("seen", "yes")
    return answer


def fall(request: HttpRequest) -> HttpResponse:
    raise ValueError("as bugs do")


def on_the_loop(request: HttpRequest) -> HttpResponse:
    async def loop() -> int:
        return id(asyncio.get_running_loop())

    return HttpResponse(str(async_to_sync(loop)()))


async def _without_end() -> AsyncIterator[bytes]:
    try:
        while True:
            yield b"still here\n"
            await asyncio.sleep(0.001)
    finally:
        closed.set()


def endless(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(_without_end())


async def _broken() -> AsyncIterator[bytes]:
    yield b"the beginning"
    raise OSError("the disk is gone")


def breaks(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(_broken())


urlpatterns = [path(view.__name__, view) for view in (echo, fall, on_the_loop, endless, breaks)]


@pytest.fixture
def handler() -> Iterator[OneThreadHandler]:
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[]):
        yield OneThreadHandler()


class Client:
    """One request to an ASGI application. pieces: of its body; None is a client that goes. goes_after: so many pieces
    of the answer.
    """

    def __init__(
        self, at: str, pieces: tuple[bytes | None, ...] = (b"",), query: bytes = b"", goes_after: int | None = 10
    ) -> None:
        self._scope = {"type": "http", "method": "POST", "path": at, "query_string": query, "headers": []}
        self._pieces = list(pieces)
        self._goes_after = goes_after
        self.sent: list[dict[str, Any]] = []
        self.gone = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        if self._pieces:
            piece = self._pieces.pop(0)
            if piece is not None:
                return {"type": "http.request", "body": piece, "more_body": bool(self._pieces)}
            self.gone.set()
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)
        if len(self.sent) - 1 == self._goes_after:
            self.gone.set()

    async def ask(self, handler: OneThreadHandler) -> "Client":
        await asyncio.wait_for(handler(self._scope, self.receive, self.send), PATIENCE_S)
        return self

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent[1:])


def test_a_body_in_pieces_goes_in_and_a_large_answer_comes_out_in_one(handler: OneThreadHandler) -> None:
    client = asyncio.run(Client("/echo", (LARGE[:1000], LARGE[1000:])).ask(handler))
    assert (client.status, client.body) == (200, LARGE)
    assert len(client.sent) == 2
    assert client.headers[b"Thread"].startswith(b"request")
    assert client.headers[b"Set-Cookie"].startswith(b"seen=yes")


def test_a_client_that_goes_while_it_sends_is_not_answered(handler: OneThreadHandler) -> None:
    assert asyncio.run(Client("/echo", (b"the beginning", None)).ask(handler)).sent == []


def test_an_address_that_is_no_text_is_refused(handler: OneThreadHandler) -> None:
    assert asyncio.run(Client("/echo", query=b"\xff").ask(handler)).status == 400


def test_a_view_that_falls_is_an_error_and_the_next_request_is_answered(handler: OneThreadHandler) -> None:
    assert asyncio.run(Client("/fall").ask(handler)).status == 500
    assert asyncio.run(Client("/echo").ask(handler)).status == 200


def test_what_a_view_awaits_runs_on_the_servers_event_loop(handler: OneThreadHandler) -> None:
    async def both() -> tuple[bytes, int]:
        return (await Client("/on_the_loop").ask(handler)).body, id(asyncio.get_running_loop())

    told, here = asyncio.run(both())
    assert int(told) == here


def test_a_stream_ends_when_its_listener_goes(handler: OneThreadHandler) -> None:
    closed.clear()
    client = asyncio.run(Client("/endless").ask(handler))
    assert client.body.startswith(b"still here\n")
    assert closed.is_set()


def test_a_stream_that_breaks_is_not_called_whole(handler: OneThreadHandler) -> None:
    client = Client("/breaks")
    with pytest.raises(OSError, match="the disk is gone"):
        asyncio.run(client.ask(handler))
    assert client.body == b"the beginning"
    assert all(message.get("more_body", True) for message in client.sent[1:])


def test_a_listener_holds_no_thread(handler: OneThreadHandler) -> None:
    """More streams than threads are open, and somebody else is answered all the same."""

    async def crowd() -> int:
        listeners = [Client("/endless", goes_after=None) for _ in range(60)]
        tasks = [asyncio.create_task(each.ask(handler)) for each in listeners]
        answered = (await Client("/echo").ask(handler)).status
        for each in listeners:
            each.gone.set()
        await asyncio.gather(*tasks)
        return answered

    assert asyncio.run(crowd()) == 200
