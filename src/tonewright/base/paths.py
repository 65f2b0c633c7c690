"""File names in messages: always printable, always on one line."""

import os
from pathlib import Path


def shown(path: Path) -> str:
    """A path as it is put into a message: bytes that are no text, and line breaks, are replaced by question marks."""
    text = os.fsencode(path).decode("utf-8", "replace")
    return "".join(c if c.isprintable() else "?" for c in text)
