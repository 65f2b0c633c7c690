"""Frames of MPEG audio, and what an MP3's first frame tells about its length.

Sources: ISO 11172-3 and 13818-3 (MPEG audio), ISO 13818-7 (ADTS); the Xing header and the LAME tag as described in
Gabriel Bouvigne's "MP3 Info Tag".
"""

from dataclasses import dataclass

_MPEG1_L3 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MPEG1_L2 = (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384)
_MPEG1_L1 = (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448)
_MPEG2_L1 = (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256)
_MPEG2_L23 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)


def mp3_frame_bytes(head: bytes) -> int:
    """Length of the MPEG audio frame with this header (ISO 11172-3, 13818-3), 0 if it is none."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return 0
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3  # 3: MPEG 1, 2: MPEG 2, 0: 2.5; 3: layer I, 1: layer III
    bitrate, rate = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer == 0 or bitrate in (0, 15) or rate == 3:
        return 0
    if version == 3:
        kbps = (None, _MPEG1_L3, _MPEG1_L2, _MPEG1_L1)[layer]
    else:
        kbps = _MPEG2_L1 if layer == 3 else _MPEG2_L23
    rate_hz = (44100, 48000, 32000)[rate] >> {3: 0, 2: 1, 0: 2}[version]
    padding = head[2] >> 1 & 1
    assert kbps is not None
    if layer == 3:
        return (12_000 * kbps[bitrate] // rate_hz + padding) * 4
    slots = 72_000 if layer == 1 and version != 3 else 144_000
    return slots * kbps[bitrate] // rate_hz + padding


def adts_frame_bytes(head: bytes) -> int:
    """Length of the ADTS frame with this header (ISO 13818-7), 0 if it is none."""
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0 or head[2] >> 2 & 15 > 12:
        return 0
    size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return size if size > 7 else 0


@dataclass(frozen=True)
class Mp3Length:
    """promised: frames (of sound) that an MP3 says it has, delay and padding included; 0 if it does not say.

    heard: those without delay and padding, None if they are not told. lame_at: where the LAME tag lies.
    """

    promised: int = 0
    heard: int | None = None
    lame_at: int | None = None


def mp3_length(raw: bytes) -> Mp3Length:
    """What the Xing or Info header in the first frame of raw tells."""
    at = next((i for i in range(len(raw) - 4) if mp3_frame_bytes(raw[i : i + 4])), 0)
    head = raw[at : at + 400]
    found = max(head.find(b"Xing"), head.find(b"Info"))
    if found < 4 or len(head) < found + 12 or not head[found + 7] & 1:
        return Mp3Length()
    flags = head[found + 7]
    promised = int.from_bytes(head[found + 8 : found + 12], "big") * (1152 if head[1] >> 3 & 3 == 3 else 576)
    lame = found + 8 + 4 * (flags & 1) + 4 * (flags >> 1 & 1) + 100 * (flags >> 2 & 1) + 4 * (flags >> 3 & 1)
    if len(head) < lame + 36 or not any(head[lame : lame + 4]):
        return Mp3Length(promised)
    both = int.from_bytes(head[lame + 21 : lame + 24], "big")
    heard = promised - (both >> 12) - (both & 0xFFF)
    return Mp3Length(promised, heard if 0 < heard <= promised else None, at + lame)


def set_heard(raw: bytes, frames: int) -> bytes:
    """The first bytes of an MP3 with another padding in its LAME tag, so that `frames` are heard.

    FFmpeg caps the padding that it writes, and then up to some dozen frames too many are heard.
    """
    length = mp3_length(raw)
    if length.lame_at is None or length.heard in (None, frames):
        return raw
    at = length.lame_at
    delay = int.from_bytes(raw[at + 21 : at + 24], "big") >> 12
    padding = length.promised - delay - frames
    if not 0 <= padding < 4096:
        return raw
    patched = bytearray(raw)
    patched[at + 21 : at + 24] = (delay << 12 | padding).to_bytes(3, "big")
    patched[at + 34 : at + 36] = _crc16(bytes(patched[: at + 34])).to_bytes(2, "big")
    return bytes(patched)


def _crc16(raw: bytes) -> int:
    """The tag's checksum: CRC-16 with 0x8005, bits reflected, from 0, over the frame up to it."""
    crc = 0
    for byte in raw:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc
