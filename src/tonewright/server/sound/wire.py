"""Messages between the web process and its rooms: a JSON head and raw bytes, both with their lengths before them."""

import json
import struct
from typing import IO, Any

HEAD = struct.Struct("<II")
#: No message is larger; what says it is is no message.
MOST_BYTES = 1 << 28

Message = tuple[dict[str, Any], bytes]


def pack(head: dict[str, Any], body: bytes = b"") -> bytes:
    text = json.dumps(head).encode()
    return HEAD.pack(len(text), len(body)) + text + body


def sizes(raw: bytes) -> tuple[int, int]:
    """Bytes of head and body. Raises ValueError."""
    head_bytes, body_bytes = HEAD.unpack(raw)
    if head_bytes > MOST_BYTES or body_bytes > MOST_BYTES:
        raise ValueError("that is no message")
    return head_bytes, body_bytes


def read(stream: IO[bytes]) -> Message | None:
    """The next message, None at the end. Raises ValueError for what is none."""
    raw = stream.read(HEAD.size)
    if len(raw) < HEAD.size:
        return None
    head_bytes, body_bytes = sizes(raw)
    text, body = stream.read(head_bytes), stream.read(body_bytes)
    if len(text) < head_bytes or len(body) < body_bytes:
        return None
    return json.loads(text), body
