"""Writing FLAC and Ogg Vorbis by libsndfile. It writes the sound; every tag is written by this project, since
libsndfile carries few of them.
"""

import io
import tempfile
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from tonewright.base.atomic import Guarded, output_error
from tonewright.base.errors import OutputFailed
from tonewright.base.files import ogg, vorbis
from tonewright.base.files.bext import Measured
from tonewright.base.files.formats import Quality
from tonewright.base.files.tags import Tags
from tonewright.base.paths import shown
from tonewright.base.signal import Layout

_VORBIS_Q: dict[Quality, float] = {"standard": 0.5, "high": 0.8, "best": 1.0}
_FLAC_LEVEL = 5 / 8  # the reference encoder's own default; the higher levels save 1 % and take twice the time
_FLAC_PADDING = 4096  # so that a tag editor need not write the file anew
_FLAC_MAX_BLOCK = (1 << 24) - 1


class FlacEncoder:
    """FLAC by libFLAC. words: (channels, n) int32 of 16 or 24 bits."""

    def __init__(self, file: IO[bytes], target: Path, layout: Layout, bits: int, tags: Tags) -> None:
        import soundfile

        self._file = _FlacFile(file, target, _flac_blocks(tags))
        self._shift = 32 - bits
        self._sound = _opened(
            soundfile,
            target,
            self._file,
            layout,
            format="FLAC",
            subtype=f"PCM_{bits}",
            compression_level=_FLAC_LEVEL,
        )

    def write(self, words: NDArray[np.int32]) -> None:
        self._sound.write(np.ascontiguousarray(words.T << self._shift))
        self._file.check()

    def finish(self, loudness: Measured | None) -> None:
        self._sound.close()
        self._file.finish()
        self._file.check()

    def close(self) -> None:
        self._sound.close()


def _opened(soundfile: Any, target: Path, file: Any, layout: Layout, **how: Any) -> Any:
    try:
        return soundfile.SoundFile(file, "w", layout.rate_hz, layout.channels, **how)
    except (soundfile.SoundFileError, RuntimeError, TypeError, ValueError) as error:
        raise OutputFailed(f"{shown(target)} can't be written: {error}.", "Choose another format.") from error


def _flac_blocks(tags: Tags) -> bytes:
    """The metadata blocks after STREAMINFO."""
    blocks = [(4, vorbis.pack_comments(tags, with_pictures=False))]
    pictures = [vorbis.pack_picture(picture) for picture in tags.pictures]
    blocks += [(6, picture) for picture in pictures if len(picture) <= _FLAC_MAX_BLOCK]
    blocks.append((1, bytes(_FLAC_PADDING)))
    last = len(blocks) - 1
    return b"".join(
        bytes([kind | (0x80 if i == last else 0)]) + len(body).to_bytes(3, "big") + body
        for i, (kind, body) in enumerate(blocks)
    )


class _FlacFile(Guarded):
    """The file that libFLAC writes into: what it writes before the first frame is held back, and own blocks with its
    STREAMINFO take that place; the frames lie behind."""

    def __init__(self, file: IO[bytes], target: Path, blocks: bytes) -> None:
        super().__init__(file, target)
        self._blocks = blocks
        self._front = bytearray()
        self._front_bytes = 0  # 0 until the front is complete
        self._at = 0

    def write(self, data: bytes) -> int:  # type: ignore[override]
        data, taken = bytes(data), len(data)
        at, self._at = self._at, self._at + taken
        held = len(data) if not self._front_bytes else max(0, min(len(data), self._front_bytes - at))
        self._front[at : at + held] = data[:held]
        if not self._front_bytes:
            self._front_bytes = _front_bytes(self._front)
            if self._front_bytes:
                data, at, held = bytes(self._front[self._front_bytes :]), self._front_bytes, 0
                del self._front[self._front_bytes :]
        if len(data) > held and self._front_bytes:
            super().seek(at + held - self._front_bytes + 42 + len(self._blocks))
            super().write(data[held:])
        return taken

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_END:
            end = super().seek(0, io.SEEK_END) - 42 - len(self._blocks) + self._front_bytes
            self._at = max(end, len(self._front)) + offset
        else:
            self._at = offset + (self._at if whence == io.SEEK_CUR else 0)
        return self._at

    def tell(self) -> int:
        return self._at

    def finish(self) -> None:
        super().seek(0)
        super().write(b"fLaC\x00" + bytes(self._front[5:42]) + self._blocks)


def _front_bytes(raw: bytearray) -> int:
    """Where the first frame begins; 0 if the metadata is not complete yet."""
    at = 4
    while at + 4 <= len(raw):
        last, at = raw[at] & 0x80, at + 4 + int.from_bytes(raw[at + 1 : at + 4], "big")
        if last:
            return at if at <= len(raw) else 0
    return 0


class VorbisEncoder:
    """Ogg Vorbis by libvorbis; then the comments are put in, and the random serial number taken out."""

    def __init__(self, file: IO[bytes], target: Path, layout: Layout, quality: Quality, tags: Tags) -> None:
        import soundfile

        self._target_file = file
        self._target = target
        self._tags = tags
        try:
            self._raw = tempfile.TemporaryFile(dir=target.parent, prefix=".tonewright-")  # noqa: SIM115
        except OSError as error:
            raise output_error(error, target) from error
        self._file = Guarded(self._raw, target)
        self._sound = _opened(
            soundfile,
            target,
            self._file,
            layout,
            format="OGG",
            subtype="VORBIS",
            compression_level=1.0 - _VORBIS_Q[quality],
        )

    def write(self, samples: NDArray[np.float32]) -> None:
        # libvorbis puts a whole block on its stack: pieces, not songs
        for start in range(0, samples.shape[1], 4096):
            self._sound.write(np.ascontiguousarray(samples[:, start : start + 4096].T))
        self._file.check()

    def finish(self, loudness: Measured | None) -> None:
        self._sound.close()
        self._file.check()
        size_bytes = self._raw.seek(0, io.SEEK_END)
        comments = vorbis.pack_comments(self._tags, with_pictures=True)
        ogg.retag(self._raw, size_bytes, self._target_file, "vorbis", comments)
        self._raw.close()

    def close(self) -> None:
        self._sound.close()
        self._raw.close()
