"""Files in a job's own folder: they have their names once they are whole.

They are not forced onto the disk: a folder is thrown away if the machine stops, and what is kept is stored anew.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tonewright.base.atomic import output_error


@contextmanager
def writing(path: Path) -> Iterator[IO[bytes]]:
    """A file to write, which gets its name when the block ends well and is gone when it does not.

    Raises OutputFailed or DiskFull.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("w+b", buffering=1 << 20) as file:
            yield file
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise output_error(error, path) from error
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def named(path: Path, content: bytes) -> None:
    """Write a whole small file. Raises OutputFailed or DiskFull."""
    with writing(path) as file:
        file.write(content)
