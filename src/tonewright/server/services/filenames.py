"""What a file's name says: "01 - Artist - Title.wav" and the like. Pure; tags know better, and come later."""

import re
from dataclasses import dataclass

from tonewright.base.files.formats import INPUTS
from tonewright.server.services.text import one_line

_MOST_CHARACTERS = 200
#: ext4, APFS and NTFS hold 255 bytes; some is left for what we add.
_MOST_BYTES = 200
_EXTENSIONS = tuple(extension for each in INPUTS for extension in each.extensions)
_DASH = re.compile(r"\s+[-–—]\s+")
#: "07", or "2-07": a disc and its track.
_NUMBER = re.compile(r"(?:\d-)?(\d{1,3})")
#: "07. Title", "07) Title", "07-Title", "07 Title", "2-07 Title"; but not "99 Luftballons" or "1979".
_NUMBERED = re.compile(r"(?:\d{1,3}[.)]\s*|\d{1,3}-(?=\D)|0\d\s+|\d-\d\d\s+)(?=\S)")
#: What people add to say which file it is, and which is no title by itself.
_VERSION_WORDS = frozenset(
    {
        "mix",
        "mixdown",
        "mixed",
        "master",
        "mastered",
        "premaster",
        "final",
        "rough",
        "bounce",
        "demo",
        "export",
        "edit",
        "remix",
        "version",
        "ver",
        "instrumental",
        "acapella",
        "acappella",
        "live",
        "stereo",
        "new",
        "my",
        "the",
        "pre",
    }
)
_VERSION_NUMBER = re.compile(r"v?\d+|\d+bits?|\d+k(?:hz)?|bits?|khz")


@dataclass(frozen=True)
class Names:
    """track_number: 1 to 999, or None. artist: may be empty. title: never is."""

    track_number: int | None
    artist: str
    title: str


def names_from_filename(name: str) -> Names:
    """Track number, artist and title as far as a file's name tells them."""
    text = one_line(_without_extension(name.replace("\\", "/").rpartition("/")[2]).replace("_", " "))
    parts = [part for part in _DASH.split(text) if part]
    number, parts = _take_number(parts)
    artist = ""
    if len(parts) > 1 and _is_version(parts[-1]):
        parts[-2:] = [f"{parts[-2]} - {parts[-1]}"]
    if len(parts) > 1:
        artist, *parts = parts
    title = one_line(" - ".join(parts), _MOST_CHARACTERS)
    return Names(number, one_line(artist, _MOST_CHARACTERS), title or "Untitled")


def _is_version(part: str) -> bool:
    """ "Final Mix v2", "24 bit master": words that tell files apart, not songs."""
    words = [word for word in re.split(r"[^a-z0-9]+", part.lower()) if word]
    told = [word in _VERSION_WORDS for word in words]
    return any(told) and all(
        known or _VERSION_NUMBER.fullmatch(word) for known, word in zip(told, words, strict=True)
    )


def _take_number(parts: list[str]) -> tuple[int | None, list[str]]:
    """The track number, and what is left: it stands first, or between artist and title."""
    for at, part in enumerate(parts[:-1]):
        found = _NUMBER.fullmatch(part)
        if found:
            # what stands between an artist and the number is the album
            return _number(found[1]), parts[: min(at, 1)] + parts[at + 1 :]
    found = _NUMBERED.match(parts[0]) if parts else None
    if found is None:
        return None, parts
    digits = re.findall(r"\d+", found[0])[-1]
    return _number(digits), [parts[0][found.end() :].strip(), *parts[1:]]


def _number(digits: str) -> int | None:
    return int(digits) or None


def _without_extension(name: str) -> str:
    stem, dot, extension = name.rpartition(".")
    return stem if stem and f"{dot}{extension}".lower() in _EXTENSIONS else name


def clean_filename(name: str) -> str:
    """A name that any system can have: no folders, no control characters, not too long, its extension kept.

    Empty where nothing is left.
    """
    last = one_line(name.replace("\\", "/").rpartition("/")[2]).strip(". ")
    if len(last.encode()) <= _MOST_BYTES:
        return last
    stem, dot, extension = last.rpartition(".")
    tail = f".{extension}" if dot and len(extension) <= 5 else ""
    body = stem if tail else last
    return body.encode()[: _MOST_BYTES - len(tail.encode())].decode("utf-8", "ignore").rstrip() + tail
