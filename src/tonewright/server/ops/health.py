"""Whether the service lives (/healthz), and whether it can work (/readyz), told to whoever supervises it."""

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from tonewright.base.errors import TonewrightError
from tonewright.server.conf import conf
from tonewright.server.models import Worker
from tonewright.server.storage import content_key, storage

#: Below this an upload of an album's worth of songs would no longer fit.
LEAST_ROOM_BYTES = 2 << 30
#: Kept to see whether anything can be.
_TRIAL = b"Tonewright looks whether files can be kept.\n"
_SILENT = timedelta(seconds=30)


#: How long what was found is told again, in seconds.
FRESH_S = 1.0
_looked: tuple[float, dict[str, str]] = (-FRESH_S, {})


class Unwell(Exception):
    """Something that the service needs is not as it must be; the text says what."""


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """This process answers."""
    return JsonResponse({"status": "alive"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Each thing that work needs: "ok", or what is wrong with it. The status is 503 if anything is.

    Anybody may ask, and looking costs a write: so it is looked once in FRESH_S, however often somebody asks.
    """
    global _looked
    if time.monotonic() - _looked[0] > FRESH_S:
        _looked = time.monotonic(), {name: _tried(check) for name, check in CHECKS.items()}
    found = _looked[1]
    well = all(words == "ok" for words in found.values())
    return JsonResponse({"status": "ready" if well else "not ready", "checks": found}, status=200 if well else 503)


def _tried(check: Callable[[], None]) -> str:
    try:
        check()
    except (Unwell, TonewrightError) as error:
        return str(error)
    except Exception as error:
        return type(error).__name__  # to anybody: no paths, no hosts
    return "ok"


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _storage() -> None:
    key = content_key(hashlib.sha256(_TRIAL).hexdigest())
    storage().put(key, _TRIAL)
    if storage().read(key) != _TRIAL:
        raise Unwell("what is kept can't be read back")


def _worker() -> None:
    last = Worker.objects.order_by("-beat_at").values_list("beat_at", flat=True).first()
    if last is None or timezone.now() - last > _SILENT:
        raise Unwell("no worker is alive")


def _disk() -> None:
    for folder in (conf().data, Path(tempfile.gettempdir())):
        if not os.access(folder, os.W_OK):
            raise Unwell("a folder that is written to may not be")
    free = shutil.disk_usage(conf().data).free
    if free < LEAST_ROOM_BYTES:
        raise Unwell(f"only {free >> 20} MiB are free")


CHECKS: dict[str, Callable[[], None]] = {
    "database": _database,
    "storage": _storage,
    "worker": _worker,
    "disk": _disk,
}
