"""Songs: what they are called, what is asked for them, what was sent in."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status

from tonewright.engine.intent import Controls
from tonewright.server.api.auth import actor
from tonewright.server.api.paging import Page, Paging, page
from tonewright.server.api.shapes import CONFLICTS, REFUSALS, AudioOut, SongOut
from tonewright.server.models import Song
from tonewright.server.services import songs
from tonewright.server.services.access import get
from tonewright.server.services.shown import audio_json

router = Router()


class SongChanges(Schema):
    """What is not sent stays. intent: the studio's controls, all of them; what it leaves out is as declared."""

    title: str = Field("", min_length=1, max_length=200)
    artist: str = Field("", max_length=200)
    track_number: int | None = Field(None, ge=1, le=999)
    isrc: str = Field("", max_length=40, description="Twelve characters, with or without hyphens; empty for none.")
    brief: str = Field("", max_length=5000)
    intent: Controls = Controls()
    position: int = Field(0, ge=0, le=10_000, description="Its place in the project, from 0; the others make room.")

    def given(self) -> dict[str, Any]:
        """What was sent, by name."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class SongIn(SongChanges):
    title: str = Field(min_length=1, max_length=200)


@router.get("/songs/{song_id}", response={200: SongOut, **REFUSALS}, summary="A song with its sounds and versions")
def get_song(request: HttpRequest, song_id: UUID) -> dict[str, Any]:
    return songs.shown(get(actor(request), Song, song_id).pk)


@router.patch("/songs/{song_id}", response={200: SongOut, **REFUSALS}, summary="Change a song")
def change_song(request: HttpRequest, song_id: UUID, body: SongChanges) -> dict[str, Any]:
    return songs.shown(songs.change(actor(request), song_id, body.given()).pk)


@router.delete("/songs/{song_id}", response={204: None, **REFUSALS}, summary="Delete a song with all its versions")
def delete_song(request: HttpRequest, song_id: UUID) -> Status[None]:
    songs.delete(actor(request), song_id)
    return Status(204, None)


@router.get(
    "/songs/{song_id}/mixes", response={200: Page[AudioOut], **CONFLICTS}, summary="Its mixes, newest first"
)
def list_mixes(request: HttpRequest, song_id: UUID, paging: Query[Paging]) -> dict[str, Any]:
    return page(songs.mixes(actor(request), song_id), paging, audio_json)
