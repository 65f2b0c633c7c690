"""An online service as the command line speaks to it: where it is, who we are, requests that outlast a lost network.

Every request may be sent again: reading and replacing by their nature, creating by its Idempotency-Key.
"""

import json
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

from tonewright.base.atomic import output_error
from tonewright.base.errors import (
    Impossible,
    InputUnreadable,
    Interrupted,
    TonewrightError,
    UsageError,
    every_error,
)
from tonewright.server.errors import NotSignedIn

URL, TOKEN = "TONEWRIGHT_REMOTE_URL", "TONEWRIGHT_REMOTE_TOKEN"
#: How long a lost network or a service that restarts is borne, in seconds, and the longest pause between tries.
PATIENCE_S = 120.0
_LONGEST_PAUSE_S = 8.0
_TIMEOUT = httpx.Timeout(60.0, connect=10.0)
#: Answers that say: not now.
_LATER = (429, 502, 503, 504)


T = TypeVar("T")


@dataclass(frozen=True)
class Address:
    """Where a service is, and the token that it knows us by."""

    url: str
    token: str


def checked_url(text: str, insecure: bool = False) -> str:
    """An address as it is kept. Raises UsageError, and Impossible for one where the token could be overheard."""
    parts = urlsplit(text if "://" in text else f"https://{text}")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
        raise UsageError(f"{text!r} is no service's address.", "Give one like https://tonewright.example.org.")
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts.scheme == "http" and not local and not insecure:
        raise Impossible(f"{text} is not encrypted: the token could be overheard.", "Use https, or add --insecure.")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def config_path() -> Path:
    """Where the address and the token are kept."""
    home = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(home).expanduser() / "tonewright" / "remote.json"


def keep(address: Address) -> Path:
    """Keep an address for its user's eyes only. Raises OutputFailed."""
    path = config_path()
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump({"url": address.url, "token": address.token}, file)
        part.replace(path)
    except OSError as error:
        raise output_error(error, path) from error
    return path


def known_address() -> Address:
    """From the environment, else what was kept. Raises NotSignedIn."""
    kept: dict[str, Any] = {}
    path = config_path()
    try:
        kept = json.loads(path.read_text())
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        raise InputUnreadable(f"{path} can't be read: {error}.", "Run: tonewright remote login URL") from error
    url = os.environ.get(URL)
    # a token is sent only to the service it was kept for
    token = os.environ.get(TOKEN) or (kept.get("token") if url in (None, "", kept.get("url")) else None)
    url = url or kept.get("url")
    if not isinstance(url, str) or not isinstance(token, str):
        raise NotSignedIn("No service is known.", f"Run: tonewright remote login URL, or set {URL} and {TOKEN}.")
    return Address(checked_url(url, insecure=True), token)


class Service:
    """A service, spoken to from any thread. stop(): whoever waits or sends raises Interrupted soon."""

    def __init__(self, address: Address, patience_s: float = PATIENCE_S) -> None:
        self.address = address
        self._patience_s = patience_s
        self._stopped = threading.Event()
        self._http = httpx.Client(
            base_url=address.url, headers={"Authorization": f"Bearer {address.token}"}, timeout=_TIMEOUT
        )

    def __enter__(self) -> "Service":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._http.close()

    def stop(self) -> None:
        self._stopped.set()

    def pause(self, seconds: float) -> None:
        """Wait. Raises Interrupted when stopped meanwhile."""
        if self._stopped.wait(seconds):
            raise Interrupted("Stopped.", "The same command again goes on where it was.")

    def get(self, path: str, **query: Any) -> Any:
        return self._send("GET", path, params=query).json()

    def post(self, path: str, body: Any = None) -> Any:
        """Create or do something, once, however often it has to be sent."""
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        return self._send("POST", path, json={} if body is None else body, headers=headers).json()

    def put(self, path: str, content: bytes, headers: dict[str, str]) -> Any:
        return self._send("PUT", path, content=content, headers=headers).json()

    def pages(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """All rows of a list."""
        after: str | None = ""
        while after is not None:
            page = self.get(path, **query, limit=100, after=after)
            yield from page["items"]
            after = page["next"]

    def fetch(self, path: str, take: Callable[[bytes], Any]) -> None:
        """A file in pieces; where the network is lost in its middle, the rest is asked for."""
        got = 0

        def once() -> None:
            nonlocal got
            headers = {"Range": f"bytes={got}-"} if got else {}
            with self._http.stream("GET", f"/api{path}", headers=headers) as answer:
                if answer.status_code not in (200, 206):
                    answer.read()
                    raise _Refused(answer)
                if got and answer.status_code == 200:
                    raise InputUnreadable("The service can't go on in the middle of a file.", "Try again.")
                for piece in answer.iter_bytes():
                    if self._stopped.is_set():
                        raise Interrupted("Stopped.", "What was not finished has been removed.")
                    take(piece)
                    got += len(piece)

        self._patiently(once)

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        def once() -> httpx.Response:
            answer = self._http.request(method, f"/api{path}", **options)
            if not answer.is_success:
                raise _Refused(answer)
            return answer

        return self._patiently(once)

    def _patiently(self, once: Callable[[], T]) -> T:
        """Do something until it is answered. Raises what the answer says, or InputUnreadable after a long silence."""
        until, pause_s = time.monotonic() + self._patience_s, 0.25
        while True:
            self.pause(0.0)
            wait_s = pause_s
            try:
                return once()
            except _Refused as refused:
                error = problem_of(refused.answer)
                if refused.answer.status_code not in _LATER:
                    raise error from None
                wait_s = _retry_after_s(refused.answer) or pause_s
            except httpx.TransportError as lost:
                error = InputUnreadable(
                    f"{self.address.url} can't be reached: {str(lost) or type(lost).__name__}.",
                    "Check the network, then run the same again: it goes on where it was.",
                )
            if time.monotonic() + wait_s > until:
                raise error
            self.pause(wait_s)
            pause_s = min(pause_s * 2.0, _LONGEST_PAUSE_S)


class _Refused(Exception):
    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer


def problem_of(answer: httpx.Response) -> TonewrightError:
    """The error that a problem document stands for."""
    try:
        document = answer.json()
        code, detail = str(document["code"]), str(document["detail"])
        remedy = str(document.get("remedy") or "")
    except (ValueError, KeyError, TypeError):
        at = f"{answer.request.url.host} answered {answer.status_code} to {answer.request.url.path}"
        return Impossible(f"{at}, which is no answer of Tonewright's.", "Check the address.")
    if code == NotSignedIn.code:
        remedy = "Make a token in the service's settings, then run: tonewright remote login URL"
    return error_of(code, detail, remedy)


def error_of(code: str, message: str, remedy: str) -> TonewrightError:
    """The error of the tree with this code; one that only a newer service knows is Impossible."""
    known = {each.code: each for each in every_error()}
    return known.get(code, Impossible)(message, remedy)


def _retry_after_s(answer: httpx.Response) -> float | None:
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else None
