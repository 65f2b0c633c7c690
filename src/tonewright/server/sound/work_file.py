"""The work file: a song decoded once, with all that was heard in it.

What comes from strangers is decoded in a child process (arrive) and never again: rooms and later masters read this
file, which is our own. It holds the very samples of the source, so a recipe made on one fits the other, and it
remembers the source's digest, which is the input that a recipe names.

    64 bytes   magic, format version, then how long the three parts are (little-endian)
    samples    interleaved, int16, float32 or float64: the narrowest that holds the source's
    arrays     of the facts and the tags' pictures
    document   JSON: what the samples are, the source's digest, info and tags, and the facts
"""

import json
import os
import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

import numpy as np
from numpy.typing import NDArray

import tonewright
from tonewright.base.atomic import output_error
from tonewright.base.errors import InputUnreadable
from tonewright.base.files import AudioInfo, Tags
from tonewright.base.paths import shown
from tonewright.base.signal import Block, Layout
from tonewright.engine.facts import Facts
from tonewright.server.sound.typed import Arrays, pack, unpack

_MAGIC = b"TONEWORK"
#: Of the file's shape.
_VERSION = 1
_HEAD = struct.Struct("<8sIIQQQ24x")
_INT16_SCALE = 32_768.0
_TYPES = {name: np.dtype(name) for name in ("<i2", "<f4", "<f8")}


@dataclass(frozen=True)
class Origin:
    """What the source was. sha256: of its bytes. info.path: its name as it was given."""

    sha256: str
    info: AudioInfo
    tags: Tags


class Samples:
    """The samples of a work file that is finished or being written: a Signal, read by several threads at a time."""

    def __init__(self, file: IO[bytes], layout: Layout, dtype: np.dtype[Any], frames: int) -> None:
        self.rate_hz, self.channels, self.frames = layout.rate_hz, layout.channels, frames
        self._file, self._type = file, dtype

    def read(self, start: int, frames: int) -> Block:
        frames = max(0, min(frames, self.frames - start))
        frame_bytes = self.channels * self._type.itemsize
        raw = np.frombuffer(_read(self._file, _HEAD.size + start * frame_bytes, frames * frame_bytes), self._type)
        block: Block = np.ascontiguousarray(raw.reshape(-1, self.channels).T, dtype=np.float64)
        if self._type.kind == "i":
            block *= 1.0 / _INT16_SCALE
        return block


class WorkFile(Samples):
    """An open work file. A context manager."""

    def __init__(self, path: Path) -> None:
        """Raises InputUnreadable for what is not one of our files, or not a whole one."""
        self.path = path
        try:
            file = path.open("rb")
        except OSError as error:
            raise InputUnreadable(f"{shown(path)} can't be read: {error.strerror or error}.") from error
        try:
            self._open(file)
        except (ValueError, KeyError, TypeError, struct.error) as error:
            file.close()
            raise InputUnreadable(
                f"{shown(path)} is no work file of Tonewright's.", "Upload the song again."
            ) from error
        except BaseException:
            file.close()
            raise

    def _open(self, file: IO[bytes]) -> None:
        magic, version, _, *sizes = _HEAD.unpack(_read(file, 0, _HEAD.size))
        sample_bytes, array_bytes, document_bytes = sizes
        if magic != _MAGIC or version != _VERSION:
            raise ValueError("not a work file")
        self._arrays_at = _HEAD.size + sample_bytes
        found = json.loads(_read(file, self._arrays_at + array_bytes, document_bytes))
        dtype = _TYPES[found["dtype"]]
        super().__init__(file, Layout(found["rate_hz"], found["channels"]), dtype, found["frames"])
        if sample_bytes != self.frames * self.channels * dtype.itemsize:
            raise ValueError("cut off")
        # other versions of the engine hear differently
        self._facts: Any = found["facts"] if found["engine"] == tonewright.__version__ else None
        self.origin = unpack(Origin, found["origin"], self._array)

    def _array(self, at: int, size_bytes: int) -> bytearray:
        return _read(self._file, self._arrays_at + at, size_bytes)

    def facts(self) -> Facts | None:
        """What was heard on arrival, read anew each time; None where another version of the engine heard it."""
        try:
            return None if self._facts is None else unpack(Facts, self._facts, self._array)
        except (ValueError, KeyError, TypeError):
            return None

    @property
    def info(self) -> AudioInfo:
        return self.origin.info

    @property
    def tags(self) -> Tags:
        return self.origin.tags

    def digest(self) -> str:
        """SHA-256 of the source's bytes, not of this file's: it is the source that a recipe is made for."""
        return self.origin.sha256

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class WorkWriter:
    """A work file being written: its samples first, then what was heard in them. It has its name when it is whole.

    Raises OutputFailed or DiskFull. A context manager: left before finish(), nothing stays.
    """

    def __init__(self, path: Path, info: AudioInfo) -> None:
        self._path, self._part = path, path.with_name(f".{path.name}.part")
        self.layout = Layout(info.rate_hz, info.channels)
        self._type = _TYPES[_narrowest(info)]
        self._frames = 0
        try:
            self._file = self._part.open("w+b", buffering=1 << 20)
            self._file.write(bytes(_HEAD.size))
        except OSError as error:
            raise output_error(error, path) from error

    def write(self, block: Block) -> None:
        """Add (channels, n)."""
        words = self._words(block)
        try:
            self._file.write(words.data)
        except OSError as error:
            raise output_error(error, self._path) from error
        self._frames += block.shape[1]

    def _words(self, block: Block) -> NDArray[Any]:
        scale = _INT16_SCALE if self._type.kind == "i" else 1.0
        words = np.ascontiguousarray((block * scale if scale != 1.0 else block).T, dtype=self._type)
        if not np.array_equal(words.T, block * scale if scale != 1.0 else block):
            raise ValueError(f"the samples are finer than {self._type}")
        return words

    def samples(self) -> Samples:
        """What is written so far, for as long as this is open."""
        try:
            self._file.flush()
        except OSError as error:
            raise output_error(error, self._path) from error
        return Samples(self._file, self.layout, self._type, self._frames)

    def finish(self, origin: Origin, facts: Facts) -> None:
        arrays = Arrays()
        document = {
            "engine": tonewright.__version__,
            "rate_hz": self.layout.rate_hz,
            "channels": self.layout.channels,
            "frames": self._frames,
            "dtype": self._type.str,
            "origin": pack(origin, arrays),
            "facts": pack(facts, arrays),
        }
        text = json.dumps(document).encode()
        sample_bytes = self._frames * self.layout.channels * self._type.itemsize
        try:
            self._file.writelines(arrays.pieces())
            self._file.write(text)
            self._file.seek(0)
            self._file.write(_HEAD.pack(_MAGIC, _VERSION, 0, sample_bytes, arrays.size_bytes, len(text)))
            self._file.close()
            self._part.replace(self._path)
        except OSError as error:
            raise output_error(error, self._path) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._file.closed:
            self._part.unlink(missing_ok=True)
            with suppress(OSError):  # what is still in the buffer of a full disk
                self._file.close()


def _narrowest(info: AudioInfo) -> str:
    """The type that holds a source's samples: whole numbers up to 24 bits, and what codecs give, fit a float32."""
    bits = info.bits or 0
    if bits > 24 and not (info.is_float and bits == 32):
        return "<f8"
    return "<i2" if 0 < bits <= 16 and not info.is_float and not info.lossy else "<f4"


def _read(file: IO[bytes], at: int, size_bytes: int) -> bytearray:
    """Raises InputUnreadable where the file ends before that."""
    raw = bytearray(size_bytes)
    view, done = memoryview(raw), 0
    while done < size_bytes:
        count = os.preadv(file.fileno(), [view[done:]], at + done)
        if count == 0:
            raise InputUnreadable("A work file is cut off.", "Upload the song again.")
        done += count
    return raw
