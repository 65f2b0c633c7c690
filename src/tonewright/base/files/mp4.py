"""MP4 and M4A: the tags (iTunes' ilst), and the exact part of the sound that is to be heard.

Sources: ISO 14496-12 (boxes, edit lists), ISO 14496-14; Apple's QuickTime File Format (metadata, user data) and its
note on gapless playback (iTunSMPB).
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from tonewright.base.files.tags import (
    MAX_PICTURE_BYTES,
    MAX_TAGS_BYTES,
    MAX_TEXT_BYTES,
    NAMES,
    Picture,
    Tags,
    from_pairs,
)

_FREEFORM_MEAN = b"com.apple.iTunes"
_TEXT, _JPEG, _PNG, _BINARY = 1, 13, 14, 0
_TO_VORBIS = {names.mp4.encode("latin-1"): names.vorbis[0] for names in NAMES if len(names.mp4) == 4} | {
    b"desc": "DESCRIPTION_SHORT",
    b"soar": "ARTISTSORT",
    b"soal": "ALBUMSORT",
    b"sonm": "TITLESORT",
    b"\xa9grp": "GROUPING",
}
_TO_VORBIS.pop(b"ISRC")  # four letters, yet no box of iTunes': a free-form field like the longer names
_TO_MP4 = {vorbis: mp4 for mp4, vorbis in _TO_VORBIS.items()}
_MAX_BOXES = 10_000


@dataclass(frozen=True)
class Box:
    """A box: its four letters, where its body begins, and how long that is, held to what is really there."""

    name: bytes
    at: int
    size: int


def boxes(file: IO[bytes], at: int, end: int) -> Iterator[Box]:
    """The boxes between two positions."""
    for _ in range(_MAX_BOXES):
        if at + 8 > end:
            return
        file.seek(at)
        size, name = struct.unpack(">I4s", file.read(8))
        header = 8
        if size == 1:
            long_size = file.read(8)
            if len(long_size) < 8:
                return
            size, header = struct.unpack(">Q", long_size)[0], 16
        elif size == 0:
            size = end - at
        if size < header:
            return
        yield Box(name, at + header, min(size - header, end - at - header))
        at += size


def find(file: IO[bytes], end: int, *path: bytes, at: int = 0) -> Box | None:
    """The first box at a path of names."""
    found = None
    for name in path:
        found = next((box for box in boxes(file, at, end) if box.name == name), None)
        if found is None:
            return None
        at, end = found.at + (4 if name == b"meta" else 0), found.at + found.size
    return found


def whole(file: IO[bytes], size_bytes: int) -> bool:
    """Whether every box at the top is there to its end, and with it the index."""
    at, seen = 0, set()
    for _ in range(_MAX_BOXES):
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            break
        size, name = struct.unpack(">I4s", head[:8])
        seen.add(name)
        if size == 1 and len(head) == 16:
            size = struct.unpack(">Q", head[8:])[0]
        if size == 0:
            return b"moov" in seen
        if size < 8 or at + size > size_bytes:
            return False
        at += size
    return b"moov" in seen


def playable_frames(file: IO[bytes], size_bytes: int, rate_hz: int) -> int | None:
    """How many frames are to be heard after the encoder's delay, as exactly as the file tells; None if it does not.

    From iTunSMPB where present; else from the edit list, whose length is only as exact as the movie's clock, and the
    media's own length, which is exact where the last packet was written shortened: the smaller counts.
    """
    smpb = dict(_freeform(file, size_bytes)).get("ITUNSMPB", "")
    words = smpb.split()
    if len(words) >= 4 and all(re.fullmatch(r"[0-9A-Fa-f]{1,16}", w) for w in words[:4]):
        frames = int(words[3], 16)
        if frames:
            return frames
    moov = find(file, size_bytes, b"moov")
    header = find(file, size_bytes, b"moov", b"mvhd")
    if moov is None or header is None:
        return None
    movie_clock = _timescale(file, header)
    for track in boxes(file, moov.at, moov.at + moov.size):
        end = track.at + track.size
        handler = find(file, end, b"mdia", b"hdlr", at=track.at) if track.name == b"trak" else None
        if handler is None or _read(file, handler, 12)[8:12] != b"soun":
            continue
        media = find(file, end, b"mdia", b"mdhd", at=track.at)
        edits = find(file, end, b"edts", b"elst", at=track.at)
        if media is None or edits is None:
            return None
        return _edited_frames(_read(file, edits, 4096), _read(file, media, 36), movie_clock, rate_hz)
    return None


def _edited_frames(edits: bytes, media: bytes, movie_clock: int, rate_hz: int) -> int | None:
    if len(edits) < 8 or len(media) < 24 or not movie_clock:
        return None
    row = struct.Struct(">Qqi" if edits[0] == 1 else ">Iii")
    clock, length = struct.unpack_from(">IQ", media, 20) if media[0] == 1 else struct.unpack_from(">II", media, 12)
    if clock != rate_hz:
        return None
    count = min(struct.unpack_from(">I", edits, 4)[0], (len(edits) - 8) // row.size)
    rows = [row.unpack_from(edits, 8 + i * row.size) for i in range(count)]
    heard = [(duration, start) for duration, start, _ in rows if start >= 0]
    if len(heard) != 1:  # silence put before, or several pieces: leave it to the decoder
        return None
    duration, start = heard[0]
    left = length - start
    return int(min(-(-duration * rate_hz // movie_clock), left) if duration else left)


def _timescale(file: IO[bytes], header: Box) -> int:
    raw = _read(file, header, 32)
    if len(raw) < 24:
        return 0
    return int(struct.unpack_from(">I", raw, 20 if raw[0] == 1 else 12)[0])


def read_tags(file: IO[bytes], size_bytes: int) -> Tags:
    """The tags of the first ilst. What is broken is left out."""
    pairs: list[tuple[str, str]] = list(_freeform(file, size_bytes))
    pictures: list[Picture] = []
    ilst = find(file, size_bytes, b"moov", b"udta", b"meta", b"ilst")
    if ilst is not None and ilst.size <= MAX_TAGS_BYTES:
        for item in boxes(file, ilst.at, ilst.at + ilst.size):
            for kind, value in _values(file, item):
                if item.name == b"covr" and len(pictures) < 16:
                    mime = "image/png" if kind == _PNG or value[:4] == b"\x89PNG" else "image/jpeg"
                    pictures.append(Picture(value, mime))
                elif item.name in (b"trkn", b"disk") and len(value) >= 6:
                    number, total = struct.unpack_from(">HH", value, 2)
                    prefix = "TRACK" if item.name == b"trkn" else "DISC"
                    pairs += [(f"{prefix}NUMBER", str(number)), (f"{prefix}TOTAL", str(total))]
                elif item.name == b"tmpo" and value:
                    pairs.append(("BPM", str(int.from_bytes(value[:2], "big"))))
                elif item.name in _TO_VORBIS and len(value) <= MAX_TEXT_BYTES:
                    pairs.append((_TO_VORBIS[item.name], value.decode("utf-8", "replace")))
    return from_pairs(pairs, tuple(pictures))


def _freeform(file: IO[bytes], size_bytes: int) -> list[tuple[str, str]]:
    """The free-form fields as (NAME, text)."""
    ilst = find(file, size_bytes, b"moov", b"udta", b"meta", b"ilst")
    pairs = []
    for item in boxes(file, ilst.at, ilst.at + ilst.size) if ilst else ():
        if item.name != b"----":
            continue
        name = find(file, item.at + item.size, b"name", at=item.at)
        label = _read(file, name, 4 + 256)[4:].decode("utf-8", "replace").upper() if name else ""
        for kind, value in _values(file, item):
            if label and kind == _TEXT and len(value) <= MAX_TEXT_BYTES:
                pairs.append((label, value.decode("utf-8", "replace")))
    return pairs


def _values(file: IO[bytes], item: Box) -> Iterator[tuple[int, bytes]]:
    for box in boxes(file, item.at, item.at + item.size):
        if box.name == b"data" and 8 <= box.size <= MAX_PICTURE_BYTES:
            raw = _read(file, box, box.size)
            yield int.from_bytes(raw[1:4], "big"), raw[8:]


def _read(file: IO[bytes], box: Box, most: int) -> bytes:
    file.seek(box.at)
    return file.read(min(box.size, most))


def write_tags(file: IO[bytes], tags: Tags) -> None:
    """Put tags into a finished file whose index (moov) is its last box, as FFmpeg writes it: no position changes."""
    end = file.seek(0, 2)
    moov = find(file, end, b"moov")
    if moov is None or moov.at + moov.size != end:
        raise ValueError("the index is not the last box")
    kept = b"".join(
        _box(box.name, _read(file, box, box.size)) for box in boxes(file, moov.at, end) if box.name != b"udta"
    )
    content = _pack_ilst(tags)
    handler = bytes(8) + b"mdirappl" + bytes(9)
    meta = _box(b"meta", bytes(4) + _box(b"hdlr", handler) + _box(b"ilst", content))
    file.seek(moov.at - 8)
    file.write(_box(b"moov", kept + (_box(b"udta", meta) if content else b"")))
    file.truncate()


def _pack_ilst(tags: Tags) -> bytes:
    items = []
    for names in NAMES:
        text = getattr(tags, names.field)
        name = names.mp4.encode("latin-1")
        if text:
            items.append(_item(name, text) if name in _TO_VORBIS else _freeform_item(names.mp4, text))
    for name, number, total, tail in (
        (b"trkn", tags.track_number, tags.track_total, 2),
        (b"disk", tags.disc_number, tags.disc_total, 0),
    ):
        if number or total:
            items.append(
                _box(name, _data(_BINARY, struct.pack(">HHH", 0, number & 0xFFFF, total & 0xFFFF) + bytes(tail)))
            )
    for label, text in tags.extra:
        if label == "BPM" and text.isascii() and text.isdigit() and int(text) < 65_536:
            items.append(_box(b"tmpo", _data(21, struct.pack(">H", int(text)))))
        elif label in _TO_MP4:
            items.append(_item(_TO_MP4[label], text))
        else:
            items.append(_freeform_item(label, text))
    pictures = [_data(_PNG if p.mime == "image/png" else _JPEG, p.data) for p in tags.pictures]
    if pictures:
        items.append(_box(b"covr", b"".join(pictures)))
    return b"".join(items)


def _item(name: bytes, text: str) -> bytes:
    return _box(name, _data(_TEXT, text.encode("utf-8", "replace")))


def _freeform_item(label: str, text: str) -> bytes:
    mean = _box(b"mean", bytes(4) + _FREEFORM_MEAN)
    name = _box(b"name", bytes(4) + label.encode("utf-8", "replace"))
    return _box(b"----", mean + name + _data(_TEXT, text.encode("utf-8", "replace")))


def _data(kind: int, value: bytes) -> bytes:
    return _box(b"data", struct.pack(">II", kind, 0) + value)


def _box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + name + content
