"""Every error as a problem document (RFC 9457), with the codes of the error tree."""

import logging

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from ninja import Field, NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError

from tonewright.base.errors import Bug, TonewrightError, TooLarge, UsageError
from tonewright.server.errors import NotAllowed, NotFound, NotSignedIn, TooManyRequests

_log = logging.getLogger(__name__)


class FieldFault(Schema):
    """One field of a request that is wrong."""

    field: str
    message: str


class Problem(Schema):
    """What went wrong. code: stable, the same as the command line's. detail, remedy: for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    remedy: str = ""
    fields: list[FieldFault] = Field(default_factory=list)


def problem(
    error: TonewrightError, status: int | None = None, fields: list[FieldFault] | None = None
) -> HttpResponse:
    """The answer for an error of the tree."""
    body = Problem(
        type=f"about:blank#{error.code}",
        title=(type(error).__doc__ or error.code).split("\n")[0],
        status=status or error.http_status,
        detail=error.message,
        code=error.code,
        remedy=error.remedy,
        fields=fields or [],
    )
    return JsonResponse(body.model_dump(), status=body.status, content_type="application/problem+json")


def install(api: NinjaAPI) -> None:
    """Answer every failure of an API with a problem document."""

    def of_the_tree(request: HttpRequest, error: TonewrightError | type[TonewrightError]) -> HttpResponse:
        assert isinstance(error, TonewrightError)
        return problem(error)

    def not_signed_in(request: HttpRequest, error: AuthenticationError | type[AuthenticationError]) -> HttpResponse:
        return problem(
            NotSignedIn("You are not signed in.", "Sign in, or send a token: Authorization: Bearer twk_...")
        )

    def not_found(request: HttpRequest, error: Http404 | type[Http404]) -> HttpResponse:
        return problem(NotFound("There is nothing at this address."))

    def invalid(request: HttpRequest, error: ValidationError | type[ValidationError]) -> HttpResponse:
        assert isinstance(error, ValidationError)
        fields = [
            FieldFault(field=".".join(str(part) for part in fault["loc"][1:]), message=str(fault["msg"]))
            for fault in error.errors
        ]
        return problem(UsageError("; ".join(f"{fault.field}: {fault.message}" for fault in fields)), 422, fields)

    def refused(request: HttpRequest, error: HttpError | type[HttpError]) -> HttpResponse:
        assert isinstance(error, HttpError)
        if isinstance(error.__cause__, TonewrightError):  # a body that the parser refused
            return problem(error.__cause__)
        if isinstance(error, Throttled):  # django-ninja adds Retry-After
            return problem(TooManyRequests("That was too often.", "Wait as long as Retry-After says."))
        if error.status_code == 403:  # django-ninja's check of the CSRF token
            return problem(NotAllowed("The request did not come from our own page.", "Reload the page."))
        return problem(UsageError(str(error)), error.status_code)

    def suspicious(request: HttpRequest, error: SuspiciousOperation | type[SuspiciousOperation]) -> HttpResponse:
        if isinstance(error, RequestDataTooBig):
            return problem(TooLarge("The request is too large."))
        return problem(UsageError("The request was not understood."))

    def unreadable(request: HttpRequest, error: MultiPartParserError | type[MultiPartParserError]) -> HttpResponse:
        return problem(UsageError("The request's body is not what its Content-Type says."))

    def ours(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
        _log.error(
            "%s %s failed", request.method, request.path, exc_info=error if isinstance(error, Exception) else None
        )
        got_request_exception.send(sender=None, request=request)
        return problem(Bug("Something went wrong on our side."))

    api.add_exception_handler(TonewrightError, of_the_tree)
    api.add_exception_handler(AuthenticationError, not_signed_in)
    api.add_exception_handler(Http404, not_found)
    api.add_exception_handler(ValidationError, invalid)
    api.add_exception_handler(HttpError, refused)
    api.add_exception_handler(SuspiciousOperation, suspicious)
    api.add_exception_handler(MultiPartParserError, unreadable)
    api.add_exception_handler(Exception, ours)
