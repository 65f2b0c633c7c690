"""Uploads in parts, as S3 has them: create, put parts in any order (parts.py), complete (assembling.py), abort.

Which parts are there can be listed, so a browser that was closed goes on where it was.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from tonewright.base.errors import UsageError
from tonewright.server.errors import Conflict, NotAllowed, TooManyRequests
from tonewright.server.models import Audio, Project, Song, Upload
from tonewright.server.services import projects, quota
from tonewright.server.services.acceptable import check_size, checked_name, part_bytes_of
from tonewright.server.services.access import Actor, get, get_upload
from tonewright.server.services.parts import DIGEST, expiry, part_json
from tonewright.server.storage import parts_prefix, storage

#: Unfinished uploads of one sender; a folder with more songs goes in turns.
MOST_OPEN = 500
#: References that lead one song, as one render takes them.
MOST_REFERENCES = 16


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
    if sha256 and not DIGEST.fullmatch(sha256):
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
            expires_at=expiry(),
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
    quota.must_have_room(actor, place.owner_id if place is not None else actor.user.pk, size_bytes, "the file")
    if Upload.objects.filter(owner=actor.user, state__in=Upload.UNFINISHED).count() >= MOST_OPEN:
        raise TooManyRequests(f"{MOST_OPEN} uploads are unfinished.", "Finish some, or remove them.")
    storage().check_room(2 * size_bytes)  # its parts, and the file that is put together from them


def listed(actor: Actor, state: str | None = None) -> QuerySet[Upload]:
    """An actor's own uploads, with their parts."""
    rows = Upload.objects.filter(owner=actor.user).prefetch_related("parts")
    return rows.filter(state=state) if state else rows


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
    wanted = Upload.objects.filter(state__in=Upload.UNFINISHED).values_list("pk", flat=True)
    for upload_id in lying - {str(pk) for pk in wanted}:
        storage().delete_below(parts_prefix(UUID(upload_id)))


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
