"""Nobody sees what is not theirs."""

import pytest

from tonewright.server.errors import NotAllowed, NotFound
from tonewright.server.models import Membership, Project, Song, Team, User
from tonewright.server.services.access import Actor, get, visible


def test_the_owner_finds_a_song_and_a_stranger_does_not(artist: User, stranger: User, piece: Song) -> None:
    assert get(Actor(artist), Song, piece.pk) == piece
    with pytest.raises(NotFound):
        get(Actor(stranger), Song, piece.pk)


def test_a_member_of_the_team_sees_its_projects_once(artist: User, stranger: User, project: Project) -> None:
    team = Team.objects.create(name="The Examples")
    for user in (artist, stranger):
        Membership.objects.create(team=team, user=user)
    project.team = team
    project.save()
    assert list(visible(Actor(stranger), Project)) == [project]
    assert list(visible(Actor(artist), Project)) == [project]


def test_a_token_does_no_more_than_its_scopes(artist: User) -> None:
    reader = Actor(artist, frozenset({"read"}))
    reader.must("read")
    with pytest.raises(NotAllowed):
        reader.must("write")
