"""Text that people and their files send: kept as they wrote it, without what moves a cursor or turns a line around."""

import unicodedata

#: Embeddings, overrides and isolates (Unicode Standard Annex 9): a name with one changes how its neighbours read.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def one_line(text: str, most: int | None = None) -> str:
    """A title or a name: one line, no control characters, at most so many characters."""
    line = " ".join(_plain(text, keep="\n\t").split())
    return line if most is None else line[:most].rstrip()


def lines(text: str) -> str:
    """Words of several lines."""
    return _plain(text.replace("\r\n", "\n").replace("\r", "\n"), keep="\n\t").strip()


def _plain(text: str, keep: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    return "".join(c for c in composed if c in keep or not _is_control(c))


def _is_control(character: str) -> bool:
    return character in _TURNING or unicodedata.category(character) in ("Cc", "Cs")
