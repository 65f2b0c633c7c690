"""What kept files are called.

objects/ab/cd/abcd...     named by the SHA-256 of what is in it, so it never changes and equal files are kept once
parts/<upload>/<n>-<sha256>   a part of an upload on its way in
"""

import re
from uuid import UUID

_KEY = re.compile(r"(objects|parts)(/[0-9a-f][0-9a-f-]*)*")
_DIGEST = re.compile(r"[0-9a-f]{64}")


def content_key(sha256: str) -> str:
    """The key of a file with this digest. Raises ValueError for what is no digest."""
    if not _DIGEST.fullmatch(sha256):
        raise ValueError(f"{sha256!r} is no SHA-256")
    return f"objects/{sha256[:2]}/{sha256[2:4]}/{sha256}"


def digest_of(key: str) -> str:
    """The SHA-256 that a content key stands for."""
    return key.rpartition("/")[2]


def parts_prefix(upload_id: UUID) -> str:
    """Below this lie the parts of an upload."""
    return f"parts/{upload_id}"


def part_key(upload_id: UUID, number: int, sha256: str) -> str:
    """A part's key; another content has another key, so that a part is never half replaced."""
    if not _DIGEST.fullmatch(sha256):
        raise ValueError(f"{sha256!r} is no SHA-256")
    return f"{parts_prefix(upload_id)}/{number}-{sha256}"


def check(key: str) -> str:
    """The key, if it is one of ours. Raises ValueError for anything that could lead elsewhere."""
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key!r} is no key")
    return key
