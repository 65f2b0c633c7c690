"""Writing audio files: the word length shrinks here, once and last, and the file appears whole or not at all."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tonewright.base.atomic import AtomicFile, output_error, refuse_inputs
from tonewright.base.errors import Bug
from tonewright.base.files.bext import Measured
from tonewright.base.files.formats import Delivery, OutputFormat, check_delivery, delivered_bits
from tonewright.base.files.tags import Tags
from tonewright.base.quantise import Quantiser, lead_in_frames, words_to_samples
from tonewright.base.signal import Block, Layout


class Encoder(Protocol):
    """Writes words (or float32 samples) in one format into an open file."""

    def write(self, samples: Any) -> None: ...
    def finish(self, loudness: Measured | None) -> None: ...


class Writer:
    """A file being written. A context manager: left before finish(), nothing stays.

    format: the format it is written in. bits: its word length, None for lossy ones. frames: how many are written.
    clipped: how many samples were beyond full scale and had to be set to it (never in float or lossy files).
    lead_in_frames: so many frames before the first one wanted have to be written first; they are used and dropped.
    """

    def __init__(
        self,
        path: Path,
        delivery: Delivery,
        layout: Layout,
        tags: Tags,
        *,
        source_bits: int | None,
        inputs: tuple[Path, ...],
        start_frame: int,
    ) -> None:
        self.path = path
        self.layout = layout
        self.format: OutputFormat = check_delivery(path, delivery, layout)
        refuse_inputs(path, inputs)
        stored = delivered_bits(self.format, delivery)
        self.bits = stored[0] if stored else None
        self.is_float = stored[1] if stored else False
        self.frames = 0
        self.lead_in_frames = 0
        self._quantiser: Quantiser | None = None
        if self.bits is not None and not self.is_float:
            exact = source_bits is not None and source_bits <= self.bits
            if not exact:
                self.lead_in_frames = lead_in_frames(start_frame, delivery.dither)
            self._quantiser = Quantiser(
                self.bits,
                layout.rate_hz,
                layout.channels,
                dither=delivery.dither,
                exact=exact,
                seed=delivery.seed,
                start_frame=start_frame - self.lead_in_frames,
            )
        self._drop = self.lead_in_frames
        self._finished = False
        self._atomic = AtomicFile(path)
        try:
            self._encoder = self._open(delivery, tags)
        except OSError as error:
            self._atomic.abort()
            raise output_error(error, path) from error
        except BaseException:
            self._atomic.abort()
            raise

    def _open(self, delivery: Delivery, tags: Tags) -> Encoder:
        file, name, bits = self._atomic.file, self.format.name, self.bits or 0
        if name == "wav":
            from tonewright.base.files.write_pcm import WaveEncoder

            rf64 = delivery.rf64 or self.path.suffix.lower() == ".rf64"
            return WaveEncoder(file, self.layout, bits, is_float=self.is_float, tags=tags, rf64=rf64)
        if name == "aiff":
            from tonewright.base.files.write_pcm import AiffEncoder

            return AiffEncoder(file, self.layout, bits, is_float=self.is_float, tags=tags)
        if name in ("flac", "vorbis"):
            from tonewright.base.files import write_sndfile

            if name == "flac":
                return write_sndfile.FlacEncoder(file, self.path, self.layout, bits, tags)
            return write_sndfile.VorbisEncoder(file, self.path, self.layout, delivery.quality, tags)
        from tonewright.base.files.write_ffmpeg import FFmpegEncoder

        return FFmpegEncoder(
            file, self.path, self.layout, self.format.codec, tags, bits=bits, quality=delivery.quality
        )

    @property
    def clipped(self) -> int:
        return self._quantiser.clipped if self._quantiser else 0

    def write(self, block: Block) -> Block:
        """Add (channels, n). Gives back the samples as the file holds them (before a lossy codec), for a meter.

        Raises OutputFailed, DiskFull, or Bug for samples that are not finite.
        """
        if not np.isfinite(block).all():
            raise Bug("Samples that are not finite came to be written.")
        if self._quantiser is not None:
            words: Any = self._quantiser.process(block)
        else:
            words = block.astype(np.float32)
        if self._drop:
            dropped = min(self._drop, words.shape[1])
            self._drop -= dropped
            words, block = words[:, dropped:], block[:, dropped:]
        if not words.shape[1]:
            return block
        try:
            self._encoder.write(words)
        except OSError as error:
            raise output_error(error, self.path) from error
        self.frames += words.shape[1]
        if self._quantiser is not None and self.bits is not None:
            return words_to_samples(words, self.bits)
        return words.astype(np.float64) if self.is_float else block

    def finish(self, loudness: Measured | None = None, check: Callable[[Path], None] | None = None) -> Path:
        """Complete the file and give it its name.

        loudness: for a WAV's bext chunk. check: looks at the complete file, still under its hidden name, before
        anybody else can; what it raises keeps the file from appearing.
        Raises OutputFailed or DiskFull; nothing stays then.
        """
        try:
            self._encoder.finish(loudness)
            if check is not None:
                self._atomic.file.flush()
                check(self._atomic.path)
        except OSError as error:
            self.abort()
            raise output_error(error, self.path) from error
        except BaseException:
            self.abort()
            raise
        self._finished = True
        self._atomic.commit()
        return self.path

    def abort(self) -> None:
        """Leave nothing behind. Does nothing after finish()."""
        if self._finished:
            return
        self._finished = True
        close = getattr(self._encoder, "close", None)
        if close is not None:
            with contextlib.suppress(Exception):
                close()
        self._atomic.abort()

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, *_: object) -> None:
        self.abort()


def open_writer(
    path: Path | str,
    delivery: Delivery,
    layout: Layout,
    tags: Tags | None = None,
    *,
    source_bits: int | None = None,
    inputs: tuple[Path, ...] = (),
    start_frame: int = 0,
) -> Writer:
    """Begin to write a file; it appears when finish() is called.

    layout: of the samples that will be written. source_bits: a promise that the samples are the untouched words of a
    source with so many bits; if the file can hold them, they are written bit for bit, without dither. inputs: files
    that the target must not be. start_frame: the song's frame that the first one is, for a window's dither.

    Raises Impossible (a format, rate or word length that can't be), OutputIsInput, OutputFailed, DiskFull.
    """
    return Writer(
        Path(path),
        delivery,
        layout,
        tags or Tags(),
        source_bits=source_bits,
        inputs=inputs,
        start_frame=start_frame,
    )
