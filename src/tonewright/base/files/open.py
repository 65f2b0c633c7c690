"""Opening audio files."""

import os
import stat
import struct
from pathlib import Path
from typing import IO, Any

from tonewright.base.errors import (
    DamagedAudio,
    InputUnreadable,
    NotAudio,
    TonewrightError,
    TooShort,
    UnsupportedLayout,
)
from tonewright.base.files import chunks as ck
from tonewright.base.files import decode, mp4, ogg
from tonewright.base.files.info import AudioInfo, Limits, check_layout
from tonewright.base.files.mpeg import mp3_length
from tonewright.base.files.pcm import pcm_facts
from tonewright.base.files.read_tags import read_tags
from tonewright.base.files.sniff import id3_bytes, sniff
from tonewright.base.files.source import Backend, Direct, FileSignal
from tonewright.base.files.spool import Spool
from tonewright.base.paths import shown

#: Frames of an MP3 that its header may promise and decoding not give: delay and padding, taken off.
_MP3_SLACK_FRAMES = 4 * 1152
#: libsndfile's answer for "as long as you like".
_UNKNOWN_FRAMES = 2**62


def open_signal(path: Path | str, limits: Limits | None = None) -> FileSignal:
    """Open an audio file for reading, by what it holds, whatever its name.

    Raises InputUnreadable, NotAudio, DamagedAudio, UnsupportedLayout, TooLarge, TooShort (no samples at all), and
    DiskFull where a compressed file has to be unpacked to the disk first.
    """
    path = Path(path)
    limits = limits or Limits()
    file = _open(path)
    try:
        size_bytes = os.fstat(file.fileno()).st_size
        limits.check_bytes(path, size_bytes)
        container = sniff(file, path)
        info, backend = _Opener(path, file, container, size_bytes, limits).open()
        try:
            if info.frames == 0:
                raise TooShort(f"{shown(path)} holds no samples.", "Export it again.")
            return FileSignal(info, read_tags(file, container, size_bytes), file, backend)
        except BaseException:
            backend.close()
            raise
    except OSError as error:
        file.close()
        raise InputUnreadable(
            f"{shown(path)} can't be read: {error.strerror or error}.", "Copy it again."
        ) from error
    except BaseException:
        file.close()
        raise


def _open(path: Path) -> IO[bytes]:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise InputUnreadable(f"{shown(path)} is a folder.", "Name a file in it.")
        if not stat.S_ISREG(mode):
            raise InputUnreadable(f"{shown(path)} is not a regular file.", "Save the audio to a file first.")
        return path.open("rb")
    except FileNotFoundError as error:
        raise InputUnreadable(f"{shown(path)} does not exist.", "Check the name.") from error
    except PermissionError as error:
        raise InputUnreadable(
            f"{shown(path)} may not be read: permission denied.", "Change its permissions."
        ) from error
    except (OSError, ValueError) as error:
        raise InputUnreadable(f"{shown(path)} can't be read: {error}.", "Check the name.") from error


class _Opener:
    """Finds the way to read one file."""

    def __init__(self, path: Path, file: IO[bytes], container: str, size_bytes: int, limits: Limits) -> None:
        self.path = path
        self.file = file
        self.container = container
        self.size_bytes = size_bytes
        self.limits = limits

    def open(self) -> tuple[AudioInfo, Backend]:
        if self.container in ("wav", "rf64", "w64", "aiff", "aifc"):
            facts = pcm_facts(self.file, self.path, self.container, self.size_bytes)
            self._check(facts.rate_hz, facts.channels)
            if facts.codec in ("pcm", "float"):
                return self._direct(facts.codec, facts.bits)
            return self._ffmpeg()
        if self.container == "caf":
            return self._caf()
        if self.container == "flac":
            return self._flac()
        if self.container == "ogg":
            return self._ogg()
        if self.container == "mp4" and not mp4.whole(self.file, self.size_bytes):
            raise self._cut_off()
        return self._ffmpeg()

    def _check(self, rate_hz: int, channels: int) -> None:
        check_layout(self.path, rate_hz, channels)

    def _cut_off(self) -> DamagedAudio:
        return DamagedAudio(f"{shown(self.path)} is cut off.", "Export or copy it again.")

    def _info(self, codec: str, rate_hz: int, channels: int, frames: int, bits: int | None, kind: str) -> AudioInfo:
        return AudioInfo(
            path=self.path,
            container=self.container,
            codec=codec,
            rate_hz=rate_hz,
            channels=channels,
            frames=frames,
            bits=bits,
            is_float=kind == "float",
            lossy=kind == "lossy",
            size_bytes=self.size_bytes,
        )

    def _direct(self, codec: str, bits: int) -> tuple[AudioInfo, Backend]:
        handle = self._libsndfile()
        try:
            self._check(handle.samplerate, handle.channels)
            frames = int(handle.frames)
            self.limits.check_frames(self.path, frames, handle.samplerate)
            kind = "float" if codec == "float" else "exact"
            info = self._info(codec, handle.samplerate, handle.channels, frames, bits, kind)
            return info, Direct(os.fsencode(self.path), handle, frames)
        except BaseException:
            handle.close()
            raise

    def _libsndfile(self) -> Any:
        import soundfile

        try:
            return soundfile.SoundFile(os.fsencode(self.path))
        except (soundfile.SoundFileError, RuntimeError, TypeError) as error:
            raise DamagedAudio(f"{shown(self.path)} can't be read: {error}.", "Export it again.") from error

    def _caf(self) -> tuple[AudioInfo, Backend]:
        found = ck.chunks_of(self.file, "caf", self.size_bytes)
        raw = ck.body(self.file, ck.find(found, b"desc"), 32)
        data = ck.find(found, b"data")
        if len(raw) < 32 or data is None or data.present < data.size:
            raise self._cut_off()
        rate_hz, codec, flags, _, _, channels, bits = struct.unpack_from(">d4sIIIII", raw)
        if not 0 < rate_hz < 2**31:
            raise DamagedAudio(f"{shown(self.path)} has a broken header.", "Export it again.")
        self._check(round(rate_hz), channels)
        if codec == b"lpcm":
            return self._direct("float" if flags & 1 else "pcm", bits)
        return self._ffmpeg()

    def _flac(self) -> tuple[AudioInfo, Backend]:
        start = id3_bytes(self.file)
        head = ck.read_at(self.file, start, 42)
        if len(head) < 42 or head[4] & 0x7F:
            raise self._cut_off()
        packed = int.from_bytes(head[18:26], "big")  # RFC 9639, 8.2: rate 20 bits, channels 3, bits 5, frames 36
        rate_hz, channels, bits = packed >> 44, (packed >> 41 & 7) + 1, (packed >> 36 & 31) + 1
        self._check(rate_hz, channels)
        if (
            start or bits > 24 or not packed & (2**36 - 1)
        ):  # what libsndfile does not read, or whose end it can't tell
            return self._ffmpeg()
        info, direct = self._direct("flac", bits)
        try:
            last = direct.read(info.frames - 1, 1).shape[1] if info.frames else 1
        except DamagedAudio:
            last = 0
        if not last:
            direct.close()
            raise self._cut_off()
        return info, direct

    def _ogg(self) -> tuple[AudioInfo, Backend]:
        codec = ogg.codec_of(self.file)
        if not codec:
            raise NotAudio(f"{shown(self.path)} is an Ogg file without Vorbis, Opus or FLAC.", "Send one of these.")
        parts = ogg.links(self.file, self.size_bytes)
        if not parts or ogg.cut_off(self.file, self.size_bytes):
            raise self._cut_off()
        if any(part.streams > 1 for part in parts):
            raise UnsupportedLayout(
                f"{shown(self.path)} holds several streams side by side.", "Send the sound alone."
            )
        if codec == "opus" and len(parts) == 1:
            return self._ffmpeg()  # which always gives Opus at its own 48 kHz, and not one frame late
        return self._chained(codec, parts)

    def _chained(self, codec: str, parts: list[ogg.Link]) -> tuple[AudioInfo, Backend]:
        """One recording after the other, as one."""
        spool: Spool | None = None
        rate_hz = 0
        try:
            for part in parts:
                for part_rate_hz, samples in decode.by_libsndfile(self.file, self.path, part.start, part.stop):
                    if spool is None:
                        self._check(part_rate_hz, len(samples))
                        rate_hz, spool = part_rate_hz, Spool(self.path, len(samples), wide=False)
                    elif (part_rate_hz, len(samples)) != (rate_hz, spool.channels):
                        raise UnsupportedLayout(
                            f"{shown(self.path)} is a chain of recordings with different rates or channels.",
                            "Send each by itself.",
                        )
                    spool.append(samples)
                    self.limits.check_frames(self.path, spool.frames, rate_hz)
            if spool is None:
                raise TooShort(f"{shown(self.path)} holds no samples.", "Export it again.")
            spool.finish()
        except BaseException:
            if spool is not None:
                spool.close()
            raise
        lossless = codec == "flac"
        info = self._info(
            codec, rate_hz, spool.channels, spool.frames, 24 if lossless else None, "exact" if lossless else "lossy"
        )
        return info, spool

    def _ffmpeg(self) -> tuple[AudioInfo, Backend]:
        spool: Spool | None = None
        piece: decode.Decoded | None = None
        try:
            for piece in decode.by_ffmpeg(self.file, self.path, self.container, self.size_bytes):
                if spool is None:
                    self._check(piece.rate_hz, len(piece.samples))
                    spool = Spool(self.path, len(piece.samples), wide=self._wide(piece))
                spool.append(piece.samples)
                self.limits.check_frames(self.path, spool.frames, piece.rate_hz)
            assert spool is not None  # by_ffmpeg gives a piece or raises
            assert piece is not None
            spool.finish(self._frames(piece, spool.frames))
        except BaseException as error:
            if spool is not None:
                spool.close()
            if isinstance(error, TonewrightError) or not isinstance(error, (MemoryError, ArithmeticError)):
                raise
            raise DamagedAudio(f"{shown(self.path)} can't be decoded: {error}.", "Export it again.") from error
        codec, bits, kind = self._stored(piece)
        return self._info(codec, piece.rate_hz, spool.channels, spool.frames, bits, kind), spool

    def _wide(self, piece: decode.Decoded) -> bool:
        _, bits, kind = self._stored(piece)
        return piece.sample_format == "dbl" or (kind == "exact" and (bits or 0) > 24)

    def _stored(self, piece: decode.Decoded) -> tuple[str, int | None, str]:
        """(codec, bits, kind) of what FFmpeg decodes; kind is exact, float or lossy."""
        name = piece.codec
        if name == "alac":
            bits = piece.extradata[17] if len(piece.extradata) > 17 else 24
            return "alac", bits if bits in (16, 20, 24, 32) else 24, "exact"
        if name == "flac":
            packed = int.from_bytes(ck.read_at(self.file, id3_bytes(self.file) + 18, 8), "big")
            return "flac", (packed >> 36 & 31) + 1 if self.container == "flac" else 24, "exact"
        if name == "wavpack":
            return self._wavpack()
        if name.startswith("pcm_"):
            bits = {"u8": 8, "s16": 16, "s32": 32, "flt": 32, "dbl": 64}[piece.sample_format]
            if "law" in name:
                return name.removeprefix("pcm_"), None, "lossy"
            return "pcm", bits, "float" if piece.sample_format in ("flt", "dbl") else "exact"
        codec = {"mp3float": "mp3", "mp2float": "mp2", "mp1float": "mp1", "libopus": "opus"}.get(name, name)
        return codec, None, "lossy"

    def _wavpack(self) -> tuple[str, int | None, str]:
        """From the first block's flags (WavPack 4 and 5 file format)."""
        flags = int.from_bytes(ck.read_at(self.file, 24, 4), "little")
        if flags & 0x8:
            return "wavpack", None, "lossy"
        if flags & 0x80:
            return "wavpack", 32, "float"
        return "wavpack", 8 * ((flags & 3) + 1) - (flags >> 13 & 31), "exact"

    def _frames(self, piece: decode.Decoded, decoded: int) -> int:
        """How many of the decoded frames are the file's. Raises DamagedAudio if it promised more."""
        wanted, promised = None, 0
        if self.container == "mp4":
            wanted = mp4.playable_frames(self.file, self.size_bytes, piece.rate_hz)
        elif self.container == "mp3":
            length = mp3_length(ck.read_at(self.file, id3_bytes(self.file), 1 << 12))
            wanted, promised = length.heard, length.promised - _MP3_SLACK_FRAMES
        elif self.container == "wavpack":
            low = int.from_bytes(ck.read_at(self.file, 12, 4), "little")
            promised = 0 if low == 0xFFFFFFFF else low
        if decoded < promised:
            raise self._cut_off()
        # a decoder may give padding of up to some coded frames after the end; more is not padding
        return wanted if wanted and wanted <= decoded < wanted + 3 * 2048 else decoded
