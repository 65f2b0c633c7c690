"""Everything that a person owns, as one ZIP file that is made while it is sent: nothing of it is held whole.

account.json                       the person, their teams, tokens, webhooks (no secrets)
projects/<title> <id>/project.json
    <title> <id>/song.json         brief, controls, sounds, versions, jobs: the rows as they are stored
        sounds/                    as they were sent in
        versions/                  each with its recipe and report
        files/                     what was made to be taken away
missing.txt                        files that should have been there, if any
"""

import json
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from tonewright.base.errors import InputUnreadable
from tonewright.server.models import Audio, Delivery, Master, Project, Song, User
from tonewright.server.services.filenames import clean_filename
from tonewright.server.storage import storage

#: Rows of the account that go along, by the name of their relation.
_OF_A_USER = ("memberships", "tokens", "webhooks", "uploads")
#: What opens something, or is of no meaning elsewhere.
_KEPT_BACK = {"password", "sha256", "secret", "workflow_id", "claim", "is_superuser", "is_staff"}
_MISSING = "missing.txt"
#: What Windows allows in no name.
_RESERVED = re.compile(r'[/\\:*?"<>|]')


class _Out:
    """What a ZIP file is written into: it is handed on, and can't be gone back in."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self.pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        pass

    def taken(self) -> bytes:
        joined = b"".join(self.pieces)
        self.pieces.clear()
        return joined


def pieces(user: User) -> Iterator[bytes]:
    """The ZIP file's bytes. Raises StorageFailed, in its middle, where the storage can't be reached."""
    out = _Out()
    missing: list[str] = []
    with zipfile.ZipFile(out, "w", allowZip64=True) as archive:  # type: ignore[call-overload]
        for name, chunks in _entries(user, missing):
            packed = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            packed.compress_type = zipfile.ZIP_DEFLATED if name.endswith((".json", ".html")) else zipfile.ZIP_STORED
            with archive.open(packed, "w", force_zip64=True) as entry:
                for chunk in chunks:
                    entry.write(chunk)
                    if out.pieces:
                        yield out.taken()
    yield out.taken()


def _entries(user: User, missing: list[str]) -> Iterator[tuple[str, Iterator[bytes]]]:
    about = {name: _rows(getattr(user, name).all()) for name in _OF_A_USER}
    yield "account.json", _json(_row(user) | about)
    for project in user.projects.all():
        folder = f"projects/{_named(project.title, project)}"
        yield f"{folder}/project.json", _json(_row(project))
        for song in project.songs.all():
            yield from _of_a_song(f"{folder}/{_named(song.title, song)}", song, missing)
    if missing:
        yield _MISSING, iter(["\n".join([*missing, ""]).encode()])


def _of_a_song(folder: str, song: Song, missing: list[str]) -> Iterator[tuple[str, Iterator[bytes]]]:
    masters = list(song.masters.all())
    about = {
        "sounds": _rows(song.audios.all()),
        "versions": _rows(song.masters.all()),
        "files": _rows(Delivery.objects.filter(master__song=song)),
        "jobs": _rows(song.jobs.all()),
    }
    yield f"{folder}/song.json", _json(_row(song) | about)
    for master in masters:
        if master.recipe is not None:
            yield f"{folder}/versions/{master.number}-recipe.json", _json(master.recipe)
    for name, key in _files(song, masters):
        try:
            chunks = storage().stream(key)
        except InputUnreadable:
            missing.append(f"{folder}/{name}")
            continue
        yield f"{folder}/{name}", chunks


def _files(song: Song, masters: list[Master]) -> Iterator[tuple[str, str]]:
    """(name, key) of every file of a song that was sent in or made to be heard or read."""
    for audio in Audio.objects.filter(song=song):
        yield f"sounds/{_numbered(audio, audio.filename)}", audio.key
    for master in masters:
        if master.master_key:
            yield f"versions/{master.number}.wav", master.master_key
        if master.report_key:
            yield f"versions/{master.number}-report.html", master.report_key
        for delivery in master.deliveries.exclude(key=""):
            yield f"files/{_numbered(delivery, delivery.filename)}", delivery.key


def _named(title: str, row: Project | Song) -> str:
    """A folder's name: two things may have one title."""
    return f"{_safe(title)[:60].strip()} {str(row.pk)[:8]}".strip()


def _numbered(row: Audio | Delivery, filename: str) -> str:
    return f"{str(row.pk)[:8]} {_safe(filename)}"


def _safe(name: str) -> str:
    """A part of a path that any system can have."""
    return clean_filename(_RESERVED.sub("-", name))


def _rows(rows: "models.QuerySet[Any]") -> list[dict[str, Any]]:
    return [_row(row) for row in rows]


def _row(row: models.Model) -> dict[str, Any]:
    """A row as it is stored, without what opens something and without the storage's own names."""
    kept = [
        field.attname
        for field in row._meta.concrete_fields
        if field.name not in _KEPT_BACK and field.name != "key" and not field.name.endswith("_key")
    ]
    return {name: getattr(row, name) for name in kept}


def _json(value: Any) -> Iterator[bytes]:
    yield json.dumps(value, cls=DjangoJSONEncoder, indent=1, ensure_ascii=False).encode()
