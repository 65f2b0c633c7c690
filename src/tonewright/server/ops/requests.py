"""What every request gets: an id that stands in its answer and in each line of the log, and a place in the figures."""

import re
import time
import uuid
from collections.abc import Awaitable, Callable

import structlog
from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponseBase

from tonewright.server.models import User
from tonewright.server.ops.metrics import LATENCY, REQUESTS

log = structlog.get_logger("tonewright.requests")

_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
#: Asked for all the time by machines: in the figures, not in the log.
_QUIET = frozenset({"healthz", "readyz", "metrics"})
Next = Callable[[HttpRequest], HttpResponseBase] | Callable[[HttpRequest], Awaitable[HttpResponseBase]]


class Noted:
    """Middleware, the outermost."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Next) -> None:
        self._next = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self._is_async:
            return self._async(request)
        request_id, begun = self._begin(request)
        with structlog.contextvars.bound_contextvars(request=request_id):
            response = self._next(request)
            assert isinstance(response, HttpResponseBase)
            return self._end(request, response, request_id, begun)

    async def _async(self, request: HttpRequest) -> HttpResponseBase:
        request_id, begun = self._begin(request)
        with structlog.contextvars.bound_contextvars(request=request_id):
            response = await self._next(request)  # type: ignore[misc]
            return self._end(request, response, request_id, begun)

    def _begin(self, request: HttpRequest) -> tuple[str, float]:
        given = request.headers.get("X-Request-ID", "")
        return given if _ID.fullmatch(given) else uuid.uuid4().hex, time.perf_counter()

    def _end(
        self, request: HttpRequest, response: HttpResponseBase, request_id: str, begun: float
    ) -> HttpResponseBase:
        seconds = time.perf_counter() - begun
        # an address that matches nothing has no route: strangers' inventions would make figures without end
        match = request.resolver_match
        route = match.route if match is not None else "none"
        method = request.method if request.method in _METHODS else "other"
        REQUESTS.labels(route, method, str(response.status_code)).inc()
        LATENCY.labels(route, method).observe(seconds)
        response["X-Request-ID"] = request_id
        if route not in _QUIET:
            log.info(
                "request",
                method=method,
                path=request.path,
                status=response.status_code,
                ms=round(seconds * 1000.0, 1),
                # whoever asks may name another person; the log's user is who asked
                **_which(match.kwargs if match is not None else {}) | _who(request),
            )
        return response


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _who(request: HttpRequest) -> dict[str, str]:
    """The user, where somebody has asked for them already: nothing is read for the log's sake."""
    actor = getattr(request, "auth", None)
    user = getattr(actor, "user", None)
    return {"user": str(user.pk)} if isinstance(user, User) else {}


def _which(named: dict[str, object]) -> dict[str, str]:
    """The song, job and the like that an address names."""
    return {name.removesuffix("_id"): str(value) for name, value in named.items() if name.endswith("_id")}
