"""File names for people: always printable, always on one line."""

from pathlib import PurePath


def shown(path: PurePath | str) -> str:
    """A path as it can be printed anywhere: bytes that are no text, and control characters, are shown escaped."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in str(path)
    )
