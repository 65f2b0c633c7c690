"""The first visit: who runs this service, what it offers to whoever is not signed in, and trying a song at once."""

from datetime import timedelta
from typing import Any

from django.contrib.auth import login
from django.http import HttpRequest
from django.middleware.csrf import get_token
from ninja import Field, Router, Schema, Status

from tonewright.server import accounts as sign_in
from tonewright.server.api.auth import ANYBODY, visitor_of
from tonewright.server.api.fields import Email, NameOrNone, Password
from tonewright.server.api.me import MeOut, me_json
from tonewright.server.conf import conf
from tonewright.server.errors import Conflict
from tonewright.server.services import accounts

router = Router(auth=ANYBODY)


class SetupOut(Schema):
    """What this service is set to. needs_owner: the first visit makes the owner's account."""

    needs_owner: bool
    signup: bool
    visitors: bool
    visitor_hours: int
    providers: list[str] = Field(description="Where one may sign in besides here: google, github.")


class OwnerIn(Schema):
    email: Email
    password: Password
    display_name: NameOrNone = ""


@router.get("/setup", response=SetupOut)
def get_setup(request: HttpRequest) -> dict[str, Any]:
    """What the page needs before anybody is signed in. Sets the CSRF cookie."""
    get_token(request)
    settings = conf()
    offered = {"google": settings.oauth_google, "github": settings.oauth_github}
    return {
        "needs_owner": accounts.needs_owner(),
        "signup": settings.signup,
        "visitors": settings.visitors,
        "visitor_hours": settings.visitor_hours,
        "providers": [name for name, pair in offered.items() if pair],
    }


@router.post("/setup", response={201: MeOut})
def create_owner(request: HttpRequest, body: OwnerIn) -> Status[dict[str, Any]]:
    """Make the owner's account and sign in; only while nobody has an account here."""
    user = accounts.create_owner(body.email, body.password, body.display_name)
    sign_in.trust_address(user)
    login(request, user, backend=sign_in.BACKEND)
    sign_in.note_password(request, user)
    return Status(201, me_json(user))


@router.post("/visit", response={201: MeOut})
def visit(request: HttpRequest) -> Status[dict[str, Any]]:
    """A visitor's session, to try one song without an account. Who has one keeps it."""
    if request.user.is_authenticated:
        raise Conflict("You are signed in already.")
    visitor = visitor_of(request)
    if visitor is None or visitor.expires_at is None:
        visitor = accounts.create_visitor()
        request.session.cycle_key()
        request.session[sign_in.VISITOR] = str(visitor.pk)
        request.session.set_expiry(timedelta(hours=conf().visitor_hours))
    return Status(201, me_json(visitor))
