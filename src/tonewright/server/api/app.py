"""The API: its routers, its errors, its document.

To add a group of endpoints: a module with a `router`, and a line in ROUTERS.
"""

import importlib
from typing import Any

from ninja import NinjaAPI
from ninja.operation import Operation

import tonewright
from tonewright.server.api.auth import AUTH
from tonewright.server.api.document import add_problems
from tonewright.server.api.parser import BoundedParser
from tonewright.server.api.problems import install
from tonewright.server.api.throttle import Throttle

#: (module, prefix, tag)
ROUTERS: list[tuple[str, str, str]] = [
    ("setup", "", "setup"),
    ("me", "/me", "me"),
    ("tokens", "/tokens", "tokens"),
    ("teams", "/teams", "teams"),
    ("webhooks", "/webhooks", "webhooks"),
    ("operators", "/admin", "operators"),
    ("projects", "", "projects"),
    ("songs", "", "songs"),
    ("uploads", "", "uploads"),
    ("audio", "", "audio"),
    ("masters", "", "masters"),
    ("deliveries", "", "deliveries"),
    ("studio", "", "studio"),
    ("declared", "", "declared"),
    ("jobs", "/jobs", "jobs"),
    ("events", "/events", "events"),
]


class Api(NinjaAPI):
    """Its document tells of every endpoint what may go wrong there."""

    def get_openapi_schema(self, **kwargs: Any) -> Any:
        return add_problems(super().get_openapi_schema(**kwargs))

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """The function's name: what a client made of the document calls it."""
        return operation.view_func.__name__


def build() -> Api:
    api = Api(
        title="Tonewright",
        version=tonewright.__version__,
        description="Online audio mastering: upload, hear, adjust, download.",
        auth=AUTH,
        throttle=[Throttle()],
        parser=BoundedParser(),
        docs_url="/docs",
        openapi_url="/openapi.json",
    )
    install(api)
    for module, prefix, tag in ROUTERS:
        api.add_router(prefix, importlib.import_module(f"tonewright.server.api.{module}").router, tags=[tag])
    return api


api = build()
