"""Who calls: a browser's session (with CSRF protection) or a program's token.

A visitor is no login: their session only names them. So signing up and in works as for anybody who is not signed in,
and what the visitor made comes along (server/accounts.py).
"""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from ninja.security import APIKeyCookie, HttpBearer

from tonewright.server.accounts import VISITOR
from tonewright.server.models import User
from tonewright.server.services.access import Actor
from tonewright.server.services.tokens import user_of


class BySession(APIKeyCookie):
    """The session cookie. Unsafe methods need the CSRF token."""

    param_name = settings.SESSION_COOKIE_NAME

    def authenticate(self, request: HttpRequest, key: str | None) -> Actor | None:
        user = request.user if isinstance(request.user, User) else visitor_of(request)
        if user is None or not user.is_active or expired(user):
            return None
        return Actor(user)


class ByToken(HttpBearer):
    """Authorization: Bearer twk_..."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        found = user_of(token)
        if found is None:
            return None
        user, scopes = found
        actor = Actor(user, scopes, by_token=True)
        actor.must("read" if request.method in ("GET", "HEAD", "OPTIONS") else "write")
        return actor


class Anybody(BySession):
    """No session is needed. Unsafe methods need the CSRF token all the same: what they do is done to this browser."""

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        return super().authenticate(request, key) or "anybody"


def visitor_of(request: HttpRequest) -> User | None:
    """The visitor whose session this is."""
    visitor_id = request.session.get(VISITOR)
    return User.objects.filter(pk=visitor_id, is_visitor=True).first() if visitor_id else None


def expired(user: User) -> bool:
    """A visitor whose day is over."""
    return user.expires_at is not None and user.expires_at <= timezone.now()


def actor(request: HttpRequest) -> Actor:
    """Who was let in by one of the above."""
    found: Any = request.auth  # type: ignore[attr-defined]
    assert isinstance(found, Actor)
    return found


AUTH = [ByToken(), BySession()]
#: What a token must not do: make tokens, change who one is, leave.
SESSION = [BySession()]
ANYBODY = [Anybody()]
