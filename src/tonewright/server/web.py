"""The web process: `python -m tonewright.server.web`, a part of `tonewright serve`.

It listens on a socket that it inherits, so that while it is being restarted, requests wait instead of failing.
"""

import argparse
import asyncio
import socket
import sys
from types import FrameType

from tonewright.server.sound.limits import die_with_parent


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tonewright.server.web", description=__doc__)
    parser.add_argument("--socket", type=int, required=True, help="The file descriptor of the listening socket.")
    parser.add_argument("--parent", type=int, help="End with the process of this id.")
    given = parser.parse_args(arguments)
    if given.parent is not None:
        die_with_parent(given.parent)
    from tonewright.server.ops.start import start_django

    start_django("web")
    serve(socket.socket(fileno=given.socket))
    return 0


def serve(listening: socket.socket) -> None:
    """Answer requests until told to stop by SIGTERM or SIGINT."""
    import uvicorn

    from tonewright.server import lifespan
    from tonewright.server.asgi import application

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            lifespan.ending()
            super().handle_exit(sig, frame)

    config = uvicorn.Config(
        application,
        http="httptools",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=5,
    )
    asyncio.run(Server(config).serve(sockets=[listening]))


if __name__ == "__main__":
    sys.exit(main())
