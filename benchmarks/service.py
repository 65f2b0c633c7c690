"""The service under load: people listening and people sending songs in, all at once, against one `tonewright serve`.

    python -m benchmarks.service [--listeners N] [--senders N] [--songs N] [--song-s S] [--alone]

A fresh service is brought up on a data directory of its own, as a user would start it. First one 4-minute song is
sent in while nothing else happens, and the time from its last byte to the first master's first segment is measured
(--alone stops there). Then every listener streams a mix and its master in real time (two 5-second segments each 5 s,
the song's page now and then) with an event stream open, while every sender sends songs, all beginning at the same
moment; the first sender sends ten times as many as the others, who must not wait for that one. Measured: failed
requests, latencies by kind, and in which order the masters were done.
"""

import argparse
import asyncio
import contextlib
import hashlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks.timing import percentile, table

#: So many files a program sends at a time, as `tonewright remote` does.
AT_ONCE = 2
#: A player fetches this much at a time.
SEGMENT_S = 5.0
_START_S = 90.0


@dataclass
class Seen:
    """What the clients saw."""

    latency_s: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    failures: Counter[str] = field(default_factory=Counter)
    #: (seconds since the start, sender) of each master
    done: list[tuple[float, int]] = field(default_factory=list)


class Person:
    """One user's client, which notes how long everything took and what failed."""

    def __init__(self, url: str, token: str, seen: Seen) -> None:
        self.http = httpx.AsyncClient(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60, trust_env=False
        )
        self._seen = seen

    async def ask(self, kind: str, method: str, path: str, **options: Any) -> httpx.Response | None:
        begin = time.perf_counter()
        try:
            answer = await self.http.request(method, path, **options)
        except httpx.HTTPError as error:
            self._seen.failures[f"{kind}: {type(error).__name__}"] += 1
            return None
        self._seen.latency_s[kind].append(time.perf_counter() - begin)
        if answer.status_code >= 400:
            self._seen.failures[f"{kind}: {answer.status_code} {answer.text[:120]}"] += 1
            return None
        return answer

    async def send(self, path: Path) -> str | None:
        """Upload a file; gives the song's id."""
        content = path.read_bytes()
        order = {"filename": path.name, "bytes": len(content), "role": "mix"}
        made = await self.ask("create upload", "POST", "/api/uploads", json=order)
        if made is None:
            return None
        upload = made.json()
        for number, start in enumerate(range(0, len(content), upload["part_bytes"]), 1):
            part = content[start : start + upload["part_bytes"]]
            digest = {"Content-SHA256": hashlib.sha256(part).hexdigest()}
            await self.ask(
                "send a part", "PUT", f"/api/uploads/{upload['id']}/parts/{number}", content=part, headers=digest
            )
        complete = await self.ask("complete upload", "POST", f"/api/uploads/{upload['id']}/complete")
        return None if complete is None else str(complete.json()["song_id"])

    async def master_of(self, song: str, deadline_s: float) -> dict[str, Any] | None:
        """Wait for the first master of a song by its event stream, as a browser does."""
        until = time.perf_counter() + deadline_s
        while time.perf_counter() < until:
            answer = await self.ask("song", "GET", f"/api/songs/{song}")
            if answer is not None:
                ready = [master for master in answer.json()["masters"] if master["state"] == "ready"]
                if ready:
                    return dict(ready[0])
            with contextlib.suppress(httpx.HTTPError, TimeoutError):
                await asyncio.wait_for(self._next_event(song), 5.0)
        return None

    async def stay(self, song: str) -> None:
        """Keep an event stream open, as a browser does: one that ends is opened again after two seconds."""
        while True:
            try:
                async with self.http.stream("GET", f"/api/events?song={song}", timeout=None) as stream:
                    if stream.status_code != 200:
                        self._seen.failures[f"events: {stream.status_code}"] += 1
                    async for _ in stream.aiter_lines():
                        pass
            except httpx.HTTPError as error:
                self._seen.failures[f"events: {type(error).__name__}"] += 1
            await asyncio.sleep(2.0)

    async def _next_event(self, song: str) -> None:
        async with self.http.stream("GET", f"/api/events?song={song}") as stream:
            async for line in stream.aiter_lines():
                if line.startswith("event: master"):
                    return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def service(folder: Path) -> Iterator[str]:
    """A service of its own, ready to work, ended with all its children."""
    port = _free_port()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TONEWRIGHT_")}
    environment |= {"TONEWRIGHT_DATA_DIR": str(folder), "TONEWRIGHT_PORT": str(port)}
    url = f"http://127.0.0.1:{port}"
    log = (folder / "log.txt").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "tonewright", "serve"], env=environment, stdout=log, stderr=subprocess.STDOUT
    )
    try:
        until = time.perf_counter() + _START_S
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{url}/readyz", trust_env=False).status_code == 200:
                    break
            if process.poll() is not None or time.perf_counter() > until:
                raise RuntimeError(f"The service did not come up:\n{(folder / 'log.txt').read_text()[-3000:]}")
            time.sleep(0.2)
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        log.close()


def tokens(folder: Path, number: int) -> list[str]:
    """So many accounts with a token each, made as an operator could, without a mail for each; one team of them all."""
    os.environ |= {"TONEWRIGHT_DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "tonewright.server.settings"}
    import django

    django.setup()
    from tonewright.server.models import ApiToken, Team, User

    team = Team.objects.create(name="Everybody")
    made = []
    for index in range(number):
        user = User.objects.create_user(f"person{index}@example.org")
        team.members.add(user)
        token = f"twk_{secrets.token_urlsafe(32)}"
        ApiToken.objects.create(
            user=user,
            name="benchmark",
            prefix=token[:12],
            sha256=hashlib.sha256(token.encode()).hexdigest(),
            scopes=["read", "write"],
        )
        made.append(token)
    return made


def demo(path: Path, seconds: float, seed: int) -> Path:
    command = [sys.executable, "-m", "tonewright", "demo", str(path), f"--seconds={seconds}", f"--seed={seed}"]
    subprocess.run([*command, "--quiet"], check=True)
    return path


async def alone(url: str, token: str, song: Path) -> float:
    """Seconds from an upload's end to the first master's first segment in the listener's hands."""
    person = Person(url, token, Seen())
    song_id = await person.send(song)
    assert song_id is not None, person._seen.failures
    begin = time.perf_counter()
    master = await person.master_of(song_id, 120)
    assert master is not None, "no master within two minutes"
    segment = await person.http.get(f"/api/masters/{master['id']}/segments/0")
    segment.raise_for_status()
    await person.http.aclose()
    return time.perf_counter() - begin


async def listen(person: Person, song: str, master: dict[str, Any], after_s: float) -> None:
    """Play the mix and a master in real time, as the studio's player does, until cancelled. after_s: nobody begins at
    the same moment as everybody else.
    """
    await asyncio.sleep(after_s)
    answer = await person.ask("song", "GET", f"/api/songs/{song}")
    assert answer is not None
    mix = answer.json()["mix"]
    segments = len(master["listen_index"]["offsets"]) - 1
    position = secrets.randbelow(segments)
    staying = asyncio.create_task(person.stay(song))
    try:
        while True:
            begin = time.perf_counter()
            at = position % segments
            await asyncio.gather(
                person.ask("segment", "GET", f"/api/audio/{mix['id']}/segments/{at}"),
                person.ask("segment", "GET", f"/api/masters/{master['id']}/segments/{at}"),
            )
            if position % 4 == 0:
                await person.ask("song", "GET", f"/api/songs/{song}")
            position += 1
            await asyncio.sleep(max(0.0, SEGMENT_S - (time.perf_counter() - begin)))
    finally:
        staying.cancel()
        await asyncio.gather(staying, return_exceptions=True)


async def shared_song(person: Person, song: Path) -> tuple[str, dict[str, Any]]:
    """A mastered song that everybody of the team may listen to: its id and its master."""
    song_id = await person.send(song)
    assert song_id is not None
    master = await person.master_of(song_id, 120)
    assert master is not None
    team = (await person.http.get("/api/teams")).raise_for_status().json()["items"][0]
    project_id = (await person.http.get(f"/api/songs/{song_id}")).raise_for_status().json()["project_id"]
    moved = await person.http.patch(f"/api/projects/{project_id}", json={"team_id": team["id"]})
    moved.raise_for_status()
    return song_id, master


async def crowd(url: str, people: list[str], song: Path, listeners: int, songs: int) -> Seen:
    """Listeners and senders at once, until every song that was sent has its master. people: first the listeners."""
    seen = Seen()
    ears = [Person(url, token, seen) for token in people[:listeners]]
    song_id, master = await shared_song(ears[0], song)
    seen.latency_s.clear()
    begin = time.perf_counter()
    listening = [
        asyncio.create_task(listen(ear, song_id, master, SEGMENT_S * index / listeners))
        for index, ear in enumerate(ears)
    ]

    async def sender(index: int, token: str) -> None:
        person = Person(url, token, seen)

        sending = asyncio.Semaphore(AT_ONCE)

        async def one() -> None:
            async with sending:
                sent = await person.send(song)
            if sent is not None and await person.master_of(sent, 1800) is not None:
                seen.done.append((time.perf_counter() - begin, index))

        await asyncio.gather(*(one() for _ in range(10 * songs if index == 0 else songs)))
        await person.http.aclose()

    await asyncio.gather(*(sender(index, token) for index, token in enumerate(people[listeners:])))
    for task in listening:
        task.cancel()
    await asyncio.gather(*listening, return_exceptions=True)
    for ear in ears:
        await ear.http.aclose()
    return seen


def show(seen: Seen) -> None:
    rows = [["request", "number", "median ms", "p95 ms", "slowest ms"]]
    every: list[float] = []
    for kind, latencies in sorted(seen.latency_s.items()):
        rows.append(_row(kind, latencies))
        every += latencies
    rows.append(_row("all", every))
    print(table(rows))
    print(f"\nfailed requests: {sum(seen.failures.values())}")
    for what, count in seen.failures.most_common():
        print(f"  {count} x {what}")
    by_sender = defaultdict(list)
    for at, index in seen.done:
        by_sender[index].append(at)
    many, few = by_sender.pop(0, []), [max(times) for times in by_sender.values()]
    if few:
        print(f"\nlast master of each sender of few: median {percentile(few, 50):.0f} s, slowest {max(few):.0f} s")
    print(f"all {len(many)} masters of the sender of many: {max(many, default=0):.0f} s")


def _row(kind: str, latencies: list[float]) -> list[str]:
    ms = [1000 * latency for latency in latencies]
    return [kind, str(len(ms)), f"{percentile(ms, 50):.0f}", f"{percentile(ms, 95):.0f}", f"{max(ms):.0f}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listeners", type=int, default=50)
    parser.add_argument("--senders", type=int, default=10)
    parser.add_argument(
        "--songs", type=int, default=1, help="songs of each sender; the first sends ten times as many"
    )
    parser.add_argument("--song-s", type=float, default=60.0, help="their length")
    parser.add_argument("--alone", action="store_true", help="only one song on an idle machine")
    parser.add_argument("--runs", type=int, default=3, help="of the one song on an idle machine")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tonewright-bench-") as place:
        folder = Path(place)
        (folder / "data").mkdir()
        with service(folder / "data") as url:
            people = tokens(folder / "data", chosen.listeners + chosen.senders)
            taken = [
                asyncio.run(alone(url, people[0], demo(folder / f"long-{seed}.wav", 240, seed)))
                for seed in range(1, chosen.runs + 1)
            ]
            print(
                f"4-minute song, upload finished to first master audible: median {percentile(taken, 50):.1f} s "
                f"(of {', '.join(f'{s:.1f}' for s in taken)}), {os.cpu_count()} cores\n"
            )
            if not chosen.alone:
                song = demo(folder / "song.wav", chosen.song_s, 1)
                print(
                    f"{chosen.listeners} listeners, {chosen.senders} senders of {chosen.song_s:.0f}-second songs\n"
                )
                show(asyncio.run(crowd(url, people, song, chosen.listeners, chosen.songs)))


if __name__ == "__main__":
    main()
