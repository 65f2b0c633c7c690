"""A signal at another rate, readable from anywhere: converted once, in order, and kept on the disk."""

from pathlib import Path
from types import TracebackType
from typing import Self

from tonewright.base.files.spool import Spool
from tonewright.base.progress import NoProgress, Progress
from tonewright.base.resample import Resampler
from tonewright.base.signal import Block, Signal, blocks, layout_of


class AtRate:
    """A signal converted to rate_hz. A context manager: the converted audio is gone when it is left.

    The rate is converted before a master is made, not after: the ceiling is then held at the rate that is delivered.
    path: the file the source came from, for messages. Raises Impossible for a rate that is none, DiskFull.
    """

    def __init__(self, source: Signal, rate_hz: int, path: Path, progress: Progress | None = None) -> None:
        progress = progress or NoProgress()
        resampler = Resampler(layout_of(source), rate_hz)
        self.rate_hz = rate_hz
        self.channels = source.channels
        self._spool = Spool(path, self.channels, wide=True)
        try:
            done = 0
            for block in blocks(source):
                self._spool.append(resampler.process(block))
                done += block.shape[1]
                progress.advance(done / source.frames)
            self._spool.append(resampler.flush())
            self._spool.finish()
        except BaseException:
            self._spool.close()
            raise
        self.frames = self._spool.frames

    def read(self, start: int, frames: int) -> Block:
        start = min(start, self.frames)
        return self._spool.read(start, min(frames, self.frames - start))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._spool.close()
