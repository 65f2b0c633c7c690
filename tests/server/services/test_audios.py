"""Sounds that were sent in: weighed and removed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from catalogue import ready_master, ready_mix
from sending import send, some_bytes
from tonewright.base.errors import UsageError
from tonewright.server.errors import Conflict, NotFound
from tonewright.server.models import Audio, Event, Job, Master, Song, User
from tonewright.server.services import audios, masters, quota
from tonewright.server.services.access import Actor


@pytest.fixture
def sender(artist: User) -> Actor:
    return Actor(artist)


@pytest.fixture
def reference(sender: Actor, piece: Song) -> Audio:
    return send(sender, some_bytes(900), song_id=piece.pk, role="reference")


def test_a_reference_is_weighed(sender: Actor, reference: Audio) -> None:
    assert audios.weigh(sender, reference.pk, 0.25).weight == 0.25
    assert audios.get(sender, reference.pk).weight == 0.25
    told = list(Event.objects.values_list("kind", flat=True))[-2:]
    assert told == ["audio", "song"]


def test_a_mix_has_no_weight(sender: Actor, piece: Song) -> None:
    with pytest.raises(UsageError):
        audios.weigh(sender, ready_mix(piece).pk, 0.5)


def test_a_removed_reference_is_gone_and_counts_no_more(sender: Actor, reference: Audio) -> None:
    assert quota.used_bytes(sender.user) == 900
    audios.remove(sender, reference.pk)
    with pytest.raises(NotFound):
        audios.get(sender, reference.pk)
    with pytest.raises(NotFound):
        audios.remove(sender, reference.pk)
    assert quota.used_bytes(sender.user) == 0
    assert Job.objects.get().state == Job.State.CANCELLED
    song = Event.objects.filter(kind="song").last()
    assert song is not None
    assert song.body["references"] == []


def test_a_mix_in_use_stays(sender: Actor, piece: Song) -> None:
    first = ready_mix(piece, "first.wav")
    ready_master(first)
    second = ready_mix(piece, "second.wav")
    unused = Audio.objects.create(song=piece, filename="unused.wav", bytes=1, sha256="")
    for mix in (first, second):
        with pytest.raises(Conflict):
            audios.remove(sender, mix.pk)
    audios.remove(sender, unused.pk)
    with pytest.raises(NotFound):
        audios.get(sender, unused.pk)


def test_what_another_has_is_not_found(stranger: User, reference: Audio) -> None:
    for act in (audios.get, audios.remove):
        with pytest.raises(NotFound):
            act(Actor(stranger), reference.pk)
    with pytest.raises(NotFound):
        audios.weigh(Actor(stranger), reference.pk, 1.0)


def test_a_removed_reference_waits_for_the_version_that_it_leads(
    sender: Actor, piece: Song, reference: Audio
) -> None:
    ready_mix(piece)
    Audio.objects.filter(pk=reference.pk).update(state=Audio.State.READY)
    version = masters.order(sender, piece.pk)
    audios.remove(sender, reference.pk)
    assert audios.purge() == 0  # not yet
    Audio.objects.filter(pk=reference.pk).update(removed_at=timezone.now() - timedelta(days=1))
    assert audios.purge() == 0  # a worker may be reading it
    Master.objects.filter(pk=version.pk).update(state=Master.State.READY)
    assert audios.purge() == 1
    assert Master.objects.get(pk=version.pk).references[0]["filename"] == reference.filename
