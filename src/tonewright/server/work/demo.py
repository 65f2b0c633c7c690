"""The demo song of a fresh service: made by the music generator, mastered like any other, and the first owner's."""

import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

import structlog
from django.db import transaction

from tonewright.server.conf import conf
from tonewright.server.models import Audio, Job, Project, Song, User
from tonewright.server.services import accounts, files, jobs
from tonewright.server.storage import digest_of

log = structlog.get_logger()

#: Long enough for two verses and two choruses, so that there is something to find.
_SECONDS = 120
_PROJECT_ID = uuid.UUID("00000000-0000-4000-8000-000000000003")
_FILENAME = "Demo.wav"


def prepare(folder: Path) -> None:
    """Make the song and queue its arrival, unless somebody is here already. Killed midway, it is begun anew.

    folder: for the file on its way, this worker's alone.
    """
    if not _is_wanted():
        return
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="demo-", dir=folder) as place:
        path = Path(place) / _FILENAME
        command = [sys.executable, "-m", "tonewright", "demo", str(path), f"--seconds={_SECONDS}", "--quiet"]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        size = path.stat().st_size
        key = files.keep(path)
    with transaction.atomic():
        if Project.objects.filter(pk=_PROJECT_ID).exists():
            return
        owner = _owner()
        project = Project.objects.create(pk=_PROJECT_ID, owner=owner, title="Demo", artist="Tonewright")
        song = Song.objects.create(project=project, title="Demo")
        audio = Audio.objects.create(
            song=song, filename=_FILENAME, bytes=size, sha256=digest_of(key), key=key, role=Audio.Role.MIX
        )
        jobs.accept(Job.Kind.ARRIVE, song, owner, audio=audio)
    log.info("demo.sent")


def _is_wanted() -> bool:
    made = Project.objects.filter(pk=_PROJECT_ID).exists()
    return conf().demo and not made and accounts.needs_owner()


def _owner() -> User:
    """The service's owner if there is one by now, else one who holds it for them."""
    owner = User.objects.filter(pk=accounts.OWNER_ID).first()
    if owner is None:
        owner, _ = User.objects.get_or_create(
            pk=accounts.DEMO_OWNER_ID,
            defaults={"is_visitor": True, "is_active": False, "display_name": "Tonewright"},
        )
    return owner
