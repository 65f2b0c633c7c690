"""`Idempotency-Key` on what creates: a request that is sent again, because its answer was lost, makes nothing more.

    @router.post("/projects", response={201: ProjectOut})
    @idempotent
    def create_project(request: HttpRequest, body: ProjectIn) -> Status[ProjectOut]:
        ...
        return Status(201, show(project))

What the endpoint gives has to be JSON or a schema, not a row. It runs in one transaction with the key. Its errors are
not kept: the same key may be tried again.
"""

import hashlib
import json
from collections.abc import Callable
from functools import wraps
from typing import Any, overload

from django.http import HttpRequest
from ninja import Schema, Status
from ninja.operation import Operation
from ninja.responses import NinjaJSONEncoder
from ninja.utils import contribute_operation_callback

from tonewright.base.errors import UsageError
from tonewright.server.api.auth import actor
from tonewright.server.services.idempotency import once

_LONGEST = 255
_PARAMETER = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "description": "Any text of the client's, new for each thing: the same request again gives the same answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": _LONGEST, "pattern": "^[!-~]*$"},
}

Endpoint = Callable[..., Status[Any]]


@overload
def idempotent(endpoint: Endpoint) -> Endpoint: ...
@overload
def idempotent(*, hiding: str) -> Callable[[Endpoint], Endpoint]: ...
def idempotent(endpoint: Endpoint | None = None, *, hiding: str = "") -> Any:
    """Let an endpoint that creates honour the header. Stands below the router's decorator.

    hiding: a part of the answer that is a secret; it is given the first time and not kept.
    """
    return _wrap(endpoint, hiding) if endpoint is not None else lambda bare: _wrap(bare, hiding)


def _wrap(endpoint: Endpoint, hiding: str) -> Endpoint:
    @wraps(endpoint)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> Status[Any]:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return endpoint(request, *args, **kwargs)
        if not 0 < len(key) <= _LONGEST or not key.isascii() or not key.isprintable():
            raise UsageError(f"Idempotency-Key: 1 to {_LONGEST} printable ASCII characters.")

        secret: dict[str, Any] = {}

        def make() -> tuple[int, Any]:
            answer = endpoint(request, *args, **kwargs)
            body = _as_json(answer.value)
            if hiding:
                secret[hiding], body[hiding] = body[hiding], None
            return answer.status_code, body

        status, body = once(actor(request).user, key, _digest(request), make)
        return Status(status, {**body, **secret} if secret and body is not None else body)

    contribute_operation_callback(wrapped, _document)
    return wrapped


def _digest(request: HttpRequest) -> str:
    head = f"{request.method} {request.get_full_path()}\n".encode()
    return hashlib.sha256(head + request.body).hexdigest()


def _as_json(value: Any) -> Any:
    if isinstance(value, Schema):
        return value.model_dump(mode="json")
    return json.loads(json.dumps(value, cls=NinjaJSONEncoder))


def _document(operation: Operation) -> None:
    extra = operation.openapi_extra or {}
    operation.openapi_extra = {**extra, "parameters": [*extra.get("parameters", []), _PARAMETER]}
