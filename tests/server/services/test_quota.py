"""What an account keeps, and what is refused once it is full."""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from catalogue import RATE_HZ, keep, ready_master, ready_mix
from sending import begin, send, some_bytes
from tonewright.server.conf import conf
from tonewright.server.errors import QuotaPassed
from tonewright.server.models import Delivery, Job, Master, Membership, Song, Team, User
from tonewright.server.services import arrivals, carrying, deliveries, masters, quota, uploads
from tonewright.server.services.access import Actor
from tonewright.server.services.titles import tags_of

#: Ten seconds of stereo with 24 bits, as ready_mix has them.
VERSION = 10 * RATE_HZ * 2 * 3


@pytest.fixture
def sender(artist: User) -> Actor:
    return Actor(artist)


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Set what an account may keep."""

    def set_to(count: int) -> None:
        less = conf().model_copy(update={"quota_bytes": count})
        monkeypatch.setattr(quota, "conf", lambda: less)

    return set_to


def test_a_full_account_takes_no_more(sender: Actor, limit: Callable[[int], None]) -> None:
    limit(10_000)
    upload = begin(sender, some_bytes(6_000))
    with pytest.raises(QuotaPassed, match=r"3\.9 KiB left"):
        begin(sender, some_bytes(4_001))
    begin(sender, some_bytes(4_000))
    uploads.abort(sender, upload.pk)
    begin(sender, some_bytes(6_000))


def test_what_is_kept_is_counted_by_whose_project_it_is(sender: Actor, stranger: User, piece: Song) -> None:
    assert quota.used_bytes(sender.user) == 0
    audio = send(sender, some_bytes(700), song_id=piece.pk)
    begin(sender, some_bytes(30), song_id=piece.pk)
    begin(sender, some_bytes(20))
    version = audio.masters.create(song=piece, number=1, audio=audio, bytes=4_000, state="ready", master_key="own")
    version.deliveries.create(format="mp3", bytes=50_000, state="ready", key="other")
    version.deliveries.create(format="wav", bits="24", bytes=4_000, state="ready", key="own")
    assert quota.used_bytes(sender.user) == 54_750
    assert quota.used_bytes(stranger) == 0


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_that_don_t_both_fit_one_is_refused(artist: User, limit: Callable[[int], None]) -> None:
    limit(10_000)
    outcomes: list[str] = []
    start = threading.Barrier(6)

    def ask() -> None:
        start.wait()
        try:
            begin(Actor(artist), some_bytes(6_000))
            outcomes.append("taken")
        except QuotaPassed:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["refused"] * 5 + ["taken"]


def test_a_version_is_ordered_only_where_there_is_room_for_it(
    sender: Actor, piece: Song, limit: Callable[[int], None]
) -> None:
    ready_mix(piece)
    limit(1000 + 2 * VERSION - 1)
    masters.order(sender, piece.pk)
    assert quota.used_bytes(sender.user) == 1000 + VERSION  # though it is not there yet
    with pytest.raises(QuotaPassed, match=r"2\.5 MiB left in your account; a version takes 2\.5 MiB"):
        masters.order(sender, piece.pk)
    assert Job.objects.count() == Master.objects.count() == 1
    Master.objects.update(state=Master.State.READY, bytes=500)
    masters.order(sender, piece.pk)


def test_a_file_to_take_away_is_made_only_where_there_is_room_for_it(
    sender: Actor, piece: Song, limit: Callable[[int], None]
) -> None:
    master = ready_master(ready_mix(piece), master_key=keep(b"made"), bytes=4)
    limit(1000 + 4 + 4 + 3)
    delivery, _ = deliveries.request(sender, master.pk, "mp3")
    assert quota.used_bytes(sender.user) == 1000 + 4 + 4
    with pytest.raises(QuotaPassed, match="the file takes 4 bytes"):
        deliveries.request(sender, master.pk, "flac")
    assert deliveries.request(sender, master.pk, "mp3") == (delivery, False)


def test_a_versions_own_file_takes_nothing_more(sender: Actor, piece: Song, limit: Callable[[int], None]) -> None:
    tags = tags_of(piece)
    master = ready_master(ready_mix(piece), master_key=keep(b"made"), bytes=4, tags=tags)
    limit(1000 + 4)
    delivery, _ = deliveries.request(sender, master.pk, "wav")
    assert delivery.state == Delivery.State.READY
    assert quota.used_bytes(sender.user) == 1000 + 4


def test_who_pays_is_told_apart(sender: Actor, stranger: User, piece: Song, limit: Callable[[int], None]) -> None:
    team = Team.objects.create(name="The Examples")
    for user in (sender.user, stranger):
        Membership.objects.create(team=team, user=user)
    piece.project.team = team
    piece.project.save()
    ready_mix(piece)
    limit(1000)
    with pytest.raises(QuotaPassed, match="the project's owner's account"):
        masters.order(Actor(stranger), piece.pk)


def test_the_first_version_is_made_in_any_case(sender: Actor, piece: Song, limit: Callable[[int], None]) -> None:
    audio = send(sender, some_bytes(700), song_id=piece.pk)
    limit(700)
    job = carrying.claim(Job.objects.get().pk)
    assert job is not None
    found = {"rate_hz": RATE_HZ, "channels": 2, "frames": 100, "tags": {}, "measurements": {}, "listen_index": {}}
    arrivals.arrived(job, arrivals.Heard(found, "w", "a", "p", "l"))
    assert Master.objects.get().audio == audio


def test_a_full_account_is_told_so_over_http(artist: User, piece: Song, signed_in: Any, limit: Any) -> None:
    master = ready_master(ready_mix(piece), master_key=keep(b"made"), bytes=4)
    limit(1)
    client: Client = signed_in(artist)
    for path, body in ((f"songs/{piece.pk}/masters", {}), (f"masters/{master.pk}/deliveries", {"format": "mp3"})):
        answer = client.post(f"/api/{path}", json.dumps(body), "application/json")
        assert (answer.status_code, answer.json()["code"]) == (413, "quota_passed")
