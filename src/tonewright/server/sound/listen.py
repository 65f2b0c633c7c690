"""Listening files: a sound in short pieces that a browser plays without a gap.

`listen.bin` is a row of independent FLAC files of SEGMENT_S seconds each, the last one shorter. A browser decodes each
by itself, in an audio context of the song's own rate, so nothing is resampled and the pieces join to the sample.
Whole 24-bit samples are passed on bit for bit; what is finer is rounded to 24 bits, what is beyond full scale cut off.
"""

import io
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import IO, Any, Self

import numpy as np

from tonewright.base.signal import Block, Layout

SEGMENT_S = 5
_BITS = 24
#: libFLAC's level 2: a fifth quicker than its default, and 1 % larger.
_LEVEL = 2 / 8
#: FLAC tells rates above this in tens of hertz (RFC 9639, 9.1.2).
_EXACT_RATE_HZ = 65_535
_THREADS = 2


@dataclass(frozen=True)
class ListenIndex:
    """Where the segments lie: segment n is the bytes offsets[n] up to offsets[n + 1], and begins at frame
    n * segment_frames. rate_hz: what the segments say, and what the audio context is to have."""

    rate_hz: int
    frames: int
    segment_frames: int
    offsets: tuple[int, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"offsets": list(self.offsets)}


def listening_rate_hz(rate_hz: int) -> int:
    """The nearest rate that FLAC can tell; another than the song's only for odd rates above 65,535 Hz."""
    return rate_hz if rate_hz <= _EXACT_RATE_HZ else round(rate_hz, -1)


def flac(block: Block, rate_hz: int) -> bytes:
    """(channels, frames) as one FLAC file."""
    import soundfile

    scale = 2.0 ** (_BITS - 1)
    words = np.clip(np.rint(block.T * scale), -scale, scale - 1.0).astype(np.int32) << (32 - _BITS)
    file = io.BytesIO()
    with soundfile.SoundFile(
        file,
        "w",
        listening_rate_hz(rate_hz),
        block.shape[0],
        f"PCM_{_BITS}",
        format="FLAC",
        compression_level=_LEVEL,
    ) as encoder:
        encoder.write(words)
    return file.getvalue()


class ListenWriter:
    """Takes a sound in blocks and writes the listening file; segments are encoded in threads of their own.

    file: open for writing; OSErrors of writing pass. A context manager, which ends the threads.
    """

    def __init__(self, file: IO[bytes], layout: Layout) -> None:
        self._file, self._layout = file, layout
        self._segment = SEGMENT_S * layout.rate_hz
        self._pieces: list[Block] = []
        self._held = self._frames = 0
        self._offsets = [0]
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="listen")
        self._waiting: deque[Future[bytes]] = deque()

    def feed(self, block: Block) -> None:
        """Take (channels, n)."""
        while block.shape[1]:
            part = block[:, : self._segment - self._held]
            block = block[:, part.shape[1] :]
            self._pieces.append(part)
            self._held += part.shape[1]
            if self._held == self._segment:
                self._send()

    def _send(self) -> None:
        pieces, self._pieces = self._pieces, []
        self._frames += self._held
        self._held = 0
        self._waiting.append(self._threads.submit(_encoded(pieces, self._layout.rate_hz)))
        while len(self._waiting) > _THREADS + 1:
            self._write()

    def _write(self) -> None:
        encoded = self._waiting.popleft().result()
        self._file.write(encoded)
        self._offsets.append(self._offsets[-1] + len(encoded))

    def finish(self) -> ListenIndex:
        """Write what is left."""
        if self._held:
            self._send()
        while self._waiting:
            self._write()
        rate_hz = listening_rate_hz(self._layout.rate_hz)
        return ListenIndex(rate_hz, self._frames, self._segment, tuple(self._offsets))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(cancel_futures=True)


def _encoded(pieces: list[Block], rate_hz: int) -> Callable[[], bytes]:
    return lambda: flac(np.concatenate(pieces, axis=1), rate_hz)
