"""What a file is, and what may be opened."""

from dataclasses import dataclass
from pathlib import Path

from tonewright.base.errors import TooLarge, UnsupportedLayout
from tonewright.base.paths import shown
from tonewright.base.signal import MAX_RATE_HZ, MIN_RATE_HZ
from tonewright.base.units import clock

#: Beyond this a float sample is no audio at full scale 1.0 but, for instance, integers stored as floats: +60 dBFS.
MAX_AMPLITUDE = 1000.0


@dataclass(frozen=True)
class AudioInfo:
    """A file's facts.

    container: wav, rf64, w64, aiff, aifc, caf, flac, ogg, mp4, mp3, adts, wavpack.
    codec: pcm, float, alac, flac, wavpack, mp3, aac, vorbis, opus, or another codec's usual name.
    bits: word length that the samples really are stored with; None where a codec has none.
    frames: counted, not merely declared, wherever the two can differ.
    """

    path: Path
    container: str
    codec: str
    rate_hz: int
    channels: int
    frames: int
    bits: int | None
    is_float: bool
    lossy: bool
    size_bytes: int

    @property
    def duration_s(self) -> float:
        return self.frames / self.rate_hz


@dataclass(frozen=True)
class Limits:
    """The most that is opened. The defaults hold any song, concert or audio book, and stop what is none of these."""

    max_bytes: int = 64 * 2**30
    max_duration_s: float = 12 * 3600.0

    def check_bytes(self, path: Path, size_bytes: int) -> None:
        """Raises TooLarge."""
        if size_bytes > self.max_bytes:
            raise TooLarge(
                f"{shown(path)} has {size_bytes / 2**20:.1f} MiB; the limit is {self.max_bytes / 2**20:.1f} MiB.",
                "Send a shorter or smaller file.",
            )

    def max_frames(self, rate_hz: int) -> int:
        return int(self.max_duration_s * rate_hz)

    def check_frames(self, path: Path, frames: int, rate_hz: int) -> None:
        """Raises TooLarge."""
        if frames > self.max_frames(rate_hz):
            raise TooLarge(
                f"{shown(path)} is longer than the limit of {clock(self.max_duration_s)}.",
                "Send it in shorter parts.",
            )


def check_layout(path: Path, rate_hz: int, channels: int) -> None:
    """Raises UnsupportedLayout, and says what to send instead."""
    if channels not in (1, 2):
        raise UnsupportedLayout(
            f"{shown(path)} has {channels} channels; only mono and stereo are mastered.",
            "Send a stereo mix (or a stereo fold-down).",
        )
    if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
        raise UnsupportedLayout(
            f"{shown(path)} has a rate of {rate_hz} Hz; {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz are read.",
            "Send it at 44100 or 48000 Hz, or at its session's own rate.",
        )
