"""On PostgreSQL: connections are few and shared, and who listens for long holds none."""

from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from service import Person, Service, owner_of, running, settings_of
from tonewright.server.api.events import MOST_STREAMS
from tonewright.server.conf import MOST_CONNECTIONS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with (
        settings_of("postgresql") as settings,
        running(tmp_path_factory.mktemp("service"), demo="false", **settings) as found,
    ):
        yield found


def test_more_may_listen_than_there_are_connections(service: Service) -> None:
    listeners = MOST_CONNECTIONS + 5
    with owner_of(service) as owner, closing(Person(service)) as visitor, ExitStack() as open_streams:
        visitor.ask("GET", "/api/setup")
        visitor.ask("POST", "/api/visit")
        for number in range(listeners):
            who = owner if number < MOST_STREAMS else visitor
            stream = open_streams.enter_context(who.http.stream("GET", "/api/events"))
            assert stream.status_code == 200, number
            assert next(stream.iter_lines()) == "retry: 2000"
        assert owner.ask("GET", "/api/projects")["items"] == []
        assert visitor.ask("GET", "/api/me")["is_visitor"]
