"""How projects stand, in a list: their songs counted, the time, the length; and no query more for more of them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalogue import RATE_HZ, ready_master, ready_mix
from tonewright.server.models import Audio, Job, Master, Membership, Project, Song, Team, User
from tonewright.server.services import jobs, songs
from tonewright.server.services.access import Actor

Browser = Callable[[User], Client]


def listed(client: Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/api/projects").json()["items"]
    return found


def mixed(project: Project, **facts: Any) -> Song:
    song = Song.objects.create(project=project, title="Song")
    ready_mix(song, **facts)
    return song


def filled(project: Project) -> Project:
    """A song of each kind, and two that are ready."""
    Song.objects.create(project=project, title="No sound yet")
    mixed(project)  # heard, and cancelled then
    for _ in range(2):
        ready_master(mixed(project).mix)
    ready_master(mixed(project).mix, state=Master.State.FAILED)
    refused = mixed(project, state=Audio.State.REFUSED, frames=None, rate_hz=None)
    ready_master(mixed(project, frames=5 * RATE_HZ).mix)
    busy = Song.objects.filter(project=project).latest("created_at")
    jobs.accept(Job.Kind.MASTER, busy, project.owner, master=busy.masters.get())
    Job.objects.create(kind=Job.Kind.ARRIVE, song=refused, owner=project.owner, state=Job.State.FAILED)
    return project


def test_the_songs_of_a_project_are_counted(artist: User, project: Project, signed_in: Browser) -> None:
    client = signed_in(artist)
    nothing = {"count": 0, "ready": 0, "at_work": 0, "failed": 0, "duration_s": 0.0}
    assert listed(client)[0]["songs"] == nothing
    filled(project)
    found = {"count": 7, "ready": 2, "at_work": 1, "failed": 2, "duration_s": 45.0}
    assert listed(client)[0]["songs"] == found
    assert client.get(f"/api/projects/{project.pk}").json()["songs"] == found
    other = client.post("/api/projects", {"title": "Another"}, "application/json").json()
    assert other["songs"] == nothing
    assert [each["songs"]["count"] for each in listed(client)] == [0, 7]


def test_a_song_that_is_tried_again_is_at_work_and_then_ready(
    artist: User, piece: Song, signed_in: Browser
) -> None:
    client = signed_in(artist)
    ready_mix(piece)
    ready_master(piece.mix, state=Master.State.FAILED)
    assert listed(client)[0]["songs"]["failed"] == 1
    job = jobs.accept(Job.Kind.MASTER, piece, artist, master=piece.masters.get())
    assert (listed(client)[0]["songs"]["failed"], listed(client)[0]["songs"]["at_work"]) == (0, 1)
    ready_master(piece.mix)
    Job.objects.filter(pk=job.pk).update(state=Job.State.DONE)
    assert listed(client)[0]["songs"].items() >= {"ready": 1, "failed": 0, "at_work": 0}.items()


def test_members_of_a_team_see_each_song_once(
    artist: User, stranger: User, project: Project, signed_in: Browser
) -> None:
    project.team = Team.objects.create(name="The Examples")
    project.save()
    for user in (artist, stranger):
        Membership.objects.create(team=project.team, user=user)
    filled(project)
    for user in (artist, stranger):
        (found,) = listed(signed_in(user))
        assert found["songs"]["count"] == 7


def test_it_is_said_when_something_was_changed_last(artist: User, piece: Song, signed_in: Browser) -> None:
    client, actor = signed_in(artist), Actor(artist)
    long_ago = piece.created_at - timedelta(days=9)
    Project.objects.update(changed_at=long_ago)
    Song.objects.update(changed_at=long_ago)

    def changed_at() -> datetime:
        return datetime.fromisoformat(listed(client)[0]["changed_at"])

    assert changed_at() == _to_the_millisecond(long_ago)
    songs.change(actor, piece.pk, {"title": "Overture"})
    after_the_song = changed_at()
    assert after_the_song > long_ago
    Song.objects.update(changed_at=long_ago)
    ready_master(ready_mix(piece))
    Song.objects.update(changed_at=long_ago)
    after_the_version = changed_at()
    assert after_the_version >= after_the_song
    client.patch(f"/api/projects/{piece.project_id}", {"artist": "Others"}, "application/json")
    assert changed_at() >= after_the_version


def _to_the_millisecond(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@pytest.mark.parametrize("deleted", [False, True])
def test_more_projects_take_no_more_queries(artist: User, signed_in: Browser, deleted: bool) -> None:
    client = signed_in(artist)

    def make(count: int) -> None:
        for _ in range(count):
            filled(
                Project.objects.create(owner=artist, title="Full", deleted_at=timezone.now() if deleted else None)
            )

    def asked() -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            found = client.get("/api/projects", {"deleted": deleted}).json()["items"]
        assert {project["songs"]["count"] for project in found} == {7}
        assert len(found) == Project.objects.count()
        return [query["sql"] for query in queries]

    make(1)
    asked()  # what is asked once a session
    few = asked()
    make(10)
    many = asked()
    assert len(many) == len(few)
    assert sum("tonewright_project" in text for text in many) == 1
