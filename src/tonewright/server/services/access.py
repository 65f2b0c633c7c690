"""Whose is what. Every use case gets its rows through here; what is not an actor's is not found.

A project is its owner's and, with a team, that team's members'. Everything below a project (songs, sounds, versions,
files, jobs) goes by the project. Admins run the service; they do not hear other people's songs.
"""

from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from tonewright.server.errors import NotAllowed, NotFound
from tonewright.server.models import Audio, Delivery, Job, Master, Project, Role, Song, Upload, User

R = TypeVar("R", bound=Model)

#: Where a kind of row keeps the project that decides about it.
_TO_PROJECT: dict[type[Model], str] = {
    Project: "",
    Song: "project",
    Audio: "song__project",
    Master: "song__project",
    Delivery: "master__song__project",
    Job: "song__project",
}


@dataclass(frozen=True)
class Actor:
    """Who asks. scopes: what a token allows; a session allows everything that the person may do."""

    user: User
    scopes: frozenset[str] = frozenset({"read", "write", "admin"})
    by_token: bool = False

    @property
    def is_admin(self) -> bool:
        return self.user.role == Role.ADMIN and "admin" in self.scopes

    def must(self, scope: str) -> None:
        """Raises NotAllowed if a token lacks a scope."""
        if scope not in self.scopes:
            raise NotAllowed(f"This token may not {scope}.", f"Make one with the scope {scope!r}.")

    def must_have_account(self) -> None:
        """Raises NotAllowed for a visitor."""
        if self.user.is_visitor:
            raise NotAllowed("A visitor's session can't do this.", "Make an account; your song comes along.")

    def must_be_admin(self) -> None:
        """Raises NotAllowed for everybody but those who run the service."""
        if not self.is_admin:
            raise NotAllowed("This is for those who run the service.")


def visible(actor: Actor, model: type[R]) -> QuerySet[R]:
    """The rows of a kind that an actor may see. Songs of deleted projects are not among them."""
    path = _TO_PROJECT[model]
    join = f"{path}__" if path else ""
    mine = Q(**{f"{join}owner": actor.user}) | Q(**{f"{join}team__memberships__user": actor.user})
    rows: QuerySet[R] = model._default_manager.filter(mine, **{f"{join}deleted_at": None}).distinct()
    return rows


def get(actor: Actor, model: type[R], row_id: UUID, **conditions: Any) -> R:
    """One row that the actor may see. Raises NotFound, and tells nobody whether it is there."""
    found = visible(actor, model).filter(pk=row_id, **conditions).first()
    if found is None:
        raise NotFound(f"There is no {model._meta.verbose_name} {row_id}, or it is not yours.")
    return found


def get_upload(actor: Actor, upload_id: UUID) -> Upload:
    """An upload is its sender's alone."""
    found = Upload.objects.filter(pk=upload_id, owner=actor.user).first()
    if found is None:
        raise NotFound(f"There is no upload {upload_id}, or it is not yours.")
    return found
