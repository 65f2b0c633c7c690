"""What may be sent in: refused in words before it costs anything, by its name and size, then by its first bytes."""

import io
import mimetypes
from pathlib import Path, PurePosixPath
from typing import IO

from tonewright.base.errors import NotAudio, TooLarge, UsageError
from tonewright.base.files.formats import INPUTS
from tonewright.base.files.sniff import id3_bytes, sniff
from tonewright.server.conf import conf
from tonewright.server.models import User
from tonewright.server.services.filenames import clean_filename

#: S3 takes no more than 10,000 parts an object; so does whoever sends them.
MOST_PARTS = 9_999
PART_BYTES = 8 << 20
MOST_PART_BYTES = 16 << 20
#: What sniff reads behind a tag.
_LOOKED_AT = 1 << 16

_KNOWN = {extension for each in INPUTS for extension in each.extensions}
_SEND = "Send WAV, AIFF, FLAC, ALAC, MP3, AAC, Ogg Vorbis, Opus, CAF, W64 or WavPack."
_EXPORT = "Export the mix as a WAV or FLAC file from it and send that."
#: Files that people drop by mistake, and what they are.
_SESSIONS = ".als .logicx .ptx .ptf .flp .rpp .cpr .band .aup3 .song .bwproject"
_BESIDE = ".asd .pkf .sfk .reapeaks .cue .m3u .m3u8 .pls .nfo .log .ini .db .pdf .exe .doc .docx"
_OTHERS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(_SESSIONS.split(), ("a session, not a sound", _EXPORT)),
    **dict.fromkeys((".mid", ".midi"), ("notes, not sound", _EXPORT)),
    **dict.fromkeys((".zip", ".rar", ".7z", ".gz", ".tar"), ("an archive", "Unpack it and send the sounds in it.")),
    **dict.fromkeys(
        (".ape", ".wma", ".dsf", ".dff", ".tta", ".mpc", ".ra", ".amr"), ("in a format that is not read", _SEND)
    ),
    **dict.fromkeys((".mkv", ".webm", ".avi"), ("a film in a format that is not read", _SEND)),
    **dict.fromkeys(_BESIDE.split(), ("no sound", _SEND)),
}
#: Python's own table; a system's might know other words.
_TYPES = mimetypes.MimeTypes(filenames=())


def checked_name(name: str) -> str:
    """A file's name as it is kept. Raises UsageError for one of which nothing is left, NotAudio for what it tells to
    be something else than a sound."""
    clean = clean_filename(name)
    if not clean:
        raise UsageError("filename: it is empty.", "Give the file a name.")
    extension = PurePosixPath(clean).suffix.lower()
    if extension in _KNOWN:
        return clean
    if extension in _OTHERS:
        what, remedy = _OTHERS[extension]
        raise NotAudio(f"{clean} is {what}.", remedy)
    kind = (_TYPES.guess_type(clean, strict=False)[0] or "").partition("/")[0]
    if kind in ("image", "text", "font", "model", "message"):
        raise NotAudio(f"{clean} is no sound.", _SEND)
    return clean


def check_size(filename: str, size_bytes: int, sender: User) -> None:
    """Raises NotAudio for an empty file, TooLarge for one over the sender's limit."""
    if size_bytes < 1:
        raise NotAudio(f"{filename} is empty.", "Export it again.")
    most = conf().visitor_bytes if sender.is_visitor else conf().upload_bytes
    most = min(most, MOST_PARTS * MOST_PART_BYTES)
    if size_bytes > most:
        remedy = "An account may send larger ones." if sender.is_visitor else "Send it as FLAC, or in pieces."
        raise TooLarge(f"{filename} has {words_of(size_bytes)}; {words_of(most)} is the most.", remedy)


def part_bytes_of(size_bytes: int) -> int:
    """How large the parts of a file are, all but the last."""
    mebibytes = -(-size_bytes // (MOST_PARTS << 20))
    return max(PART_BYTES, mebibytes << 20)


def check_beginning(filename: str, file: IO[bytes], size_bytes: int) -> None:
    """Raises NotAudio for first bytes that no format begins with. file: the first part. size_bytes: of the whole."""
    part_bytes = file.seek(0, io.SEEK_END)
    tag_bytes = id3_bytes(file)
    if tag_bytes and part_bytes < size_bytes and tag_bytes + _LOOKED_AT > part_bytes:
        return  # a tag with large pictures comes first; what follows shows on arrival
    sniff(file, Path(filename))


def words_of(size_bytes: int) -> str:
    """A size for people."""
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if size_bytes >= unit:
            return f"{size_bytes / unit:.1f} {name}"
    return f"{size_bytes} bytes"
