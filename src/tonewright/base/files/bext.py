"""The bext chunk of a broadcast wave, version 2.

Source: EBU Tech 3285 v2 (2011): offsets, the loudness fields (hundredths, int16, 0x7FFF when not used), and the coding
history's form after EBU R 98.
"""

import math
import struct
from dataclasses import dataclass
from typing import Protocol

from tonewright.base.files.tags import BextText

#: Description, originator, its reference, date, time, time reference low and high, version, UMID, loudness, reserve.
_LAYOUT = struct.Struct("<256s32s32s10s8sIIH64s5h180s")
FIXED_BYTES = _LAYOUT.size
#: Where the five loudness fields lie, from the chunk's body on.
LOUDNESS_AT = 412
NOT_USED = 0x7FFF
MAX_HISTORY_BYTES = 65_536


class Measured(Protocol):
    """What a meter found; None where it is undefined. The meter's Measurements are one."""

    @property
    def integrated_lufs(self) -> float | None: ...
    @property
    def lra_lu(self) -> float | None: ...
    @property
    def true_peak_dbtp(self) -> float | None: ...
    @property
    def momentary_max_lufs(self) -> float | None: ...
    @property
    def short_term_max_lufs(self) -> float | None: ...


@dataclass(frozen=True)
class Loudness:
    """The five loudness values of a bext chunk; None where not known."""

    integrated_lufs: float | None = None
    lra_lu: float | None = None
    true_peak_dbtp: float | None = None
    momentary_max_lufs: float | None = None
    short_term_max_lufs: float | None = None


def pack_loudness(loudness: Measured | None) -> bytes:
    """The 10 bytes at LOUDNESS_AT."""
    if loudness is None:
        return struct.pack("<5h", *[NOT_USED] * 5)
    values = (
        loudness.integrated_lufs,
        loudness.lra_lu,
        loudness.true_peak_dbtp,
        loudness.momentary_max_lufs,
        loudness.short_term_max_lufs,
    )
    return struct.pack("<5h", *map(_hundredths, values))


def _hundredths(value: float | None) -> int:
    if value is None or not math.isfinite(value):
        return NOT_USED
    hundredths = math.floor(abs(value) * 100.0 + 0.5)  # halves away from zero, as the standard's example rounds
    signed = hundredths if value >= 0 else -hundredths
    return signed if -9999 <= signed <= 9999 else NOT_USED  # the standard's range is -99.99 to 99.99


def pack(text: BextText, loudness: Measured | None = None) -> bytes:
    """The chunk's body. The UMID is left blank: it names the material that this file no longer is."""
    time_reference = max(0, text.time_reference) & (2**64 - 1)
    fixed = _LAYOUT.pack(
        _ascii(text.description, 256),
        _ascii(text.originator, 32),
        _ascii(text.originator_reference, 32),
        _ascii(text.origination_date, 10),
        _ascii(text.origination_time, 8),
        time_reference & 0xFFFFFFFF,
        time_reference >> 32,
        2,
        bytes(64),
        *struct.unpack("<5h", pack_loudness(loudness)),
        bytes(180),
    )
    history = _ascii(text.coding_history, MAX_HISTORY_BYTES)
    return fixed + history


def unpack(body: bytes) -> tuple[BextText, Loudness]:
    """What a chunk's body says. Raises ValueError if it is too short to be one."""
    if len(body) < FIXED_BYTES:
        raise ValueError("bext chunk too short")
    values = _LAYOUT.unpack_from(body)
    history = _plain(body[FIXED_BYTES : FIXED_BYTES + MAX_HISTORY_BYTES])
    text = BextText(
        description=_plain(values[0]),
        originator=_plain(values[1]),
        originator_reference=_plain(values[2]),
        origination_date=_plain(values[3]),
        origination_time=_plain(values[4]),
        time_reference=values[5] | values[6] << 32,
        coding_history=history,
    )
    if values[7] < 2:
        return text, Loudness()
    return text, Loudness(*(None if v == NOT_USED else v / 100.0 for v in values[9:14]))


def history_line(rate_hz: int, channels: int, bits: int, *, is_float: bool, note: str) -> str:
    """One line of coding history for what is being written (EBU R 98)."""
    mode = "mono" if channels == 1 else "stereo"
    words = f"W={bits}"
    kind = f"{note}; float" if is_float else note
    return f"A=PCM,F={rate_hz},{words},M={mode},T={kind}\r\n"


def _ascii(text: str, size: int) -> bytes:
    return text.encode("ascii", "replace")[:size]


def _plain(raw: bytes) -> str:
    return raw.split(b"\x00")[0].decode("latin-1").strip()
