"""Django behind ASGI, where a request costs one change of threads.

Django's own handler goes back and forth between its event loop and threads for each piece of middleware that is not
async, and starts a thread and a database connection for each request; with a listener's two requests every five
seconds that was most of what the service did. Here a request is read on the event loop, answered from end to end on
one of some lasting threads, which keep their connections, and its answer is sent on the event loop again: a slow
sender or listener holds no thread.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import sync_to_async
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, ASGIRequest, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.db import close_old_connections
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]

#: Requests that are answered at once; most wait for the interpreter, some for a room or a bucket.
_THREADS = 48


class OneThreadHandler(ASGIHandler):
    """An ASGI application. Views and middleware are called as under WSGI; an async stream may be their answer."""

    # a segment in one piece: pieces are the server's business
    chunk_size = 4 << 20

    def __init__(self) -> None:
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="request")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        with body:
            set_script_prefix(get_script_prefix(scope))
            request, refused = self.create_request(scope, body)
            response: HttpResponseBase = refused or await self._on_a_thread(self._answer, request, scope)
            if not response.streaming:
                await self.send_response(response, send)
                return
            try:
                await self._stream(response, receive, send)
            finally:
                await self._on_a_thread(response.close)

    def _answer(self, request: ASGIRequest, scope: Scope) -> HttpResponseBase:
        signals.request_started.send(sender=type(self), scope=scope)
        response: HttpResponseBase = self.get_response(request)
        if response.streaming:
            close_old_connections()  # it may be listened to for hours
        else:
            response.close()
        return response

    async def _stream(self, response: HttpResponseBase, receive: Receive, send: Send) -> None:
        """Send it to its end, or until nobody is there any more."""
        sending = asyncio.ensure_future(self.send_response(response, send))
        gone = asyncio.ensure_future(receive())
        await asyncio.wait((sending, gone), return_when=asyncio.FIRST_COMPLETED)
        for task in (gone, sending):
            task.cancel()
        for outcome in await asyncio.gather(sending, gone, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome

    def _on_a_thread(self, work: Callable[..., Any], *arguments: Any) -> Awaitable[Any]:
        return sync_to_async(work, thread_sensitive=False, executor=self._threads)(*arguments)
