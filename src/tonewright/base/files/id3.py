"""ID3v2 tags: 2.2, 2.3 and 2.4 are read, 2.4 is written; ID3v1 is read.

Sources: id3.org, ID3v2.2, ID3v2.3.0, ID3v2.4.0 structure and frames.
"""

import re
import struct
import zlib

from tonewright.base.files.tags import (
    MAX_PICTURE_BYTES,
    MAX_TAGS_BYTES,
    MAX_TEXT_BYTES,
    NAMES,
    Picture,
    Tags,
    from_pairs,
)

_FROM_22 = {
    "TT2": "TIT2", "TP1": "TPE1", "TP2": "TPE2", "TAL": "TALB", "TYE": "TYER", "TCO": "TCON", "TCM": "TCOM",
    "COM": "COMM", "TCR": "TCOP", "TPB": "TPUB", "TRC": "TSRC", "TXX": "TXXX", "ULT": "USLT", "TRK": "TRCK",
    "TPA": "TPOS", "TBP": "TBPM", "TXT": "TEXT", "TP3": "TPE3", "TP4": "TPE4", "TLA": "TLAN", "TKE": "TKEY",
}  # fmt: skip
_TO_VORBIS = {names.id3: names.vorbis[0] for names in NAMES if names.id3} | {
    "TYER": "DATE", "TRCK": "TRACKNUMBER", "TPOS": "DISCNUMBER", "TBPM": "BPM", "TEXT": "LYRICIST",
    "TPE3": "CONDUCTOR", "TPE4": "REMIXER", "TLAN": "LANGUAGE", "TKEY": "INITIALKEY", "TIT3": "SUBTITLE",
    "TSOP": "ARTISTSORT", "TSOA": "ALBUMSORT", "TSOT": "TITLESORT", "TMOO": "MOOD", "TMED": "MEDIA",
    "TDOR": "ORIGINALDATE",
}  # fmt: skip
_TO_ID3 = {vorbis: id3 for id3, vorbis in _TO_VORBIS.items() if id3 != "TYER"}
_TEXTS = ("latin-1", "utf-16", "utf-16-be", "utf-8")

# fmt: off
GENRES = (
    "Blues", "Classic Rock", "Country", "Dance", "Disco", "Funk", "Grunge", "Hip-Hop", "Jazz", "Metal", "New Age",
    "Oldies", "Other", "Pop", "R&B", "Rap", "Reggae", "Rock", "Techno", "Industrial", "Alternative", "Ska",
    "Death Metal", "Pranks", "Soundtrack", "Euro-Techno", "Ambient", "Trip-Hop", "Vocal", "Jazz+Funk", "Fusion",
    "Trance", "Classical", "Instrumental", "Acid", "House", "Game", "Sound Clip", "Gospel", "Noise",
    "Alternative Rock", "Bass", "Soul", "Punk", "Space", "Meditative", "Instrumental Pop", "Instrumental Rock",
    "Ethnic", "Gothic", "Darkwave", "Techno-Industrial", "Electronic", "Pop-Folk", "Eurodance", "Dream",
    "Southern Rock", "Comedy", "Cult", "Gangsta", "Top 40", "Christian Rap", "Pop/Funk", "Jungle",
    "Native American", "Cabaret", "New Wave", "Psychedelic", "Rave", "Showtunes", "Trailer", "Lo-Fi", "Tribal",
    "Acid Punk", "Acid Jazz", "Polka", "Retro", "Musical", "Rock & Roll", "Hard Rock",
)
# fmt: on


def pack(tags: Tags) -> bytes:
    """A whole ID3v2.4 tag, text as UTF-8; empty if there is nothing to say."""
    frames = []
    for names in NAMES:
        text = getattr(tags, names.field)
        if text:
            frames.append(_text_frame(names.id3, text))
    for number, total, name in (
        (tags.track_number, tags.track_total, "TRCK"),
        (tags.disc_number, tags.disc_total, "TPOS"),
    ):
        if number or total:
            frames.append(_text_frame(name, f"{number}/{total}" if total else str(number)))
    frames += [_text_frame(_TO_ID3.get(name, f"TXXX:{name}"), text) for name, text in tags.extra]
    frames += [_frame("APIC", _picture_body(picture)) for picture in tags.pictures]
    body = b"".join(frames)
    return b"ID3\x04\x00\x00" + _synchsafe(len(body)) + body if body else b""


def unpack(raw: bytes) -> Tags:
    """Tags of an ID3v2 tag at the start of raw. What is broken in it is left out."""
    if len(raw) < 10 or raw[:3] != b"ID3" or raw[3] not in (2, 3, 4):
        return Tags()
    version, flags = raw[3], raw[5]
    body = raw[10 : 10 + min(_from_synchsafe(raw[6:10]), MAX_TAGS_BYTES)]
    if flags & 0x80 and version < 4:
        body = body.replace(b"\xff\x00", b"\xff")
    if flags & 0x40 and version > 2 and len(body) > 4:
        size = _from_synchsafe(body[:4]) if version == 4 else 4 + struct.unpack(">I", body[:4])[0]
        body = body[size:]
    pairs: list[tuple[str, str]] = []
    pictures: list[Picture] = []
    for name, content in _frames(body, version):
        try:
            _take(name, content, pairs, pictures)
        except (ValueError, IndexError, struct.error):
            continue
    return from_pairs(pairs, tuple(pictures))


def unpack_v1(raw: bytes) -> Tags:
    """Tags of the 128 bytes of an ID3v1 tag."""
    if len(raw) != 128 or raw[:3] != b"TAG":
        return Tags()
    fields = ((3, 33, "TITLE"), (33, 63, "ARTIST"), (63, 93, "ALBUM"), (93, 97, "DATE"), (97, 127, "COMMENT"))
    pairs = [(name, raw[a:b].split(b"\x00")[0].decode("latin-1").strip()) for a, b, name in fields]
    if raw[125] == 0 and raw[126]:
        pairs.append(("TRACKNUMBER", str(raw[126])))
    if raw[127] < len(GENRES):
        pairs.append(("GENRE", GENRES[raw[127]]))
    return from_pairs(pairs)


def _frames(body: bytes, version: int) -> list[tuple[str, bytes]]:
    """(name, content) of every frame that can be made out, names as in 2.3 and 2.4."""
    found = []
    at, header = 0, 6 if version == 2 else 10
    while at + header <= len(body) and body[at] != 0:
        if version == 2:
            name = body[at : at + 3].decode("latin-1")
            size, flags = int.from_bytes(body[at + 3 : at + 6], "big"), 0
        else:
            name = body[at : at + 4].decode("latin-1")
            raw_size = body[at + 4 : at + 8]
            size = _from_synchsafe(raw_size) if version == 4 else int.from_bytes(raw_size, "big")
            flags = body[at + 9]
        content = body[at + header : at + header + size]
        if not re.fullmatch(r"[A-Z][A-Z0-9]{2,3}", name) or len(content) < size:
            break
        at += header + size
        plain = _undo(content, flags, version)
        if plain is not None:
            found.append((_FROM_22.get(name, name) if version == 2 else name, plain))
    return found


def _undo(content: bytes, flags: int, version: int) -> bytes | None:
    """A frame's content without compression and unsynchronisation; None if it is encrypted or broken."""
    if version == 4:
        encrypted, compressed, length, unsynchronised = flags & 4, flags & 8, flags & 1, flags & 2
    else:
        encrypted, compressed, length, unsynchronised = flags & 0x40, flags & 0x80, flags & 0x80, 0
    if encrypted:
        return None
    if length:
        content = content[4:]
    if unsynchronised:
        content = content.replace(b"\xff\x00", b"\xff")
    if compressed:
        try:
            content = zlib.decompressobj().decompress(content, MAX_PICTURE_BYTES)
        except zlib.error:
            return None
    return content


def _take(name: str, content: bytes, pairs: list[tuple[str, str]], pictures: list[Picture]) -> None:
    if name in ("APIC", "PIC"):
        pictures.append(_picture(content, short=name == "PIC"))
    elif name in ("COMM", "USLT"):
        description, text = _split(content[4:], content[0])
        # iTunes and others keep machine data in comments with a description; the plain one is the comment
        if name == "USLT" or not description.startswith(("iTun", "ID3v1", "Songs-DB")):
            pairs.append((_TO_VORBIS[name], _decode(text, content[0])))
    elif name == "TXXX":
        description, text = _split(content[1:], content[0])
        pairs.append((description.upper(), _decode(text, content[0])))
    elif name in _TO_VORBIS and len(content) <= MAX_TEXT_BYTES:
        texts = _decode(content[1:], content[0]).split("\x00")
        pairs += [(_TO_VORBIS[name], _genre(t) if name == "TCON" else t) for t in texts]


def _genre(text: str) -> str:
    """A genre, with the numbers of ID3v1 put into words: (17), (17)Rock, 17."""
    found = re.fullmatch(r"(?:\((\d{1,3})\)|(\d{1,3}))(.*)", text)
    if not found:
        return text
    if found[3]:
        return found[3]
    number = int(found[1] or found[2])
    return GENRES[number] if number < len(GENRES) else text


def _picture(content: bytes, *, short: bool) -> Picture:
    encoding = content[0]
    if short:
        mime = {b"JPG": "image/jpeg", b"PNG": "image/png"}.get(content[1:4].upper(), "image/")
        at = 4
    else:
        end = content.index(b"\x00", 1)
        mime, at = content[1:end].decode("latin-1"), end + 1
    kind = content[at]
    description, data = _split(content[at + 1 :], encoding)
    if not data or len(data) > MAX_PICTURE_BYTES:
        raise ValueError("no picture, or too large")
    if "/" not in mime:
        mime = {"JPG": "image/jpeg", "PNG": "image/png"}.get(mime.upper(), "image/")
    return Picture(data, mime, kind if kind <= 20 else 0, description)


def _split(raw: bytes, encoding: int) -> tuple[str, bytes]:
    """A terminated text, and what follows it."""
    wide = encoding in (1, 2)
    end = raw.find(b"\x00\x00" if wide else b"\x00")
    while wide and end > 0 and end % 2:
        end = raw.find(b"\x00\x00", end + 1)
    if end < 0:
        return "", raw
    return _decode(raw[:end], encoding), raw[end + (2 if wide else 1) :]


def _decode(raw: bytes, encoding: int) -> str:
    return raw.decode(_TEXTS[encoding], "replace").rstrip("\x00").replace("\ufeff", "")


def _text_frame(name: str, text: str) -> bytes:
    raw = text.encode("utf-8", "replace")
    if name.startswith("TXXX:"):
        return _frame("TXXX", b"\x03" + name[5:].encode("utf-8", "replace") + b"\x00" + raw)
    if name in ("COMM", "USLT"):
        return _frame(name, b"\x03und\x00" + raw)
    return _frame(name, b"\x03" + raw)


def _picture_body(picture: Picture) -> bytes:
    head = b"\x03" + picture.mime.encode("latin-1", "replace") + b"\x00" + bytes([picture.kind])
    return head + picture.description.encode("utf-8", "replace") + b"\x00" + picture.data


def _frame(name: str, content: bytes) -> bytes:
    return name.encode() + _synchsafe(len(content)) + b"\x00\x00" + content


def _synchsafe(size: int) -> bytes:
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))


def _from_synchsafe(raw: bytes) -> int:
    value = 0
    for byte in raw:
        value = value << 7 | (byte & 0x7F)
    return value
