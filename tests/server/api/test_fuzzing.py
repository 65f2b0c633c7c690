"""Whatever is sent to the API: no fault of ours, problem documents, and only what the document says.

schemathesis makes requests from the API's own document, right and wrong ones; half of the ids in them are real.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from django.middleware.csrf import _get_new_csrf_string
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tonewright.server.api import throttle
from tonewright.server.models import Role, User
from world import World

pytestmark = pytest.mark.slow

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

document = schemathesis.openapi.from_wsgi("/api/openapi.json", get_wsgi_application())
#: An answer that has no end is asked for in its own tests.
endless = document.exclude(operation_id="listen")


@pytest.fixture
def everything(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The artist also runs the service, and nobody is told to come again later.

    The test's own transaction stays open over its requests, as Django's test client has it.
    """
    User.objects.filter(email="artist@example.org").update(role=Role.ADMIN)
    monkeypatch.setattr(throttle.counter, "take", lambda *_: 0.0)
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield world
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


@endless.parametrize()
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_nothing_that_is_sent_breaks_the_api(case: Case[Any], everything: World) -> None:
    as_the_owner(case, everything)
    with transaction.atomic():
        answer = case.call()
        transaction.set_rollback(True)
    case.validate_response(answer, checks=CHECKS)


def as_the_owner(case: Case[Any], everything: World) -> None:
    """Send it from the owner's browser, with every other example about rows that there are."""
    browser = everything.clients["owner"]
    secret = _get_new_csrf_string()
    cookies: dict[str, Any] = {"sessionid": browser.cookies["sessionid"].value, "csrftoken": secret}
    case.cookies = {**(case.cookies or {}), **cookies}
    case.headers["X-CSRFToken"] = secret
    places = case.path_parameters or {}
    if sum(map(ord, repr(places) + repr(case.body))) % 2:
        real = everything.rows | {
            "song_id": everything.rows["bare_song_id"],
            "user_id": everything.rows["member_id"],
        }
        case.path_parameters = {name: real.get(name, value) for name, value in places.items()}
