"""The one executable: runs a command line, and turns whatever goes wrong into one line and an exit code."""

import atexit
import gc
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

import typer

from tonewright.base.errors import Interrupted, UsageError
from tonewright.base.process import tune
from tonewright.cli import failures
from tonewright.cli.app import app


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (default: that of the process) and return its exit code. Never raises."""
    if arguments is None:
        tune()
        atexit.register(gc.freeze)  # else Python looks for cycles among all that was imported, a tenth of a second
        arguments = sys.argv[1:]
    _open_missing_streams()
    try:
        with _stopping_cleanly():
            _run(arguments)
            _flush()
    except BrokenPipeError:
        _forget_stdout()  # the reader left, as `head` does; the work itself was done before it was printed
    except BaseException as error:
        explained = failures.explain(error, arguments)
        _say(failures.line(explained, _wants_json(arguments)))
        return explained.exit_code
    return 0


def _run(arguments: Sequence[str]) -> None:
    """Run the command. Raises TonewrightError, or what a bug raises."""
    command = typer.main.get_command(app)
    try:
        status = command.main(args=arguments or ["--help"], prog_name="tonewright", standalone_mode=False)
    except typer.TyperException as error:
        raise _usage_error(error) from error
    except typer.Abort as error:
        raise Interrupted("Stopped.") from error
    except SystemExit as error:  # typer's own way out when standard output is closed
        raise BrokenPipeError from error
    if isinstance(status, int) and status != 0:
        raise UsageError("The command was not understood.", "See: tonewright --help")


def _usage_error(error: typer.TyperException) -> UsageError:
    """The command line parser's complaint as one line."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "tonewright"
    say = getattr(error, "format_message", lambda: str(error))
    message = " ".join(str(say()).split()).replace("Value error, ", "").replace("?.", "?")
    return UsageError(message if message.endswith((".", "?")) else f"{message}.", f"See: {path} --help")


@contextmanager
def _stopping_cleanly() -> Iterator[None]:
    """While inside, SIGINT, SIGTERM and SIGHUP raise Interrupted in the main thread, so everything is tidied."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise Interrupted(f"Stopped by {signal.Signals(number).name}.", "What was not finished has been removed.")

    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    # a signal that the parent had ignored (nohup) stays ignored
    before = {number: signal.getsignal(number) for number in numbers if signal.getsignal(number) != signal.SIG_IGN}
    try:
        for number in before:
            signal.signal(number, stop)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _wants_json(arguments: Sequence[str]) -> bool:
    """Whether failures are to be read by a program. Asked of the bare arguments: they may not even parse."""
    pairs = zip(arguments, [*arguments[1:], ""], strict=True)
    return any(a in ("--json", "--progress=json") or (a, b) == ("--progress", "json") for a, b in pairs)


def _say(text: str) -> None:
    with suppress(OSError, ValueError):  # standard error may be closed; the exit code still tells
        print(text, file=sys.stderr, flush=True)


def _open_missing_streams() -> None:
    """Give a process that was started without standard streams (`2>&-`) empty ones.

    Else the next file opened would take their number, and what is meant for the screen would land in a master.
    """
    if None not in (sys.stdin, sys.stdout, sys.stderr):
        return
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(number)
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115, PTH123 open for as long as the process
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115, PTH123


def _flush() -> None:
    """Write out what is still buffered, so that a full disk behind standard output is noticed here."""
    if not sys.stdout.closed:
        sys.stdout.flush()


def _forget_stdout() -> None:
    """Point standard output nowhere, so that Python's own flush at exit finds no broken pipe."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
