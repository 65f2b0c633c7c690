"""What happened is told to people's programs, signed, until they take it; and to nobody inside."""

import contextlib
import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.test import Client
from django.utils import timezone

from tonewright.base.errors import UsageError
from tonewright.server.conf import conf
from tonewright.server.models import Event, Song, User, Webhook, WebhookDelivery
from tonewright.server.services import outside, webhooks
from tonewright.server.services.access import Actor

SignedIn = Callable[[User], Client]


@dataclass
class Program:
    """A web server that somebody runs to be told: what it heard, and what it answers."""

    url: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    answer: bytes = b"thanks"
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def program() -> Iterator[Program]:
    told = Program()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.heard.append((dict(self.headers), body))
            self.send_response(told.status)
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.wfile.write(told.answer)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        told.url = f"http://localhost:{server.server_port}/hook?a=1"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield told
        server.shutdown()
        thread.join()


@pytest.fixture
def private_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = conf().model_copy(update={"webhook_private": True})
    monkeypatch.setattr(outside, "conf", lambda: settings)


@pytest.fixture
def hook(artist: User, program: Program, private_allowed: None) -> Webhook:
    return webhooks.create(Actor(artist), program.url, ["master.ready", "song.analysed"])


def happens(piece: Song, kind: str = "master", state: str = "ready") -> None:
    body = {"id": "1", "state": state}
    webhooks.heard(Event(owner=piece.project.owner, song=piece, kind=kind, body=body))


def test_a_message_is_signed_and_sent_once(hook: Webhook, piece: Song, program: Program) -> None:
    happens(piece)
    (message,) = webhooks.due()
    assert webhooks.send(message) is True
    (headers, body) = program.heard[0]
    at, _, given = headers["Tonewright-Signature"].removeprefix("t=").partition(",v1=")
    assert given == hmac.new(hook.secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    told = json.loads(body)
    assert (told["event"], told["song_id"], told["master"]) == (
        "master.ready",
        str(piece.pk),
        {"id": "1", "state": "ready"},
    )
    assert headers["Host"] == program.url.split("/")[2]
    message.refresh_from_db()
    assert (message.state, message.status, message.answer, message.attempts) == ("sent", 200, "thanks", 1)
    assert webhooks.due() == []
    assert webhooks.send(message) is False
    assert len(program.heard) == 1


def test_only_what_was_asked_for_is_told(hook: Webhook, piece: Song) -> None:
    happens(piece, "master", "failed")
    happens(piece, "master", "rendering")
    happens(piece, "job", "ready")
    assert not WebhookDelivery.objects.exists()
    happens(piece, "audio")
    assert WebhookDelivery.objects.get().kind == "song.analysed"


def test_a_switched_off_webhook_is_told_nothing(hook: Webhook, piece: Song) -> None:
    happens(piece)
    Webhook.objects.update(enabled=False)
    assert webhooks.due() == []
    happens(piece)
    assert WebhookDelivery.objects.count() == 1


def test_strangers_webhooks_hear_nothing(hook: Webhook, stranger: User, piece: Song) -> None:
    Webhook.objects.update(owner=stranger)
    happens(piece)
    assert not WebhookDelivery.objects.exists()


@pytest.mark.parametrize("status", [199 + 102, 404, 500])
def test_what_was_not_taken_is_sent_again_later_and_later_for_about_a_day(
    status: int, hook: Webhook, piece: Song, program: Program
) -> None:
    program.status, program.headers = status, {"Location": "http://localhost:1/elsewhere"}
    happens(piece)
    waited = timedelta()
    for attempt in range(1, len(webhooks.BACKOFF) + 2):
        (message,) = webhooks.due()
        before = timezone.now()
        assert webhooks.send(message) is False
        message.refresh_from_db()
        assert (message.attempts, message.status) == (attempt, status)
        if message.next_at is None:
            break
        assert webhooks.due() == []
        waited += message.next_at - before
        WebhookDelivery.objects.update(next_at=timezone.now())
    assert message.state == "failed"
    assert timedelta(hours=20) < waited < timedelta(hours=28)
    assert len(program.heard) == len(webhooks.BACKOFF) + 1


def test_a_failed_message_is_sent_again_when_asked(hook: Webhook, piece: Song, program: Program) -> None:
    happens(piece)
    WebhookDelivery.objects.update(state="failed", attempts=11, next_at=None)
    message = webhooks.send_again(Actor(hook.owner), hook.pk, WebhookDelivery.objects.get().pk)
    assert webhooks.send(message) is True


def test_two_who_send_at_once_send_once(hook: Webhook, piece: Song, program: Program) -> None:
    happens(piece)
    (first,), (second,) = webhooks.due(), webhooks.due()
    assert webhooks.send(first) is True
    assert webhooks.send(second) is False
    assert len(program.heard) == 1


def test_a_sender_that_died_is_made_up_for(hook: Webhook, piece: Song, program: Program) -> None:
    happens(piece)
    (message,) = webhooks.due()
    # claimed, and then nothing more
    WebhookDelivery.objects.update(attempts=1, next_at=timezone.now() + webhooks._LEASE)
    assert webhooks.due() == []
    WebhookDelivery.objects.update(next_at=timezone.now())
    (again,) = webhooks.due()
    assert again.pk == message.pk
    assert webhooks.send(again) is True


def test_an_endless_answer_is_not_read(hook: Webhook, piece: Song, program: Program) -> None:
    program.answer = b"x" * (8 << 20)
    happens(piece)
    (message,) = webhooks.due()
    assert webhooks.send(message) is True
    message.refresh_from_db()
    assert len(message.answer) == 500


def test_who_does_not_answer_is_noted(hook: Webhook, piece: Song, program: Program) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        Webhook.objects.update(url=f"http://127.0.0.1:{taken.getsockname()[1]}/")
        happens(piece)
        (message,) = webhooks.due()
        assert webhooks.send(message) is False
    message.refresh_from_db()
    assert message.status is None
    assert message.answer.startswith("No connection")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
    ],
)
def test_no_address_of_this_machine_or_its_network_is_asked(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not outside.is_public(address)
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 443)), (0, 0, 0, "", (address, 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(outside.Unreachable, match="not a public address"):
        outside.post("https://looks-harmless.example/", b"{}", {})


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111"])
def test_the_internet_is_asked(address: str) -> None:
    assert outside.is_public(address)


def test_the_checked_address_is_connected_to_and_the_name_is_asked_for_once(
    hook: Webhook, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    port = int(program.url.split(":")[2].split("/")[0])

    def resolve(host: object, *_: object, **__: object) -> object:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    status, _ = outside.post(f"http://rebinding.example:{port}/", b"{}", {})
    assert status == 200
    assert asked[0] == "rebinding.example"
    assert "rebinding.example" not in asked[1:]
    assert program.heard[0][0]["Host"] == f"rebinding.example:{port}"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://example.org/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "https://user:secret@example.org/",
        "https://example.org/#part",
        "https://example.org:0/",
        "https://example.org:99999/",
        "https://exa mple.org/",
        "https://example.org/\r\nX: 1",
        "https://[::1/",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        outside.must_be_address(url)


def test_webhooks_through_the_api(artist: User, stranger: User, signed_in: SignedIn) -> None:
    client = signed_in(artist)
    wanted = {"url": "https://example.org/hook", "events": ["master.ready", "master.ready"]}
    made = client.post("/api/webhooks", wanted, "application/json")
    assert made.status_code == 201
    assert made.json()["secret"].startswith("whs_")
    assert made.json()["events"] == ["master.ready"]
    address = f"/api/webhooks/{made.json()['id']}"
    listed = client.get("/api/webhooks").json()["items"]
    assert "secret" not in listed[0]
    changed = client.patch(address, {"enabled": False}, "application/json").json()
    assert changed == listed[0] | {"enabled": False}
    wrong: list[dict[str, object]] = [{"events": []}, {"events": ["nothing"]}, {"url": None}]
    for bad in wrong:
        assert client.patch(address, bad, "application/json").status_code == 422
    assert client.patch(address, {"url": "http://example.org"}, "application/json").status_code == 400
    message = webhooks.message(Webhook.objects.get(), "master.ready", {})
    WebhookDelivery.objects.update(state="failed", next_at=None)
    assert client.get(f"{address}/deliveries").json()["items"][0]["state"] == "failed"
    again = client.post(f"{address}/deliveries/{message.pk}/send")
    assert (again.status_code, again.json()["state"]) == (202, "waiting")
    assert signed_in(stranger).delete(address).status_code == 404
    assert client.delete(address).status_code == 204
    assert not WebhookDelivery.objects.exists()
