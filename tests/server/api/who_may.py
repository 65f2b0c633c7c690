"""Who may ask what of the API: one line an endpoint. test_access_of_every_endpoint.py walks it.

A new endpoint gets a line here, or that test fails. The rows are the artist's: a project in a team that the artist
owns, with everything below it. May means: neither 401 nor 403 nor 404. What is in {braces} is taken from those rows by
its name; `rows` names another where that one will not do.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

Caller = Literal["owner", "member", "stranger", "engineer", "admin", "visitor", "reader", "nobody"]

#: owner, member: of the team; reader: a token of the owner's that only reads.
CALLERS: tuple[Caller, ...] = (
    "owner", "member", "stranger", "engineer", "admin", "visitor", "reader", "nobody",
)  # fmt: skip
ANYBODY = frozenset(CALLERS) - {"reader"}
SIGNED_IN = frozenset(CALLERS) - {"nobody"}
IN_A_BROWSER = SIGNED_IN - {"reader"}
WITH_AN_ACCOUNT = IN_A_BROWSER - {"visitor"}
#: The song's people, and whoever holds a token of theirs.
HEARS = frozenset({"owner", "member", "reader"})
WORKS = HEARS - {"reader"}
OWNER = frozenset({"owner"})
OWNERS = frozenset({"owner", "reader"})
ADMIN = frozenset({"admin"})


@dataclass(frozen=True)
class Line:
    method: str
    path: str
    may: frozenset[str]
    body: Any = None
    #: a row by another name, in place of the one that the address names
    rows: dict[str, str] = field(default_factory=dict)
    query: str = ""


_PASSWORD = {"password": "correct horse battery"}
_HOOK = {"url": "https://example.org/hook", "events": ["master.ready"]}
_UPLOAD = {"filename": "song.wav", "bytes": 100}
_MESSAGE = {"delivery_id": "message_id"}
_SILENT = {"song_id": "bare_song_id"}  # a song with no sound yet: no room has to be opened to find that out

TABLE = (
    Line("GET", "/api/setup", ANYBODY | {"reader"}),
    Line("POST", "/api/setup", ANYBODY | {"reader"}, _PASSWORD | {"email": "x@example.org"}),
    Line("POST", "/api/visit", ANYBODY | {"reader"}),
    Line("GET", "/api/me", SIGNED_IN),
    Line("GET", "/api/me/usage", SIGNED_IN),
    Line("PATCH", "/api/me", IN_A_BROWSER, {"display_name": "Me"}),
    Line("DELETE", "/api/me", IN_A_BROWSER, _PASSWORD),
    Line("POST", "/api/me/export", IN_A_BROWSER),
    Line("GET", "/api/me/invitations", IN_A_BROWSER),
    Line("POST", "/api/me/invitations/{invitation_id}", OWNER, {"join": True}, {"invitation_id": "asked_id"}),
    Line("GET", "/api/tokens", IN_A_BROWSER),
    Line("POST", "/api/tokens", WITH_AN_ACCOUNT, {"name": "script"}),
    Line("DELETE", "/api/tokens/{token_id}", OWNER),
    Line("GET", "/api/teams", SIGNED_IN),
    Line("POST", "/api/teams", WITH_AN_ACCOUNT, {"name": "More"}),
    Line("GET", "/api/teams/{team_id}", HEARS),
    Line("PATCH", "/api/teams/{team_id}", OWNER, {"name": "Other"}),
    Line("DELETE", "/api/teams/{team_id}", OWNER),
    Line("GET", "/api/teams/{team_id}/members", HEARS),
    Line("PATCH", "/api/teams/{team_id}/members/{user_id}", OWNER, {"role": "owner"}, {"user_id": "member_id"}),
    Line("DELETE", "/api/teams/{team_id}/members/{user_id}", WORKS, None, {"user_id": "member_id"}),
    Line("GET", "/api/teams/{team_id}/invitations", OWNERS),
    Line("POST", "/api/teams/{team_id}/invitations", OWNER, {"email": "new@example.org"}),
    Line("DELETE", "/api/teams/{team_id}/invitations/{invitation_id}", OWNER),
    Line("GET", "/api/webhooks", SIGNED_IN),
    Line("POST", "/api/webhooks", WITH_AN_ACCOUNT, _HOOK),
    Line("PATCH", "/api/webhooks/{webhook_id}", OWNER, {"enabled": False}),
    Line("DELETE", "/api/webhooks/{webhook_id}", OWNER),
    Line("GET", "/api/webhooks/{webhook_id}/deliveries", OWNERS),
    Line("POST", "/api/webhooks/{webhook_id}/deliveries/{delivery_id}/send", OWNER, None, _MESSAGE),
    Line("GET", "/api/admin/users", ADMIN),
    Line("PATCH", "/api/admin/users/{user_id}", ADMIN, {"role": "engineer"}, {"user_id": "member_id"}),
    Line("GET", "/api/projects", SIGNED_IN),
    Line("POST", "/api/projects", IN_A_BROWSER, {"title": "New"}),
    Line("GET", "/api/projects/{project_id}", HEARS),
    Line("PATCH", "/api/projects/{project_id}", WORKS, {"title": "Other"}),
    Line("DELETE", "/api/projects/{project_id}", OWNER),
    Line("POST", "/api/projects/{project_id}/restore", OWNER, None, {"project_id": "deleted_project_id"}),
    Line("GET", "/api/projects/{project_id}/songs", HEARS),
    Line("POST", "/api/projects/{project_id}/songs", WORKS, {"title": "New"}),
    Line("GET", "/api/songs/{song_id}", HEARS),
    Line("PATCH", "/api/songs/{song_id}", WORKS, {"title": "Other"}),
    Line("DELETE", "/api/songs/{song_id}", WORKS),
    Line("GET", "/api/songs/{song_id}/mixes", HEARS),
    Line("POST", "/api/songs/{song_id}/propose", WORKS, {}, _SILENT),
    Line("POST", "/api/songs/{song_id}/settle", WORKS, {}, _SILENT),
    Line("POST", "/api/songs/{song_id}/preview", WORKS, {"recipe": {"version": 1, "steps": []}}, _SILENT),
    Line("GET", "/api/songs/{song_id}/masters", HEARS),
    Line("POST", "/api/songs/{song_id}/masters", WORKS, {}),
    Line("POST", "/api/uploads", IN_A_BROWSER, _UPLOAD),
    Line("GET", "/api/uploads", SIGNED_IN),
    Line("GET", "/api/uploads/{upload_id}", OWNERS),
    Line("PUT", "/api/uploads/{upload_id}/parts/{number}", OWNER),
    Line("POST", "/api/uploads/{upload_id}/complete", OWNER),
    Line("DELETE", "/api/uploads/{upload_id}", OWNER),
    Line("GET", "/api/audio/{audio_id}", HEARS),
    Line("PATCH", "/api/audio/{audio_id}", WORKS, {"weight": 0.5}, {"audio_id": "reference_id"}),
    Line("DELETE", "/api/audio/{audio_id}", WORKS, None, {"audio_id": "reference_id"}),
    Line("GET", "/api/audio/{audio_id}/analysis", HEARS),
    Line("GET", "/api/audio/{audio_id}/peaks", HEARS),
    Line("GET", "/api/audio/{audio_id}/segments/{number}", HEARS),
    Line("GET", "/api/audio/{audio_id}/file", HEARS),
    Line("GET", "/api/masters/{master_id}", HEARS),
    Line("GET", "/api/masters/{master_id}/compare/{other_id}", HEARS),
    Line("GET", "/api/masters/{master_id}/platforms", HEARS),
    Line("GET", "/api/masters/{master_id}/recipe", HEARS),
    Line("GET", "/api/masters/{master_id}/report", HEARS),
    Line("GET", "/api/masters/{master_id}/curves", HEARS),
    Line("GET", "/api/masters/{master_id}/peaks", HEARS),
    Line("GET", "/api/masters/{master_id}/segments/{number}", HEARS),
    Line("GET", "/api/masters/{master_id}/deliveries", HEARS),
    Line("POST", "/api/masters/{master_id}/deliveries", WORKS, {"format": "flac", "bits": "24"}),
    Line("GET", "/api/deliveries/{delivery_id}", HEARS),
    Line("GET", "/api/deliveries/{delivery_id}/file", HEARS),
    Line("GET", "/api/jobs", SIGNED_IN),
    Line("GET", "/api/jobs/{job_id}", HEARS),
    Line("POST", "/api/jobs/{job_id}/cancel", WORKS),
    Line("POST", "/api/jobs/{job_id}/retry", WORKS),
    Line("GET", "/api/events", HEARS, query="?song={song_id}"),
    Line("GET", "/api/targets", SIGNED_IN),
    Line("GET", "/api/processors", SIGNED_IN),
    Line("GET", "/api/controls", SIGNED_IN),
    Line("GET", "/api/formats", SIGNED_IN),
)  # fmt: skip
