"""Writing ALAC, AAC, MP3 and Opus by FFmpeg's libraries (PyAV). They write the sound; every tag is written by this
project, since FFmpeg does not carry them all.
"""

import io
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from tonewright.base.atomic import Guarded, output_error
from tonewright.base.errors import Impossible, OutputFailed
from tonewright.base.files import id3, mp4, mpeg, ogg, vorbis
from tonewright.base.files.bext import Measured
from tonewright.base.files.formats import Quality
from tonewright.base.files.tags import Tags
from tonewright.base.paths import shown
from tonewright.base.signal import Layout

#: (channels, n): words for ALAC, samples for the lossy codecs.
Samples = NDArray[Any]

_BITEXACT = 1 << 23  # AV_CODEC_FLAG_BITEXACT: no version and no time in what is written
_KBPS: dict[str, dict[Quality, int]] = {
    "aac": {"standard": 160, "high": 256, "best": 320},
    "opus": {"standard": 128, "high": 192, "best": 320},
}
_LAME_VBR: dict[Quality, int] = {"standard": 2, "high": 0}


class FFmpegEncoder:
    """ALAC, AAC, MP3 or Opus. Takes int32 words for ALAC, float32 samples for the others."""

    def __init__(
        self,
        file: IO[bytes],
        target: Path,
        layout: Layout,
        codec: str,
        tags: Tags,
        *,
        bits: int = 0,
        quality: Quality = "high",
    ) -> None:
        self._codec = codec
        self._file = file
        self._target = target
        self._tags = tags
        self._layout = layout
        self._bits = bits
        self._frames = 0
        self._held: Any = np.empty((layout.channels, 0), dtype=np.int32 if codec == "alac" else np.float32)
        self._raw: IO[bytes] | None = None
        base = 0
        if codec == "mp3":
            front = id3.pack(tags)
            file.write(front)
            base = len(front)
        if codec == "opus":
            try:
                self._raw = tempfile.TemporaryFile(dir=target.parent, prefix=".tonewright-")  # noqa: SIM115
            except OSError as error:
                raise output_error(error, target) from error
        self._guard = Guarded(self._raw or file, target, base)
        self._open(quality)

    def _open(self, quality: Quality) -> None:
        import av

        layout, codec = self._layout, self._codec
        name, muxer, self._format = {
            "alac": ("alac", "ipod", "s16p" if self._bits == 16 else "s32p"),
            "aac": ("aac", "ipod", "fltp"),
            "mp3": ("libmp3lame", "mp3", "fltp"),
            "opus": ("libopus", "ogg", "flt"),
        }[codec]
        how = {"fflags": "+bitexact"}
        if muxer == "ipod":
            how["movie_timescale"] = str(layout.rate_hz)  # so that the edit list can tell the length exactly
        elif muxer == "mp3":
            how |= {"id3v2_version": "0", "write_xing": "1"}
        try:
            self._container: Any = av.open(self._guard, "w", format=muxer, options=how)
            options, kbps = self._bitrate(quality)
            self._stream: Any = self._container.add_stream(name, rate=layout.rate_hz, options=options)
            context: Any = self._stream.codec_context
            context.layout = "mono" if layout.channels == 1 else "stereo"
            context.format = self._format
            context.flags |= _BITEXACT
            if kbps:
                context.bit_rate = kbps * 1000
            context.open()
        except (av.FFmpegError, ValueError) as error:
            raise Impossible(
                f"{codec.upper()} can't be written at {layout.rate_hz} Hz: {error}.", "Choose another format."
            ) from error
        self._frame_size = int(context.frame_size) or 4096

    def _bitrate(self, quality: Quality) -> tuple[dict[str, str], int]:
        """(options, kbit/s) of a quality; mono gets half, low rates what their standard allows."""
        rate_hz, half = self._layout.rate_hz, 2 // self._layout.channels
        if self._codec == "alac":
            return {}, 0
        if self._codec == "mp3":
            if quality in _LAME_VBR:
                return {"flags": "+qscale", "global_quality": str(118 * _LAME_VBR[quality])}, 0  # FF_QP2LAMBDA
            return {}, 320 if rate_hz >= 32_000 else 160 if rate_hz >= 16_000 else 64
        kbps = _KBPS[self._codec][quality] // half
        if self._codec == "aac":
            kbps = min(kbps, 6 * rate_hz * self._layout.channels // 1000)  # 6144 bits a channel and frame of 1024
        return ({"compression_level": "10"} if self._codec == "opus" else {}), kbps

    def write(self, samples: Samples) -> None:
        held = np.concatenate([self._held, samples], axis=1)
        size = self._frame_size
        whole = held.shape[1] - held.shape[1] % size
        for start in range(0, whole, size):
            self._encode(held[:, start : start + size])
        self._held = held[:, whole:].copy()

    def _encode(self, samples: Samples) -> None:
        import av

        raw: Any
        if self._format == "s16p":
            raw = samples.astype(np.int16)
        elif self._format == "s32p":
            raw = samples << 8
        else:
            raw = samples
        if not self._format.endswith("p"):
            raw = raw.T.reshape(1, -1)
        layout = "mono" if self._layout.channels == 1 else "stereo"
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(raw), format=self._format, layout=layout)
        frame.sample_rate = self._layout.rate_hz
        frame.pts = self._frames
        frame.time_base = Fraction(1, self._layout.rate_hz)
        self._frames += samples.shape[1]
        self._put(frame)

    def _put(self, frame: Any) -> None:
        import av

        try:
            for packet in self._stream.encode(frame):
                self._container.mux(packet)
        except (av.FFmpegError, ValueError) as error:
            self._guard.check()
            raise OutputFailed(
                f"{shown(self._target)} can't be written: {error}.", "Choose another format."
            ) from error
        self._guard.check()

    def finish(self, loudness: Measured | None) -> None:
        if self._held.shape[1]:
            self._encode(self._held)
        self._put(None)
        self._container.close()
        self._guard.check()
        if self._codec in ("alac", "aac"):
            mp4.write_tags(self._file, self._tags)
        elif self._codec == "mp3":
            self._guard.seek(0)
            front = mpeg.set_heard(self._guard.read(2048), self._frames)
            self._guard.seek(0)
            self._guard.write(front)
            self._guard.check()
        elif self._raw is not None:
            size_bytes = self._raw.seek(0, io.SEEK_END)
            comments = vorbis.pack_comments(self._tags, with_pictures=True)
            ogg.retag(self._raw, size_bytes, self._file, "opus", comments)
            self._raw.close()

    def close(self) -> None:
        self._container.close()
        if self._raw is not None:
            self._raw.close()
