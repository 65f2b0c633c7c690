"""Tags of any file that is read. Tags never stand in the way of the music: what is broken is left out."""

import contextlib
import struct
from typing import IO

from tonewright.base.errors import DamagedAudio
from tonewright.base.files import ape, bext, id3, mp4, ogg, vorbis
from tonewright.base.files import chunks as ck
from tonewright.base.files.sniff import id3_bytes
from tonewright.base.files.tags import MAX_TAGS_BYTES, MAX_TEXT_BYTES, NAMES, Picture, Tags, from_pairs, isrc_of

_INFO_TO_VORBIS = {names.info.encode(): names.vorbis[0] for names in NAMES if names.info} | {
    b"ITRK": "TRACKNUMBER",
    b"IPRT": "TRACKNUMBER",
    b"ILNG": "LANGUAGE",
}
_AIFF_TO_VORBIS = {b"NAME": "TITLE", b"AUTH": "ARTIST", b"(c) ": "COPYRIGHT", b"ANNO": "COMMENT"}
_CAF_TO_VORBIS = {"TRACK NUMBER": "TRACKNUMBER", "RECORDED DATE": "DATE", "YEAR": "DATE", "COMMENTS": "COMMENT"}


def read_tags(file: IO[bytes], container: str, size_bytes: int) -> Tags:
    """The tags of a file of one of the containers that sniff() names."""
    try:
        return _READERS[container](file, size_bytes)
    except (struct.error, ValueError, IndexError, DamagedAudio):
        return Tags()


def _wave(file: IO[bytes], size_bytes: int, container: str = "wav") -> Tags:
    found = ck.chunks_of(file, container, size_bytes)
    pairs: list[tuple[str, str]] = []
    for chunk in found:
        if chunk.name == b"LIST" and chunk.present >= 4:
            pairs += _info_pairs(ck.body(file, chunk, MAX_TEXT_BYTES))
    tags = _id3_chunk(file, found, (b"id3 ", b"ID3 ")).over(from_pairs(pairs))
    raw = ck.body(file, ck.find(found, b"bext"), bext.FIXED_BYTES + bext.MAX_HISTORY_BYTES)
    if len(raw) >= bext.FIXED_BYTES:
        tags = Tags(bext=bext.unpack(raw)[0]).over(tags)
    if not tags.isrc:
        tags = Tags(isrc=_axml_isrc(ck.body(file, ck.find(found, b"axml"), MAX_TEXT_BYTES))).over(tags)
    return tags


def _info_pairs(raw: bytes) -> list[tuple[str, str]]:
    pairs = []
    at = 4
    while raw[:4] == b"INFO" and at + 8 <= len(raw):
        name, size = struct.unpack_from("<4sI", raw, at)
        text = raw[at + 8 : at + 8 + size].split(b"\x00")[0]
        if name in _INFO_TO_VORBIS:
            pairs.append((_INFO_TO_VORBIS[name], _text(text)))
        at += 8 + size + (size & 1)
    return pairs


def _axml_isrc(raw: bytes) -> str:
    """The ISRC of an axml chunk in the form of EBU Tech 3352; found as text, since the XML may be anything."""
    _, found, rest = raw.partition(b"ISRC:")
    return isrc_of(rest[:20].split(b"<")[0].decode("latin-1")) if found else ""


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _wave64(file: IO[bytes], size_bytes: int) -> Tags:
    return _wave(file, size_bytes, "w64")


def _aiff(file: IO[bytes], size_bytes: int) -> Tags:
    found = ck.chunks_of(file, "aiff", size_bytes)
    pairs = [
        (_AIFF_TO_VORBIS[c.name], _text(ck.body(file, c, MAX_TEXT_BYTES).split(b"\x00")[0]))
        for c in found
        if c.name in _AIFF_TO_VORBIS
    ]
    return _id3_chunk(file, found, (b"ID3 ", b"id3 ")).over(from_pairs(pairs))


def _id3_chunk(file: IO[bytes], found: list[ck.Chunk], names: tuple[bytes, ...]) -> Tags:
    for name in names:
        chunk = ck.find(found, name)
        if chunk is not None:
            return id3.unpack(ck.body(file, chunk, MAX_TAGS_BYTES))
    return Tags()


def _caf(file: IO[bytes], size_bytes: int) -> Tags:
    info = ck.body(file, ck.find(ck.chunks_of(file, "caf", size_bytes), b"info"), MAX_TEXT_BYTES)
    words = info[4:].split(b"\x00")
    pairs = []
    for name, text in zip(words[::2], words[1::2], strict=False):
        upper = name.decode("utf-8", "replace").upper()
        pairs.append((_CAF_TO_VORBIS.get(upper, upper), text.decode("utf-8", "replace")))
    return from_pairs(pairs)


def _flac(file: IO[bytes], size_bytes: int) -> Tags:
    at = id3_bytes(file) + 4
    tags, total = Tags(), 0
    blocks: list[Picture] = []
    while at + 4 <= size_bytes and total < MAX_TAGS_BYTES:
        head = ck.read_at(file, at, 4)
        kind, size = head[0] & 0x7F, int.from_bytes(head[1:], "big")
        if kind == 4:
            tags = vorbis.unpack_comments(ck.read_at(file, at + 4, size))
        elif kind == 6:
            with contextlib.suppress(struct.error, ValueError):
                blocks.append(vorbis.unpack_picture(ck.read_at(file, at + 4, size)))
        at += 4 + size
        total += size
        if head[0] & 0x80:
            break
    return Tags(pictures=(*blocks, *tags.pictures)).over(tags)


def _ogg(file: IO[bytes], size_bytes: int) -> Tags:
    codec = ogg.codec_of(file)
    return vorbis.unpack_comments(ogg.comment_block(file, size_bytes, codec)) if codec else Tags()


def _mp3(file: IO[bytes], size_bytes: int) -> Tags:
    size = min(id3_bytes(file), MAX_TAGS_BYTES)
    first = id3.unpack(ck.read_at(file, 0, size)) if size else Tags()
    last = id3.unpack_v1(ck.read_at(file, size_bytes - 128, 128)) if size_bytes >= 128 else Tags()
    return first.over(ape.read_tags(file, size_bytes)).over(last)


_READERS = {
    "wav": _wave, "rf64": _wave, "w64": _wave64, "aiff": _aiff, "aifc": _aiff, "caf": _caf, "flac": _flac,
    "ogg": _ogg, "mp4": mp4.read_tags, "mp3": _mp3, "adts": _mp3, "wavpack": ape.read_tags,
}  # fmt: skip
