"""Vorbis comments and FLAC's picture block: packing and unpacking.

Sources: Vorbis I specification, section 5; RFC 9639 (FLAC), sections 8.6 and 8.8.
"""

import base64
import binascii
import struct

from tonewright.base.files.tags import MAX_PICTURE_BYTES, MAX_TEXT_BYTES, Picture, Tags, from_pairs, to_pairs

#: What the project writes as the maker of a comment block; without a version, so that bytes do not change with it.
VENDOR = "Tonewright"
PICTURE_FIELD = "METADATA_BLOCK_PICTURE"


def pack_comments(tags: Tags, *, with_pictures: bool, vendor: str = VENDOR) -> bytes:
    """A comment block without framing bit; pictures, if wanted, as base64 fields."""
    fields = [f"{_name(name)}={text}" for name, text in to_pairs(tags)]
    if with_pictures:
        fields += [f"{PICTURE_FIELD}={base64.b64encode(pack_picture(p)).decode()}" for p in tags.pictures]
    packed = [_sized(field.encode("utf-8", "replace")) for field in fields]
    return _sized(vendor.encode()) + struct.pack("<I", len(packed)) + b"".join(packed)


def unpack_comments(raw: bytes, pictures: tuple[Picture, ...] = ()) -> Tags:
    """Tags of a comment block. Raises struct.error or ValueError if it is broken."""
    at = 4 + struct.unpack_from("<I", raw, 0)[0]
    count = struct.unpack_from("<I", raw, at)[0]
    at += 4
    pairs = []
    for _ in range(count):
        if at + 4 > len(raw):
            break
        size = struct.unpack_from("<I", raw, at)[0]
        field = raw[at + 4 : at + 4 + size]
        at += 4 + size
        name, equals, text = field.partition(b"=")
        upper = name.decode("ascii", "replace").upper()
        if upper == PICTURE_FIELD:
            pictures += _picture_of(text)
        elif equals and len(text) <= MAX_TEXT_BYTES:
            pairs.append((upper, text.decode("utf-8", "replace")))
    return from_pairs(pairs, pictures)


def _picture_of(text: bytes) -> tuple[Picture, ...]:
    try:
        return (unpack_picture(base64.b64decode(text, validate=True)),)
    except (binascii.Error, struct.error, ValueError):
        return ()


def pack_picture(picture: Picture) -> bytes:
    """A FLAC picture block's body; width, height and depth are left 0, which means unknown."""
    return b"".join(
        (
            struct.pack(">I", picture.kind),
            _sized(picture.mime.encode("ascii", "replace"), ">"),
            _sized(picture.description.encode("utf-8", "replace"), ">"),
            bytes(16),
            _sized(picture.data, ">"),
        )
    )


def unpack_picture(raw: bytes) -> Picture:
    """Raises struct.error or ValueError if the block is broken."""
    kind, mime_bytes = struct.unpack_from(">II", raw, 0)
    at = 8 + mime_bytes
    mime = raw[8:at].decode("ascii", "replace")
    description_bytes = struct.unpack_from(">I", raw, at)[0]
    description = raw[at + 4 : at + 4 + description_bytes].decode("utf-8", "replace")
    at += 4 + description_bytes + 16
    size = struct.unpack_from(">I", raw, at)[0]
    data = raw[at + 4 : at + 4 + size]
    if len(data) != size or size > MAX_PICTURE_BYTES or kind > 20:
        raise ValueError("picture cut off, too large or of an unknown kind")
    return Picture(data, mime, kind, description)


def _sized(raw: bytes, order: str = "<") -> bytes:
    return struct.pack(f"{order}I", len(raw)) + raw


def _name(name: str) -> str:
    """A field name may hold printable ASCII without "="."""
    return "".join(c if " " <= c <= "}" and c != "=" else "_" for c in name)
