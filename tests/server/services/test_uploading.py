"""Uploads: whatever order, repetition or interruption, the same bytes come of it, once."""

import errno
import os
import threading
from collections.abc import Callable
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sending import begin, complete, digest, kept, pieces, put, put_all, send, some_bytes
from tonewright.base.errors import DiskFull, NotAudio, UsageError
from tonewright.server.conf import conf
from tonewright.server.errors import Conflict, NotAllowed, NotFound, PartDamaged, TooManyRequests
from tonewright.server.models import Audio, Event, Job, Project, Song, StoredFile, Upload, UploadPart, User
from tonewright.server.services import accounts, assembling, files, parts, uploads
from tonewright.server.services.access import Actor
from tonewright.server.storage import Storage, part_key, parts_prefix, storage
from tonewright.server.storage.disk import DiskStorage

PART = 1000
EXAMPLES = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def sender(artist: User) -> Actor:
    return Actor(artist)


@pytest.mark.slow
@EXAMPLES
@given(data=st.data(), size=st.integers(1, 5 * PART), part_bytes=st.integers(200, 2 * PART))
def test_any_split_order_and_repetition_gives_the_same_bytes(
    sender: Actor, data: st.DataObject, size: int, part_bytes: int
) -> None:
    content = some_bytes(max(size, 12))
    upload = begin(sender, content, part_bytes, sha256=digest(content))
    count = len(pieces(upload, content))
    order = data.draw(st.permutations(list(range(1, count + 1)))) + data.draw(st.lists(st.integers(1, count)))
    put_all(sender, upload, content, order)
    assert kept(complete(sender, upload)) == content
    assert list(storage().keys(parts_prefix(upload.pk))) == []


class Killed(BaseException):
    """The process ends here."""


class Mortal:
    """A storage whose process dies right before, or right after, its n-th act."""

    def __init__(self, real: Storage, dies_at: int) -> None:
        self._real, self._left = real, dies_at

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        if not callable(found):
            return found

        def act(*arguments: Any) -> Any:
            self._left -= 1
            if self._left == 0:
                raise Killed
            result = found(*arguments)
            self._left -= 1
            if self._left == 0:
                getattr(result, "close", lambda: None)()  # as the end of a process does
                raise Killed
            return result

        return act


#: More acts on the storage than it takes to send five parts and put them together, each with a before and an after.
_MOMENTS = 40


def send_through(sender: Actor, deaths: list[int], seed: int, resumed: bool) -> None:
    """Send five parts by processes that die at these moments, one after the other, until the last one lives."""
    content = some_bytes(4 * PART + 1, seed)
    upload = begin(sender, content, PART)
    acknowledged: set[int] = set()
    real = storage()
    for dies_at in [*deaths, 0]:
        mortal = Mortal(real, dies_at)
        with (
            patch.object(parts, "storage", lambda: mortal),  # noqa: B023
            patch.object(assembling, "storage", lambda: mortal),  # noqa: B023
            patch.object(files, "storage", lambda: mortal),  # noqa: B023
            suppress(Killed),
        ):
            there = set(UploadPart.objects.filter(upload=upload).values_list("number", flat=True))
            assert there >= acknowledged
            for number, part in enumerate(pieces(upload, content), 1):
                if number not in there and Upload.objects.get(pk=upload.pk).state == Upload.State.OPEN:
                    put(sender, upload, number, part)
                    acknowledged.add(number)
            if resumed and Upload.objects.get(pk=upload.pk).state == Upload.State.ASSEMBLING:
                assembling.resume_assembling()
            complete(sender, upload)
    audio = complete(sender, upload)
    assert kept(audio) == content
    assert Audio.objects.filter(song=audio.song).count() == Job.objects.filter(song=audio.song).count() == 1
    uploads.sweep_parts()
    assert list(storage().keys(parts_prefix(upload.pk))) == []


@pytest.mark.slow
@pytest.mark.parametrize("resumed", [False, True])
def test_a_death_at_any_moment_loses_nothing(sender: Actor, resumed: bool) -> None:
    for moment in range(1, _MOMENTS):
        send_through(sender, [moment], moment, resumed)


@pytest.mark.slow
@EXAMPLES
@given(
    deaths=st.lists(st.integers(1, _MOMENTS), min_size=2, max_size=6),
    seed=st.integers(0, 1000),
    resumed=st.booleans(),
)
def test_any_interruptions_give_the_same_bytes_once(
    sender: Actor, deaths: list[int], seed: int, resumed: bool
) -> None:
    """A process that dies before or after any act on the storage; rows that were not committed are gone with it."""
    send_through(sender, deaths, seed, resumed)


def test_a_part_that_comes_back_while_it_is_being_replaced_stays(
    sender: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its file must not be dropped by whoever had replaced it a moment before."""
    first, second = some_bytes(PART, 1), some_bytes(PART, 2)
    upload = begin(sender, first)
    put(sender, upload, 1, first)
    drop = parts._drop

    def late_drop(*arguments: Any) -> None:
        monkeypatch.setattr(parts, "_drop", drop)
        put(sender, upload, 1, first)
        drop(*arguments)

    monkeypatch.setattr(parts, "_drop", late_drop)
    put(sender, upload, 1, second)
    assert kept(complete(sender, upload)) == first


def test_put_together_on_two_machines_at_once_it_is_one_song(
    sender: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their locks don't know of each other; the transaction decides."""
    content = some_bytes(3 * PART)
    upload = begin(sender, content, PART)
    put_all(sender, upload, content)
    monkeypatch.setattr(assembling, "_alone", lambda upload_id, wait: nullcontext())
    others: list[Audio] = []

    def keep_slowly(path: Path, sha256: str) -> str:
        monkeypatch.setattr(assembling, "keep", files.keep)
        key = files.keep(path, sha256)
        others.append(complete(sender, upload))  # the other machine is quicker
        return key

    monkeypatch.setattr(assembling, "keep", keep_slowly)
    assert [complete(sender, upload)] == others
    assert (Audio.objects.count(), Job.objects.count(), Song.objects.count()) == (1, 1, 1)
    assert kept(others[0]) == content


def test_given_up_while_it_is_put_together_it_is_no_song(sender: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    content = some_bytes(PART)
    upload = begin(sender, content)
    put_all(sender, upload, content)

    def keep_slowly(path: Path, sha256: str) -> str:
        uploads.abort(sender, upload.pk)
        return files.keep(path, sha256)

    monkeypatch.setattr(assembling, "keep", keep_slowly)
    with pytest.raises(Conflict, match="given up"):
        assembling.complete(sender, upload.pk)
    assert not Audio.objects.exists()
    assert Upload.objects.get(pk=upload.pk).state == Upload.State.ABORTED


def test_a_part_again_is_no_work_and_another_content_replaces_it(sender: Actor) -> None:
    content = some_bytes(2 * PART)
    upload = begin(sender, content, PART)
    first, second = pieces(upload, content)
    put(sender, upload, 1, first)
    other = some_bytes(PART, seed=9)
    put(sender, upload, 2, other)
    put(sender, upload, 2, other)
    put(sender, upload, 2, second)
    assert set(storage().keys(parts_prefix(upload.pk))) == {
        part_key(upload.pk, number, digest(part)) for number, part in ((1, first), (2, second))
    }
    assert kept(complete(sender, upload)) == content


@pytest.mark.parametrize("damage", ["short", "long", "turned", "digest"])
def test_a_damaged_part_is_refused_and_leaves_nothing(sender: Actor, damage: str) -> None:
    content = some_bytes(2 * PART)
    upload = begin(sender, content, PART)
    part = pieces(upload, content)[0]
    sent = {"short": part[:-1], "long": part + b"x", "turned": part[:-1] + b"\0", "digest": part}[damage]
    claimed = {"digest": "no digest"}.get(damage, digest(part))
    before = set(storage().spool.iterdir())
    with pytest.raises((UsageError, PartDamaged)) as caught:
        put(sender, upload, 1, sent, claimed)
    assert isinstance(caught.value, PartDamaged) == (damage == "turned")
    assert upload.parts.count() == 0
    assert list(storage().keys(parts_prefix(upload.pk))) == []
    assert set(storage().spool.iterdir()) <= before


@pytest.mark.parametrize("number", [0, -1, 3, 10_000])
def test_a_part_that_the_file_does_not_have_is_refused(sender: Actor, number: int) -> None:
    upload = begin(sender, some_bytes(2 * PART), PART)
    with pytest.raises(UsageError, match="counted from 1"):
        put(sender, upload, number, b"x")


def test_a_first_part_that_is_no_sound_is_refused_and_can_be_replaced(sender: Actor) -> None:
    content = some_bytes(2 * PART)
    upload = begin(sender, content, PART)
    with pytest.raises(NotAudio, match="PDF"):
        put(sender, upload, 1, (b"%PDF-1.7" + bytes(PART))[:PART])
    put_all(sender, upload, content)
    assert kept(complete(sender, upload)) == content


def test_what_is_missing_is_named(sender: Actor) -> None:
    content = some_bytes(9 * PART)
    upload = begin(sender, content, PART)
    put_all(sender, upload, content, order=[2, 5, 6])
    with pytest.raises(Conflict, match="1, 3 to 4, 7 to 9"):
        assembling.complete(sender, upload.pk)
    assert Upload.objects.get(pk=upload.pk).state == Upload.State.OPEN
    put_all(sender, upload, content)
    assert kept(complete(sender, upload)) == content


def test_a_whole_that_has_another_digest_is_refused_and_can_be_put_right(sender: Actor) -> None:
    content, wrong = some_bytes(2 * PART), some_bytes(2 * PART, seed=5)
    upload = begin(sender, content, PART, sha256=digest(content))
    put_all(sender, upload, wrong)
    with pytest.raises(PartDamaged):
        assembling.complete(sender, upload.pk)
    assert not Audio.objects.exists()
    assert list(storage().spool.glob("assembling-*")) == []
    put_all(sender, upload, content)
    assert kept(complete(sender, upload)) == content


def test_a_closed_upload_takes_no_more(sender: Actor) -> None:
    content = some_bytes(2 * PART)
    done, aborted = begin(sender, content, PART), begin(sender, content, PART)
    put_all(sender, done, content)
    complete(sender, done)
    put(sender, done, 2, pieces(done, content)[1])  # the answer was lost: the same again is no error
    with pytest.raises(Conflict):
        put(sender, done, 2, some_bytes(PART, seed=3))
    with pytest.raises(Conflict, match="song"):
        uploads.abort(sender, done.pk)

    put(sender, aborted, 1, pieces(aborted, content)[0])
    for _ in range(2):
        uploads.abort(sender, aborted.pk)
    assert list(storage().keys(parts_prefix(aborted.pk))) == []
    with pytest.raises(Conflict):
        put(sender, aborted, 1, pieces(aborted, content)[0])
    with pytest.raises(Conflict):
        assembling.complete(sender, aborted.pk)
    assert list(storage().keys(parts_prefix(aborted.pk))) == []


def test_an_upload_is_its_senders_alone(sender: Actor, stranger: User) -> None:
    upload = begin(sender, some_bytes(PART))
    other = Actor(stranger)
    for act in (uploads.abort, assembling.complete):
        with pytest.raises(NotFound):
            act(other, upload.pk)
    with pytest.raises(NotFound):
        put(other, upload, 1, some_bytes(PART))
    assert list(uploads.listed(other)) == []
    assert list(uploads.listed(sender)) == [upload]


def test_it_goes_where_it_was_meant_to(sender: Actor, project: Project, piece: Song) -> None:
    fresh = send(sender, some_bytes(PART), filename="03 - Somebody - Else.wav")
    assert (fresh.song.title, fresh.song.artist, fresh.song.track_number) == ("Else", "Somebody", 3)
    assert (fresh.song.project.title, fresh.song.project.kind) == ("Else", "single")

    added = send(sender, some_bytes(PART), filename="Second.wav", project_id=project.pk)
    assert (added.song.project, added.song.title, added.song.position) == (project, "Second", 1)

    mix = send(sender, some_bytes(PART, 1), song_id=piece.pk)
    piece.refresh_from_db()
    assert (mix.song, mix.role, piece.mix) == (piece, "mix", mix)
    newer = send(sender, some_bytes(PART, 2), song_id=piece.pk)
    piece.refresh_from_db()
    assert newer.song == piece
    assert piece.mix == mix  # the new one takes its place once it was heard

    reference = send(sender, some_bytes(PART, 3), song_id=piece.pk, role="reference")
    assert (reference.song, reference.role, reference.weight) == (piece, "reference", 1.0)
    assert [job.kind for job in Job.objects.filter(song=piece)] == ["arrive"] * 3
    told = Event.objects.filter(song=piece).values_list("kind", flat=True)
    assert list(told) == ["job", "audio", "song"] * 3


def test_places_that_are_another_s_or_none_are_refused(sender: Actor, stranger: User, piece: Song) -> None:
    theirs = Project.objects.create(owner=stranger, title="Theirs")
    song = Song.objects.create(project=theirs, title="Theirs")
    places: list[dict[str, Any]] = [{"project_id": theirs.pk}, {"song_id": song.pk}, {"song_id": uuid4()}]
    for place in places:
        with pytest.raises(NotFound):
            begin(sender, some_bytes(PART), **place)
    with pytest.raises(UsageError, match="reference"):
        begin(sender, some_bytes(PART), role="reference")
    mine = Project.objects.create(owner=sender.user, title="Another")
    with pytest.raises(UsageError, match="another project"):
        begin(sender, some_bytes(PART), song_id=piece.pk, project_id=mine.pk)


def test_a_song_that_went_meanwhile_is_said(sender: Actor, piece: Song) -> None:
    content = some_bytes(PART)
    upload = begin(sender, content, song_id=piece.pk)
    put_all(sender, upload, content)
    piece.project.deleted_at = timezone.now()
    piece.project.save()
    with pytest.raises(NotFound):
        assembling.complete(sender, upload.pk)
    piece.project.deleted_at = None
    piece.project.save()
    assert complete(sender, upload).song == piece  # and is there again when the project is


def test_a_song_has_as_many_references_as_can_lead_it(sender: Actor, piece: Song) -> None:
    waiting = begin(sender, some_bytes(PART), song_id=piece.pk, role="reference")
    put_all(sender, waiting, some_bytes(PART))
    for n in range(uploads.MOST_REFERENCES):
        send(sender, some_bytes(PART, n), song_id=piece.pk, role="reference")
    with pytest.raises(Conflict, match="16 references"):
        begin(sender, some_bytes(PART), song_id=piece.pk, role="reference")
    with pytest.raises(Conflict, match="16 references"):
        complete(sender, waiting)


def test_a_visitor_tries_one_song(db: None) -> None:
    visitor = Actor(accounts.create_visitor())
    upload = begin(visitor, some_bytes(PART))
    with pytest.raises(NotAllowed, match="on its way"):
        begin(visitor, some_bytes(PART))
    put_all(visitor, upload, some_bytes(PART))
    song = complete(visitor, upload).song
    with pytest.raises(NotAllowed, match="one song"):
        begin(visitor, some_bytes(PART))
    with pytest.raises(NotAllowed, match="one song"):
        begin(visitor, some_bytes(PART), project_id=song.project_id)
    send(visitor, some_bytes(PART, 1), song_id=song.pk)
    send(visitor, some_bytes(PART, 2), song_id=song.pk, role="reference")


@pytest.mark.django_db(transaction=True)
def test_completed_by_several_at_once_it_is_one_song(artist: User) -> None:
    sender, content = Actor(artist), some_bytes(50 * PART)
    upload = begin(sender, content, PART)
    put_all(sender, upload, content)
    start = threading.Barrier(5)
    found: list[Any] = []

    def finish(act: Callable[[], Any]) -> None:
        start.wait()
        try:
            found.append(act())
        finally:
            connection.close()

    acts = [lambda: complete(sender, upload).pk] * 4 + [assembling.resume_assembling]
    threads = [threading.Thread(target=finish, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 5
    audio = Audio.objects.get()
    assert found.count(audio.pk) == 4
    assert (Song.objects.count(), Job.objects.count()) == (1, 1)
    assert kept(audio) == content


@pytest.mark.django_db(transaction=True)
def test_parts_that_replace_each_other_at_once_are_never_acknowledged_and_gone(artist: User) -> None:
    sender = Actor(artist)
    contents = [some_bytes(PART, seed) for seed in range(3)]
    upload = begin(sender, contents[0], PART)
    start = threading.Barrier(6)

    def put_many(content: bytes) -> None:
        start.wait()
        try:
            for _ in range(10):
                with suppress(PartDamaged):
                    put(sender, upload, 1, content)
        finally:
            connection.close()

    threads = [threading.Thread(target=put_many, args=(content,)) for content in contents * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    part = upload.parts.get()
    assert list(storage().keys(parts_prefix(upload.pk))) == [part_key(upload.pk, 1, part.sha256)]
    assert digest(kept(complete(sender, upload))) == part.sha256


def test_a_full_disk_is_said_and_nothing_is_half_there(sender: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    content = some_bytes(3 * PART)
    upload = begin(sender, content, PART)
    put_all(sender, upload, content)
    before = set(storage().spool.iterdir())
    fsync = os.fsync

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull):
        assembling.complete(sender, upload.pk)
    other = begin(sender, content, PART)
    with pytest.raises(DiskFull):
        put(sender, other, 1, pieces(other, content)[0])
    assert other.parts.count() == 0
    assert {path for path in storage().spool.iterdir() if not path.name.startswith("lock-")} <= before
    assert not Audio.objects.exists()
    monkeypatch.setattr(os, "fsync", fsync)
    assert assembling.resume_assembling() == 1  # nobody has to ask again
    assert kept(Audio.objects.get()) == content


def test_no_room_is_said_before_anything_is_sent(sender: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: DiskStorage, wanted_bytes: int) -> None:
        assert wanted_bytes == 2 * PART
        raise DiskFull("No room.")

    monkeypatch.setattr(DiskStorage, "check_room", full)
    with pytest.raises(DiskFull):
        begin(sender, some_bytes(PART))
    assert not Upload.objects.exists()


def test_nobody_leaves_uploads_open_without_end(sender: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_OPEN", 2)
    first = begin(sender, some_bytes(PART))
    begin(sender, some_bytes(PART))
    with pytest.raises(TooManyRequests):
        begin(sender, some_bytes(PART))
    uploads.abort(sender, first.pk)
    begin(sender, some_bytes(PART))


def test_unfinished_uploads_go_when_their_time_is_over_and_others_stay(sender: Actor) -> None:
    content = some_bytes(2 * PART)
    old, young, assembled = (begin(sender, content, PART) for _ in range(3))
    for upload in (old, young, assembled):
        put(sender, upload, 1, pieces(upload, content)[0])
    now = timezone.now()
    Upload.objects.filter(pk__in=[old.pk, assembled.pk]).update(expires_at=now)
    Upload.objects.filter(pk=assembled.pk).update(state=Upload.State.ASSEMBLING)
    orphan = part_key(uuid4(), 1, digest(content))
    storage().put(orphan, content)
    assert uploads.expire(timezone.now()) == 1
    assert set(Upload.objects.values_list("pk", flat=True)) == {young.pk, assembled.pk}
    left = {key.split("/")[1] for key in storage().keys("parts")}
    assert left == {str(young.pk), str(assembled.pk)}
    assert StoredFile.objects.count() == 0


def test_each_part_puts_the_end_of_an_upload_off(sender: Actor) -> None:
    upload = begin(sender, some_bytes(2 * PART), PART)
    Upload.objects.update(expires_at=timezone.now())
    put(sender, upload, 1, some_bytes(PART))
    upload.refresh_from_db()
    assert (upload.expires_at - timezone.now()).total_seconds() > conf().keep_upload_hours * 3600 - 60


def test_a_name_never_is_a_path(sender: Actor) -> None:
    audio = send(sender, some_bytes(PART), filename="../../../tmp/\u202evil\0.wav")
    assert audio.filename == "vil.wav"
    with storage().local(audio.key) as path:
        assert Path(conf().data) in path.parents
