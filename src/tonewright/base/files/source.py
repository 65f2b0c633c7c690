"""An audio file as a signal: read from anywhere, exact to the sample, by several threads."""

import contextlib
import hashlib
import os
import threading
from typing import IO, Any, Protocol

import numpy as np

from tonewright.base.errors import DamagedAudio
from tonewright.base.files.info import MAX_AMPLITUDE, AudioInfo
from tonewright.base.files.tags import Tags
from tonewright.base.paths import shown
from tonewright.base.signal import BLOCK_FRAMES, Block
from tonewright.base.units import clock

#: Whole numbers are read as such and scaled here, exactly and in an eighth of the time that libsndfile takes for it.
_WHOLE_NUMBERS = {"PCM_16": ("int16", 2.0**-15), "PCM_24": ("int32", 2.0**-31), "PCM_32": ("int32", 2.0**-31)}


class Backend(Protocol):
    """What gives the samples: the file itself by libsndfile, or a spool."""

    def read(self, start: int, frames: int) -> Block: ...
    def close(self) -> None: ...


class Direct:
    """Reads by libsndfile, which seeks exactly in uncompressed audio and in FLAC.

    Several handles of one file, so that threads reading in different places don't send each other back and forth.
    """

    MAX_HANDLES = 8

    def __init__(self, path: bytes, first: Any, frames: int) -> None:
        self._path = path
        self._frames = frames
        self._word, self._scale = _WHOLE_NUMBERS.get(first.subtype, ("float64", 1.0))
        self._lock = threading.Lock()
        self._free: list[tuple[Any, int]] = [(first, 0)]  # (handle, its position)
        self._closed = False

    def read(self, start: int, frames: int) -> Block:
        import soundfile

        handle, position = self._take(start)
        try:
            if position != start:
                handle.seek(start)
            block = handle.read(frames, dtype=self._word, always_2d=True)
        except (soundfile.SoundFileError, RuntimeError) as error:
            handle.close()
            raise DamagedAudio(f"it can't be decoded: {error}") from error
        self._give_back(handle, start + len(block))
        out = np.empty((block.shape[1], len(block)))
        np.multiply(block.T, self._scale, out=out)
        return out

    def _take(self, start: int) -> tuple[Any, int]:
        """A handle that is at start, else any free one, else a new one."""
        import soundfile

        with self._lock:
            for index, (_, position) in enumerate(self._free):
                if position == start:
                    return self._free.pop(index)
            if self._free:
                return self._free.pop(0)
        return soundfile.SoundFile(self._path), 0

    def _give_back(self, handle: Any, position: int) -> None:
        with self._lock:
            if not self._closed and len(self._free) < self.MAX_HANDLES:
                self._free.append((handle, position))
                return
        handle.close()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            handles, self._free = self._free, []
        for handle, _ in handles:
            handle.close()


class FileSignal:
    """An open audio file. A Signal, and a context manager.

    read() may be called from several threads. It raises DamagedAudio when the file turns out not to hold what it
    says, and for samples that are no numbers (NaN, infinite) or absurdly large.
    """

    def __init__(self, info: AudioInfo, tags: Tags, file: IO[bytes], backend: Backend) -> None:
        self.info = info
        self.tags = tags
        self._file = file
        self._backend = backend
        self._checked = info.is_float or info.lossy

    @property
    def rate_hz(self) -> int:
        return self.info.rate_hz

    @property
    def channels(self) -> int:
        return self.info.channels

    @property
    def frames(self) -> int:
        return self.info.frames

    def read(self, start: int, frames: int) -> Block:
        """(channels, frames) from start on, shorter at the end, empty past it."""
        if start < 0 or frames < 0:
            raise ValueError("start and frames must not be negative")
        frames = min(frames, self.info.frames - start)
        if frames <= 0:
            return np.empty((self.info.channels, 0))
        try:
            block = self._backend.read(start, frames)
        except DamagedAudio as error:
            raise self._damaged(start, error.message) from error
        if block.shape[1] != frames:
            raise self._damaged(start + block.shape[1], "the file ends there, sooner than it says")
        if self._checked:
            self._check(block, start)
        return block

    def check(self) -> None:
        """Read everything once. Raises DamagedAudio if not all of it can be read or is sound."""
        for start in range(0, self.frames, BLOCK_FRAMES):
            self.read(start, BLOCK_FRAMES)

    def digest(self) -> str:
        """SHA-256 of the file's bytes, in hexadecimal."""
        with open(os.dup(self._file.fileno()), "rb") as file:  # noqa: PTH123 the file that is open, whatever its name is now
            position = 0
            digest = hashlib.sha256()
            while piece := os.pread(file.fileno(), 1 << 20, position):
                digest.update(piece)
                position += len(piece)
        return digest.hexdigest()

    def close(self) -> None:
        self._backend.close()
        self._file.close()

    def __enter__(self) -> "FileSignal":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self.close()

    def _check(self, block: Block, start: int) -> None:
        peak = max(float(block.max()), -float(block.min()))
        if peak <= MAX_AMPLITUDE:
            return  # so it is not NaN either
        wrong = ~(np.abs(block) <= MAX_AMPLITUDE)
        first = start + int(np.argmax(wrong.any(axis=0)))
        if np.isfinite(block).all():
            raise self._damaged(
                first, f"a sample is {peak:.3g} times full scale", "Export it with samples between -1 and 1."
            )
        raise self._damaged(
            first, "a sample is not a finite number", "Find the plug-in that made it, and export again."
        )

    def _damaged(self, frame: int, why: str, remedy: str = "Export or copy it again.") -> DamagedAudio:
        return DamagedAudio(f"{shown(self.info.path)} is damaged at {clock(frame / self.rate_hz)}: {why}.", remedy)
