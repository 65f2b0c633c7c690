"""Decoded audio on the disk, for formats whose own seeking is not exact to the sample.

The file has no name (it is unlinked as soon as it is open), so nothing is left behind however the process ends.
"""

import contextlib
import errno
import os
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tonewright.base.errors import DiskFull, OutputFailed
from tonewright.base.paths import shown
from tonewright.base.signal import Block


class Spool:
    """Frames written once, in order, and read from anywhere, by several threads at a time.

    wide: float64 rather than float32, for samples of more than 24 bits.
    """

    def __init__(self, path: Path, channels: int, *, wide: bool) -> None:
        self.frames = 0
        self.channels = channels
        self._path = path
        self._type = np.dtype(np.float64 if wide else np.float32)
        try:
            self._file = tempfile.TemporaryFile(prefix="tonewright-")  # noqa: SIM115 closed by close()
        except OSError as error:
            raise self._failed(error) from error

    def append(self, block: NDArray[np.floating]) -> None:
        """Add (channels, n). Raises DiskFull."""
        try:
            self._file.write(np.ascontiguousarray(block.T, dtype=self._type).data)
        except OSError as error:
            raise self._failed(error) from error
        self.frames += block.shape[1]

    def finish(self, frames: int | None = None) -> None:
        """No more is added; frames: keep only so many."""
        try:
            self._file.flush()
        except OSError as error:
            raise self._failed(error) from error
        if frames is not None:
            self.frames = min(self.frames, frames)

    def read(self, start: int, frames: int) -> Block:
        """(channels, frames) from start on; the caller keeps within the end."""
        frame_bytes = self.channels * self._type.itemsize
        wanted, at = frames * frame_bytes, start * frame_bytes
        pieces = []
        while wanted > 0:  # one call gives at most 2 GiB
            piece = os.pread(self._file.fileno(), wanted, at)
            if not piece:
                break
            pieces.append(piece)
            wanted -= len(piece)
            at += len(piece)
        raw = np.frombuffer(b"".join(pieces), dtype=self._type)
        return np.ascontiguousarray(raw.reshape(-1, self.channels).T, dtype=np.float64)

    def close(self) -> None:
        with contextlib.suppress(OSError):  # what is still in the buffer of a full disk
            self._file.close()

    def _failed(self, error: OSError) -> OutputFailed:
        folder = shown(Path(tempfile.gettempdir()))
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            return DiskFull(
                f"No room left in {folder} to decode {shown(self._path)}.",
                "Free some space, or let TMPDIR name a folder on a larger disk.",
            )
        return OutputFailed(
            f"{shown(self._path)} can't be decoded to {folder}: {error.strerror or error}.",
            "Let TMPDIR name a folder you may write to.",
        )
