"""One person's rows, everything that there is, and everybody who may or may not ask for it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone

from tonewright.base.signal import Layout
from tonewright.server.models import (
    Audio,
    Delivery,
    Invitation,
    Job,
    Master,
    Membership,
    Project,
    Role,
    Song,
    Team,
    Upload,
    User,
    Webhook,
    WebhookDelivery,
)
from tonewright.server.services import tokens
from tonewright.server.services.access import Actor
from tonewright.server.services.files import keep
from tonewright.server.sound.peaks import PeaksMeter

SignedIn = Callable[[User], Client]
#: What is sent of an upload.
PART = b"x" * 100


@dataclass
class World:
    """The artist's rows by their names in addresses, and everybody's browser or program."""

    rows: dict[str, str]
    clients: dict[str, Client]
    #: ids that only the song's people may be told
    private: set[str]


@pytest.fixture
def world(artist: User, stranger: User, piece: Song, signed_in: SignedIn, tmp_path: Path) -> World:
    def kept(content: bytes) -> str:
        path = tmp_path / "file"
        path.write_bytes(content)
        return keep(path)

    key = kept(b"{}")
    waveform = PeaksMeter(Layout(48000, 2))
    waveform.feed(np.zeros((2, 3)))
    peaks = kept(waveform.file())

    project = piece.project
    member = User.objects.create_user("member@example.org", "correct horse battery")
    team = Team.objects.create(name="The Examples")
    Membership.objects.create(team=team, user=artist, role="owner")
    Membership.objects.create(team=team, user=member)
    project.team = team
    project.save()
    over = timezone.now() + timedelta(days=1)
    deleted = Project.objects.create(owner=artist, title="Gone", deleted_at=timezone.now())
    bare = Song.objects.create(project=project, title="Bare")
    heard: dict[str, Any] = {
        "state": Audio.State.READY,
        "bytes": 3,
        "sha256": hashlib.sha256(b"abc").hexdigest(),
        "key": key,
        "work_key": key,
        "analysis_key": key,
        "peaks_key": peaks,
        "listen_key": key,
        "listen_index": {"rate_hz": 48000, "frames": 3, "segment_frames": 240000, "offsets": [0, 2]},
        "rate_hz": 48000,
        "channels": 2,
        "frames": 3,
    }
    mix = Audio.objects.create(song=piece, filename="mix.wav", **heard)
    reference = Audio.objects.create(song=piece, filename="like.wav", role=Audio.Role.REFERENCE, **heard)
    piece.mix = mix
    piece.save()
    made: dict[str, Any] = {
        "song": piece,
        "audio": mix,
        "state": Master.State.READY,
        "recipe": {"version": 1, "steps": []},
        "master_key": key,
        "report_key": key,
        "curves_key": key,
        "peaks_key": heard["peaks_key"],
        "listen_key": heard["listen_key"],
        "listen_index": heard["listen_index"],
    }
    master, other = (Master.objects.create(number=number, **made) for number in (1, 2))
    delivery = Delivery.objects.create(
        master=master, format="mp3", state=Delivery.State.READY, filename="song.mp3", key=key
    )
    job = Job.objects.create(kind=Job.Kind.MASTER, owner=artist, song=piece, master=master, state=Job.State.FAILED)
    upload = Upload.objects.create(
        owner=artist, filename="next.wav", bytes=len(PART), part_bytes=1 << 20, expires_at=over
    )
    webhook = Webhook.objects.create(owner=artist, url="https://example.org/", secret="s", events=["master.ready"])
    message = WebhookDelivery.objects.create(webhook=webhook, kind="master.ready", body={})
    elsewhere = Team.objects.create(name="Elsewhere")
    asked = Invitation.objects.create(
        team=elsewhere, email=artist.email or "", invited_by=stranger, expires_at=over
    )
    invitation = Invitation.objects.create(team=team, email="x@example.org", invited_by=artist, expires_at=over)
    token, _ = tokens.make(Actor(artist), "script", "write")
    _, reading = tokens.make(Actor(artist), "reader", "read")
    rows = {
        "project_id": project,
        "deleted_project_id": deleted,
        "song_id": piece,
        "bare_song_id": bare,
        "audio_id": mix,
        "reference_id": reference,
        "master_id": master,
        "other_id": other,
        "delivery_id": delivery,
        "job_id": job,
        "upload_id": upload,
        "webhook_id": webhook,
        "message_id": message,
        "team_id": team,
        "invitation_id": invitation,
        "asked_id": asked,
        "token_id": token,
    }
    ids = {name: str(row.pk) for name, row in rows.items()}
    engineer = User.objects.create_user("engineer@example.org", "correct horse battery", role=Role.ENGINEER)
    admin = User.objects.create_superuser("admin@example.org", "correct horse battery")
    visitor = Client()
    assert visitor.post("/api/visit").status_code == 201
    clients = {
        "owner": signed_in(artist),
        "member": signed_in(member),
        "stranger": signed_in(stranger),
        "engineer": signed_in(engineer),
        "admin": signed_in(admin),
        "visitor": visitor,
        "reader": Client(headers={"Authorization": f"Bearer {reading}"}),
        "nobody": Client(),
    }
    return World({**ids, "number": "0", "member_id": str(member.pk)}, clients, set(ids.values()))
