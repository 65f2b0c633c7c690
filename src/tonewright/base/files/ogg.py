"""Ogg pages: finding the recordings in a file, reading their comments, and writing other comments into one.

Sources: RFC 3533 (pages), Vorbis I specification appendix A, RFC 7845 (Opus in Ogg).
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from tonewright.base.errors import DamagedAudio
from tonewright.base.files.tags import MAX_TAGS_BYTES

_HEAD = struct.Struct("<4sBBqIIIB")
_CONTINUED, _FIRST, _LAST = 1, 2, 4
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
#: The serial number of what is written here: fixed, since the same audio has to give the same bytes.
_SERIAL = 0x544F4E45


@dataclass(frozen=True)
class Page:
    at: int
    flags: int
    granule: int
    serial: int
    segments: bytes
    data_at: int

    @property
    def size(self) -> int:
        return sum(self.segments)

    @property
    def end(self) -> int:
        return self.data_at + self.size


@dataclass(frozen=True)
class Link:
    """One recording of a (chained) Ogg file: its bytes, and how many streams lie in it side by side."""

    start: int
    stop: int
    streams: int


def pages(file: IO[bytes], size_bytes: int) -> Iterator[Page]:
    """The pages of a file, skipping what lies between them. A page that is cut off is not given."""
    at = 0
    while at + _HEAD.size <= size_bytes:
        file.seek(at)
        raw = file.read(_HEAD.size + 255)
        magic, _, flags, granule, serial, _, _, count = _HEAD.unpack_from(raw)
        if magic != b"OggS":
            file.seek(at + 1)
            window = file.read(1 << 16)
            skip = window.find(b"OggS")
            at += 1 + (skip if skip >= 0 else max(1, len(window) - 3))
            continue
        segments = raw[_HEAD.size : _HEAD.size + count]
        page = Page(at, flags, granule, serial, segments, at + _HEAD.size + count)
        if len(segments) < count or page.end > size_bytes:
            return
        yield page
        at = page.end


def links(file: IO[bytes], size_bytes: int) -> list[Link]:
    """The recordings of a file, one after the other. Raises nothing: a file without pages has none."""
    found: list[Link] = []
    start, streams, opening = 0, 0, True
    end = 0
    for page in pages(file, size_bytes):
        if page.flags & _FIRST:
            if not opening:
                found.append(Link(start, page.at, streams))
                start, streams, opening = page.at, 0, True
            streams += 1
        else:
            opening = False
        end = page.end
    if streams:
        found.append(Link(start, end, streams))
    return found


def cut_off(file: IO[bytes], size_bytes: int) -> bool:
    """Whether the last page is not there to its end."""
    end = 0
    for page in pages(file, size_bytes):
        end = page.end
    file.seek(end)
    return file.read(4) == b"OggS"


def codec_of(file: IO[bytes]) -> str:
    """The codec of the first stream: vorbis, opus, flac, or "" for anything else."""
    file.seek(0)
    raw = file.read(_HEAD.size + 255 + 16)
    if len(raw) < _HEAD.size:
        return ""
    first = raw[_HEAD.size + raw[_HEAD.size - 1] :]
    for magic, codec in ((b"\x01vorbis", "vorbis"), (b"OpusHead", "opus"), (b"\x7fFLAC", "flac")):
        if first.startswith(magic):
            return codec
    return ""


def header_packets(file: IO[bytes], size_bytes: int, count: int) -> tuple[list[bytes], int]:
    """The first `count` packets, and the position of the page after them. Raises DamagedAudio."""
    packets: list[bytes] = []
    open_packet = b""
    total = 0
    for page in pages(file, size_bytes):
        file.seek(page.data_at)
        total += page.size
        if total > MAX_TAGS_BYTES:
            break
        for segment in page.segments:
            open_packet += file.read(segment)
            if segment < 255:
                packets.append(open_packet)
                open_packet = b""
        if len(packets) >= count:
            return packets[:count], page.end
    raise DamagedAudio("The Ogg stream ends within its headers.", "Export it again.")


def comment_block(file: IO[bytes], size_bytes: int, codec: str) -> bytes:
    """The comment block of the first stream, without its framing. Raises DamagedAudio."""
    packets, _ = header_packets(file, size_bytes, 2)
    return packets[1][7 if codec == "vorbis" else 8 if codec == "opus" else 4 :]


def retag(source: IO[bytes], size_bytes: int, target: IO[bytes], codec: str, comments: bytes) -> None:
    """Copy one recording with another comment block, pages numbered anew and the serial number fixed."""
    count = 3 if codec == "vorbis" else 2
    packets, audio_at = header_packets(source, size_bytes, count)
    if codec == "vorbis":
        packets[1] = b"\x03vorbis" + comments + b"\x01"
    else:
        packets[1] = b"OpusTags" + comments
    number = 0
    for group in (packets[:1], packets[1:]):
        for flags, segments, data in _paged(group):
            first = _FIRST if number == 0 else 0
            _write_page(target, flags | first, 0 if min(segments) < 255 else -1, number, segments, data)
            number += 1
    for page in pages(source, size_bytes):
        if page.at >= audio_at:
            source.seek(page.data_at)
            data = source.read(page.size)
            _write_page(target, page.flags, page.granule, number, page.segments, data)
            number += 1


def _paged(packets: list[bytes]) -> Iterator[tuple[int, bytes, bytes]]:
    """Packets laid into pages of at most 255 segments: (flags, segment table, data)."""
    segments = b"".join(b"\xff" * (len(p) // 255) + bytes([len(p) % 255]) for p in packets)
    data = b"".join(packets)
    at, continued = 0, 0
    for start in range(0, len(segments), 255):
        table = segments[start : start + 255]
        yield continued, table, data[at : at + sum(table)]
        at += sum(table)
        continued = _CONTINUED if table[-1] == 255 else 0


def _write_page(target: IO[bytes], flags: int, granule: int, number: int, segments: bytes, data: bytes) -> None:
    head = _HEAD.pack(b"OggS", 0, flags, granule, _SERIAL, number, 0, len(segments))
    checksum = _crc(head + segments + data)
    target.write(head[:22] + struct.pack("<I", checksum) + head[26:] + segments + data)


def _crc(raw: bytes) -> int:
    """RFC 3533's checksum (0x04C11DB7, from the top bit down, starting at 0) by way of zlib's, which is its mirror."""
    mirrored = zlib.crc32(raw.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)
