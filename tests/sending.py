"""Files on their way in, without HTTP, in parts of any size."""

import hashlib
import io
import random
from collections.abc import Sequence
from typing import Any

from tonewright.server.models import Audio, Upload, UploadPart
from tonewright.server.services import assembling, parts, uploads
from tonewright.server.services.access import Actor
from tonewright.server.storage import storage

#: So begins a WAV file; what follows is anything.
_HEAD = b"RIFF\xff\xff\xff\x7fWAVEfmt "


def some_bytes(count: int, seed: int = 0) -> bytes:
    """What looks like a sound as far as an upload looks."""
    return (_HEAD + random.Random(seed).randbytes(count))[:count]


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def begin(actor: Actor, content: bytes, part_bytes: int = 0, filename: str = "Song.wav", **more: Any) -> Upload:
    """An upload of this content. part_bytes: smaller ones than the service's own, for tests."""
    upload = uploads.create(actor, filename=filename, size_bytes=len(content), **more)
    if part_bytes:
        upload.part_bytes = part_bytes
        upload.save()
    return upload


def pieces(upload: Upload, content: bytes) -> list[bytes]:
    """The parts of a content."""
    return [content[at : at + upload.part_bytes] for at in range(0, len(content), upload.part_bytes)]


def put(actor: Actor, upload: Upload, number: int, content: bytes, sha256: str = "") -> UploadPart:
    return parts.put_part(actor, upload.pk, number, sha256 or digest(content), io.BytesIO(content))


def put_all(actor: Actor, upload: Upload, content: bytes, order: Sequence[int] = ()) -> None:
    """All parts, in this order of numbers, which may have repeats."""
    parts = pieces(upload, content)
    for number in order or range(1, len(parts) + 1):
        put(actor, upload, number, parts[number - 1])


def complete(actor: Actor, upload: Upload) -> Audio:
    done = assembling.complete(actor, upload.pk)
    assert done.audio is not None
    return done.audio


def send(actor: Actor, content: bytes, **more: Any) -> Audio:
    """A whole upload."""
    upload = begin(actor, content, **more)
    put_all(actor, upload, content)
    return complete(actor, upload)


def kept(audio: Audio) -> bytes:
    return storage().read(audio.key)
