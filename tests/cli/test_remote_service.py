"""Requests that outlast a lost network, and what a service's answers mean to the command line. Loopback only."""

import json
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tonewright.base.errors import Impossible, InputUnreadable, TonewrightError, UsageError, every_error
from tonewright.cli.main import main
from tonewright.cli.remote_service import Address, Service, checked_url, config_path, keep, known_address
from tonewright.cli.remote_transfer import Folder, found_in
from tonewright.server.errors import NotSignedIn, QuotaPassed

#: (status, headers, body) of one answer; None hangs up without one.
Answer = tuple[int, dict[str, str], bytes] | None
Script = Callable[[str, str, dict[str, str]], Answer]


class Fake:
    """A server on the loopback that answers by a script and remembers what it was asked."""

    def __init__(self, script: Script) -> None:
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                fake.asked.append((self.command, self.path, headers))
                found = script(self.command, self.path, headers)
                if found is None:
                    self.close_connection = True
                    return
                status, more, body = found
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **more}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
                self.close_connection = int(more.get("Content-Length", len(body))) != len(body)

            do_GET = do_POST = do_PUT = answer  # noqa: N815 the library's names

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def serving(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Script], Fake]]:
    monkeypatch.setenv("NO_PROXY", "*")
    made: list[Fake] = []

    def start(script: Script) -> Fake:
        made.append(Fake(script))
        return made[-1]

    yield start
    for each in made:
        each.close()


@pytest.fixture(autouse=True)
def nothing_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("TONEWRIGHT_REMOTE_URL", raising=False)
    monkeypatch.delenv("TONEWRIGHT_REMOTE_TOKEN", raising=False)


def answer(body: Any, status: int = 200, **headers: str) -> Answer:
    return status, {"Content-Type": "application/json", **headers}, json.dumps(body).encode()


def problem(code: str, status: int, **headers: str) -> Answer:
    return answer(
        {"code": code, "detail": "What it is.", "remedy": "What to do.", "status": status}, status, **headers
    )


def test_a_lost_network_and_a_busy_service_are_borne_and_nothing_is_made_twice(
    serving: Callable[[Script], Fake],
) -> None:
    troubles: list[Answer] = [None, problem("bug", 503), problem("too_many_requests", 429, **{"Retry-After": "0"})]

    def script(method: str, path: str, headers: dict[str, str]) -> Answer:
        return troubles.pop(0) if troubles else answer({"id": 1}, 201)

    fake = serving(script)
    with Service(Address(fake.url, "twk_x"), patience_s=20) as service:
        assert service.post("/projects", {"title": "T"}) == {"id": 1}
    assert len(fake.asked) == 4
    assert len({headers["idempotency-key"] for _, _, headers in fake.asked}) == 1
    assert {headers["authorization"] for _, _, headers in fake.asked} == {"Bearer twk_x"}


def test_patience_ends(serving: Callable[[Script], Fake]) -> None:
    fake = serving(lambda *_: None)
    with Service(Address(fake.url, "twk_x"), patience_s=1) as service, pytest.raises(InputUnreadable) as found:
        service.get("/me")
    assert "can't be reached" in found.value.message


@pytest.mark.parametrize("error", [each for each in every_error() if each.code != "error"], ids=lambda e: e.code)
def test_a_problem_is_the_error_it_was(serving: Callable[[Script], Fake], error: type[TonewrightError]) -> None:
    fake = serving(lambda *_: problem(error.code, 422))
    with Service(Address(fake.url, "twk_x"), patience_s=1) as service, pytest.raises(error) as found:
        service.get("/me")
    assert type(found.value) is error
    assert found.value.message == "What it is."


@pytest.mark.parametrize("body", [b"<html>nginx</html>", b"[]", b'{"code": 1}', b"\xff"])
def test_what_is_no_answer_of_ours_is_said_to_be_none(serving: Callable[[Script], Fake], body: bytes) -> None:
    fake = serving(lambda *_: (404, {}, body))
    with Service(Address(fake.url, "twk_x")) as service, pytest.raises(Impossible, match="no answer of Tonewright"):
        service.get("/me")


def test_a_file_that_breaks_off_is_gone_on_with(serving: Callable[[Script], Fake]) -> None:
    content = bytes(range(256)) * 400

    def script(method: str, path: str, headers: dict[str, str]) -> Answer:
        start = int(headers["range"].removeprefix("bytes=").rstrip("-")) if "range" in headers else 0
        stop = min(start + 40_000, len(content))  # says it has all, and hangs up
        more = {"Content-Length": str(len(content) - start)}
        return 206 if start else 200, more, content[start:stop]

    fake = serving(script)
    got: list[bytes] = []
    with Service(Address(fake.url, "twk_x"), patience_s=20) as service:
        service.fetch("/deliveries/x/file", got.append)
    assert b"".join(got) == content
    assert len(fake.asked) == 3


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("music.example.org", "https://music.example.org"),
        ("https://music.example.org/tone/", "https://music.example.org/tone"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://localhost:8000/", "http://localhost:8000"),
    ],
)
def test_addresses_are_kept_plainly(text: str, kept: str) -> None:
    assert checked_url(text) == kept


def test_a_token_is_not_sent_where_it_can_be_overheard() -> None:
    with pytest.raises(Impossible, match="overheard"):
        checked_url("http://music.example.org")
    assert checked_url("http://music.example.org", insecure=True) == "http://music.example.org"
    for text in ("ftp://x", "https://", "https://user:word@x", "https://x?y=1"):
        with pytest.raises(UsageError):
            checked_url(text)


def test_a_token_is_its_users_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotSignedIn):
        known_address()
    path = keep(Address("https://a.example", "twk_a"))
    assert path == config_path()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert known_address() == Address("https://a.example", "twk_a")
    monkeypatch.setenv("TONEWRIGHT_REMOTE_URL", "https://b.example")
    with pytest.raises(NotSignedIn):
        known_address()  # the token of one service is not told to another
    monkeypatch.setenv("TONEWRIGHT_REMOTE_TOKEN", "twk_b")
    assert known_address() == Address("https://b.example", "twk_b")


def test_folders_are_looked_through_and_what_is_left_is_told(tmp_path: Path) -> None:
    for name in ("b.wav", "a.FLAC", "disc 2/c.mp3", "cover.jpg", ".hidden.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    found = found_in([tmp_path, tmp_path / "b.wav"])
    assert [str(each.relative_to(tmp_path)) for each in found.files] == ["a.FLAC", "b.wav", "disc 2/c.mp3"]
    assert [each.name for each in found.left] == ["cover.jpg"]
    for nothing in (tmp_path / "none.wav", tmp_path / "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        with pytest.raises(InputUnreadable):
            found_in([nothing])


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a.wav", "a.wav"),
        ("../../etc/passwd", "passwd"),
        ("..", "master"),
        ("C:\\x\\y.wav", "y.wav"),
        ("\x1b[2J.wav", "[2J.wav"),
    ],
)
def test_a_services_names_lead_nowhere(tmp_path: Path, name: str, kept: str) -> None:
    assert Folder(tmp_path).place(name) == tmp_path / kept


def test_of_two_files_of_one_name_the_second_gets_a_number(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    assert [folder.place(name).name for name in ("a.wav", "A.wav", "a.wav")] == ["a.wav", "A 2.wav", "a 3.wav"]


def test_exit_codes_and_lines_are_the_trees(
    serving: Callable[[Script], Fake], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["remote", "list"]) == NotSignedIn.exit_code
    assert "remote login" in capsys.readouterr().err
    fake = serving(lambda *_: problem("quota_passed", 413))
    monkeypatch.setenv("TONEWRIGHT_REMOTE_URL", fake.url)
    monkeypatch.setenv("TONEWRIGHT_REMOTE_TOKEN", "twk_x")
    assert main(["remote", "list", "--json"]) == QuotaPassed.exit_code
    out, err = capsys.readouterr()
    assert (out, json.loads(err)["code"], json.loads(err)["remedy"]) == ("", "quota_passed", "What to do.")


def test_ctrl_c_ends_it_at_once_though_the_service_keeps_silent(
    serving: Callable[[Script], Fake], tmp_path: Path
) -> None:
    silent, ended = threading.Event(), threading.Event()

    def script(method: str, path: str, headers: dict[str, str]) -> Answer:
        if method == "GET":
            return answer({"items": [], "next": None})
        if method == "POST":
            return answer({"id": "u", "state": "open", "part_bytes": 10, "parts": []}, 201)
        silent.set()
        ended.wait(30)
        return None

    fake = serving(script)
    (tmp_path / "a.wav").write_bytes(b"x" * 100)
    environment = os.environ | {"TONEWRIGHT_REMOTE_URL": fake.url, "TONEWRIGHT_REMOTE_TOKEN": "twk_x"}
    command = [sys.executable, "-m", "tonewright", "remote", "upload", str(tmp_path / "a.wav")]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert silent.wait(30)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
    finally:
        ended.set()
        process.kill()
        process.communicate()
    assert (process.returncode, out, err.count("\n")) == (9, "", 1), err
