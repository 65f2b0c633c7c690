"""HTML and SVG as nested calls. Every string is escaped unless it already is markup, so a title can't become a tag.

tag("p", "Peak: ", tag("b", title), class_="verdict")
"""

import unicodedata
from collections.abc import Iterable
from html import escape
from typing import Any

#: Elements without content, which are written without an end.
_VOID = {"meta", "br", "hr", "link", "img", "input"}
_UNSEEN = {"Cc", "Cs", "Co", "Cn"}
#: Controls that turn text around and could make a file name look like another.
_TURNING = set("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Markup(str):
    """Text that is HTML already. What is added to it is escaped unless it is markup too."""

    __slots__ = ()

    def __add__(self, other: object) -> "Markup":
        return Markup(str.__add__(self, text(other)))


def text(value: object) -> Markup:
    """Any value as text that can stand anywhere in the document.

    What has no glyph (control characters, half surrogates from undecodable file names, text direction controls)
    becomes a replacement character.
    """
    if isinstance(value, Markup):
        return value
    shown = "".join("\ufffd" if _is_unseen(letter) else letter for letter in str(value))
    return Markup(escape(shown, quote=True))


def _is_unseen(letter: str) -> bool:
    return letter in _TURNING or (letter not in "\n\t" and unicodedata.category(letter) in _UNSEEN)


def tag(name: str, /, *children: object, **attributes: Any) -> Markup:
    """One element. A trailing underscore of an attribute's name is dropped, others become hyphens (data_x, class_).

    None leaves an attribute or a child out, True writes the attribute's bare name, lists of children are joined.
    """
    written = "".join(
        f" {_name(key)}" if value is True else f' {_name(key)}="{text(value)}"'
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in _VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{joined(children)}</{name}>")


def joined(children: Iterable[object]) -> Markup:
    """Children one after the other."""
    parts = []
    for child in children:
        if child is None:
            continue
        parts.append(joined(child) if isinstance(child, list | tuple) else text(child))
    return Markup("".join(parts))


def _name(key: str) -> str:
    return key.rstrip("_").replace("_", "-")
