"""What a file says about its music, in one form whatever the format."""

import re
from dataclasses import dataclass, field, fields, replace

#: No field, picture or whole set of tags beyond these is read: they guard against hostile sizes.
MAX_TEXT_BYTES = 1 << 20
MAX_PICTURE_BYTES = 32 << 20
MAX_TAGS_BYTES = 64 << 20

_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")

#: Facts about the old samples, or about who wrote the old file: wrong for a file made from it.
_NOT_CARRIED = re.compile(
    r"REPLAYGAIN_.*|R128_.*|ENCODER.*|ENCODED.?BY|ITUNNORM|ITUNSMPB|ITUNPGAP|SOFTWARE|.*_BRAND|MINOR_VERSION"
    r"|COMPATIBLE_BRANDS|MD5.*|ACCURATERIP.*|LENGTH|TLEN|CODING_HISTORY|UMID|TIME_REFERENCE",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Picture:
    """A picture: its bytes, their media type, and what it shows (3 is the front cover, as in ID3v2's APIC)."""

    data: bytes
    mime: str
    kind: int = 3
    description: str = ""


@dataclass(frozen=True)
class BextText:
    """The text fields of a broadcast wave's bext chunk (EBU Tech 3285)."""

    description: str = ""
    originator: str = ""
    originator_reference: str = ""
    origination_date: str = ""
    origination_time: str = ""
    time_reference: int = 0
    coding_history: str = ""


@dataclass(frozen=True)
class Tags:
    """Everything known about a recording. An empty string or 0 means that nothing is known.

    extra: further fields as (NAME, text), names in capitals.
    """

    title: str = ""
    artist: str = ""
    album: str = ""
    album_artist: str = ""
    track_number: int = 0
    track_total: int = 0
    disc_number: int = 0
    disc_total: int = 0
    date: str = ""
    genre: str = ""
    composer: str = ""
    comment: str = ""
    copyright: str = ""
    publisher: str = ""
    isrc: str = ""
    upc: str = ""
    lyrics: str = ""
    extra: tuple[tuple[str, str], ...] = ()
    pictures: tuple[Picture, ...] = ()
    bext: BextText | None = field(default=None)

    def over(self, below: "Tags") -> "Tags":
        """These tags, and where they say nothing, those below."""
        merged = {
            f.name: getattr(self, f.name) or getattr(below, f.name) for f in fields(self) if f.name != "extra"
        }
        names = {name for name, _ in self.extra}
        extra = self.extra + tuple(pair for pair in below.extra if pair[0] not in names)
        return replace(self, **merged, extra=extra)


@dataclass(frozen=True)
class Names:
    """What one field of Tags is called in each kind of tag; an empty name: it has none there.

    A vorbis entry may list further names that are read.
    """

    field: str
    vorbis: tuple[str, ...]
    id3: str
    mp4: str
    info: str = ""


#: The one table of names. MP4 names of more than four letters are iTunes free-form fields.
NAMES = (
    Names("title", ("TITLE",), "TIT2", "\xa9nam", "INAM"),
    Names("artist", ("ARTIST",), "TPE1", "\xa9ART", "IART"),
    Names("album", ("ALBUM",), "TALB", "\xa9alb", "IPRD"),
    Names("album_artist", ("ALBUMARTIST", "ALBUM ARTIST", "ALBUM_ARTIST"), "TPE2", "aART"),
    Names("date", ("DATE", "YEAR"), "TDRC", "\xa9day", "ICRD"),
    Names("genre", ("GENRE",), "TCON", "\xa9gen", "IGNR"),
    Names("composer", ("COMPOSER",), "TCOM", "\xa9wrt", "IMUS"),
    Names("comment", ("COMMENT", "DESCRIPTION", "COMMENTS"), "COMM", "\xa9cmt", "ICMT"),
    Names("copyright", ("COPYRIGHT",), "TCOP", "cprt", "ICOP"),
    Names("publisher", ("PUBLISHER", "LABEL", "ORGANIZATION"), "TPUB", "LABEL", "IPUB"),
    Names("isrc", ("ISRC",), "TSRC", "ISRC", "ISRC"),
    Names("upc", ("BARCODE", "UPC", "EAN", "EAN/UPN"), "TXXX:BARCODE", "BARCODE"),
    Names("lyrics", ("LYRICS", "UNSYNCEDLYRICS"), "USLT", "\xa9lyr"),
)


def isrc_of(text: str) -> str:
    """An ISRC without hyphens and in capitals, or "" if the text is none."""
    plain = re.sub(r"[\s-]", "", text).upper().removeprefix("ISRC").lstrip(":")
    return plain if _ISRC.fullmatch(plain) else ""


def from_pairs(pairs: list[tuple[str, str]], pictures: tuple[Picture, ...] = ()) -> Tags:
    """Tags of (name, text) pairs with Vorbis comment names. Several entries of one name are joined by "; "."""
    texts: dict[str, list[str]] = {}
    for name, text in pairs:
        text = text.strip("\x00 \r\n\t")
        if text and len(text) <= MAX_TEXT_BYTES and text not in texts.setdefault(name.upper(), []):
            texts[name.upper()].append(text)
    found: dict[str, str] = {}
    for names in NAMES:
        for name in names.vorbis:
            if name in texts:
                joined = "; ".join(texts.pop(name))
                found.setdefault(names.field, joined)
    isrc = found.pop("isrc", "")
    numbers: dict[str, int] = {}
    for kind in ("track", "disc"):
        number, total = _fraction(texts.pop(f"{kind.upper()}NUMBER", [""])[0])
        for name in (f"{kind.upper()}TOTAL", f"TOTAL{kind.upper()}S"):
            total = total or _whole(texts.pop(name, [""])[0])
        numbers |= {f"{kind}_number": number, f"{kind}_total": total}
    extra = tuple(
        (name, "; ".join(values)) for name, values in texts.items() if values and not _NOT_CARRIED.match(name)
    )
    return Tags(**found, **numbers, isrc=isrc_of(isrc) or isrc, extra=extra, pictures=pictures)  # type: ignore[arg-type]


def to_pairs(tags: Tags) -> list[tuple[str, str]]:
    """(name, text) pairs with Vorbis comment names, pictures left out."""
    pairs = [(names.vorbis[0], getattr(tags, names.field)) for names in NAMES]
    for kind in ("track", "disc"):
        for what in ("number", "total"):
            value = getattr(tags, f"{kind}_{what}")
            pairs.append((f"{kind.upper()}{what.upper()}", str(value) if value else ""))
    return [(name, text) for name, text in [*pairs, *tags.extra] if text]


def at_rate(tags: Tags, from_rate_hz: int, to_rate_hz: int) -> Tags:
    """Tags of the same recording at another rate: bext counts its time reference in frames."""
    if tags.bext is None or from_rate_hz == to_rate_hz:
        return tags
    time_reference = tags.bext.time_reference * to_rate_hz // from_rate_hz
    return replace(tags, bext=replace(tags.bext, time_reference=time_reference))


def _fraction(text: str) -> tuple[int, int]:
    number, _, total = text.partition("/")
    return _whole(number), _whole(total)


def _whole(text: str) -> int:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
