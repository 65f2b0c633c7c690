"""Songs and files that the tests of audio files are made of."""

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from tonewright.base.files import Delivery, Picture, Tags, open_writer
from tonewright.base.signal import Block, Layout

#: A picture that no one can show but everyone can carry, larger than an Ogg page and than ID3's one-byte sizes.
COVER = Picture(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 300, "image/png", 3, "the cover")

TAGS = Tags(
    title="Tïtle",
    artist="Ärtist 東京",
    album="An album",
    album_artist="Various",
    track_number=3,
    track_total=12,
    disc_number=1,
    disc_total=2,
    date="2024-05-01",
    genre="Rock",
    composer="Someone",
    comment="two\nlines",
    copyright="(c) them",
    publisher="A label",
    isrc="USABC2412345",
    upc="0123456789012",
    lyrics="la\nla",
    extra=(("MOOD", "happy"), ("FOO BAR", "baz")),
    pictures=(COVER,),
)


def song(rate_hz: int, channels: int, frames: int) -> Block:
    """Tones with a slow swell and an attack every 80 ms, different in each channel: what moves or is lost shows."""
    t = np.arange(frames) / rate_hz
    parts = []
    for channel in range(channels):
        low = np.sin(2 * np.pi * (300 + 170 * channel) * t)
        high = np.sin(2 * np.pi * 0.11 * rate_hz * t + channel)
        strokes = np.exp(-((t * 12.5) % 1.0) * 6.0) * np.sin(2 * np.pi * 0.05 * rate_hz * t)
        parts.append((0.3 * low + 0.1 * high + 0.25 * strokes) * (0.7 + 0.3 * np.sin(2 * np.pi * 1.3 * t)))
    return np.array(parts)


def write(path: Path, samples: Block, rate_hz: int, tags: Tags | None = None, **delivery: Any) -> Block:
    """Write a file; gives back the samples as it holds them."""
    with open_writer(path, Delivery(**delivery), Layout(rate_hz, len(samples)), tags) as writer:
        stored = [writer.write(samples[:, at : at + 5000]) for at in range(0, samples.shape[1], 5000)]
        writer.finish()
    return np.concatenate(stored, axis=1)


def sndfile_bytes(samples: Block, rate_hz: int, container: str, subtype: str) -> bytes:
    """A file as libsndfile writes it."""
    out = io.BytesIO()
    soundfile.write(out, samples.T, rate_hz, format=container, subtype=subtype)
    return out.getvalue()


def wav_header(
    data_bytes: int,
    *,
    rate_hz: int = 44_100,
    channels: int = 2,
    bits: int = 16,
    tag: int = 1,
    extra: bytes = b"",
    riff_bytes: int | None = None,
) -> bytes:
    """A WAV header by hand, as right or wrong as asked."""
    frame_bytes = channels * bits // 8
    byte_rate = min(rate_hz * frame_bytes, 2**32 - 1)
    fmt = struct.pack("<HHIIHH", tag, channels, rate_hz, byte_rate, frame_bytes & 0xFFFF, bits) + extra
    size = riff_bytes if riff_bytes is not None else min(28 + len(fmt) + data_bytes, 2**32 - 1)
    head = b"RIFF" + struct.pack("<I", size) + b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt
    return head + b"data" + struct.pack("<I", data_bytes)
