"""A whole service for tests: started as a user starts it, spoken to over HTTP, killed in part, looked into."""

import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

#: Far longer than either takes, for machines that have other things to do.
START_S = 300.0
JOB_S = 600.0
PARTS = {"web": "tonewright.server.web", "worker": "tonewright.server.work.main"}


def wait_for(what: Callable[[], Any], seconds: float, words: str) -> Any:
    """The first true thing that `what` gives. Raises AssertionError when it takes too long."""
    until = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < until, f"{words}: not within {seconds:g} s"
        time.sleep(0.05)
    return found


class Service:
    """`tonewright serve` on a data directory of its own. settings: TONEWRIGHT_<name in capitals>."""

    def __init__(self, folder: Path, *arguments: str, **settings: str) -> None:
        self.folder, self._arguments = folder, arguments
        clean = {name: value for name, value in os.environ.items() if not name.startswith("TONEWRIGHT_")}
        named = {f"TONEWRIGHT_{name.upper()}": value for name, value in settings.items()}
        self.environment = clean | named | {"TONEWRIGHT_DATA_DIR": str(folder / "data")}
        self.database_url = settings.get("database_url", "")
        self._log = folder / "log.txt"
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0
        #: What it tells people to go to: `url` by its name.
        self.address = ""

    def start(self, ready: bool = True) -> None:
        """Bring it up, at the same address each time, and wait until it can work."""
        command = [sys.executable, "-m", "tonewright", "serve", "--port", str(self.port), "--json"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, *self._arguments], env=self.environment, stdout=subprocess.PIPE, stderr=log
            )
        if self.port == 0:
            assert self._process.stdout is not None
            told = self._process.stdout.readline()
            assert told, self.log()
            self.address = str(json.loads(told)["url"])
            self.port = urlsplit(self.address).port or 0
        if ready:
            wait_for(self.is_ready, START_S, "the service is up")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log()
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(f"{self.url}/readyz", trust_env=False, timeout=20).status_code == 200
        return False

    def log(self) -> str:
        return self._log.read_text(errors="replace")[-6000:]

    def pids(self, part: str) -> list[int]:
        """The processes of a part: serve, web, worker, or child."""
        if part == "serve":
            return [self._process.pid] if self._process is not None and self._process.poll() is None else []
        word = PARTS.get(part, "tonewright.server.sound.child")
        return [pid for pid, command in self.processes().items() if word in command]

    def processes(self) -> dict[int, str]:
        """All that belongs to this service, and how it was called."""
        mark = f"TONEWRIGHT_DATA_DIR={self.environment['TONEWRIGHT_DATA_DIR']}".encode()
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    if mark in (entry / "environ").read_bytes().split(b"\0"):
                        found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        return found

    def kill(self, *parts: str) -> None:
        """kill -9. With serve everything goes; then it is brought up again."""
        for part in parts:
            self._signal(part, signal.SIGKILL)
        if "serve" in parts:
            assert self._process is not None
            self._process.communicate()
            wait_for(lambda: not self.processes(), START_S, "everything died with serve")
            self.start()

    def freeze(self, part: str) -> None:
        """Stop all processes of a part where they are; they neither end nor go on until they are killed or thawed."""
        self._signal(part, signal.SIGSTOP)

    def thaw(self, part: str) -> None:
        """Let them go on."""
        self._signal(part, signal.SIGCONT)

    def _signal(self, part: str, number: int) -> None:
        for pid in wait_for(partial(self.pids, part), START_S, f"{part} runs"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def stop(self) -> None:
        """Stop as Ctrl-C does; nothing is left running."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.communicate(timeout=120)
            wait_for(lambda: not self.processes(), START_S, "everything ended")

    def end(self) -> None:
        """End whatever is left of it."""
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def query(self, text: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of the service's own database; %s stands for a value."""
        if self.database_url:
            import psycopg

            with psycopg.connect(self.database_url) as connection:
                return connection.execute(text.encode(), values).fetchall()
        file = Path(self.environment["TONEWRIGHT_DATA_DIR"]) / "tonewright.sqlite3"
        with contextlib.closing(sqlite3.connect(file, timeout=20)) as connection:
            return connection.execute(text.replace("%s", "?"), values).fetchall()

    def mails_to(self, address: str) -> list[str]:
        """Texts of what was mailed to somebody, oldest first."""
        files = sorted(
            (Path(self.environment["TONEWRIGHT_DATA_DIR"]) / "mail").glob("*"),
            key=lambda file: file.stat().st_mtime,
        )
        mails = [mail for file in files for mail in file.read_text(encoding="utf-8").split("-" * 79 + "\n")]
        return [mail for mail in mails if f"\nTo: {address}\n" in mail]

    def mailed_code(self, address: str, number: int = 1) -> str:
        """The code in the so-many-th mail with one to somebody, waited for."""

        def there() -> str:
            texts = [re.search(r"^    (\S+)$", mail, re.MULTILINE) for mail in self.mails_to(address)]
            codes = [found[1] for found in texts if found]
            return codes[number - 1] if len(codes) >= number else ""

        return str(wait_for(there, START_S, f"code {number} is mailed to {address}"))

    def files_left(self) -> list[str]:
        """What lies about that should have been moved or removed."""
        data = Path(self.environment["TONEWRIGHT_DATA_DIR"])
        left = [*(data / "files" / "spool").glob("*"), *(data / "files" / "parts").glob("*/*")]
        left += (data / "work").glob("*/*")
        return sorted(str(path.relative_to(data)) for path in left)


class Person:
    """Somebody who uses a service. They are patient: what meets a killed process is asked again."""

    def __init__(self, service: Service, token: str = "") -> None:
        self.http = httpx.Client(base_url=service.url, trust_env=False, timeout=60)
        if token:
            self.http.headers["Authorization"] = f"Bearer {token}"

    def close(self) -> None:
        self.http.close()

    def ask(self, method: str, path: str, **options: Any) -> Any:
        """JSON of an answer."""
        last: list[httpx.HTTPError] = []

        def once() -> httpx.Response | None:
            headers = dict(options.get("headers", {}))
            if "csrftoken" in self.http.cookies:
                headers |= {"X-CSRFToken": self.http.cookies["csrftoken"]}
            try:
                return self.http.request(method, path, **(options | {"headers": headers}))
            except httpx.TransportError as error:
                last[:] = [error]
                return None

        answer = wait_for(once, START_S, f"{method} {path} is answered")
        assert answer.is_success, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def send(self, path: Path, **place: str) -> dict[str, Any]:
        """Upload a file; gives the upload when it is done."""
        content = path.read_bytes()
        about = {"filename": path.name, "bytes": len(content)} | place
        made = self.ask("POST", "/api/uploads", json=about, headers={"Idempotency-Key": os.urandom(8).hex()})
        for number, start in enumerate(range(0, len(content), made["part_bytes"]), 1):
            part = content[start : start + made["part_bytes"]]
            headers = {"Content-SHA256": hashlib.sha256(part).hexdigest()}
            self.ask("PUT", f"/api/uploads/{made['id']}/parts/{number}", content=part, headers=headers)
        done: dict[str, Any] = self.ask("POST", f"/api/uploads/{made['id']}/complete")
        return done

    def jobs(self, song: str) -> list[dict[str, Any]]:
        """A song's jobs, oldest first."""
        found: list[dict[str, Any]] = self.ask("GET", f"/api/jobs?song={song}")["items"]
        return found[::-1]

    def job(self, song: str, kind: str) -> dict[str, Any] | None:
        return next((job for job in self.jobs(song) if job["kind"] == kind), None)

    def wait_until(self, song: str, kind: str, *states: str) -> dict[str, Any]:
        """A song's job of a kind, once it is in one of these states."""

        def there() -> dict[str, Any] | None:
            job = self.job(song, kind)
            return job if job and job["state"] in states else None

        found: dict[str, Any] = wait_for(there, JOB_S, f"{kind} is {' or '.join(states)}")
        return found


@contextlib.contextmanager
def owner_of(service: Service) -> Iterator[Person]:
    """The first visit."""
    with contextlib.closing(Person(service)) as browser:
        browser.ask("GET", "/api/setup")
        account = {"email": "owner@example.org", "password": "correct horse battery"}
        browser.ask("POST", "/api/setup", json=account)
        made = browser.ask("POST", "/api/tokens", json={"name": "tests", "scope": "write"})
    with contextlib.closing(Person(service, made["token"])) as owner:
        yield owner


DATABASES = ("sqlite", "postgresql")


@contextlib.contextmanager
def settings_of(database: str) -> Iterator[dict[str, str]]:
    """What a service is told to keep its rows in one of DATABASES; a new and empty one in the server's case."""
    if database == "sqlite":
        yield {}
        return
    server = os.environ.get("TONEWRIGHT_TEST_POSTGRES")
    if not server:
        pytest.skip("NOT TESTED ON POSTGRESQL: set TONEWRIGHT_TEST_POSTGRES=postgresql://user@host/postgres")
    import psycopg

    name = f"tonewright_test_{os.urandom(4).hex()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield {"database_url": urlsplit(server)._replace(path=f"/{name}").geturl()}
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@contextlib.contextmanager
def running(folder: Path, *arguments: str, **settings: str) -> Iterator[Service]:
    """A service that is up, and gone afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    service = Service(folder, *arguments, **settings)
    try:
        service.start()
        yield service
        service.stop()
    finally:
        service.end()
        shutil.rmtree(folder / "data", ignore_errors=True)
