"""Projects over HTTP: made, changed, put away, taken back; and what others may do with them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tonewright.server.models import Job, Membership, Project, Song, Team, User

Browser = Callable[[User], Client]


def send(client: Client, method: str, path: str, body: Any = None) -> Any:
    return client.generic(method, f"/api{path}", data=_json(body), content_type="application/json")


def _json(body: Any) -> str:
    import json

    return "" if body is None else json.dumps(body)


def test_a_project_is_made_seen_changed_put_away_and_taken_back(artist: User, signed_in: Browser) -> None:
    client = signed_in(artist)
    made = send(client, "POST", "/projects", {"title": "First Light", "kind": "album"})
    assert made.status_code == 201, made.content
    project = made.json()
    path = f"/projects/{project['id']}"
    assert send(client, "GET", path).json() == project

    changed = send(client, "PATCH", path, {"artist": "The Examples"}).json()
    assert (changed["artist"], changed["title"], changed["kind"]) == ("The Examples", "First Light", "album")

    assert send(client, "DELETE", path).status_code == 204
    assert send(client, "GET", path).status_code == 404
    assert send(client, "GET", "/projects").json()["items"] == []
    assert [row["id"] for row in send(client, "GET", "/projects?deleted=true").json()["items"]] == [project["id"]]

    assert send(client, "POST", f"{path}/restore").json()["deleted_at"] is None
    assert send(client, "GET", path).status_code == 200


def test_projects_come_in_pages_without_gap_or_double(artist: User, signed_in: Browser) -> None:
    client = signed_in(artist)
    titles = [f"Project {n}" for n in range(7)]
    for title in titles:
        Project.objects.create(owner=artist, title=title)
    seen: list[str] = []
    after = ""
    while after is not None:
        body = send(client, "GET", f"/projects?limit=3&after={after}").json()
        seen += [row["title"] for row in body["items"]]
        after = body["next"]
    assert seen == titles[::-1]


@pytest.mark.parametrize("cursor", ["x", "ÿÿ", "MjAyNi0wMS0wMVQwMDowMDowMCB4", "OTk5OTk5OTk5OTk5OTk5OTk5IDE="])
@pytest.mark.parametrize("path", ["/projects", "/projects/{id}/songs"])
def test_a_cursor_of_another_kind_is_refused_in_words(
    artist: User, project: Project, signed_in: Browser, path: str, cursor: str
) -> None:
    answer = send(signed_in(artist), "GET", f"{path.format(id=project.pk)}?after={cursor}")
    assert (answer.status_code, answer.json()["code"]) == (400, "usage")


def test_only_its_owner_moves_a_project_or_puts_it_away(
    artist: User, stranger: User, project: Project, signed_in: Browser
) -> None:
    team, other = Team.objects.create(name="The Examples"), Team.objects.create(name="Others")
    for user in (artist, stranger):
        Membership.objects.create(team=team, user=user)
    Membership.objects.create(team=other, user=stranger)
    path = f"/projects/{project.pk}"
    owner, member = signed_in(artist), signed_in(stranger)
    assert send(member, "GET", path).status_code == 404

    assert send(owner, "PATCH", path, {"team_id": str(other.pk)}).status_code == 404, "not in that team"
    assert send(owner, "PATCH", path, {"team_id": str(team.pk)}).json()["team_id"] == str(team.pk)

    assert send(member, "PATCH", path, {"title": "Second Light"}).json()["title"] == "Second Light"
    assert send(member, "PATCH", path, {"team_id": None}).json()["code"] == "not_allowed"
    assert send(member, "DELETE", path).json()["code"] == "not_allowed"
    assert send(member, "POST", f"{path}/restore").status_code == 404

    assert send(owner, "PATCH", path, {"team_id": None}).json()["team_id"] is None
    assert send(member, "GET", path).status_code == 404


def test_deleting_a_project_stops_its_work(artist: User, piece: Song, signed_in: Browser) -> None:
    job = Job.objects.create(kind="master", owner=artist, song=piece)
    assert send(signed_in(artist), "DELETE", f"/projects/{piece.project_id}").status_code == 204
    job.refresh_from_db()
    assert job.state == "cancelled"


def test_a_visitor_tries_one_song(db: None, signed_in: Browser) -> None:
    visitor = User.objects.create_user(None, is_visitor=True)
    client = signed_in(visitor)
    project = send(client, "POST", "/projects", {"title": "A try"}).json()
    songs = f"/projects/{project['id']}/songs"
    assert send(client, "POST", songs, {"title": "One"}).status_code == 201
    assert send(client, "POST", songs, {"title": "Two"}).json()["code"] == "not_allowed"
    assert send(client, "POST", "/projects", {"title": "Another"}).json()["code"] == "not_allowed"
    send(client, "DELETE", f"/projects/{project['id']}")
    assert send(client, "POST", "/projects", {"title": "Another"}).status_code == 201


@pytest.mark.parametrize("body", [{}, {"title": ""}, {"title": " \u202e\n"}, {"title": "x" * 10_000}, {"title": 7}])
def test_a_project_needs_a_title(artist: User, signed_in: Browser, body: dict[str, Any]) -> None:
    answer = send(signed_in(artist), "POST", "/projects", body)
    assert answer.status_code in (400, 422)
    assert answer.json()["code"] == "usage"
    assert "title" in answer.json()["detail"]
