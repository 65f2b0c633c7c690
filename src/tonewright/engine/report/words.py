"""Numbers and times as people read them. What is undefined is shown as a dash."""

import math
import re
from typing import Any, TypeGuard

from tonewright.base.units import clock

NOTHING = "–"
_MINUS = "\u2212"
#: No break within a number and its unit.
_SPACE = "\u202f"

#: Ends of a name -> unit shown, digits after the point.
_UNITS = {
    "_lufs": ("LUFS", 1), "_dbtp": ("dBTP", 1), "_dbfs": ("dBFS", 1), "_db": ("dB", 1), "_lu": ("LU", 1),
    "_khz": ("kHz", 1), "_hz": ("Hz", 0), "_ms": ("ms", 0), "_s": ("s", 1), "_pct": ("%", 0), "_bits": ("bits", 0),
    "_octaves": ("octaves", 1),
}  # fmt: skip


_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
#: Seconds that are places in the song, not lengths.
_PLACES = {"times_s", "at_s", "start_s", "end_s"}


def is_number(value: object) -> TypeGuard[float]:
    """A finite number; True and False are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def number(value: Any, digits: int = 1, unit: str = "", signed: bool = False) -> str:
    """A number with its unit, rounded; with a real minus, and a plus if signed."""
    if not is_number(value):
        return NOTHING
    rounded = round(float(value), digits)
    sign = _MINUS if rounded < 0 else "+" if signed and rounded > 0 else ""
    written = f"{sign}{abs(rounded):.{digits}f}"
    return f"{written}{_SPACE}{unit}" if unit else written


def precise_time(seconds: Any) -> str:
    """A place in the song: 1:03.2."""
    return clock(float(seconds)) if is_number(seconds) and seconds >= 0 else NOTHING


def whole_time(seconds: Any) -> str:
    """A length to the second: 4:00."""
    return clock(round(seconds)).removesuffix(".0") if is_number(seconds) and seconds >= 0 else NOTHING


def tick_time(seconds: float) -> str:
    """A mark of a time axis: 1:03, or 1:02:03 past the hour; tenths only if it has some."""
    written = clock(seconds)
    return written.removesuffix(".0")


def hertz(value: Any) -> str:
    if not is_number(value):
        return NOTHING
    return f"{value / 1000:.3g}{_SPACE}kHz" if value >= 1000 else f"{value:.3g}{_SPACE}Hz"


def in_words(value: int) -> str:
    """Small whole numbers as words."""
    return _SMALL[value] if 0 <= value < len(_SMALL) else str(value)


def count(value: Any) -> str:
    """A whole number with its thousands apart."""
    return f"{round(value):,}".replace(",", _SPACE) if is_number(value) else NOTHING


def labelled(name: str, value: Any) -> tuple[str, str]:
    """A name with its unit's suffix, and its value, as words: ("clip_level_dbfs", -0.3) -> clip level, -0.3 dBFS."""
    if name in _PLACES:
        places = value if isinstance(value, list | tuple) else [value]
        return name.removesuffix("_s"), ", ".join(precise_time(place) for place in places[:6]) or NOTHING
    if name == "lufs":
        return "loudness", _values(value, "LUFS", 1)
    for suffix, (unit, digits) in _UNITS.items():
        if name.endswith(suffix) and len(name) > len(suffix):
            words = name.removesuffix(suffix).replace("_", " ")
            return words, _values(value, unit, digits)
    return name.replace("_", " "), _values(value, "", 2)


def _values(value: Any, unit: str, digits: int) -> str:
    if isinstance(value, list | tuple):
        shown = ", ".join(_values(item, unit, digits) for item in value[:6])
        return f"{shown}, … ({len(value)} in all)" if len(value) > 6 else shown or NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if unit == "Hz":
        return hertz(value)
    if is_number(value):
        counted = isinstance(value, int) or (not unit and value == round(value))  # JSON may make 25 to 25.0
        return number(value, 0 if counted else digits, unit)
    return NOTHING if value is None or isinstance(value, float) else str(value)


def share_in_words(value: Any, words: tuple[str, ...]) -> str:
    """One of some words for 0..1, from little to much."""
    if not is_number(value):
        return NOTHING
    return words[min(len(words) - 1, max(0, int(value * len(words))))]


def sentence(item: Any) -> str:
    """What an entry of a list says: itself, or its text, message or reason."""
    if isinstance(item, dict):
        for key in ("text", "message", "reason", "what"):
            if item.get(key):
                return typeset(str(item[key]))
        return "; ".join(f"{words}: {shown}" for words, shown in (labelled(k, v) for k, v in item.items()))
    return typeset(str(item))


def typeset(words: str) -> str:
    """Hyphens before numbers become minus signs."""
    return re.sub(r"(?<![\w\-.])-(?=\d)", _MINUS, words)
