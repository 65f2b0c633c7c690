"""What every answer carries: headers that keep a browser from doing more than the studio needs, and problem documents
for whatever Django itself refuses under /api.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from tonewright.base.errors import Bug, TonewrightError, TooLarge, UsageError
from tonewright.server.api.problems import problem
from tonewright.server.conf import conf
from tonewright.server.errors import Conflict, NotAllowed, NotFound, NotSignedIn, TooManyRequests

_PROVIDERS = {"oauth_google": "https://accounts.google.com", "oauth_github": "https://github.com"}

#: An answer of the API is data; if a browser is made to show it as a page, that page can do nothing.
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox"
#: A report is a page of ours in one file: its own styles and pictures, no scripts, no requests.
REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
    "frame-ancestors 'self'; base-uri 'none'; form-action 'none'; sandbox allow-popups"
)
_PERMISSIONS = ", ".join(
    [f"{name}=()" for name in ("camera", "display-capture", "geolocation", "microphone", "midi", "payment", "usb")]
    + [f"{name}=(self)" for name in ("autoplay", "publickey-credentials-create", "publickey-credentials-get")]
)
#: Addresses that are pages though they stand under /api.
_PAGES = ("/api/docs", "/api/auth/openapi")

#: What is said where Django refuses a request before an endpoint is reached.
_SAID: dict[int, TonewrightError] = {
    400: UsageError("The request was not understood."),
    401: NotSignedIn("You are not signed in."),
    403: NotAllowed("This was refused.", "Reload the page and try again."),
    404: NotFound("There is nothing at this address."),
    405: UsageError("This address has no such method."),
    409: Conflict("This can't be done as things stand."),
    413: TooLarge("The request is too large."),
    429: TooManyRequests("That was too often.", "Wait a while."),
}


def page_policy() -> str:
    """The policy of the studio's page: everything from here, nothing inline but styles, sound from here or memory.

    Styles: components set some on elements, and the drawing libraries add their own.
    """
    providers = [origin for name, origin in _PROVIDERS.items() if getattr(conf(), name)]
    return "; ".join(
        [
            "default-src 'self'",
            "script-src 'self'",
            "worker-src 'self' blob:",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "media-src 'self' blob:",
            "font-src 'self'",
            "connect-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            " ".join(["form-action 'self'", *providers]),
            "frame-src 'self'",
            "frame-ancestors 'none'",
        ]
    )


def _finish(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    api = request.path.startswith("/api/")
    # allauth's answers have a form of their own, which its clients expect
    if api and response.status_code >= 400 and not request.path.startswith("/api/auth/"):
        response = _as_problem(response)
    data = api and not request.path.startswith(_PAGES)
    headers = response.headers
    headers.setdefault("Content-Security-Policy", DATA_POLICY if data else page_policy())
    headers.setdefault("Permissions-Policy", _PERMISSIONS)
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    if api:
        headers.setdefault("Cache-Control", "private, no-store")
    return response


def _as_problem(response: HttpResponseBase) -> HttpResponseBase:
    if response.headers.get("Content-Type", "").startswith("application/problem+json"):
        return response
    status = response.status_code
    said: HttpResponse = problem(_SAID.get(status) or Bug("Something went wrong on our side."), status)
    for name in ("Allow", "Retry-After"):
        if name in response.headers:
            said.headers[name] = response.headers[name]
    said.cookies = response.cookies
    return said


@sync_and_async_middleware
def finish_answers(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """The middleware. It stands first, so that it sees what all the others answer."""
    if iscoroutinefunction(get_response):

        async def finish_soon(request: HttpRequest) -> HttpResponseBase:
            answer: Awaitable[HttpResponseBase] = get_response(request)
            return _finish(request, await answer)

        return finish_soon

    def finish_now(request: HttpRequest) -> HttpResponseBase:
        return _finish(request, get_response(request))

    return finish_now
