"""admin: what whoever runs the online service does with it from the command line."""

import getpass
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from tonewright.base.errors import UsageError
from tonewright.base.paths import shown
from tonewright.cli.options import Json, ProgressMode, Quiet
from tonewright.cli.output import console, print_json, table
from tonewright.cli.serving import must_be_installed

Action = Literal["migrate", "owner", "users", "backup", "restore", "sweep"]


def admin(
    action: Annotated[
        Action,
        typer.Argument(
            metavar="ACTION",
            help="migrate: bring the tables up to date. owner EMAIL: make the owner's account, or an account an admin; "
            "the password is asked for, or read from standard input. users: who has an account. backup FOLDER: "
            "everything, into a new folder, while the service runs. restore FOLDER: the same back, into an empty "
            "TONEWRIGHT_DATA_DIR. sweep: remove now what is kept too long.",
        ),
    ],
    what: Annotated[str, typer.Argument(metavar="[WHAT]", help="The EMAIL or FOLDER of the action.")] = "",
    as_json: Json = False,
    quiet: Quiet = False,
    progress: ProgressMode = "auto",
) -> None:
    """Look after the online service: its tables, its accounts, its backups. It works on what the TONEWRIGHT_ variables
    name, as `tonewright serve` does, and may be used while that runs; restore may not."""
    must_be_installed()
    takes = {"owner": "EMAIL", "backup": "FOLDER", "restore": "FOLDER"}.get(action)
    if bool(what) != bool(takes):
        raise UsageError(f"{action} needs {takes}." if takes else f"{action} takes nothing more, not {what!r}.")
    from tonewright.server.ops.start import start_django

    start_django("admin")
    found = _ACTIONS[action](what)
    if as_json:
        print_json(found)
    elif not quiet:
        _SHOWN.get(action, _show_plainly)(found)


def _migrate(what: str) -> dict[str, Any]:
    from tonewright.server.ops.start import migrate

    return {"applied": migrate()}


def _owner(what: str) -> dict[str, Any]:
    from tonewright.server.accounts import trust_address
    from tonewright.server.models import Role, User
    from tonewright.server.ops.start import must_be_migrated
    from tonewright.server.services import accounts

    must_be_migrated()
    user = User.objects.filter(email=what.lower()).first()
    if user is None:
        user = accounts.create_owner(what, _password())
        trust_address(user)
        return {"email": user.email, "made": True}
    accounts.give_role(user, Role.ADMIN)
    user.save(update_fields=["role", "is_staff", "is_superuser"])
    return {"email": user.email, "made": False}


def _password() -> str:
    """Raises UsageError where none is given."""
    given = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    if not given:
        raise UsageError("There is no password.", "Type one, or give it on standard input.")
    return given


def _users(what: str) -> dict[str, Any]:
    from django.db.models import Count

    from tonewright.server.models import User
    from tonewright.server.ops.start import must_be_migrated
    from tonewright.server.services.quota import used_bytes

    must_be_migrated()
    rows = User.objects.filter(is_visitor=False).annotate(count=Count("projects")).order_by("created_at")
    found = [
        {
            "email": user.email,
            "role": user.role,
            "active": user.is_active,
            "created_at": user.created_at.isoformat(),
            "projects": user.count,
            "bytes": used_bytes(user),
        }
        for user in rows
    ]
    return {"users": found}


def _backup(what: str) -> dict[str, Any]:
    from tonewright.server.ops.backup import backup
    from tonewright.server.ops.start import must_be_migrated

    must_be_migrated()
    return backup(Path(what)) | {"folder": what}


def _restore(what: str) -> dict[str, Any]:
    from tonewright.server.ops.backup import restore
    from tonewright.server.ops.start import migrate

    found = restore(Path(what)) | {"folder": what}
    migrate()  # the backup may be of an older version
    return found


def _sweep(what: str) -> dict[str, Any]:
    from tonewright.server.ops.start import must_be_migrated
    from tonewright.server.work import upkeep

    must_be_migrated()
    return {"queued": upkeep.sweep(), **upkeep.retain()}


_ACTIONS: dict[Action, Callable[[str], dict[str, Any]]] = {
    "migrate": _migrate,
    "owner": _owner,
    "users": _users,
    "backup": _backup,
    "restore": _restore,
    "sweep": _sweep,
}


def _show_plainly(found: dict[str, Any]) -> None:
    for name, value in found.items():
        text = ", ".join(value) or "nothing" if isinstance(value, list) else str(value)
        console().print(f"{name}: {shown(text)}")


def _show_users(found: dict[str, Any]) -> None:
    listed = table("e-mail", "role", "projects", "GB")
    for user in found["users"]:
        role = user["role"] if user["active"] else f"{user['role']}, closed"
        listed.add_row(shown(user["email"] or ""), role, str(user["projects"]), f"{user['bytes'] / 1e9:.2f}")
    console().print(listed)


_SHOWN: dict[Action, Callable[[dict[str, Any]], None]] = {"users": _show_users}
