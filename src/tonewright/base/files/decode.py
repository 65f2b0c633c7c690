"""Decoding from beginning to end: by FFmpeg's libraries (PyAV), or by libsndfile for Ogg."""

import io
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from tonewright.base.errors import DamagedAudio, NotAudio, UnsupportedLayout
from tonewright.base.paths import shown
from tonewright.base.signal import BLOCK_FRAMES
from tonewright.base.units import clock

#: Our containers' names in FFmpeg; nothing else is ever asked of it.
_DEMUXERS = {
    "mp4": "mov", "mp3": "mp3", "adts": "aac", "wavpack": "wv", "caf": "caf", "flac": "flac", "ogg": "ogg",
    "wav": "wav", "rf64": "wav", "w64": "w64", "aiff": "aiff", "aifc": "aiff",
}  # fmt: skip

_SCALES = {"u8": 2.0**-7, "s16": 2.0**-15, "s32": 2.0**-31, "flt": 1.0, "dbl": 1.0}


@dataclass(frozen=True)
class Decoded:
    """One piece of decoded audio: samples (channels, n), float32 or float64, and what they are."""

    samples: NDArray[np.floating]
    rate_hz: int
    codec: str
    #: The sample format without "p", for instance s16, s32, flt.
    sample_format: str
    #: Codec private data, the same for all pieces.
    extradata: bytes


def by_ffmpeg(file: IO[bytes], path: Path, container: str, size_bytes: int) -> Iterator[Decoded]:
    """The first audio stream of a file, from its start, without the encoder's delay where the file tells it.

    Raises NotAudio, DamagedAudio, UnsupportedLayout.
    """
    import av

    try:
        opened = av.open(
            Slice(file, 0, size_bytes), mode="r", format=_DEMUXERS[container], metadata_errors="ignore"
        )
    except (av.FFmpegError, ValueError, OSError) as error:
        raise NotAudio(
            f"{shown(path)} can't be opened as {container}: {_why(error)}.", "Export it again."
        ) from error
    try:
        if not opened.streams.audio:
            raise NotAudio(f"{shown(path)} holds no sound.", "Send the audio file.")
        yield from _frames(opened, path, av.FFmpegError)
    finally:
        opened.close()


def _frames(opened: Any, path: Path, ffmpeg_error: type[Exception]) -> Iterator[Decoded]:
    stream = opened.streams.audio[0]
    if stream.codec_context is None:
        raise NotAudio(f"{shown(path)} holds sound in a codec that is not read.", "Send WAV or FLAC.")
    codec = str(stream.codec_context.name)
    extradata = bytes(stream.codec_context.extradata or b"")
    first: tuple[int, int] | None = None
    done = 0
    fault: Exception | None = None
    packets = iter(opened.demux(stream))
    while True:
        try:
            packet = next(packets, None)
            frames = [] if packet is None else packet.decode()
        except (ffmpeg_error, ValueError, OSError) as error:
            fault = error
            if getattr(error, "errno", 0) is None:
                break
            continue
        if packet is None:
            break
        for frame in frames:
            if frame.samples == 0:
                continue
            piece = _decoded(frame, codec, extradata)
            shape = (piece.rate_hz, piece.samples.shape[0])
            if first is None:
                first, fault = shape, None  # what can't be decoded before the first sound is no part of it
            elif shape != first:
                raise UnsupportedLayout(
                    f"{shown(path)} changes its rate or channels at {clock(done / first[0])}.", "Send it in parts."
                )
            elif fault is not None:
                raise DamagedAudio(
                    f"{shown(path)} is damaged at {clock(done / first[0])}: {_why(fault)}.", "Export it again."
                ) from fault
            done += piece.samples.shape[1]
            yield piece
    if first is None:
        raise DamagedAudio(
            f"{shown(path)} can't be decoded: {_why(fault) if fault else 'it holds no sound'}.", "Export it again."
        ) from fault


def _decoded(frame: Any, codec: str, extradata: bytes) -> Decoded:
    raw = frame.to_ndarray()
    kind = str(frame.format.name)
    channels = len(frame.layout.channels)
    if not kind.endswith("p"):
        raw = raw.reshape(-1, channels).T
    kind = kind.removesuffix("p")
    if kind in ("flt", "dbl"):
        samples = raw
    else:
        offset = 128.0 if kind == "u8" else 0.0
        samples = (raw.astype(np.float64) - offset) * _SCALES[kind]
    return Decoded(samples, int(frame.sample_rate), codec, kind, extradata)


def by_libsndfile(file: IO[bytes], path: Path, start: int, stop: int) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """(rate, samples (channels, n)) of the file that lies between two positions of a file. Raises DamagedAudio."""
    import soundfile

    try:
        with soundfile.SoundFile(Slice(file, start, stop)) as opened:
            while True:
                block = opened.read(BLOCK_FRAMES, dtype="float32", always_2d=True)
                if not len(block):
                    return
                yield int(opened.samplerate), block.T
    except (soundfile.SoundFileError, RuntimeError, TypeError) as error:
        raise DamagedAudio(f"{shown(path)} can't be decoded: {_why(error)}.", "Export it again.") from error


class Slice(io.RawIOBase):
    """A part of an open file, to be read like a file; its position is its own."""

    def __init__(self, file: IO[bytes], start: int, stop: int) -> None:
        self._descriptor = file.fileno()
        self._start = start
        self._size = stop - start
        self._at = 0

    def readinto(self, buffer: Any) -> int:
        data = os.pread(self._descriptor, max(0, min(len(buffer), self._size - self._at)), self._start + self._at)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True


def _why(error: Exception) -> str:
    """A library's complaint in a few words, on one line."""
    text = re.sub(r"Error opening <.*?>: ", "", str(getattr(error, "strerror", None) or error)).splitlines()
    return (text[0] if text else type(error).__name__).strip().rstrip(".")
