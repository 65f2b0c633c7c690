"""What the files are called that people take away: "Artist - Title (Master 3, 24-bit).wav"."""

import re

from tonewright.server.models import Master, Song
from tonewright.server.services.text import one_line

#: What one system or another refuses in a name, or reads as something else (Windows' naming conventions).
_REFUSED = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
#: ext4, APFS and NTFS hold 255; some is left for what a browser adds.
_MOST_BYTES = 200


def master_filename(master: Master, extension: str, bits: str = "") -> str:
    """The name of a version's file. extension: without a dot. bits: "24", "16" or nothing."""
    number = f"Master {master.number}, {bits}-bit" if bits else f"Master {master.number}"
    return _filename(master.song, f" ({number}).{extension}")


def recipe_filename(master: Master) -> str:
    return _filename(master.song, f" (Master {master.number}, recipe).json")


def report_filename(master: Master) -> str:
    return _filename(master.song, f" (Master {master.number}, report).html")


def _filename(song: Song, tail: str) -> str:
    parts = (_safe(song.artist) or _safe(song.project.artist), _safe(song.title) or "Song")
    name = " - ".join(part for part in parts if part)
    return name.encode()[: _MOST_BYTES - len(tail.encode())].decode("utf-8", "ignore").rstrip() + tail


def _safe(text: str) -> str:
    """Nothing that leads elsewhere, hides a file, or ends its name."""
    return _REFUSED.sub("_", one_line(text)).strip(" .")
