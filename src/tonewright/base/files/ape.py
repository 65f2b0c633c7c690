"""APEv2 tags, as WavPack files carry them at their end. Source: Hydrogenaudio's APEv2 specification."""

import struct
from typing import IO

from tonewright.base.files.tags import MAX_PICTURE_BYTES, MAX_TAGS_BYTES, MAX_TEXT_BYTES, Picture, Tags, from_pairs

_TO_VORBIS = {"TRACK": "TRACKNUMBER", "DISC": "DISCNUMBER", "YEAR": "DATE", "ALBUM ARTIST": "ALBUMARTIST"}


def read_tags(file: IO[bytes], size_bytes: int) -> Tags:
    """The tags at the end of a file, before an ID3v1 tag if there is one."""
    for tail in (32, 160):
        if size_bytes < tail:
            continue
        file.seek(size_bytes - tail)
        footer = file.read(32)
        if footer[:8] != b"APETAGEX":
            continue
        size, count = struct.unpack_from("<II", footer, 12)
        if not 32 <= size <= min(MAX_TAGS_BYTES, size_bytes):
            return Tags()
        file.seek(max(0, size_bytes - tail - (size - 32)))
        return _items(file.read(size - 32), min(count, 1000))
    return Tags()


def _items(raw: bytes, count: int) -> Tags:
    pairs: list[tuple[str, str]] = []
    pictures: list[Picture] = []
    at = 0
    for _ in range(count):
        if at + 8 > len(raw):
            break
        size, flags = struct.unpack_from("<II", raw, at)
        end = raw.find(b"\x00", at + 8)
        if end < 0 or end + 1 + size > len(raw):
            break
        name = raw[at + 8 : end].decode("ascii", "replace").upper()
        value = raw[end + 1 : end + 1 + size]
        at = end + 1 + size
        kind = flags >> 1 & 3
        if kind == 1 and name.startswith("COVER ART"):
            data = value.partition(b"\x00")[2]
            if data and len(data) <= MAX_PICTURE_BYTES:
                mime = "image/png" if data[:4] == b"\x89PNG" else "image/jpeg"
                pictures.append(Picture(data, mime, 3 if "FRONT" in name else 0))
        elif kind == 0 and size <= MAX_TEXT_BYTES:
            pairs += [(_TO_VORBIS.get(name, name), t) for t in value.decode("utf-8", "replace").split("\x00")]
    return from_pairs(pairs, tuple(pictures))
