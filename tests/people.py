"""People and rows for the service's tests."""

from collections.abc import Callable

import pytest
from django.test import Client

from tonewright.server.models import Project, Song, User


@pytest.fixture
def artist(db: None) -> User:
    return User.objects.create_user("artist@example.org", "correct horse battery")


@pytest.fixture
def stranger(db: None) -> User:
    return User.objects.create_user("stranger@example.org", "correct horse battery")


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    """A browser in which somebody is signed in."""

    def open_browser(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return open_browser


@pytest.fixture
def project(artist: User) -> Project:
    return Project.objects.create(owner=artist, title="First Light", artist="The Examples")


@pytest.fixture
def piece(project: Project) -> Song:
    """A song of the artist's, with no sound yet."""
    return Song.objects.create(project=project, title="Opening")
