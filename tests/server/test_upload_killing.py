"""kill -9 while parts are sent and put together: what was acknowledged is kept, and the file comes of it once."""

import contextlib
import hashlib
import random
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sending import digest, some_bytes
from service import Person, Service, owner_of, wait_for

pytestmark = pytest.mark.slow

PARTS = 10
#: Parts between two kills, so that there are PARTS / MOST_A_ROUND kills at least.
MOST_A_ROUND = 3
#: Kills while the upload is put together.
KILLS = 3
PATIENCE_S = 300.0


class Web(Service):
    """The web process alone, on a socket that outlives it: while it is started anew, requests wait."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.environment["DJANGO_SETTINGS_MODULE"] = "tonewright.server.settings"
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        begin = "from tonewright.server.ops.start import migrate, start_django; start_django('tests'); migrate()"
        subprocess.run([sys.executable, "-c", begin], env=self.environment, check=True)

    def start(self, ready: bool = True) -> None:
        handle = self._socket.fileno()
        command = [sys.executable, "-m", "uvicorn", "tonewright.server.asgi:application", "--fd", str(handle)]
        with (self.folder / "log.txt").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--lifespan", "off"], env=self.environment, pass_fds=[handle], stdout=log, stderr=log
            )

    def kill(self, *parts: str) -> None:
        """kill -9, and up again."""
        self.end()
        # a process leases requests of a limit (api/throttle.py); so many kills a minute would use up all of them
        with contextlib.closing(sqlite3.connect(self.folder / "data" / "tonewright.sqlite3", timeout=20)) as rows:
            rows.execute("DELETE FROM tonewright_cache")
            rows.commit()
        self.start()

    def close(self) -> None:
        self._socket.close()

    def count(self, table: str, song_id: str) -> int:
        found = self.query(f"SELECT count(*) FROM tonewright_{table} WHERE song_id = %s", song_id.replace("-", ""))
        return int(found[0][0])


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    found = Web(tmp_path_factory.mktemp("web"))
    found.start()
    yield found
    found.end()
    found.close()


@pytest.fixture(scope="module")
def owner(web: Web) -> Iterator[Person]:
    with owner_of(web) as found:
        yield found


class Sender(threading.Thread):
    """Sends parts until its server dies, and notes which were acknowledged. The last stays half sent until `go_on`."""

    def __init__(self, person: Person, upload: dict[str, Any], parts: dict[int, bytes]) -> None:
        super().__init__()
        self._person, self._upload, self._parts = person, upload, parts
        self.acknowledged: dict[int, str] = {}
        self.half_way, self.go_on = threading.Event(), threading.Event()

    def run(self) -> None:
        *_, last = self._parts
        for number, part in self._parts.items():
            headers = {"Content-SHA256": digest(part), "Content-Length": str(len(part))}
            try:
                answer = self._person.http.put(
                    f"/api/uploads/{self._upload['id']}/parts/{number}",
                    content=self._held(part) if number == last else part,
                    headers=headers,
                )
            except httpx.TransportError:
                return
            assert answer.status_code == 200, answer.text
            self.acknowledged[number] = answer.json()["sha256"]

    def _held(self, part: bytes) -> Iterator[bytes]:
        yield part[: len(part) // 2]
        self.half_way.set()
        self.go_on.wait()
        yield part[len(part) // 2 :]


class Finisher(threading.Thread):
    """Completes until its server dies."""

    def __init__(self, person: Person, upload: dict[str, Any]) -> None:
        super().__init__()
        self._person, self._upload = person, upload

    def run(self) -> None:
        try:
            self._person.http.post(f"/api/uploads/{self._upload['id']}/complete")
        except httpx.TransportError:
            return


@pytest.mark.parametrize("seed", range(2))
def test_a_server_that_is_killed_again_and_again_loses_no_part(web: Web, owner: Person, seed: int) -> None:
    chance = random.Random(seed)
    content = some_bytes(PARTS * (8 << 20) - 12_345, seed)
    whole = hashlib.sha256(content).hexdigest()
    about = {"filename": f"Song {seed}.wav", "bytes": len(content), "sha256": whole}
    upload = owner.ask("POST", "/api/uploads", json=about)
    address, size = f"/api/uploads/{upload['id']}", upload["part_bytes"]
    missing = {n + 1: content[n * size : (n + 1) * size] for n in range(PARTS)}
    acknowledged: dict[int, str] = {}
    while missing:
        # a few parts, and then one that the server dies over: never all of them before the first kill
        order = chance.sample(sorted(missing), min(chance.randint(1, MOST_A_ROUND), len(missing)))
        sender = Sender(owner, upload, {number: missing[number] for number in order})
        sender.start()
        wait_for(lambda: sender.half_way.is_set() or not sender.is_alive(), PATIENCE_S, "parts")  # noqa: B023
        assert sender.half_way.is_set()
        assert list(sender.acknowledged) == order[:-1]
        if chance.random() < 0.7:
            sender.go_on.set()
            sender.join(chance.uniform(0.0, 0.1))  # a moment that nobody chose; any is right
        web.kill()
        sender.go_on.set()
        sender.join()
        acknowledged |= sender.acknowledged
        there = {part["number"]: part["sha256"] for part in owner.ask("GET", address)["parts"]}
        assert acknowledged.items() <= there.items()
        missing = {number: part for number, part in missing.items() if number not in there}

    for _ in range(KILLS):
        finisher = Finisher(owner, upload)
        finisher.start()
        time.sleep(chance.uniform(0.0, 0.5))  # any moment is right
        web.kill()
        finisher.join()
        assert owner.ask("GET", address)["state"] in ("open", "assembling", "done")
    done = owner.ask("POST", f"{address}/complete")
    assert done["state"] == "done"
    assert owner.ask("POST", f"{address}/complete") == done
    must_be_whole(web, owner, done, whole)


def must_be_whole(web: Web, owner: Person, done: dict[str, Any], whole: str) -> None:
    """One sound, one job, and every byte of it."""
    song = owner.ask("GET", f"/api/songs/{done['song_id']}")
    assert song["mix"]["sha256"] == whole
    assert [web.count(table, done["song_id"]) for table in ("audio", "job")] == [1, 1]
    got = hashlib.sha256()
    with owner.http.stream("GET", f"/api/audio/{done['audio_id']}/file") as answer:
        for chunk in answer.iter_bytes():
            got.update(chunk)
    assert got.hexdigest() == whole
