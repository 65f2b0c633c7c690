"""Backup and restore: the database as it stood at one moment, and every kept file that its rows name.

A backup is a folder:

    manifest.json     what it is, and each file's key and size
    database.sqlite3  or database.dump (PostgreSQL, as pg_dump -Fc writes it)
    secret-key        signs sessions and mails; so the folder is for its owner's eyes only
    files/            by key

The service may run meanwhile. Files are taken first, then the database, then what files came in between: so whatever
the rows name was taken, because files never change and those that went were named no more. The queue is not kept; a
worker finds what is to be done in the rows.
"""

import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.db import connection

import tonewright
from tonewright.base.errors import DamagedAudio, Impossible, InputUnreadable, OutputFailed
from tonewright.server.conf import conf
from tonewright.server.storage import digest_of, storage

_VERSION = 1
#: DBOS's own, as it is unless it is told otherwise.
_QUEUE_SCHEMA = "dbos"
_AREAS = ("objects", "parts")


def backup(folder: Path) -> dict[str, Any]:
    """Write a backup into a new folder; gives its manifest without the list of files.

    Raises OutputFailed, Impossible.
    """
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError as error:
        raise OutputFailed(f"{folder} is there already.", "Give a new folder.") from error
    except OSError as error:
        raise OutputFailed(f"{folder} can't be made: {error.strerror}.", "Choose another folder.") from error
    taken: dict[str, int] = {}
    _take_files(folder, taken)
    database = _take_database(folder)
    _take_files(folder, taken)
    _copy_private(folder / "secret-key", conf().secret().encode())
    about = {
        "version": _VERSION,
        "engine": tonewright.__version__,
        "created_at": datetime.now(UTC).isoformat(),
        "database": database,
        "file_count": len(taken),
        "bytes": sum(taken.values()),
    }
    _copy_private(folder / "manifest.json", json.dumps(about | {"files": taken}, indent=1).encode())
    return about


def _take_files(folder: Path, taken: dict[str, int]) -> None:
    """Copy what is kept and not yet taken. What goes meanwhile was named by no row."""
    for area in _AREAS:
        for key in storage().keys(area):
            if key in taken:
                continue
            target = folder / "files" / key
            target.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(InputUnreadable), storage().local(key) as path:
                shutil.copyfile(path, target)
                taken[key] = target.stat().st_size


def _take_database(folder: Path) -> str:
    """The whole database as of one moment; gives the kind of its file."""
    if conf().database_url:
        dump = f"--file={folder / 'database.dump'}"
        _run(
            "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--exclude-schema={_QUEUE_SCHEMA}", dump
        )
        return "postgresql"
    source = sqlite3.connect(f"file:{conf().data / 'tonewright.sqlite3'}?mode=ro", uri=True, timeout=30)
    with contextlib.closing(source), contextlib.closing(sqlite3.connect(folder / "database.sqlite3")) as target:
        source.backup(target)
    return "sqlite"


def restore(folder: Path) -> dict[str, Any]:
    """Bring a backup back into a data directory, database and storage that are empty.

    Every file is checked against its digest before it is taken in. Raises InputUnreadable, Impossible, DamagedAudio.
    """
    try:
        about: dict[str, Any] = json.loads((folder / "manifest.json").read_bytes())
        files: dict[str, int] = about.pop("files")
    except (OSError, ValueError, KeyError) as error:
        raise InputUnreadable(f"{folder} is no backup of Tonewright's.", "Give the folder of one.") from error
    if about["version"] > _VERSION:
        raise Impossible("The backup was made by a newer version of Tonewright.", "Update Tonewright first.")
    wanted = "postgresql" if conf().database_url else "sqlite"
    if about["database"] != wanted:
        raise Impossible(f"The backup is of {about['database']}, this service keeps its rows in {wanted}.")
    _must_be_empty()
    conf().data.mkdir(parents=True, exist_ok=True, mode=0o700)
    for key, path in _checked(folder, files):
        storage().adopt(path, key)
    if not conf().secret_key:
        _copy_private(conf().data / "secret-key", (folder / "secret-key").read_bytes())
    _restore_database(folder)
    return about


def _must_be_empty() -> None:
    """Raises Impossible where something is there already that a restore would mix with."""
    data = conf().data
    if any(True for _ in storage().keys(_AREAS[0])):
        raise Impossible("Files are kept here already.", "Restore into a new TONEWRIGHT_DATA_DIR or bucket.")
    if not conf().database_url and (data / "tonewright.sqlite3").exists():
        raise Impossible(f"{data} is not empty.", "Restore into a new TONEWRIGHT_DATA_DIR.")
    if conf().database_url and connection.introspection.table_names():
        raise Impossible("The database is not empty.", "Restore into a new one.")


def _checked(folder: Path, files: dict[str, int]) -> Iterator[tuple[str, Path]]:
    """Copies of the files, to be moved in, each with the bytes it had when it was kept."""
    for key, size in files.items():
        source = folder / "files" / key
        copy = storage().spool / f"restore-{os.getpid()}"
        try:
            shutil.copyfile(source, copy)
            with copy.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise InputUnreadable(
                f"{source} can't be read: {error.strerror}.", "The backup is not whole."
            ) from error
        # a part's key ends with its digest too, after its number
        if copy.stat().st_size != size or not digest_of(key).endswith(digest):
            raise DamagedAudio(f"{source} is not what was kept.", "The backup is damaged; use another.")
        yield key, copy


def _restore_database(folder: Path) -> None:
    if conf().database_url:
        _run("pg_restore", "--no-owner", "--no-privileges", "--single-transaction", str(folder / "database.dump"))
        return
    part = conf().data / ".tonewright.sqlite3.part"
    shutil.copyfile(folder / "database.sqlite3", part)
    part.chmod(0o600)
    part.replace(conf().data / "tonewright.sqlite3")


def _run(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs on the database.

    Raises Impossible where it is not there or does not do it.
    """
    parts = urlsplit(conf().database_url)
    who, at, where = parts.netloc.rpartition("@")
    # a command line can be read by everybody on the machine, so the password is no part of it
    address = parts._replace(netloc=who.partition(":")[0] + at + where).geturl()
    environment = os.environ | ({"PGPASSWORD": unquote(parts.password)} if parts.password else {})
    command = [program, f"--dbname={address}", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=environment)
    except FileNotFoundError as error:
        raise Impossible(f"{program} is not there.", "Install PostgreSQL's client programs.") from error
    if done.returncode != 0:
        raise Impossible(f"{program} ended with {done.returncode}: {' '.join(done.stderr.split())[-300:]}")


def _copy_private(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
