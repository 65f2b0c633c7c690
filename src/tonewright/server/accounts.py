"""How allauth is bent to this service: who may sign up, whose songs a new account takes over, who was here lately."""

import time
from collections.abc import Callable
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.account.models import EmailAddress
from allauth.core import ratelimit
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import urlencode

from tonewright.server.conf import conf
from tonewright.server.models import User
from tonewright.server.services.accounts import adopt

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
#: Where a session names its visitor.
VISITOR = "visitor"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Signing up follows the operator's setting; the first account of all is made by /api/setup."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return conf().signup

    def format_email_subject(self, subject: str) -> str:
        return subject

    def post_login(self, request: HttpRequest, user: User, *, signup: bool, **more: Any) -> HttpResponse:
        """Signing up ends with a code from one's own mail; allauth notes that as proof only when it signs one in."""
        if signup and not get_authentication_records(request, user):
            record_authentication(request, user, method="code", email=user.email)
        response: HttpResponse = super().post_login(request, user, signup=signup, **more)
        return response


class ProviderAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Whoever comes back from a provider that did not sign them in is told so where they can try otherwise."""

    def on_authentication_error(self, *_: Any, **__: Any) -> None:
        raise ImmediateHttpResponse(
            HttpResponseRedirect(settings.HEADLESS_FRONTEND_URLS["socialaccount_login_error"])
        )


def trust_address(user: User) -> None:
    """Take a person's address as theirs without a code: the owner of a fresh service may have no mail set up yet."""
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)


def note_password(request: HttpRequest, user: User) -> None:
    """Note that this session was opened with a password just now."""
    record_authentication(request, user, method="password", email=user.email)


def signed_in_lately(request: HttpRequest, user: User) -> bool:
    """Whether this session was opened, or opened again, within the last minutes."""
    oldest_s = time.time() - app_settings.REAUTHENTICATION_TIMEOUT
    return request.user == user and any(
        record["at"] > oldest_s for record in get_authentication_records(request, user)
    )


def may_try(request: HttpRequest, user: User) -> bool:
    """Whether another password may be tried: the limit of signing in again."""
    return bool(ratelimit.consume(request, action="reauthenticate", user=user))


def take_over(sender: Any, request: HttpRequest | None, user: User, **_: Any) -> None:
    """Whoever signs up or in while visiting gets what they made as a visitor."""
    session = getattr(request, "session", None)
    visitor_id = session.pop(VISITOR, None) if session is not None else None
    if session is None or visitor_id is None:
        return
    session.set_expiry(None)
    visitor = User.objects.filter(pk=visitor_id, is_visitor=True).first()
    if visitor is not None and visitor != user:
        adopt(visitor, user)


def connect() -> None:
    """Told once the app is loaded."""
    user_logged_in.connect(take_over, dispatch_uid="tonewright.take_over")
    # Django's own form knows neither second factors nor limits
    admin.site.login = _sign_in_first  # type: ignore[method-assign]


def _sign_in_first(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    """The operator's pages are entered through the studio's sign-in."""
    if request.user.is_authenticated:
        return HttpResponse("This is for those who run the service.", status=403, content_type="text/plain")
    return HttpResponseRedirect(f"/signin?{urlencode({'next': request.get_full_path()})}")


#: How often it is noted that a session is in use.
_SEEN_EVERY_S = 300.0
_MOST_NOTED = 10_000


class NoteSessions:
    """Middleware: keeps "last seen" of the list of sessions to within minutes, without a write a request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._noted: dict[str, float] = {}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        key = request.session.session_key
        if key and request.user.is_authenticated:
            now_s = time.monotonic()
            if now_s - self._noted.get(key, -_SEEN_EVERY_S) >= _SEEN_EVERY_S:
                if len(self._noted) >= _MOST_NOTED:
                    self._noted.clear()
                self._noted[key] = now_s
                UserSession.objects.create_from_request(request)
        return self.get_response(request)
