"""Keys for programs: made, shown once, used, revoked."""

import hashlib
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from tonewright.server.errors import Conflict, NotAllowed, NotFound
from tonewright.server.models import ApiToken, Role, User
from tonewright.server.services.access import Actor

#: What a token begins with, so that people and scanners of leaked secrets can tell what it is.
MARK = "twk_"
#: What each scope brings with it.
_IMPLIED = {"read": {"read"}, "write": {"read", "write"}, "admin": {"read", "write", "admin"}}
MOST_TOKENS = 50
_SEEN_EVERY = timedelta(minutes=1)


def make(actor: Actor, name: str, scope: str, expires_at: datetime | None = None) -> tuple[ApiToken, str]:
    """A new token and its text, which is not kept. scope: read, write (and read), or admin (and both).

    Raises NotAllowed to a visitor, and for the scope admin to whoever is none; Conflict for too many, or an end in
    the past.
    """
    actor.must_have_account()
    if scope == "admin" and actor.user.role != Role.ADMIN:
        raise NotAllowed("Only those who run the service can make a token with the scope 'admin'.")
    if expires_at is not None and expires_at <= timezone.now():
        raise Conflict("A token can't end in the past.", "Give a later time, or none.")
    if usable(actor).count() >= MOST_TOKENS:
        raise Conflict(f"There are {MOST_TOKENS} tokens already.", "Revoke one that is not used.")
    text = MARK + secrets.token_urlsafe(32)
    row = ApiToken.objects.create(
        user=actor.user,
        name=name,
        prefix=text[: len(MARK) + 6],
        sha256=_digest(text),
        scopes=sorted(_IMPLIED[scope]),
        expires_at=expires_at,
    )
    return row, text


def usable(actor: Actor) -> QuerySet[ApiToken]:
    """The actor's tokens that are neither revoked nor over."""
    return ApiToken.objects.filter(_alive(), user=actor.user)


def revoke(actor: Actor, token_id: UUID) -> None:
    """End a token now. Raises NotFound for one that is another's, or ended."""
    if not usable(actor).filter(pk=token_id).update(revoked_at=timezone.now()):
        raise NotFound(f"There is no token {token_id}, or it is not yours.")


def user_of(text: str) -> tuple[User, frozenset[str]] | None:
    """Whose token this is, and what it may do. Its last use is noted to the minute, so that reading is not writing."""
    found = ApiToken.objects.select_related("user").filter(_alive(), sha256=_digest(text)).first()
    if found is None or not found.user.is_active:
        return None
    now = timezone.now()
    if found.last_used_at is None or now - found.last_used_at > _SEEN_EVERY:
        ApiToken.objects.filter(pk=found.pk).update(last_used_at=now)
    return found.user, frozenset(found.scopes)


def _alive() -> Q:
    return Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=timezone.now()))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
