"""Kept files go once no row names them, and never while somebody is about to."""

import hashlib
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone

from sending import send, some_bytes
from tonewright.server.models import Audio, Delivery, Master, Song, StoredFile, User
from tonewright.server.services import files
from tonewright.server.services.access import Actor
from tonewright.server.storage import content_key, storage


def keep(content: bytes, aged: bool = True) -> str:
    path = storage().spool / f"kept-{threading.get_ident()}"
    path.write_bytes(content)
    key = files.keep(path)
    if aged:
        age()
    return key


def age() -> None:
    """As if all that is kept had been for a day."""
    StoredFile.objects.update(touched_at=timezone.now() - timedelta(days=1))


def is_there(key: str) -> bool:
    assert StoredFile.objects.filter(key=key).exists() == (storage().size(key) is not None)
    return storage().size(key) is not None


def test_a_key_is_the_digest_of_what_is_kept(db: None) -> None:
    key = keep(b"something")
    assert key == content_key(hashlib.sha256(b"something").hexdigest())
    assert storage().read(key) == b"something"
    assert StoredFile.objects.get().bytes == 9


def named(names: dict[type, tuple[str, ...]]) -> set[tuple[str, str]]:
    return {(model.__name__, column) for model, columns in names.items() for column in columns}


def test_every_column_that_names_a_file_is_known() -> None:
    """A new one has to be told to services/files.py, or its files would be swept away."""
    found = {
        (model.__name__, field.name)
        for model in apps.get_app_config("tonewright").get_models()
        for field in model._meta.concrete_fields
        if field.name == "key" or field.name.endswith("_key")
    }
    assert found - named(files.REFERENCES) == {("StoredFile", "key"), ("IdempotencyKey", "key")}
    assert named(files.REFERENCES) <= found


@pytest.fixture
def rows(piece: Song) -> dict[type, Callable[[str, str], object]]:
    """Makes a row of each kind that names files, with one column set."""
    mix = Audio.objects.create(song=piece, filename="a", bytes=1, sha256="")
    version = Master.objects.create(song=piece, number=1, audio=mix)
    return {
        Audio: lambda column, key: Audio.objects.filter(pk=mix.pk).update(**{column: key}),
        Master: lambda column, key: Master.objects.filter(pk=version.pk).update(**{column: key}),
        Delivery: lambda column, key: version.deliveries.create(format="mp3", **{column: key}),
    }


@pytest.mark.parametrize(("model", "column"), [(m, c) for m, columns in files.REFERENCES.items() for c in columns])
def test_a_file_that_any_row_names_stays(
    rows: dict[type, Callable[[str, str], object]], model: type, column: str
) -> None:
    key, other = keep(f"{model}{column}".encode()), keep(b"other")
    rows[model](column, key)
    assert files.sweep() == 1
    assert is_there(key)
    assert not is_there(other)
    assert files.forget([key, other]) == 0


def test_what_was_just_kept_stays_though_no_row_names_it_yet(db: None) -> None:
    key = keep(b"fresh", aged=False)
    assert files.sweep() == files.forget([key]) == 0
    assert is_there(key)
    age()
    assert files.forget([key]) == 1
    assert not is_there(key)


def test_kept_again_it_is_fresh_again(db: None) -> None:
    key = keep(b"again")
    assert keep(b"again", aged=False) == key
    assert files.sweep() == 0
    assert is_there(key)


def test_the_same_file_of_two_people_goes_with_the_last(artist: User, stranger: User) -> None:
    content = some_bytes(500)
    mine, theirs = send(Actor(artist), content), send(Actor(stranger), content)
    assert mine.key == theirs.key
    assert StoredFile.objects.count() == 1
    age()
    mine.song.project.delete()
    assert files.sweep() == 0
    assert storage().read(theirs.key) == content
    theirs.song.project.delete()
    assert files.sweep() == 1
    assert not is_there(theirs.key)


def test_a_file_that_a_kill_left_without_its_content_is_made_anew(db: None) -> None:
    key = keep(b"lost")
    storage().delete(key)  # the sweep died between the file and its row
    assert files.sweep() == 1
    assert keep(b"lost") == key
    assert is_there(key)


@pytest.mark.django_db(transaction=True)
def test_keeping_while_it_is_being_removed_waits_and_makes_it_anew(tmp_path: Path) -> None:
    """The removal holds the row; who keeps the same content meanwhile ends with a file."""
    key = keep(b"contested")
    removing, kept = threading.Event(), threading.Event()
    delete = storage().delete

    def slow_delete(gone: str) -> None:
        removing.set()
        assert not kept.wait(0.5)  # nobody gets past the row that is held
        delete(gone)

    def keep_again() -> None:
        removing.wait()
        try:
            keep(b"contested", aged=False)
            kept.set()
        finally:
            connection.close()

    thread = threading.Thread(target=keep_again)
    thread.start()
    with patch.object(storage(), "delete", slow_delete):
        assert files.forget([key]) == 1
    thread.join()
    assert kept.is_set()
    assert is_there(key)


@pytest.mark.django_db(transaction=True)
def test_kept_named_and_swept_by_many_at_once_what_is_named_is_there(artist: User, piece: Song) -> None:
    """Sweeps without mercy for what was kept long ago, against rows that come and go."""
    stop, start = threading.Event(), threading.Barrier(3)
    lost: list[str] = []

    def come_and_go() -> None:
        start.wait()
        try:
            for turn in range(25):
                key = keep(b"shared", aged=False)
                with transaction.atomic():
                    row = Audio.objects.create(song=piece, filename="a", bytes=1, sha256="", key=key)
                if storage().size(key) is None:
                    lost.append(f"turn {turn}")
                StoredFile.objects.filter(key=key).update(touched_at=timezone.now() - timedelta(days=1))
                row.delete()
        finally:
            stop.set()
            connection.close()

    def sweep() -> None:
        start.wait()
        try:
            while not stop.is_set():
                files.sweep()
        finally:
            connection.close()

    threads = [threading.Thread(target=act) for act in (come_and_go, sweep, sweep)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lost == []
