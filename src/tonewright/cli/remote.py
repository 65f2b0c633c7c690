"""remote: an online service from the command line."""

import queue
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

import typer

from tonewright.base.errors import TonewrightError, UsageError
from tonewright.base.progress import Progress
from tonewright.cli.options import Json, ProgressMode, Quiet, path
from tonewright.cli.output import number, show, table
from tonewright.cli.progress import reporting
from tonewright.cli.remote_service import Address, Service, checked_url, keep, known_address
from tonewright.cli.remote_transfer import Folder, fetch, found_in, send, wait_for
from tonewright.server.errors import NotFound

if TYPE_CHECKING:
    from rich.console import Console

#: Files that are sent at once: one is read and hashed while another is on the line.
_AT_ONCE = 2
_SONG = "SONG"

Format = Annotated[
    Literal["wav", "flac", "mp3", "aac"], typer.Option("--format", help="What is fetched: wav, flac, mp3 or aac.")
]
WordLength = Annotated[
    Literal["24", "16"] | None,
    typer.Option("--bits", help="Word length of wav and flac. Default: 24.", show_default=False),
]


def remote_login(
    url: Annotated[str, typer.Argument(metavar="URL", help="The service's address.", show_default=False)],
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Allow http to another machine: the token can then be overheard.")
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
    progress: ProgressMode = "auto",
) -> None:
    """The token is made in the service's settings in the browser; it is asked for, or read from standard input, tried,
    and kept for your eyes only. TONEWRIGHT_REMOTE_URL and TONEWRIGHT_REMOTE_TOKEN do without."""
    address = checked_url(url, insecure)
    asked = typer.prompt("Token", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline()
    token = str(asked).strip()
    if not token.isascii() or not token.isprintable() or not token:
        raise UsageError("That is no token.", "Make one in the service's settings; it begins with twk_.")
    with Service(Address(address, token), patience_s=10.0) as service:
        me = service.get("/me")
    kept = keep(Address(address, token))
    document = {"url": address, "email": me["email"], "role": me["role"], "config": str(kept)}
    show(as_json, quiet, lambda: document, lambda console: console.print(f"{address}: {me['email']}"))


def remote_upload(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", parser=path, help="Songs, or folders of songs.", show_default=False),
    ],
    project: Annotated[
        str | None,
        typer.Option(
            "--project", metavar="NAME", help="Where they go; made if it is not there.", show_default=False
        ),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Send as new songs what was sent before, instead of taking it as done.")
    ] = False,
    wait_too: Annotated[bool, typer.Option("--wait", help="Wait for the masters.")] = False,
    download: Annotated[
        Path | None,
        typer.Option(
            "--download", metavar="DIR", parser=path, help="Wait, and fetch the masters.", show_default=False
        ),
    ] = None,
    file_format: Format = "wav",
    bits: WordLength = None,
    as_json: Json = False,
    quiet: Quiet = False,
    progress: ProgressMode = "auto",
) -> None:
    """Two files go at once. Stopped, or after a lost network, the same command again goes on where it was. A file that
    can't be sent does not keep the others; the exit code is then that of the first that failed."""
    found = found_in(paths)
    folder = Folder(download) if download is not None else None
    with Service(known_address()) as service, reporting(progress, quiet) as bar:
        project_id = _project(service, project, album=len(found.files) > 1) if project is not None else None
        share = Shares(bar, found.files, waits=wait_too or folder is not None)

        def carry(file: Path) -> dict[str, Any]:
            row: dict[str, Any] = {"file": str(file)}
            try:
                upload = send(service, file, project_id, lambda more: share.sent(file, more), again)
                row |= {"upload_id": upload["id"], "song_id": upload["song_id"]}
                if wait_too or folder is not None:
                    master = wait_for(service, upload["song_id"], lambda done: share.worked(file, done * 0.9))
                    row |= {"master": master}
                    if folder is not None:
                        order = _order(file_format, bits)
                        got = fetch(
                            service, master, folder, order, lambda done: share.worked(file, 0.9 + done / 10)
                        )
                        row |= {"downloaded": str(got)}
            except TonewrightError as error:
                failed[file] = error
                row |= {"error": {"code": error.code, "message": error.message, "remedy": error.remedy}}
            finally:
                share.worked(file, 1.0)
            return row

        failed: dict[Path, TonewrightError] = {}
        rows = _in_threads(carry, found.files)
    document = {"songs": rows, "project_id": project_id, "left": [str(each) for each in found.left]}

    def summary(console: "Console") -> None:
        for row in rows:
            told = row["error"]["message"] if "error" in row else row.get("downloaded") or row["song_id"]
            console.print(f"{row['file']}: {told}", soft_wrap=True)
        if found.left:
            console.print(f"Not sent, as they are no audio files: {len(found.left)}", style="dim")

    show(as_json, quiet, lambda: document, summary)
    for file in found.files:
        if file in failed:
            raise failed[file]


class Shares:
    """The progress of several files as one: bytes that are there, then work and fetching where they are waited for."""

    def __init__(self, bar: Progress, files: tuple[Path, ...], waits: bool) -> None:
        self._bar, self._waits = bar, waits
        self._sizes = {file: max(file.stat().st_size, 1) for file in files}
        self._sent = dict.fromkeys(files, 0)
        self._worked = dict.fromkeys(files, 0.0)
        self._lock = threading.Lock()
        bar.stage("send and wait" if waits else "send", 1.0)

    def sent(self, file: Path, more: int) -> None:
        with self._lock:
            self._sent[file] += more
            self._tell()

    def worked(self, file: Path, done: float) -> None:
        with self._lock:
            self._worked[file] = done
            self._tell()

    def _tell(self) -> None:
        sent = sum(self._sent.values()) / sum(self._sizes.values())
        worked = sum(self._worked.values()) / len(self._worked)
        self._bar.advance(min(0.5 * sent + 0.5 * worked if self._waits else sent, 1.0))


def remote_list(
    project: Annotated[
        str | None, typer.Option("--project", metavar="NAME", help="Only this one.", show_default=False)
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    progress: ProgressMode = "auto",
) -> None:
    """Projects, newest first, with their songs in order and each song's newest master."""
    with Service(known_address()) as service:
        projects = [each for each in service.pages("/projects") if project in (None, each["title"])]
        document = [each | {"songs": list(service.pages(f"/projects/{each['id']}/songs"))} for each in projects]

    def summary(console: "Console") -> None:
        rows = table("song", "title", "project", "master", "LUFS", "state")
        for column in rows.columns[1:3]:
            column.justify = "left"
        for each in document:
            for song in each["songs"]:
                newest = song["masters"][-1] if song["masters"] else {}
                lufs = (newest.get("measurements") or {}).get("integrated_lufs")
                state = "working" if song["jobs"] else newest.get("state", "no mix")
                master = str(newest.get("number", ""))
                rows.add_row(song["id"], song["title"], each["title"], master, number(lufs), state)
        console.print(rows)

    show(as_json, quiet, lambda: {"projects": document}, summary)


def remote_wait(
    song: Annotated[str, typer.Argument(metavar=_SONG, help="A song's id or title.", show_default=False)],
    as_json: Json = False,
    quiet: Quiet = False,
    progress: ProgressMode = "auto",
) -> None:
    """The exit code is 0 once its newest mix has a master, else that of what went wrong."""
    with Service(known_address()) as service, reporting(progress, quiet) as bar:
        bar.stage("wait", 1.0)
        master = wait_for(service, _song_id(service, song), bar.advance)
    words = f"Master {master['number']} is ready: {master['id']}"
    show(as_json, quiet, lambda: {"master": master}, lambda console: console.print(words))


def remote_download(
    what: Annotated[
        str,
        typer.Argument(metavar="SONG|MASTER", help="A song's id or title, or a master's id.", show_default=False),
    ],
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", parser=path, help="Where to; made if it is not there.", show_default=False),
    ],
    file_format: Format = "wav",
    bits: WordLength = None,
    as_json: Json = False,
    quiet: Quiet = False,
    progress: ProgressMode = "auto",
) -> None:
    """Of a song its newest master. An existing file of the same name is replaced."""
    with Service(known_address()) as service, reporting(progress, quiet) as bar:
        master = _master(service, what)
        bar.stage("fetch", 1.0)
        got = fetch(service, master, Folder(folder), _order(file_format, bits), bar.advance)
    document = {"master": master, "file": str(got)}
    show(as_json, quiet, lambda: document, lambda console: console.print(str(got), soft_wrap=True))


def _in_threads(carry: Callable[[Path], dict[str, Any]], files: tuple[Path, ...]) -> list[dict[str, Any]]:
    """What became of each file, in their order. An interrupted main thread leaves the others, which end with it: they
    are not to be waited for, as they may be waiting for a network themselves."""
    waiting: queue.SimpleQueue[Path] = queue.SimpleQueue()
    for file in files:
        waiting.put(file)
    rows: dict[Path, dict[str, Any]] = {}
    bugs: list[BaseException] = []

    def work() -> None:
        try:
            while not bugs:
                file = waiting.get_nowait()
                rows[file] = carry(file)
        except queue.Empty:
            pass
        except BaseException as error:
            bugs.append(error)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(_AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if bugs:
        raise bugs[0]
    return [rows[file] for file in files]


def _order(file_format: str, bits: str | None) -> dict[str, str]:
    return {"format": file_format} | ({"bits": bits} if bits else {})


def _project(service: Service, title: str, album: bool) -> str:
    """The project of this title, made if there is none."""
    for each in service.pages("/projects"):
        if each["title"] == title:
            return str(each["id"])
    made = service.post("/projects", {"title": title, "kind": "album" if album else "single"})
    return str(made["id"])


def _song_id(service: Service, text: str) -> str:
    """A song by its id or its title. Raises NotFound where there is none, UsageError where there are several."""
    if _is_id(text):
        return text
    found = [
        song["id"]
        for each in service.pages("/projects")
        for song in service.pages(f"/projects/{each['id']}/songs")
        if song["title"] == text
    ]
    if len(found) != 1:
        many = f"{len(found)} songs are" if found else "No song is"
        raise UsageError(f"{many} called {text!r}.", "Give its id; `tonewright remote list` shows it.")
    return str(found[0])


def _master(service: Service, text: str) -> dict[str, Any]:
    """A version by its id, or the newest that is ready of a song."""
    if _is_id(text):
        try:
            return dict(service.get(f"/masters/{text}"))
        except NotFound:
            pass
    song = service.get(f"/songs/{_song_id(service, text)}")
    ready = [each for each in song["masters"] if each["state"] == "ready"]
    if not ready:
        raise UsageError(
            f"{song['title']!r} has no master that is ready.", f"Run: tonewright remote wait {song['id']}"
        )
    return dict(ready[-1])


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
