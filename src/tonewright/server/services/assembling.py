"""The end of an upload: its parts are put together, and a sound of a song comes of it.

The upload is marked as assembling first. Whatever happens then, completing it again takes it up, and so does
resume_assembling, which workers call now and then: parts stay until the transaction that makes the sound's row.
"""

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from django.db import transaction

from tonewright.base.errors import OutputFailed, TonewrightError
from tonewright.server.errors import Conflict, NotFound, PartDamaged
from tonewright.server.models import Audio, Job, Song, Upload, UploadPart
from tonewright.server.services import events, jobs, projects, songs
from tonewright.server.services.access import Actor, get, get_upload
from tonewright.server.services.filenames import names_from_filename
from tonewright.server.services.files import keep
from tonewright.server.services.parts import part_count
from tonewright.server.services.shown import audio_json
from tonewright.server.services.uploads import check_references
from tonewright.server.storage import part_key, parts_prefix, storage
from tonewright.server.storage.durable import storing_error


def complete(actor: Actor, upload_id: UUID) -> Upload:
    """Put the parts together; the sound's row and the job that hears it are made together or not at all.

    Again is no error, and gives the same. Raises NotFound, Conflict while parts are missing or for an upload that was
    given up, PartDamaged if the whole has not the digest that was announced, DiskFull, StorageFailed, NotAllowed.
    """
    upload = get_upload(actor, upload_id)
    if upload.state == Upload.State.OPEN:
        upload = _begin(upload_id)
    if upload.state == Upload.State.ABORTED:
        raise Conflict("The upload was given up.", "Send the file again.")
    if upload.state == Upload.State.ASSEMBLING:
        with _alone(upload_id, wait=True):
            _finish(actor, upload_id)
    return Upload.objects.prefetch_related("parts").get(pk=upload_id)


def resume_assembling() -> int:
    """Take up what a killed process was putting together. Gives how many."""
    resumed = 0
    for upload in Upload.objects.filter(state=Upload.State.ASSEMBLING).select_related("owner"):
        with contextlib.suppress(_Busy, TonewrightError), _alone(upload.pk, wait=False):
            _finish(Actor(upload.owner), upload.pk)
            resumed += 1
    return resumed


def _begin(upload_id: UUID) -> Upload:
    """From here on no part is taken any more."""
    with transaction.atomic():
        upload = Upload.objects.select_for_update().get(pk=upload_id)
        if upload.state == Upload.State.OPEN:
            there = set(upload.parts.values_list("number", flat=True))
            absent = [number for number in range(1, part_count(upload) + 1) if number not in there]
            if absent:
                raise Conflict(f"Parts are missing: {_words(absent)}.", "Send them, then complete again.")
            upload.state = Upload.State.ASSEMBLING
            upload.save(update_fields=["state"])
    return upload


def _finish(actor: Actor, upload_id: UUID) -> None:
    """From assembling to done; back to open where that can't be, so that it can be put right.

    Where there is no room, or no way to the storage, it stays as it is: the same again may do.
    """
    upload = Upload.objects.filter(pk=upload_id).first()
    if upload is None:
        raise NotFound("The upload was removed meanwhile.")
    if upload.state != Upload.State.ASSEMBLING:
        return
    path = storage().spool / f"assembling-{upload_id}"
    try:
        sha256 = _assemble(upload, list(upload.parts.order_by("number")), path)
        key = keep(path, sha256)
        with transaction.atomic():
            _become_a_sound(actor, upload_id, sha256, key)
    except OutputFailed:
        path.unlink(missing_ok=True)
        raise
    except TonewrightError:
        path.unlink(missing_ok=True)
        Upload.objects.filter(pk=upload_id, state=Upload.State.ASSEMBLING).update(state=Upload.State.OPEN)
        _lock_file(upload_id).unlink(missing_ok=True)
        raise
    storage().delete_below(parts_prefix(upload_id))
    _lock_file(upload_id).unlink(missing_ok=True)  # whoever still waits for it will find the upload done


def _assemble(upload: Upload, parts: list[UploadPart], path: Path) -> str:
    """The whole file, at `path`; gives its digest. Raises PartDamaged, DiskFull, StorageFailed."""
    digest, got = hashlib.sha256(), 0
    try:
        with path.open("wb") as file:
            for part in parts:
                with contextlib.closing(storage().stream(part_key(upload.pk, part.number, part.sha256))) as chunks:
                    for chunk in chunks:
                        digest.update(chunk)
                        got += len(chunk)
                        file.write(chunk)
    except OSError as error:
        raise storing_error(error) from error
    sha256 = digest.hexdigest()
    if got != upload.bytes or (upload.sha256 and upload.sha256 != sha256):
        raise PartDamaged(
            f"{upload.filename} did not arrive as it was announced: its digest is {sha256[:12]}...",
            "Send the parts again that differ, or start anew.",
        )
    return sha256


def _become_a_sound(actor: Actor, upload_id: UUID, sha256: str, key: str) -> None:
    """The rows. Raises NotFound if the song or project is gone, Conflict for an upload that was given up meanwhile."""
    upload = Upload.objects.select_for_update(of=("self",)).get(pk=upload_id)
    if upload.state == Upload.State.DONE:
        return
    if upload.state != Upload.State.ASSEMBLING:
        raise Conflict("The upload was given up.", "Send the file again.")
    song = _song_of(actor, upload)
    audio = Audio.objects.create(
        song=song, role=upload.role, filename=upload.filename, bytes=upload.bytes, sha256=sha256, key=key
    )
    if upload.role == Audio.Role.MIX and song.mix_id is None:
        song.mix = audio
        song.save(update_fields=["mix"])
    upload.state, upload.audio, upload.song, upload.sha256 = Upload.State.DONE, audio, song, sha256
    upload.project = song.project
    upload.save()
    jobs.accept(Job.Kind.ARRIVE, song, upload.owner, audio=audio)
    events.tell("audio", upload.owner_id, song.pk, audio_json(audio))
    songs.tell(song, actor)


def _song_of(actor: Actor, upload: Upload) -> Song:
    """The song that a sound is for: the one that was given, or a new one, named after the file."""
    if upload.song_id is not None:
        song = get(actor, Song, upload.song_id)
        if upload.role == Audio.Role.REFERENCE:
            check_references(song)
        return song
    names = names_from_filename(upload.filename)
    described = {"title": names.title, "artist": names.artist, "track_number": names.track_number}
    project_id = upload.project_id
    if project_id is None:
        project_id = projects.create(actor, kind="single", title=names.title, artist=names.artist).pk
    return songs.create(actor, project_id, described)


class _Busy(Exception):
    """Another process is at it."""


@contextlib.contextmanager
def _alone(upload_id: UUID, wait: bool) -> Iterator[None]:
    """Let one process of this machine at a time put an upload together; a lock dies with who holds it.

    Processes of several machines may do it at once: the later one finds it done. Raises _Busy unless it waits.
    """
    descriptor = os.open(_lock_file(upload_id), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    except BlockingIOError as error:
        raise _Busy from error
    finally:
        os.close(descriptor)


def _lock_file(upload_id: UUID) -> Path:
    return storage().spool / f"lock-{upload_id}"


def _words(numbers: list[int]) -> str:
    """1, 2, 3, 7 -> "1 to 3, 7"; a long list is cut short."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1] = [runs[-1][0], number]
        else:
            runs.append([number])
    told = [" to ".join(map(str, run)) for run in runs[:5]]
    return ", ".join(told) + (" and others" if len(runs) > 5 else "")
