"""The chunks of RIFF, RF64, Wave64, AIFF and CAF files: where they lie and how long they say they are.

Nothing is believed: positions are checked against the file's real size, and counts are bounded.

Sources: Microsoft/IBM RIFF; EBU Tech 3306 and ITU-R BS.2088 (RF64, BW64: ds64); Sony Wave64; Apple AIFF-C 1991;
Apple Core Audio Format.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

MAX_CHUNKS = 4096
_UNKNOWN = 0xFFFFFFFF
_W64_TAIL = bytes.fromhex("f3acd3118cd100c04f8edb8a")
#: A data chunk said to be about as long as 31 or 32 bits can tell was written to a pipe: it goes to the file's end.
_PIPED_FROM = 0x7FFFF000


@dataclass(frozen=True)
class Chunk:
    """A chunk: its four letters, where its body begins, its declared size, and how much of that is there."""

    name: bytes
    at: int
    size: int
    present: int


def read_at(file: IO[bytes], at: int, size: int) -> bytes:
    file.seek(at)
    return file.read(size)


def chunks_of(file: IO[bytes], container: str, size_bytes: int) -> list[Chunk]:
    """The chunks of a file of one of the containers wav, rf64, w64, aiff, aifc, caf; as many as can be found."""
    walk = {"w64": _wave64, "caf": _caf, "aiff": _aiff, "aifc": _aiff}.get(container, _riff)
    found = []
    for chunk in walk(file, size_bytes):
        found.append(chunk)
        if len(found) >= MAX_CHUNKS:
            break
    return found


def find(chunks: list[Chunk], name: bytes) -> Chunk | None:
    return next((c for c in chunks if c.name == name), None)


def body(file: IO[bytes], chunk: Chunk | None, most: int) -> bytes:
    """A chunk's body, at most `most` bytes; empty without a chunk."""
    return read_at(file, chunk.at, min(chunk.present, most)) if chunk else b""


def _riff(file: IO[bytes], size_bytes: int) -> Iterator[Chunk]:
    long_sizes: dict[bytes, int] = {}
    at = 12
    while at + 8 <= size_bytes:
        name, size = struct.unpack("<4sI", read_at(file, at, 8))
        if size == _UNKNOWN and name in long_sizes:
            size = long_sizes[name]
        if name == b"ds64":
            long_sizes = _ds64(read_at(file, at + 8, min(size, 1 << 16)))
        left = size_bytes - at - 8
        if name == b"data" and size > left and size >= _PIPED_FROM and name not in long_sizes:
            size = left
        yield Chunk(name, at + 8, size, min(size, left))
        at += 8 + size + (size & 1)


def _ds64(raw: bytes) -> dict[bytes, int]:
    if len(raw) < 28:
        return {}
    sizes = {b"data": struct.unpack_from("<Q", raw, 8)[0]}
    entries = min(struct.unpack_from("<I", raw, 24)[0], (len(raw) - 28) // 12)
    for entry in range(entries):
        name, size = struct.unpack_from("<4sQ", raw, 28 + 12 * entry)
        sizes[name] = size
    return sizes


def _wave64(file: IO[bytes], size_bytes: int) -> Iterator[Chunk]:
    at = 40
    while at + 24 <= size_bytes:
        name, tail, whole = struct.unpack("<4s12sQ", read_at(file, at, 24))
        if whole < 24:
            return
        left = size_bytes - at - 24
        yield Chunk(name if tail == _W64_TAIL else b"?   ", at + 24, whole - 24, min(whole - 24, left))
        at += (whole + 7) & ~7


def _aiff(file: IO[bytes], size_bytes: int) -> Iterator[Chunk]:
    at = 12
    while at + 8 <= size_bytes:
        name, size = struct.unpack(">4sI", read_at(file, at, 8))
        left = size_bytes - at - 8
        if name == b"SSND" and size > left and size >= _PIPED_FROM:
            size = left
        yield Chunk(name, at + 8, size, min(size, left))
        at += 8 + size + (size & 1)


def _caf(file: IO[bytes], size_bytes: int) -> Iterator[Chunk]:
    at = 8
    while at + 12 <= size_bytes:
        name, size = struct.unpack(">4sq", read_at(file, at, 12))
        left = size_bytes - at - 12
        if size == -1 and name == b"data":  # allowed for the last chunk: to the end of the file
            size = left
        if size < 0:
            return
        yield Chunk(name, at + 12, size, min(size, left))
        at += 12 + size
