"""Writing uncompressed audio: broadcast WAV and RF64, AIFF and AIFF-C.

Written by hand rather than by libsndfile, which puts the time of day into float files and knows no version 2 of bext.

Sources: EBU Tech 3285 v2 (bext), EBU Tech 3306 and ITU-R BS.2088 (RF64), EBU Tech 3352 (ISRC in axml); Microsoft RIFF
(fmt, fact, LIST INFO); Apple AIFF-C 1991; id3.org for the id3 chunk.
"""

import struct
from html import escape  # not xml.sax.saxutils, which brings all of urllib and ssl with it
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from tonewright.base.errors import Impossible
from tonewright.base.files import bext, id3
from tonewright.base.files.pcm import pack_extended
from tonewright.base.files.tags import NAMES, BextText, Tags, isrc_of
from tonewright.base.signal import Layout

#: (channels, n): whole words as int32, or float32 samples.
Words = NDArray[Any]

#: The most that a 32-bit size can tell; past it a WAV becomes RF64 and an AIFF is impossible.
MAX_32_BIT = 0xFFFFFFFF
_DS64_BYTES = 28


class WaveEncoder:
    """A WAV file with a bext chunk; RF64 if it grows past 4 GiB, or if asked for.

    Room for ds64 is kept in a JUNK chunk at the start, and the loudness is put into bext at the end.
    """

    def __init__(
        self, file: IO[bytes], layout: Layout, bits: int, *, is_float: bool, tags: Tags, rf64: bool
    ) -> None:
        self._file = file
        self._tags = tags
        self._rf64 = rf64
        self._bits = bits
        self._frame_bytes = layout.channels * bits // 8
        byte_rate = layout.rate_hz * self._frame_bytes
        fmt = struct.pack(
            "<HHIIHH", 3 if is_float else 1, layout.channels, layout.rate_hz, byte_rate, self._frame_bytes, bits
        )
        head = b"RIFF" + bytes(4) + b"WAVE" + _chunk(b"JUNK", bytes(_DS64_BYTES))
        self._bext_at = len(head) + 8
        head += _chunk(b"bext", _even(bext.pack(_bext_text(tags, layout, bits, is_float=is_float))))
        head += _chunk(b"fmt ", fmt + bytes(2) if is_float else fmt)
        self._fact_at = len(head) + 8 if is_float else 0
        if is_float:
            head += _chunk(b"fact", bytes(4))
        self._data_at = len(head) + 8
        file.write(head + b"data" + bytes(4))
        self._data_bytes = 0

    def write(self, words: Words) -> None:
        """Add (channels, n) words, or float32 samples for a float file."""
        raw = little_endian(words, self._bits)
        self._file.write(raw)
        self._data_bytes += len(raw)

    def finish(self, loudness: bext.Measured | None) -> None:
        file = self._file
        if self._data_bytes & 1:
            file.write(b"\x00")
        file.write(_wave_tags(self._tags))
        riff_bytes = file.tell() - 8
        frames = self._data_bytes // self._frame_bytes
        if self._rf64 or riff_bytes > MAX_32_BIT:
            file.seek(0)
            file.write(b"RF64" + struct.pack("<I", MAX_32_BIT) + b"WAVE")
            file.write(_chunk(b"ds64", struct.pack("<QQQI", riff_bytes, self._data_bytes, frames, 0)))
            data_bytes = MAX_32_BIT
        else:
            file.seek(4)
            file.write(struct.pack("<I", riff_bytes))
            data_bytes = self._data_bytes
        file.seek(self._data_at - 4)
        file.write(struct.pack("<I", data_bytes))
        if self._fact_at:
            file.seek(self._fact_at)
            file.write(struct.pack("<I", min(frames, MAX_32_BIT)))
        file.seek(self._bext_at + bext.LOUDNESS_AT)
        file.write(bext.pack_loudness(loudness))


def _bext_text(tags: Tags, layout: Layout, bits: int, *, is_float: bool) -> BextText:
    """The source's own bext texts if it had some, with a line of history for this file."""
    old = tags.bext or BextText()
    line = bext.history_line(layout.rate_hz, layout.channels, bits, is_float=is_float, note="Tonewright")
    history = old.coding_history.strip()
    return BextText(
        description=old.description or tags.title,
        originator=old.originator or "Tonewright",
        originator_reference=old.originator_reference,
        origination_date=old.origination_date,
        origination_time=old.origination_time,
        time_reference=old.time_reference,
        coding_history=f"{history}\r\n{line}" if history else line,
    )


def _wave_tags(tags: Tags) -> bytes:
    """LIST INFO for what every program reads, id3 for everything, axml for the ISRC in the EBU's form."""
    info = [
        _chunk(names.info.encode(), getattr(tags, names.field).encode("utf-8", "replace") + b"\x00")
        for names in NAMES
        if names.info and getattr(tags, names.field)
    ]
    if tags.track_number:
        info.append(_chunk(b"ITRK", str(tags.track_number).encode() + b"\x00"))
    out = _chunk(b"LIST", b"INFO" + b"".join(info)) if info else b""
    tag = id3.pack(tags)
    if tag:
        out += _chunk(b"id3 ", _even(tag))
    isrc = isrc_of(tags.isrc)
    return out + (_chunk(b"axml", _even(_axml(isrc), b"\n")) if isrc else b"")


def _axml(isrc: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<ebuCoreMain xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns="urn:ebu:metadata-schema:ebuCore_2012">\n'
        " <coreMetadata>\n"
        '  <identifier typeLabel="GUID" typeDefinition="Globally Unique Identifier" formatLabel="ISRC"'
        ' formatDefinition="International Standard Recording Code"'
        ' formatLink="http://www.ebu.ch/metadata/cs/ebu_IdentifierTypeCodeCS.xml#3.7">\n'
        f"   <dc:identifier>ISRC:{escape(isrc)}</dc:identifier>\n"
        "  </identifier>\n </coreMetadata>\n</ebuCoreMain>\n"
    ).encode()


class AiffEncoder:
    """An AIFF file; AIFF-C for float samples. Tags as ID3v2."""

    def __init__(self, file: IO[bytes], layout: Layout, bits: int, *, is_float: bool, tags: Tags) -> None:
        self._file = file
        self._tags = tags
        self._bits = bits
        self._frame_bytes = layout.channels * bits // 8
        head = b"FORM" + bytes(4) + (b"AIFC" if is_float else b"AIFF")
        if is_float:
            head += _chunk(b"FVER", struct.pack(">I", 0xA2805140), ">")  # the one version of AIFF-C there is
        comm = struct.pack(">hIh", layout.channels, 0, bits) + pack_extended(layout.rate_hz)
        if is_float:
            comm += b"fl32" + b"\x0c32-bit float" + b"\x00"  # the name as a Pascal string, padded to even
        self._frames_at = len(head) + 8 + 2
        head += _chunk(b"COMM", comm, ">")
        self._data_at = len(head) + 8
        file.write(head + b"SSND" + bytes(4) + bytes(8))
        self._data_bytes = 0

    def write(self, words: Words) -> None:
        """Add (channels, n) words, or float32 samples for a float file."""
        raw = big_endian(words, self._bits)
        self._data_bytes += len(raw)
        if self._data_at + self._data_bytes > MAX_32_BIT:
            raise Impossible("AIFF can't hold more than 4 GiB.", "Write .wav (which becomes RF64) or .flac.")
        self._file.write(raw)

    def finish(self, loudness: bext.Measured | None) -> None:
        file = self._file
        if self._data_bytes & 1:
            file.write(b"\x00")
        tag = id3.pack(self._tags)
        if tag:
            file.write(_chunk(b"ID3 ", tag, ">"))
        form_bytes = file.tell() - 8
        file.seek(4)
        file.write(struct.pack(">I", form_bytes))
        file.seek(self._frames_at)
        file.write(struct.pack(">I", self._data_bytes // self._frame_bytes))
        file.seek(self._data_at - 4)
        file.write(struct.pack(">I", self._data_bytes + 8))


def little_endian(words: Words, bits: int) -> bytes | memoryview:
    """Interleaved bytes of (channels, n) words of 16, 24 or 32 bits, or float32."""
    return _interleaved(words, bits, "<")


def big_endian(words: Words, bits: int) -> bytes | memoryview:
    """Interleaved bytes of (channels, n) words of 16, 24 or 32 bits, or float32."""
    return _interleaved(words, bits, ">")


def _interleaved(words: Words, bits: int, order: str) -> bytes | memoryview:
    if words.dtype == np.float32:
        return words.T.astype(f"{order}f4").tobytes()
    if bits != 24:
        return words.T.astype(f"{order}i{bits // 8}").tobytes()
    from tonewright.base.files.pack_kernel import pack_24  # numba, which only this length needs

    packed = np.empty((words.shape[1], words.shape[0], 3), dtype=np.uint8)
    pack_24(words, packed, order == "<")
    return packed.reshape(-1).data


def _even(content: bytes, filler: bytes = b"\x00") -> bytes:
    """Of even length: libsndfile loses its way behind a chunk of odd length in an RF64 file."""
    return content + filler * (len(content) & 1)


def _chunk(name: bytes, content: bytes, order: str = "<") -> bytes:
    return name + struct.pack(f"{order}I", len(content)) + content + bytes(len(content) & 1)
