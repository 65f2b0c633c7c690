"""The shapes that several groups of endpoints answer with. Their values come from services.shown."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Field, Schema

from tonewright.engine.intent import Controls
from tonewright.server.api.problems import Problem

#: What any endpoint with an id in its address may refuse, by status.
REFUSALS = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 422: Problem}
#: The same where a state may stand in the way.
CONFLICTS = REFUSALS | {409: Problem}


class Fault(Schema):
    """Why something failed, as in a problem document."""

    code: str
    message: str
    remedy: str = ""


class MeasurementsOut(Schema):
    """What the meter found; null where it is undefined. Levels in LUFS, dBTP and dBFS, ratios in LU and dB."""

    integrated_lufs: float | None = None
    momentary_max_lufs: float | None = None
    short_term_max_lufs: float | None = None
    lra_lu: float | None = None
    true_peak_dbtp: float | None = None
    sample_peak_dbfs: float | None = None
    plr_db: float | None = None
    psr_min_db: float | None = None
    crest_db: float | None = None
    duration_s: float | None = None
    rate_hz: int | None = None
    channels: int | None = None
    frames: int | None = None
    dc: list[float | None] = Field(default_factory=list)
    dc_dbfs: list[float | None] = Field(default_factory=list)
    rms_dbfs: list[float | None] = Field(default_factory=list)
    channel_sample_peak_dbfs: list[float | None] = Field(default_factory=list)
    channel_true_peak_dbtp: list[float | None] = Field(default_factory=list)


class ListenIndexOut(Schema):
    """FLAC files of segment_frames each, one after another; offsets: where each begins and the last ends, in bytes."""

    rate_hz: int
    frames: int
    segment_frames: int
    offsets: list[int]


class AudioOut(Schema):
    """A sound that was sent in."""

    id: UUID
    song_id: UUID
    role: Literal["mix", "reference"]
    state: Literal["checking", "ready", "refused"]
    error: Fault | None
    filename: str
    bytes: int
    sha256: str
    rate_hz: int | None
    channels: int | None
    frames: int | None
    duration_s: float | None
    tags: dict[str, Any]
    measurements: MeasurementsOut | None
    listen_index: ListenIndexOut | None
    weight: float
    created_at: datetime


class Author(Schema):
    id: UUID
    display_name: str


class MasterOut(Schema):
    """A version as it stands in a list. author: null is the assistant. recipe_given: false where it was decided."""

    id: UUID
    song_id: UUID
    audio_id: UUID
    number: int
    parent_id: UUID | None
    author: Author | None
    why: str
    state: Literal["queued", "rendering", "ready", "failed", "cancelled"]
    error: Fault | None
    recipe_given: bool
    recipe_digest: str
    engine_version: str
    measurements: MeasurementsOut | None
    listen_index: ListenIndexOut | None
    bytes: int
    created_at: datetime
    ready_at: datetime | None


class LedBy(Schema):
    """A reference as it stood when a version was ordered."""

    audio_id: UUID
    filename: str
    weight: float


class MasterInFull(MasterOut):
    """A version with all that acted on it."""

    intent: Controls
    references: list[LedBy]
    recipe: dict[str, Any] | None
    decisions: list[dict[str, Any]]
    shortfalls: list[dict[str, Any]]


class JobOut(Schema):
    """Work that was accepted. done: 0..1 of the whole."""

    id: UUID
    kind: Literal["arrive", "master", "deliver"]
    song_id: UUID
    audio_id: UUID | None
    master_id: UUID | None
    delivery_id: UUID | None
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    stage: str
    done: float
    attempts: int
    error: Fault | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class SongOut(Schema):
    """A song, its mix, what it is led by, its versions, and what is being worked on."""

    id: UUID
    project_id: UUID
    title: str
    artist: str
    track_number: int | None
    isrc: str
    brief: str
    position: int
    intent: Controls
    mix: AudioOut | None
    references: list[AudioOut]
    masters: list[MasterOut]
    jobs: list[JobOut]
    created_at: datetime


class SongsOfProject(Schema):
    """How a project's songs stand. at_work: something is being done with them; failed: their sound was refused, or no
    version came of it. What has no sound yet is in none of these. duration_s: of all together."""

    count: int
    ready: int
    at_work: int
    failed: int
    duration_s: float


class ProjectOut(Schema):
    """changed_at: when a song of it was last changed, or a version ordered."""

    id: UUID
    kind: Literal["single", "album"]
    title: str
    artist: str
    owner_id: UUID
    team_id: UUID | None
    songs: SongsOfProject
    created_at: datetime
    changed_at: datetime
    deleted_at: datetime | None


class DeliveryOut(Schema):
    """A file to take away. notes: what had to differ from the version, in words."""

    id: UUID
    master_id: UUID
    format: str
    bits: str
    state: Literal["queued", "ready", "failed"]
    error: Fault | None
    notes: list[str]
    filename: str
    bytes: int
    sha256: str
    created_at: datetime
