"""Kept files and the rows that refer to them.

A file is kept under the digest of what is in it, so several rows may share one; it goes once no row refers to it. The
danger is that it goes while somebody is about to refer to it. So whoever keeps a file first writes in its row when
(keep), and what was kept a short while ago is left alone; and whoever removes a file holds that row meanwhile
(forget), so that keeping it again waits and then finds that it has to be made anew.
"""

import hashlib
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from django.db import models, transaction
from django.utils import timezone

from tonewright.server.models import Audio, Delivery, Master, StoredFile
from tonewright.server.storage import content_key, storage

#: Within this time what was kept is referred to, or never will be.
GRACE = timedelta(hours=1)

#: Every column that names a kept file.
REFERENCES: dict[type[models.Model], tuple[str, ...]] = {
    Audio: ("key", "work_key", "analysis_key", "peaks_key", "listen_key"),
    Master: ("master_key", "report_key", "curves_key", "peaks_key", "listen_key"),
    Delivery: ("key",),
}


def keep(path: Path, sha256: str = "") -> str:
    """Take a finished file in; gives its key. `path` is gone. sha256: its digest, if it is known.

    Raises DiskFull, OutputFailed, StorageFailed.
    """
    if not sha256:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    key = content_key(sha256)
    now = {"bytes": path.stat().st_size, "touched_at": timezone.now()}
    StoredFile.objects.update_or_create(key=key, defaults=now)
    storage().adopt(path, key)
    return key


def is_referred_to(key: str) -> bool:
    """Whether any row names a kept file."""
    return any(
        model._default_manager.filter(**{column: key}).exists()
        for model, columns in REFERENCES.items()
        for column in columns
    )


def sweep() -> int:
    """Remove what no row refers to. Gives how many files."""
    unreferred = StoredFile.objects.filter(touched_at__lt=timezone.now() - GRACE)
    for model, columns in REFERENCES.items():
        for column in columns:
            unreferred = unreferred.exclude(key__in=model._default_manager.exclude(**{column: ""}).values(column))
    storage().tidy()
    return forget(unreferred.values_list("key", flat=True))


def forget(keys: Iterable[str]) -> int:
    """Remove those of these files that no row refers to, and that nobody has just kept. Gives how many."""
    return sum(_forget(key) for key in list(keys))


def _forget(key: str) -> bool:
    with transaction.atomic():
        row = StoredFile.objects.select_for_update().filter(pk=key, touched_at__lt=timezone.now() - GRACE).first()
        if row is None or is_referred_to(key):
            return False
        storage().delete(key)
        row.delete()
    return True
