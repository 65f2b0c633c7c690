"""Songs on their way to a service and back: files found, sent in parts, waited for, fetched."""

import hashlib
import threading
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tonewright.base.atomic import AtomicFile, output_error
from tonewright.base.errors import DamagedAudio, Impossible, InputUnreadable
from tonewright.base.files.formats import INPUTS
from tonewright.base.paths import shown
from tonewright.cli.remote_service import Service, error_of
from tonewright.server.errors import NotFound

_CHUNK_BYTES = 1 << 20
#: A song's work is looked at this often.
_LOOK_S = 1.0
_OPEN_JOBS = ("queued", "running")

Advance = Callable[[int], None]


@dataclass(frozen=True)
class Found:
    """Audio files in the order of their names, and what lay beside them in folders and was left."""

    files: tuple[Path, ...]
    left: tuple[Path, ...]


def found_in(paths: Iterable[Path]) -> Found:
    """Files as they are named; of folders, all audio files in them and below. Raises InputUnreadable."""
    known = {extension for known in INPUTS for extension in known.extensions}
    files: list[Path] = []
    left: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(each for each in path.rglob("*") if each.is_file() and not each.name.startswith("."))
            files += [each for each in inside if each.suffix.lower() in known]
            left += [each for each in inside if each.suffix.lower() not in known]
        elif path.is_file():
            files.append(path)
        else:
            raise InputUnreadable(f"{shown(path)} does not exist.", "Check its name.")
    if not files:
        raise InputUnreadable("There is no audio file in what was named.", "Name a file, or a folder with some.")
    return Found(tuple(dict.fromkeys(files)), tuple(left))


def send(
    service: Service, path: Path, project_id: str | None, advance: Advance, again: bool = False
) -> dict[str, Any]:
    """Send a file, or what is missing of it; gives the upload, with the song that came of it.

    advance: told of bytes that are there. again: as another song, where the same was sent before.
    Raises InputUnreadable, and what the service refuses.
    """
    size, digest = _digest_of(path)
    about: dict[str, Any] = {"filename": _name(path), "bytes": size, "sha256": digest}
    if project_id is not None:
        about["project_id"] = project_id
    upload = None if again else _begun(service, about)
    if upload is None:
        upload = service.post("/uploads", about)
    if upload["state"] == "open":
        _send_parts(service, path, upload, advance)
        upload = service.post(f"/uploads/{upload['id']}/complete")
    elif upload["state"] == "assembling":
        upload = service.post(f"/uploads/{upload['id']}/complete")
        advance(size)
    else:
        advance(size)
    return dict(upload)


def _name(path: Path) -> str:
    return unicodedata.normalize("NFC", path.name.encode(errors="surrogateescape").decode(errors="replace"))


def _digest_of(path: Path) -> tuple[int, str]:
    try:
        with path.open("rb") as file:
            return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputUnreadable(f"{shown(path)} can't be read: {error.strerror or error}.") from error


def _begun(service: Service, about: dict[str, Any]) -> dict[str, Any] | None:
    """An upload of the same file to the same place that was begun before, or is done and its song is still there."""
    for upload in service.pages("/uploads"):
        same = all(upload[name] == about[name] for name in ("filename", "bytes", "sha256"))
        there = about.get("project_id") in (None, upload["project_id"]) and upload["role"] == "mix"
        if same and there and upload["state"] in ("open", "assembling"):
            return upload
        if same and there and upload["state"] == "done" and _is_there(service, upload["song_id"]):
            return upload
    return None


def _is_there(service: Service, song_id: str | None) -> bool:
    try:
        return song_id is not None and bool(service.get(f"/songs/{song_id}"))
    except NotFound:
        return False


def _send_parts(service: Service, path: Path, upload: dict[str, Any], advance: Advance) -> None:
    there = {part["number"]: part["sha256"] for part in upload["parts"]}
    try:
        with path.open("rb") as file:
            number = 0
            while part := file.read(upload["part_bytes"]):
                number += 1
                digest = hashlib.sha256(part).hexdigest()
                if there.get(number) != digest:
                    service.put(f"/uploads/{upload['id']}/parts/{number}", part, {"Content-SHA256": digest})
                advance(len(part))
    except OSError as error:
        raise InputUnreadable(f"{shown(path)} can't be read: {error.strerror or error}.") from error


def wait_for(service: Service, song_id: str, tell: Callable[[float], None]) -> dict[str, Any]:
    """Wait until nothing is being done for a song; gives the version that was made last of its newest mix.

    tell: told how far its work is, 0..1. Raises why the mix was refused or the version failed, and Impossible where
    there is nothing to wait for.
    """
    while True:
        song = service.get(f"/songs/{song_id}")
        waiting = [job for job in song["jobs"] if job["state"] in _OPEN_JOBS]
        if not waiting:
            return _outcome(service, song)
        tell(sum(job["done"] for job in waiting) / len(waiting))
        service.pause(_LOOK_S)


def _outcome(service: Service, song: dict[str, Any]) -> dict[str, Any]:
    mixes = service.get(f"/songs/{song['id']}/mixes", limit=1)["items"]
    if mixes and mixes[0]["state"] == "refused":
        raise error_of(**(mixes[0]["error"] or {"code": "bug", "message": "The mix was refused.", "remedy": ""}))
    made = [each for each in song["masters"] if not mixes or each["audio_id"] == mixes[0]["id"]]
    if not made:
        raise Impossible(f"Nothing is being made of {song['title']!r}.", "Upload a mix, or order a master.")
    ready = [each for each in made if each["state"] == "ready"]
    if not ready:
        error = made[-1]["error"] or {"code": "impossible", "message": "The master was cancelled.", "remedy": ""}
        raise error_of(**error)
    return dict(ready[-1])


class Folder:
    """Where masters are fetched to. Of two with one name the second gets a number."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._taken: set[str] = set()
        self._lock = threading.Lock()
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise output_error(error, path) from error

    def place(self, name: str) -> Path:
        """A place for a file that a service calls by this name, which may be anything."""
        safe = "".join(c for c in Path(name.replace("\\", "/")).name if c.isprintable()).strip(" .") or "master"
        stem, dot, extension = safe.rpartition(".")
        with self._lock:
            number, chosen = 1, safe
            while chosen.casefold() in self._taken:
                number += 1
                chosen = f"{stem} {number}{dot}{extension}" if dot else f"{safe} {number}"
            self._taken.add(chosen.casefold())
        return self.path / chosen


def fetch(
    service: Service, master: dict[str, Any], folder: Folder, order: dict[str, str], tell: Callable[[float], None]
) -> Path:
    """A version as a file in a folder. order: format, and bits where they are asked for.

    Raises DamagedAudio where what came is not what the service has, OutputFailed, DiskFull, and why it can't be made.
    """
    delivery = service.post(f"/masters/{master['id']}/deliveries", order)
    while delivery["state"] == "queued":
        service.pause(_LOOK_S)
        delivery = service.get(f"/deliveries/{delivery['id']}")
    if delivery["state"] == "failed":
        raise error_of(**delivery["error"])
    target = folder.place(delivery["filename"])
    digest, got = hashlib.sha256(), 0

    with AtomicFile(target) as file:

        def take(piece: bytes) -> None:
            nonlocal got
            try:
                file.file.write(piece)
            except OSError as error:
                raise output_error(error, target) from error
            digest.update(piece)
            got += len(piece)
            tell(got / max(delivery["bytes"], 1))

        service.fetch(f"/deliveries/{delivery['id']}/file", take)
        if delivery["sha256"] and digest.hexdigest() != delivery["sha256"]:
            raise DamagedAudio(f"{target.name} did not arrive as the service has it.", "Fetch it again.")
        file.commit()
    return target
