"""Accounts: the owner of a fresh service, visitors, what becomes of a visitor's songs, and leaving for good."""

import logging
import uuid
from datetime import timedelta
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from tonewright.base.errors import TonewrightError, UsageError
from tonewright.server.conf import conf
from tonewright.server.errors import Conflict, NotAllowed, NotFound
from tonewright.server.models import Audio, Delivery, IdempotencyKey, Job, Master, Role, User
from tonewright.server.services import files, jobs, teams
from tonewright.server.services.access import Actor
from tonewright.server.storage import parts_prefix, storage

_log = logging.getLogger(__name__)

#: The first account's id. It is the same everywhere, so that the database lets only one of two requests make it.
OWNER_ID = uuid.UUID("00000000-0000-4000-8000-000000000001")
#: Whose the demo song is until there is an owner (work/demo.py): a visitor whose time never ends and who can't sign in.
DEMO_OWNER_ID = uuid.UUID("00000000-0000-4000-8000-000000000002")


def needs_owner() -> bool:
    """Whether nobody has an account here yet."""
    return not User.objects.filter(is_visitor=False).exists()


def create_owner(email: str, password: str, display_name: str = "") -> User:
    """The first account of all, which runs the service.

    Raises Conflict once there is any account, UsageError for a password that is too weak.
    """
    taken = Conflict("This service has its owner already.", "Sign in.")
    if not needs_owner():
        raise taken
    user = User(id=OWNER_ID, email=email.lower(), display_name=display_name)
    give_role(user, Role.ADMIN)
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise UsageError("password: " + " ".join(error.messages)) from error
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            demo = User.objects.filter(pk=DEMO_OWNER_ID).first()
            if demo is not None:
                adopt(demo, user)
    except IntegrityError as error:
        raise taken from error
    return user


def give_role(user: User, role: str) -> None:
    """Set a role, and with it whether the operator's pages open. Does not save."""
    user.role = role
    user.is_staff = user.is_superuser = role == Role.ADMIN


def create_visitor() -> User:
    """Somebody who tries one song. Raises NotAllowed where the operator wants none."""
    if not conf().visitors:
        raise NotAllowed("Trying a song without an account is switched off here.", "Sign up.")
    over = timezone.now() + timedelta(hours=conf().visitor_hours)
    return User.objects.create_user(None, None, is_visitor=True, expires_at=over)


def adopt(visitor: User, user: User) -> None:
    """Make what a visitor has made an account's own. The visitor is no more."""
    with transaction.atomic():
        IdempotencyKey.objects.filter(owner=visitor).delete()
        for model, field in _naming_a_user():
            model._default_manager.filter(**{field: visitor}).update(**{field: user})
        visitor.delete()


def _naming_a_user() -> list[tuple[type[models.Model], str]]:
    """Every one of our rows' fields that names a person."""
    return [
        (relation.related_model, relation.field.name)
        for relation in User._meta.related_objects
        if relation.related_model._meta.app_label == User._meta.app_label
        and not relation.related_model._meta.auto_created
        and isinstance(relation, models.ManyToOneRel)
    ]


def rename(actor: Actor, display_name: str) -> User:
    actor.user.display_name = display_name
    actor.user.save(update_fields=["display_name"])
    return actor.user


def has_password(user: User, password: str) -> bool:
    return user.has_usable_password() and user.check_password(password)


def delete_account(actor: Actor) -> None:
    """Delete a person with everything that is theirs. What belongs to a team with other members stays the team's.

    Files go with the rows (services/files.py). Raises Conflict for the last who runs the service while others use it.
    """
    user = actor.user
    with transaction.atomic():
        others = User.objects.filter(is_visitor=False, is_active=True).exclude(pk=user.pk)
        if user.role == Role.ADMIN and others.exists() and not others.filter(role=Role.ADMIN).exists():
            raise Conflict("You are the last who runs this service.", "Make somebody else an admin first.")
        teams.leave_all(user)
        for job in Job.objects.filter(song__project__owner=user, state__in=(Job.State.QUEUED, Job.State.RUNNING)):
            jobs.cancel(job)
        kept, coming = _files_of(user), [upload.pk for upload in user.uploads.all()]
        user.delete()
        transaction.on_commit(lambda: _remove(kept, coming))


def _files_of(user: User) -> set[str]:
    """The keys of what is kept of a person's songs."""
    projects: dict[type[models.Model], str] = {
        Audio: "song__project",
        Master: "song__project",
        Delivery: "master__song__project",
    }
    return {
        key
        for model, columns in files.REFERENCES.items()
        for keys in model._default_manager.filter(**{f"{projects[model]}__owner": user}).values_list(*columns)
        for key in keys
        if key
    }


def _remove(kept: set[str], coming: list[uuid.UUID]) -> None:
    """Remove files whose rows are gone. What is too young for it, or can't be reached now, the sweep finds later."""
    try:
        files.forget(kept)
        for upload_id in coming:
            storage().delete_below(parts_prefix(upload_id))
    except TonewrightError:
        _log.exception("Files of a deleted account are left for the sweep")


def find(search: str = "") -> models.QuerySet[User]:
    """Accounts, for those who run the service; with a search, those whose address or name holds it."""
    rows = User.objects.filter(is_visitor=False)
    if search:
        rows = rows.filter(models.Q(email__icontains=search) | models.Q(display_name__icontains=search))
    return rows


def change(actor: Actor, user_id: uuid.UUID, **changes: Any) -> User:
    """Give somebody another role, or close or open their account. changes: role, is_active.

    Raises NotFound, and Conflict where nobody would be left to run the service.
    """
    actor.must_be_admin()
    with transaction.atomic():
        user = find().select_for_update().filter(pk=user_id).first()
        if user is None:
            raise NotFound(f"There is no account {user_id}.")
        if "role" in changes:
            give_role(user, changes["role"])
        user.is_active = changes.get("is_active", user.is_active)
        user.save(update_fields=["role", "is_staff", "is_superuser", "is_active"])
        if not find().filter(role=Role.ADMIN, is_active=True).exists():
            raise Conflict("Nobody would be left to run this service.", "Make somebody else an admin first.")
    return user
