"""serve, worker: the online service."""

import json
import os
import signal
import socket
import sys
import threading
from types import FrameType
from typing import Annotated

import typer

from tonewright.base.errors import Impossible, UsageError
from tonewright.cli.options import Json, ProgressMode, Quiet

_SERVICE = "The service"


def serve(
    host: Annotated[
        str | None,
        typer.Option("--host", metavar="HOST", help="The address to listen on.", rich_help_panel=_SERVICE),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            metavar="PORT",
            min=0,
            max=65535,
            help="The port to listen on; 0 takes a free one. Default: TONEWRIGHT_PORT, or 8000.",
            rich_help_panel=_SERVICE,
        ),
    ] = None,
    no_worker: Annotated[
        bool,
        typer.Option(
            "--no-worker", help="Answer requests only; jobs are done elsewhere.", rich_help_panel=_SERVICE
        ),
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
    progress: ProgressMode = "auto",
) -> None:
    """Bring the whole service up, web and worker together, with everything it keeps in TONEWRIGHT_DATA_DIR
    (default ~/.local/share/tonewright), and run it until Ctrl-C. The first visit makes the owner's account. All
    settings are environment variables, see docs/settings.md."""
    must_be_installed()
    if host is not None:
        os.environ["TONEWRIGHT_HOST"] = host
    if port is not None:
        os.environ["TONEWRIGHT_PORT"] = str(port)
    from tonewright.server.conf import conf
    from tonewright.server.ops.start import migrate, start_django
    from tonewright.server.supervise import Part, supervise

    listening = _listen(conf().host, conf().port)
    os.environ["TONEWRIGHT_PORT"] = str(listening.getsockname()[1])
    conf.cache_clear()
    start_django("serve")
    migrate()
    parent = ("--parent", str(os.getpid()))
    handle = listening.fileno()
    web = ("-m", "tonewright.server.web", "--socket", str(handle), *parent)
    parts = [Part("web", web, (handle,))]
    if not no_worker:
        parts.append(Part("worker", ("-m", "tonewright.server.work.main", *parent)))
    _announce_when_ready(conf().url, str(conf().data), as_json, quiet)
    supervise(parts, _told_to_stop(), lambda words: print(f"tonewright: {words}", file=sys.stderr, flush=True))


def worker(as_json: Json = False, quiet: Quiet = False, progress: ProgressMode = "auto") -> None:
    """Carry out the service's jobs, beside `tonewright serve --no-worker` or further workers, until SIGTERM or
    Ctrl-C. How many at once: TONEWRIGHT_WORKERS. It may be killed at any moment: what it had begun is taken up by the
    next."""
    must_be_installed()
    from tonewright.server.ops.start import must_be_migrated, start_django
    from tonewright.server.work.main import work

    start_django("worker")
    must_be_migrated()
    work()


def must_be_installed() -> None:
    """Raises Impossible where only the command line is installed."""
    from importlib.util import find_spec

    if any(find_spec(name) is None for name in ("django", "dbos", "ninja", "uvicorn")):
        raise Impossible(
            "The online service is not installed, only the command line.", "Run: pip install 'tonewright[server]'"
        )


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket that child processes may inherit. Raises UsageError where it can't be had."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        made = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise UsageError(
            f"{host}:{port} can't be listened on: {error.strerror or error}.",
            "Choose another with --host or --port.",
        ) from error
    made.set_inheritable(True)
    return made


def _told_to_stop() -> threading.Event:
    stop = threading.Event()

    def told(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, told)
    return stop


def _announce_when_ready(url: str, data: str, as_json: bool, quiet: bool) -> None:
    """Print the address once the service answers there."""

    def wait() -> None:
        import http.client
        import time
        from urllib.parse import urlsplit

        parts = urlsplit(f"http://{os.environ.get('TONEWRIGHT_HOST', '127.0.0.1')}:{os.environ['TONEWRIGHT_PORT']}")
        while True:
            connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port or 80, timeout=60.0)
            try:
                connection.request("GET", "/healthz")
                connection.getresponse().read()
                break
            except OSError:
                time.sleep(0.2)
            finally:
                connection.close()
        if as_json:
            print(json.dumps({"url": url, "data_dir": data}), flush=True)
        elif not quiet:
            print(f"Tonewright is at {url}\nIts data is in {data}. Ctrl-C stops it.", flush=True)

    threading.Thread(target=wait, daemon=True).start()
