"""The studio's one page, for every address that is not the API's: the browser's own router shows what belongs there."""

from functools import lru_cache
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

_BUILT = Path(__file__).parent / "static" / "ui" / "index.html"


@lru_cache(maxsize=1)
def _text(changed_ns: int) -> str:
    return _BUILT.read_text(encoding="utf-8")


@require_safe
@ensure_csrf_cookie
def page(request: HttpRequest) -> HttpResponse:
    """The built page. Never cached, so that a new build is seen at once; what it loads has its digest in its name."""
    try:
        text = _text(_BUILT.stat().st_mtime_ns)
    except FileNotFoundError:
        return HttpResponse(
            "Tonewright is running, but the studio's pages were not built into it.\n"
            "In its source tree: make ui. Or install a wheel of it, which has them. The API is there, under /api.\n",
            status=503,
            content_type="text/plain; charset=utf-8",
        )
    response = HttpResponse(text)
    response["Cache-Control"] = "no-cache"
    return response
