"""What a file is, by its first bytes; never by its name.

Only what is named here ever reaches a decoder, under the name found here: FFmpeg's playlists, scripts and network
formats, which could make it open other files, are out of reach.
"""

from collections.abc import Callable
from pathlib import Path
from typing import IO

from tonewright.base.errors import NotAudio
from tonewright.base.files.mpeg import adts_frame_bytes, mp3_frame_bytes
from tonewright.base.paths import shown

_SEND = "Send WAV, AIFF, FLAC, ALAC, MP3, AAC, Ogg Vorbis, Opus, CAF, W64 or WavPack."
_W64 = bytes.fromhex("726966662e91cf11a5d628db04c10000")

#: Formats that people do send and that are not read, by their first bytes.
_FOREIGN = (
    (b"MAC ", "a Monkey's Audio file"),
    (b"0&\xb2u\x8ef\xcf\x11", "a Windows Media file"),
    (b"\x1aE\xdf\xa3", "a Matroska or WebM file"),
    (b"DSD ", "a DSD file"),
    (b"FRM8", "a DSD file"),
    (b"TTA1", "a True Audio file"),
    (b"MThd", "a MIDI file: it holds notes, not sound"),
    (b"MPCK", "a Musepack file"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"RIFX", "a big-endian RIFF file"),
)


def sniff(file: IO[bytes], path: Path) -> str:
    """The container: wav, rf64, w64, aiff, aifc, caf, flac, ogg, mp4, wavpack, adts or mp3.

    Raises NotAudio.
    """
    file.seek(0)
    head = file.read(16)
    if not head:
        raise NotAudio(f"{shown(path)} is empty.", "Export it again.")
    if head[:4] in (b"RIFF", b"RF64", b"BW64") and head[8:12] == b"WAVE":
        return "wav" if head[:4] == b"RIFF" else "rf64"
    if head == _W64:
        return "w64"
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "aiff" if head[8:12] == b"AIFF" else "aifc"
    for magic, container in ((b"caff", "caf"), (b"fLaC", "flac"), (b"OggS", "ogg"), (b"wvpk", "wavpack")):
        if head.startswith(magic):
            return container
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return "mp4"
    for magic, what in _FOREIGN:
        if head.startswith(magic):
            raise NotAudio(f"{shown(path)} is {what}, which is not read.", _SEND)
    found = _mpeg(file)
    if found is None:
        raise NotAudio(f"{shown(path)} is not audio in a format that is read.", _SEND)
    return found


def id3_bytes(file: IO[bytes]) -> int:
    """How long the ID3v2 tag at a file's start is, header and footer included; 0 without one."""
    file.seek(0)
    head = file.read(10)
    if len(head) < 10 or head[:3] != b"ID3" or any(b & 0x80 for b in head[6:10]):
        return 0
    size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    return 10 + size + (10 if head[5] & 0x10 else 0)


def _mpeg(file: IO[bytes]) -> str | None:
    """mp3 or adts if three frames follow each other near the start (after an ID3v2 tag), flac if that follows."""
    start = id3_bytes(file)
    file.seek(start)
    raw = file.read(1 << 16)
    if raw.startswith(b"fLaC"):
        return "flac"
    at = raw.find(b"\xff")
    while 0 <= at < len(raw) - 7:
        for container, frame_bytes in (("mp3", mp3_frame_bytes), ("adts", adts_frame_bytes)):
            if _follow(raw, at, frame_bytes):
                return container
        at = raw.find(b"\xff", at + 1)
    return None


def _follow(raw: bytes, at: int, frame_bytes: Callable[[bytes], int]) -> bool:
    """Whether three frames (fewer only at the end of the data) follow each other from here."""
    for count in range(3):
        if at + 7 > len(raw):
            return count > 0 and at == len(raw)
        size = frame_bytes(raw[at : at + 7])
        if size == 0:
            return False
        at += size
    return True
