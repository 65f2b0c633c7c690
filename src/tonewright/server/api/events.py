"""What happens to one's songs, as it happens (server-sent events, HTML Living Standard 9.2)."""

from typing import Annotated
from uuid import UUID

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query, Router

from tonewright.base.errors import UsageError
from tonewright.server.api.auth import actor, expired
from tonewright.server.api.live import hub
from tonewright.server.api.shapes import REFUSALS
from tonewright.server.errors import TooManyRequests
from tonewright.server.models import Song, User
from tonewright.server.services.access import Actor, get, visible
from tonewright.server.services.tokens import user_of

router = Router()

#: A person's tabs; more is a program that went wild.
MOST_STREAMS = 20
_LARGEST_ID = 2**63 - 1


@router.get(
    "",
    response=REFUSALS,
    operation_id="listen",
    openapi_extra={
        "responses": {
            200: {
                "description": "event: job, audio, master, song or delivery; id: to go on from; data: JSON.",
                "content": {"text/event-stream": {"schema": {"type": "string"}}},
            }
        }
    },
)
def listen(
    request: HttpRequest,
    song: UUID | None = None,
    after: Annotated[int | None, Query(ge=0, le=_LARGEST_ID)] = None,
) -> StreamingHttpResponse:
    """A stream of events. song: only that song's. after, or the header Last-Event-ID: the last event that is known;
    what happened since comes first. It ends when access does, at the latest after some seconds."""
    who = actor(request)
    if song is not None:
        get(who, Song, song)
    if hub().count(who.user.pk) >= MOST_STREAMS:
        raise TooManyRequests(f"{MOST_STREAMS} streams are open already.", "Close some.")
    lines = hub().listen(who, song, _last_known(request, after), lambda: _still(request, who, song))
    return StreamingHttpResponse(
        lines,
        content_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def _last_known(request: HttpRequest, after: int | None) -> int | None:
    """Where to go on. A browser that comes back by itself sends the header. Raises UsageError for no number."""
    given = request.headers.get("Last-Event-ID", "").strip()
    if not given:
        return after
    if not (given.isascii() and given.isdigit() and int(given) <= _LARGEST_ID):
        raise UsageError("Last-Event-ID: this is no event's id.", "Leave it out to begin with what happens now.")
    return int(given)


def _still(request: HttpRequest, who: Actor, song: UUID | None) -> bool:
    """Whether somebody who was let in still would be."""
    if who.by_token:
        if user_of(request.headers.get("Authorization", "").partition(" ")[2]) is None:
            return False
    else:
        key = request.session.session_key
        if key is None or not request.session.exists(key):
            return False
    user = User.objects.filter(pk=who.user.pk, is_active=True).first()
    if user is None or expired(user):
        return False
    return song is None or visible(who, Song).filter(pk=song).exists()
