"""How a failure reaches the user: one line on standard error, and the exit code of the error tree.

The line says what is wrong, with which input, and what to do. With --json, or with --progress json, the line is a
JSON object. Nobody is shown a traceback: that of a bug goes into a report file, whose path is in the line.
"""

import errno
import json
import platform
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from typing import Any

import tonewright
from tonewright.base.errors import Bug, DiskFull, Interrupted, TonewrightError

#: What the system says when there is no room: the disk, the quota, or the largest file allowed.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def explain(error: BaseException, arguments: Sequence[str]) -> TonewrightError:
    """The error as one of the tree. What is not understood becomes a Bug, with its report written."""
    if isinstance(error, TonewrightError) and not isinstance(error, Bug):
        return error
    if isinstance(error, KeyboardInterrupt):
        return Interrupted("Stopped.", "What was not finished has been removed.")
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        place = f" for {error.filename}" if error.filename else ""
        return DiskFull(f"There is no room left{place}.", "Free some space, or write elsewhere.")
    if isinstance(error, MemoryError):
        return Bug("The memory does not suffice.", "Close other programs, or use a machine with more of it.")
    return Bug(
        f"A bug in Tonewright ({type(error).__name__}): nothing was delivered.",
        f"Please send this report, it holds no audio: {_write_report(error, arguments)}",
    )


def line(error: TonewrightError, as_json: bool) -> str:
    """One line for standard error, with nothing in it that moves the cursor or breaks the line."""
    if as_json:
        fields: dict[str, Any] = {
            "code": error.code,
            "exit_code": error.exit_code,
            "message": error.message,
            "remedy": error.remedy or None,
        }
        return json.dumps(fields)
    return f"tonewright: {_printable(str(error))}"


def _printable(text: str) -> str:
    """The text on one line; what is not printable is shown escaped."""
    joined = " ".join(text.split("\n"))
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in joined
    )


def _write_report(error: BaseException, arguments: Sequence[str]) -> str:
    """Write what is needed to find a bug into the temporary directory, and say where."""
    text = "\n".join(
        [
            f"Tonewright {tonewright.__version__}, Python {platform.python_version()}, {platform.platform()}",
            f"Time: {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())}",
            f"Arguments: {json.dumps(list(arguments))}",
            f"Versions: {_versions()}",
            "",
            "".join(traceback.format_exception(error)),
        ]
    )
    try:
        with tempfile.NamedTemporaryFile(
            "w",
            prefix="tonewright-report-",
            suffix=".txt",
            delete=False,
            encoding="utf-8",
            errors="backslashreplace",
        ) as file:
            file.write(text)
        return file.name
    except OSError:
        # no place for a file: then the traceback on the screen is better than none
        print(text, file=sys.stderr)
        return "(printed above: no temporary directory could be written to)"


def _versions() -> str:
    """The versions of what the audio passes through."""
    from importlib.metadata import PackageNotFoundError, version

    found = []
    for name in ("numpy", "numba", "scipy", "soundfile", "av", "soxr", "pydantic", "typer"):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} missing")
    return ", ".join(found)
