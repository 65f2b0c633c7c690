"""JSON from strangers: bounded in size and depth, and nothing in it that can't be stored or shown."""

import json
from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser

from tonewright.base.errors import TooLarge, UsageError

#: A recipe with every processor and a brief is some tens of kilobytes.
MOST_BYTES = 1 << 20
DEEPEST = 24
#: What a database's integer holds.
_LARGEST = 2**63 - 1


class BoundedParser(Parser):
    """Raises TooLarge and UsageError, which become problem documents."""

    def parse_body(self, request: HttpRequest) -> Any:
        if len(request.body) > MOST_BYTES:
            raise TooLarge(f"The request has {len(request.body)} bytes of JSON; {MOST_BYTES} is the most.")
        try:
            value = json.loads(request.body, parse_constant=_no_number)
            _check(value)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"The request's body is not JSON that can be used: {error}") from error
        return value


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not a number")


def _check(value: Any) -> None:
    level = [value]
    for _ in range(DEEPEST):
        level = [part for outer in level for part in _parts(outer)]
        if not level:
            return
    raise ValueError(f"more than {DEEPEST} levels deep")


def _parts(value: Any) -> list[Any]:
    """What is inside of a value. Raises ValueError for text and numbers that can't be stored."""
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    if isinstance(value, list):
        return value
    if isinstance(value, str) and ("\0" in value or not _encodable(value)):
        raise ValueError("text with a NUL or half a character in it")
    if isinstance(value, int) and not -_LARGEST <= value <= _LARGEST:
        raise ValueError("a number is too large")
    return []


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
