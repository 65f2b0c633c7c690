"""The parts of an upload: taken in, in any order and as often as need be.

A part that was acknowledged is on the disk and in the database.
"""

import hashlib
import os
import re
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from tonewright.base.errors import UsageError
from tonewright.server.conf import conf
from tonewright.server.errors import Conflict, NotFound, PartDamaged
from tonewright.server.models import Upload, UploadPart
from tonewright.server.services.acceptable import check_beginning
from tonewright.server.services.access import Actor, get_upload
from tonewright.server.storage import part_key, storage
from tonewright.server.storage.durable import storing_error

DIGEST = re.compile(r"[0-9a-f]{64}")
_READ_BYTES = 256 << 10


def put_part(actor: Actor, upload_id: UUID, number: int, sha256: str, body: IO[bytes]) -> UploadPart:
    """Take a part in: numbers count from 1, all parts but the last have part_bytes. On return it is kept.

    The same part again is taken as done; another content replaces it, as long as the upload is open. Raises NotFound,
    UsageError for a wrong number, size or digest, PartDamaged for bytes that don't have the digest, NotAudio for a
    first part that no format begins with, Conflict once the upload is closed, DiskFull, StorageFailed.
    """
    upload = get_upload(actor, upload_id)
    size_bytes = part_size(upload, number)
    if not DIGEST.fullmatch(sha256):
        raise UsageError("Content-SHA256: it is no digest.", "Send 64 lowercase hexadecimal digits.")
    there = upload.parts.filter(number=number, sha256=sha256).first()
    if there is not None:
        return there
    _must_be_open(upload)
    path = _received(body, size_bytes, sha256)
    try:
        if number == 1:
            with path.open("rb") as file:
                check_beginning(upload.filename, file, upload.bytes)
        storage().adopt(path, part_key(upload.pk, number, sha256))
    finally:
        path.unlink(missing_ok=True)
    part, replaced = _note(upload.pk, number, size_bytes, sha256)
    if replaced:
        _drop(upload.pk, number, replaced)
    return part


def _note(upload_id: UUID, number: int, size_bytes: int, sha256: str) -> tuple[UploadPart, str]:
    """Write down that a part is there. Gives it, and the digest of the one it replaces."""
    key = part_key(upload_id, number, sha256)
    with transaction.atomic():
        upload = Upload.objects.select_for_update().filter(pk=upload_id).first()
        part = UploadPart.objects.filter(upload_id=upload_id, number=number).first()
        if part is not None and part.sha256 == sha256:
            return part, ""
        if upload is None or upload.state != Upload.State.OPEN:
            storage().delete(key)
            raise _closed(upload)
        if storage().size(key) != size_bytes:  # dropped by whoever was replacing it at this very moment
            raise PartDamaged("The part was replaced while it was sent.", "Send it again.")
        replaced = part.sha256 if part is not None else ""
        part = part or UploadPart(upload=upload, number=number)
        part.bytes, part.sha256 = size_bytes, sha256
        part.save()
        upload.expires_at = expiry()
        upload.save(update_fields=["expires_at"])
    return part, replaced


def _drop(upload_id: UUID, number: int, sha256: str) -> None:
    """Remove a part's file that was replaced, unless it came again meanwhile."""
    with transaction.atomic():
        list(Upload.objects.select_for_update().filter(pk=upload_id))
        if not UploadPart.objects.filter(upload_id=upload_id, number=number, sha256=sha256).exists():
            storage().delete(part_key(upload_id, number, sha256))


def _received(body: IO[bytes], size_bytes: int, sha256: str) -> Path:
    """What is sent, as a file in the spool. Raises UsageError, PartDamaged, DiskFull; then there is no file."""
    descriptor, name = tempfile.mkstemp(dir=storage().spool)
    path = Path(name)
    digest, got = hashlib.sha256(), 0
    try:
        with os.fdopen(descriptor, "wb") as file:
            while got <= size_bytes and (chunk := body.read(_READ_BYTES)):
                digest.update(chunk)
                got += len(chunk)
                _write(file, chunk)
            _flush(file)
        if got != size_bytes:
            more = "more" if got > size_bytes else f"{got}"
            raise UsageError(f"The part has {more} bytes; it should have {size_bytes}.", "Send it again.")
        if digest.hexdigest() != sha256:
            raise PartDamaged("The part does not have the digest that was sent with it.", "Send it again.")
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def _write(file: IO[bytes], chunk: bytes) -> None:
    try:
        file.write(chunk)
    except OSError as error:
        raise storing_error(error) from error


def _flush(file: IO[bytes]) -> None:
    try:
        file.flush()
    except OSError as error:
        raise storing_error(error) from error


def part_count(upload: Upload) -> int:
    return -(-upload.bytes // upload.part_bytes)


def part_size(upload: Upload, number: int) -> int:
    """How many bytes a part has. Raises UsageError for a number that the upload does not have."""
    count = part_count(upload)
    if not 1 <= number <= count:
        raise UsageError(f"There is no part {number}: the file has {count}, counted from 1.")
    return upload.part_bytes if number < count else upload.bytes - (count - 1) * upload.part_bytes


def part_json(part: UploadPart) -> dict[str, Any]:
    return {"number": part.number, "bytes": part.bytes, "sha256": part.sha256}


def _must_be_open(upload: Upload) -> None:
    if upload.state != Upload.State.OPEN:
        raise _closed(upload)


def _closed(upload: Upload | None) -> Conflict | NotFound:
    if upload is None:
        return NotFound("The upload was removed meanwhile.")
    return Conflict(f"The upload is {upload.state}; it takes no more parts.")


def expiry() -> datetime:
    """When an upload of which a part has just come is given up."""
    return timezone.now() + timedelta(hours=conf().keep_upload_hours)
