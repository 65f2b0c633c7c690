"""Uploads in parts, as S3 has them: create, put parts in any order and as often as need be, complete, abort.

A part that was acknowledged is on the disk and in the database. Which parts are there can be listed, so a browser that
was closed goes on where it was.
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
from django.db.models import QuerySet
from django.utils import timezone

from tonewright.base.errors import UsageError
from tonewright.server.conf import conf
from tonewright.server.errors import Conflict, NotAllowed, NotFound, PartDamaged, QuotaPassed, TooManyRequests
from tonewright.server.models import Audio, Project, Song, Upload, UploadPart, User
from tonewright.server.services import projects
from tonewright.server.services.acceptable import (
    check_beginning,
    check_size,
    checked_name,
    part_bytes_of,
    words_of,
)
from tonewright.server.services.access import Actor, get, get_upload
from tonewright.server.services.files import kept_bytes
from tonewright.server.storage import part_key, parts_prefix, storage
from tonewright.server.storage.durable import storing_error

#: Unfinished uploads of one sender; a folder with more songs goes in turns.
MOST_OPEN = 500
#: References that lead one song, as one render takes them.
MOST_REFERENCES = 16
_READ_BYTES = 256 << 10
_DIGEST = re.compile(r"[0-9a-f]{64}")
_UNFINISHED = (Upload.State.OPEN, Upload.State.ASSEMBLING)


def create(
    actor: Actor,
    *,
    filename: str,
    size_bytes: int,
    sha256: str = "",
    project_id: UUID | None = None,
    song_id: UUID | None = None,
    role: str = Audio.Role.MIX,
) -> Upload:
    """A new upload. With a song it becomes its new mix or a reference; with a project a new song there; with neither
    a new project. sha256: of the whole file, if the sender knows it; it is checked.

    Raises UsageError, NotAudio, TooLarge, QuotaPassed, NotAllowed, NotFound, Conflict, TooManyRequests, DiskFull.
    """
    name = checked_name(filename)
    check_size(name, size_bytes, actor.user)
    if sha256 and not _DIGEST.fullmatch(sha256):
        raise UsageError("sha256: it is no digest.", "Send 64 hexadecimal digits, or nothing.")
    with transaction.atomic():
        song = get(actor, Song, song_id) if song_id else None
        project = get(actor, Project, project_id) if project_id else None
        _check_place(actor, song, project, role)
        _check_room(actor, song, project, size_bytes)
        return Upload.objects.create(
            owner=actor.user,
            project=project,
            song=song,
            role=role,
            filename=name,
            bytes=size_bytes,
            part_bytes=part_bytes_of(size_bytes),
            sha256=sha256,
            expires_at=_expiry(),
        )


def _check_place(actor: Actor, song: Song | None, project: Project | None, role: str) -> None:
    if song is not None and project is not None and song.project_id != project.pk:
        raise UsageError("song_id, project_id: the song is in another project.", "Give the song alone.")
    if role == Audio.Role.REFERENCE:
        if song is None:
            raise UsageError("song_id: a reference needs a song to lead.", "Give the song.")
        check_references(song)
    if song is None:
        check_visitor(actor, project)


def check_visitor(actor: Actor, project: Project | None) -> None:
    """Raises NotAllowed for a visitor's second song."""
    if not actor.user.is_visitor:
        return
    if project is None:
        projects.check_room_for_a_song(actor)
    elif Song.objects.filter(project=project).exists():
        raise NotAllowed("A visitor can try one song.", "Make an account: this song comes along.")
    if Upload.objects.filter(owner=actor.user, song=None, state=Upload.State.OPEN).exists():
        raise NotAllowed("A visitor can try one song, and one is on its way.", "Finish it or remove it first.")


def check_references(song: Song) -> None:
    """Raises Conflict if a song has as many references as can lead it."""
    if song.audios.filter(role=Audio.Role.REFERENCE, removed_at=None).count() >= MOST_REFERENCES:
        raise Conflict(f"The song has {MOST_REFERENCES} references already.", "Remove one first.")


def _check_room(actor: Actor, song: Song | None, project: Project | None, size_bytes: int) -> None:
    place = song.project if song is not None else project
    payer_id = place.owner_id if place is not None else actor.user.pk
    # of two uploads at once the later sees the earlier
    payer = User.objects.select_for_update().get(pk=payer_id)
    if Upload.objects.filter(owner=actor.user, state__in=_UNFINISHED).count() >= MOST_OPEN:
        raise TooManyRequests(f"{MOST_OPEN} uploads are unfinished.", "Finish some, or remove them.")
    kept = kept_bytes(payer)
    if kept + size_bytes > conf().quota_bytes:
        left = words_of(max(conf().quota_bytes - kept, 0))
        whose = "your account" if payer.pk == actor.user.pk else "the project's owner's account"
        raise QuotaPassed(
            f"There is {left} left in {whose}; the file has {words_of(size_bytes)}.",
            "Delete songs that you no longer need.",
        )
    storage().check_room(2 * size_bytes)  # its parts, and the file that is put together from them


def listed(actor: Actor, state: str | None = None) -> QuerySet[Upload]:
    """An actor's own uploads, with their parts."""
    rows = Upload.objects.filter(owner=actor.user).prefetch_related("parts")
    return rows.filter(state=state) if state else rows


def put_part(actor: Actor, upload_id: UUID, number: int, sha256: str, body: IO[bytes]) -> UploadPart:
    """Take a part in: numbers count from 1, all parts but the last have part_bytes. On return it is kept.

    The same part again is taken as done; another content replaces it, as long as the upload is open. Raises NotFound,
    UsageError for a wrong number, size or digest, PartDamaged for bytes that don't have the digest, NotAudio for a
    first part that no format begins with, Conflict once the upload is closed, DiskFull, StorageFailed.
    """
    upload = get_upload(actor, upload_id)
    size_bytes = part_size(upload, number)
    if not _DIGEST.fullmatch(sha256):
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
        upload.expires_at = _expiry()
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


def abort(actor: Actor, upload_id: UUID) -> None:
    """Give an upload up; its parts go. Again is no error. Raises NotFound, Conflict for one that is done."""
    with transaction.atomic():
        upload = Upload.objects.select_for_update().get(pk=get_upload(actor, upload_id).pk)
        if upload.state == Upload.State.DONE:
            raise Conflict("The upload is done; the sound is in its song.", "Delete it there.")
        upload.state = Upload.State.ABORTED
        upload.save(update_fields=["state"])
        upload.parts.all().delete()
    storage().delete_below(parts_prefix(upload_id))


def expire(now: datetime) -> int:
    """Remove uploads whose time is over, with their parts. Gives how many."""
    over = Upload.objects.filter(expires_at__lt=now).exclude(state=Upload.State.ASSEMBLING)
    gone = 0
    for upload_id in list(over.values_list("pk", flat=True)):
        with transaction.atomic():
            row = over.select_for_update().filter(pk=upload_id).first()
            if row is not None:
                row.delete()
                gone += 1
    sweep_parts()
    return gone


def sweep_parts() -> None:
    """Remove the parts of uploads that are finished, given up or gone."""
    lying = {key.split("/")[1] for key in storage().keys("parts")}
    wanted = Upload.objects.filter(state__in=_UNFINISHED).values_list("pk", flat=True)
    for upload_id in lying - {str(pk) for pk in wanted}:
        storage().delete_below(parts_prefix(UUID(upload_id)))


def part_count(upload: Upload) -> int:
    return -(-upload.bytes // upload.part_bytes)


def part_size(upload: Upload, number: int) -> int:
    """How many bytes a part has. Raises UsageError for a number that the upload does not have."""
    count = part_count(upload)
    if not 1 <= number <= count:
        raise UsageError(f"There is no part {number}: the file has {count}, counted from 1.")
    return upload.part_bytes if number < count else upload.bytes - (count - 1) * upload.part_bytes


def upload_json(upload: Upload) -> dict[str, Any]:
    """An upload as the API shows it."""
    return {
        "id": str(upload.pk),
        "filename": upload.filename,
        "bytes": upload.bytes,
        "part_bytes": upload.part_bytes,
        "sha256": upload.sha256,
        "role": upload.role,
        "state": upload.state,
        "project_id": str(upload.project_id) if upload.project_id else None,
        "song_id": str(upload.song_id) if upload.song_id else None,
        "audio_id": str(upload.audio_id) if upload.audio_id else None,
        "parts": [part_json(part) for part in upload.parts.all()],
        "created_at": upload.created_at.isoformat(),
        "expires_at": upload.expires_at.isoformat(),
    }


def part_json(part: UploadPart) -> dict[str, Any]:
    return {"number": part.number, "bytes": part.bytes, "sha256": part.sha256}


def _must_be_open(upload: Upload) -> None:
    if upload.state != Upload.State.OPEN:
        raise _closed(upload)


def _closed(upload: Upload | None) -> Conflict | NotFound:
    if upload is None:
        return NotFound("The upload was removed meanwhile.")
    return Conflict(f"The upload is {upload.state}; it takes no more parts.")


def _expiry() -> datetime:
    return timezone.now() + timedelta(hours=conf().keep_upload_hours)
