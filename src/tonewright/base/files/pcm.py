"""Headers of uncompressed audio: what WAV, RF64, W64 and AIFF say about their samples, held against what is there.

libsndfile quietly shortens a file that was cut off; here that is DamagedAudio, since a master of half a song is no
master. The exception: a data chunk as long as its field can tell, which is how programs write into a pipe.

Sources: Microsoft, "Multiple channel audio data and WAVE files" (WAVE_FORMAT_EXTENSIBLE); Apple, AIFF-C 1991.
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tonewright.base.errors import DamagedAudio
from tonewright.base.files import chunks as ck
from tonewright.base.paths import shown
from tonewright.base.units import clock

_CODECS = {1: "pcm", 3: "float", 6: "a-law", 7: "mu-law", 2: "adpcm", 0x11: "adpcm", 0x55: "mp3", 0x31: "gsm"}
_EXTENSIBLE = 0xFFFE
_AIFC = {
    b"NONE": "pcm", b"twos": "pcm", b"sowt": "pcm", b"raw ": "pcm", b"in24": "pcm", b"in32": "pcm",
    b"fl32": "float", b"FL32": "float", b"fl64": "float", b"FL64": "float",
    b"ulaw": "mu-law", b"ULAW": "mu-law", b"alaw": "a-law", b"ALAW": "a-law", b"ima4": "adpcm", b"GSM ": "gsm",
}  # fmt: skip


@dataclass(frozen=True)
class PcmFacts:
    """codec: pcm, float, or a compressed one; bits: the length of a word as it is stored."""

    codec: str
    channels: int
    rate_hz: int
    bits: int


def pcm_facts(file: IO[bytes], path: Path, container: str, size_bytes: int) -> PcmFacts:
    """What the header says. Raises DamagedAudio where the file can't be what it says."""
    found = ck.chunks_of(file, container, size_bytes)
    try:
        if container in ("aiff", "aifc"):
            facts, frame_bytes, data = _aiff(file, found, container)
        else:
            facts, frame_bytes, data = _wave(file, found)
    except (struct.error, OverflowError, ValueError) as error:
        raise DamagedAudio(f"{shown(path)} has a broken header: {error}.", "Export it again.") from error
    if data is None:
        raise DamagedAudio(f"{shown(path)} holds no audio data: it was cut off in its header.", "Export it again.")
    missing = data.size - data.present
    if facts.codec in ("pcm", "float") and frame_bytes and missing >= frame_bytes:
        there_s = data.present / frame_bytes / max(facts.rate_hz, 1)
        said_s = data.size / frame_bytes / max(facts.rate_hz, 1)
        raise DamagedAudio(
            f"{shown(path)} is cut off: its header promises {_length(said_s)}, {_length(there_s)} are there.",
            "Export or copy it again.",
        )
    return facts


def _length(seconds: float) -> str:
    return clock(seconds) if seconds < 360_000 else f"{seconds / 3600:.3g} hours"


def _wave(file: IO[bytes], found: list[ck.Chunk]) -> tuple[PcmFacts, int, ck.Chunk | None]:
    raw = ck.body(file, ck.find(found, b"fmt "), 64)
    if len(raw) < 16:
        raise ValueError("no fmt chunk")
    tag, channels, rate_hz, _, frame_bytes, bits = struct.unpack_from("<HHIIHH", raw)
    if tag == _EXTENSIBLE:
        if len(raw) < 40:
            raise ValueError("fmt chunk too short")
        # the count of valid bits is left aside: the promise that words lie on a grid is safe only for the words' own
        tag = struct.unpack_from("<H", raw, 24)[0]
    return PcmFacts(_CODECS.get(tag, f"0x{tag:04x}"), channels, rate_hz, bits), frame_bytes, ck.find(found, b"data")


def _aiff(file: IO[bytes], found: list[ck.Chunk], container: str) -> tuple[PcmFacts, int, ck.Chunk | None]:
    raw = ck.body(file, ck.find(found, b"COMM"), 64)
    if len(raw) < 18:
        raise ValueError("no COMM chunk")
    channels, frames, bits = struct.unpack_from(">hIh", raw)
    codec = _AIFC.get(raw[18:22], raw[18:22].decode("latin-1").strip()) if container == "aifc" else "pcm"
    data = ck.find(found, b"SSND")
    frame_bytes = channels * ((bits + 7) // 8)
    if data is not None and codec in ("pcm", "float"):
        sound = ck.Chunk(b"SSND", data.at + 8, frames * frame_bytes, min(frames * frame_bytes, data.present - 8))
        data = sound if sound.size <= max(data.size - 8, 0) else data
    return PcmFacts(codec, channels, _extended(raw[8:18]), bits), frame_bytes, data


def _extended(raw: bytes) -> int:
    """The 80-bit float that AIFF writes its rate as, to the nearest whole number."""
    exponent, mantissa = struct.unpack(">HQ", raw)
    exponent = (exponent & 0x7FFF) - 16383 - 63
    if not -127 < exponent < 0:
        raise ValueError("sample rate out of range")
    rate_hz: int = round(mantissa * 2.0**exponent)
    return rate_hz


def pack_extended(rate_hz: int) -> bytes:
    """A whole rate as AIFF's 80-bit float."""
    exponent = rate_hz.bit_length() - 1
    return struct.pack(">HQ", 16383 + exponent, rate_hz << (63 - exponent))
