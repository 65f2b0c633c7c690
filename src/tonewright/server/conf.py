"""What the service is told from outside: environment variables with the prefix TONEWRIGHT_, and where its data lies.

With none of them set everything is embedded under one data directory. Each setting is declared once, here; the page
docs/operations.md is checked against this declaration.
"""

import os
import secrets
from collections.abc import Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import Field, ValidationError

from tonewright.base.errors import UsageError
from tonewright.base.params import Params, first_fault

PREFIX = "TONEWRIGHT_"
#: Of one process, to PostgreSQL, which lets in 100 as it comes.
MOST_CONNECTIONS = 20


class Conf(Params):
    """The service's settings. A field `x` is the variable TONEWRIGHT_X."""

    data_dir: Path = Field(
        Path("~/.local/share/tonewright"), description="Everything that is kept without a database or storage URL."
    )
    database_url: str = Field(
        "", description="postgresql://user:password@host/name; empty keeps a SQLite file in the data directory."
    )
    storage_url: str = Field("", description="s3://bucket/prefix; empty keeps files in the data directory.")
    host: str = Field("127.0.0.1", description="The address that is listened on.")
    port: int = Field(8000, ge=0, le=65535, description="The port that is listened on; 0 takes a free one.")
    public_url: str = Field("", description="The address that people see, https://...; empty is host and port.")
    secret_key: str = Field("", description="Signs sessions and mails; empty keeps one in the data directory.")
    email_url: str = Field(
        "", description="smtp://user:password@host:587 or smtps://...; empty writes mails into the data directory."
    )
    email_from: str = Field("Tonewright <tonewright@localhost>", description="The sender of mails.")
    oauth_google: str = Field("", description="client-id:secret, to sign in with Google.")
    oauth_github: str = Field("", description="client-id:secret, to sign in with GitHub.")
    signup: bool = Field(True, description="Whether strangers may make an account.")
    visitors: bool = Field(True, description="Whether one song may be tried without an account.")
    demo: bool = Field(True, description="Whether a fresh service begins with a demo song in it, mastered.")
    visitor_hours: int = Field(24, ge=1, le=720, description="How long a visitor's song is kept, in hours.")
    upload_bytes: int = Field(8 << 30, ge=1 << 20, description="The largest file that may be uploaded, in bytes.")
    visitor_bytes: int = Field(1 << 30, ge=1 << 20, description="The same for a visitor, in bytes.")
    quota_bytes: int = Field(100 << 30, ge=1 << 20, description="What one account may keep in all, in bytes.")
    workers: int = Field(1, ge=0, le=64, description="Songs that one worker process renders at once.")
    rooms: int = Field(1, ge=1, le=16, description="Warm processes that render what is changed in the studio.")
    job_minutes: int = Field(60, ge=1, description="The longest that one render may take, in minutes.")
    job_bytes: int = Field(3 << 30, ge=1 << 28, description="The memory that one render may take, in bytes.")
    keep_deleted_days: int = Field(30, ge=0, description="How long a deleted project can be taken back, in days.")
    keep_upload_hours: int = Field(72, ge=1, description="How long an unfinished upload is kept, in hours.")
    webhook_private: bool = Field(False, description="Whether webhooks may go to private addresses.")
    log_format: str = Field("text", pattern="^(text|json)$", description="text for people, json for machines.")
    debug: bool = Field(False, description="Django's debug mode; never where strangers come.")

    @property
    def data(self) -> Path:
        return self.data_dir.expanduser().absolute()

    @property
    def url(self) -> str:
        """The address that people see, without a slash at its end. This machine by its name: browsers keep passkeys for
        names alone (WebAuthn Level 2, section 5.1.2)."""
        name = "localhost" if self.host in ("127.0.0.1", "::1") else self.host
        return self.public_url.rstrip("/") or f"http://{name}:{self.port}"

    @property
    def secure(self) -> bool:
        return self.url.startswith("https://")

    def database(self) -> dict[str, Any]:
        """Django's settings of the database."""
        if not self.database_url:
            return {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(self.data / "tonewright.sqlite3"),
                "CONN_MAX_AGE": None,  # the threads that answer requests last, and with them their connections
                "OPTIONS": {
                    # writers queue for the lock at their start, instead of failing in their middle
                    "transaction_mode": "IMMEDIATE",
                    "timeout": 20,
                    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-16000;",
                },
            }
        parts = urlsplit(self.database_url)
        if parts.scheme not in ("postgres", "postgresql"):
            raise UsageError(f"{PREFIX}DATABASE_URL has the scheme {parts.scheme!r}.", "Use postgresql://...")
        options: dict[str, Any] = dict(parse_qsl(parts.query))
        if find_spec("psycopg_pool") is not None:
            options["pool"] = {"min_size": 1, "max_size": MOST_CONNECTIONS}
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": str(parts.port or ""),
            # back into the pool after each request; without a pool a thread that rests would hold one of the server's
            "CONN_MAX_AGE": 0,
            # the server may have been restarted since a pooled connection was last used
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": options,
        }

    def secret(self) -> str:
        """The signing key: as given, or a random one that is made once and kept for its owner's eyes only."""
        if self.secret_key:
            return self.secret_key
        path = self.data / "secret-key"
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(50))
        except FileExistsError:
            pass
        return path.read_text().strip()


def read_conf(environment: Mapping[str, str]) -> Conf:
    """The settings from environment variables. Raises UsageError that names the first one that is wrong."""
    given = {
        key.removeprefix(PREFIX).lower(): value
        for key, value in environment.items()
        if key.startswith(PREFIX) and key.removeprefix(PREFIX).lower() in Conf.model_fields and value != ""
    }
    try:
        return Conf.model_validate(given)
    except ValidationError as error:
        raise UsageError(f"The environment variable {PREFIX}{first_fault(error).upper()}") from error


@lru_cache(maxsize=1)
def conf() -> Conf:
    """The settings of this process, read once."""
    return read_conf(os.environ)
