"""Projects, and the songs in them."""

from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status

from tonewright.server.api.auth import actor
from tonewright.server.api.idempotency import idempotent
from tonewright.server.api.paging import Page, Paging, page, page_in_order
from tonewright.server.api.shapes import CONFLICTS, REFUSALS, ProjectOut, SongOut
from tonewright.server.api.songs import SongIn
from tonewright.server.models import Project
from tonewright.server.services import projects, songs, standing
from tonewright.server.services.access import get
from tonewright.server.services.shown import project_json, song_json

router = Router()


class ProjectIn(Schema):
    title: str = Field(min_length=1, max_length=200)
    artist: str = Field("", max_length=200)
    kind: Literal["single", "album"] = "single"
    team_id: UUID | None = None


class ProjectChanges(Schema):
    """What is not sent stays. team_id: null takes the project out of its team; only its owner may move it."""

    title: str = Field("", min_length=1, max_length=200)
    artist: str = Field("", max_length=200)
    kind: Literal["single", "album"] = "single"
    team_id: UUID | None = None


class WhichProjects(Paging):
    deleted: bool = Field(False, description="Those that you deleted and can still take back.")


@router.get("/projects", response={200: Page[ProjectOut], **REFUSALS}, summary="Your projects, newest first")
def list_projects(request: HttpRequest, which: Query[WhichProjects]) -> dict[str, Any]:
    return page(standing.loaded(projects.listed(actor(request), which.deleted)), which, project_json)


@router.post("/projects", response={201: ProjectOut, **CONFLICTS}, summary="Make a project")
@idempotent
def create_project(request: HttpRequest, body: ProjectIn) -> Status[dict[str, Any]]:
    return Status(201, standing.shown(projects.create(actor(request), **body.model_dump()).pk))


@router.get("/projects/{project_id}", response={200: ProjectOut, **REFUSALS}, summary="One project")
def get_project(request: HttpRequest, project_id: UUID) -> dict[str, Any]:
    return standing.shown(get(actor(request), Project, project_id).pk)


@router.patch("/projects/{project_id}", response={200: ProjectOut, **REFUSALS}, summary="Change a project")
def change_project(request: HttpRequest, project_id: UUID, body: ProjectChanges) -> dict[str, Any]:
    changed = projects.change(actor(request), project_id, body.model_dump(exclude_unset=True))
    return standing.shown(changed.pk)


@router.delete("/projects/{project_id}", response={204: None, **REFUSALS}, summary="Delete a project, for a while")
def delete_project(request: HttpRequest, project_id: UUID) -> Status[None]:
    projects.delete(actor(request), project_id)
    return Status(204, None)


@router.post("/projects/{project_id}/restore", response={200: ProjectOut, **REFUSALS}, summary="Take it back")
def restore_project(request: HttpRequest, project_id: UUID) -> dict[str, Any]:
    return standing.shown(projects.restore(actor(request), project_id).pk)


@router.get(
    "/projects/{project_id}/songs", response={200: Page[SongOut], **REFUSALS}, summary="Its songs, in order"
)
def list_songs(request: HttpRequest, project_id: UUID, paging: Query[Paging]) -> dict[str, Any]:
    rows = songs.loaded(songs.of_project(actor(request), project_id))
    return page_in_order(rows, paging, song_json)


@router.post("/projects/{project_id}/songs", response={201: SongOut, **CONFLICTS}, summary="Add a song")
@idempotent
def create_song(request: HttpRequest, project_id: UUID, body: SongIn) -> Status[dict[str, Any]]:
    song = songs.create(actor(request), project_id, body.given())
    return Status(201, songs.shown(song.pk))
