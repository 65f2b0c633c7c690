"""What a worker does with a job, beside a child that makes what it is told to."""

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from catalogue import keep, ready_master, ready_mix
from tonewright.server.models import Delivery, Job, Song, User
from tonewright.server.services import deliveries, songs
from tonewright.server.services.access import Actor
from tonewright.server.storage import storage
from tonewright.server.work.child import Children
from tonewright.server.work.tasks import Carrier

pytestmark = pytest.mark.django_db(transaction=True)


class Titles(Children):
    """Makes files that hold their titles and nothing else. meanwhile: what happens while one is made."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        super().__init__(spares=0)
        self.meanwhile = meanwhile
        self.made: list[str] = []

    def run(self, job: dict[str, Any], seconds: float, report: Callable[[str, float], None]) -> dict[str, Any]:
        title = job["tags"]["title"]
        self.made.append(title)
        self.meanwhile()
        content = title.encode()
        (Path(job["folder"]) / "delivery.flac").write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        return {"file": "delivery.flac", "bytes": len(content), "sha256": digest, "notes": []}


def test_a_file_whose_song_is_renamed_meanwhile_is_made_again(artist: User, piece: Song, tmp_path: Path) -> None:
    actor = Actor(artist)
    master = ready_master(ready_mix(piece, work_key=keep(b"work")), master_key=keep(b"made"))
    delivery, _ = deliveries.request(actor, master.pk, "flac")
    children = Titles(lambda: songs.change(actor, piece.pk, {"title": "Overture"}))
    Carrier(tmp_path, children, threading.Event())(str(Job.objects.get().pk))
    assert children.made == ["Opening", "Overture"]
    found = Delivery.objects.get(pk=delivery.pk)
    assert (found.state, storage().read(found.key)) == (Delivery.State.READY, b"Overture")
    assert found.filename == "The Examples - Overture (Master 1, 24-bit).flac"
    assert Job.objects.get().state == Job.State.DONE
    children.close()
