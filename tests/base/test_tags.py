"""Tags, cover art and ISRC survive every output; hostile tags are survived."""

import io
import struct
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_files import COVER, TAGS, song, wav_header, write

from tonewright.base.files import BextText, Loudness, Picture, Tags, id3, open_signal, vorbis
from tonewright.base.files import chunks as ck
from tonewright.base.files.bext import NOT_USED, pack, pack_loudness, unpack
from tonewright.base.files.formats import OUTPUTS
from tonewright.base.files.read_tags import read_tags
from tonewright.base.files.tags import at_rate, from_pairs, isrc_of

RATE_HZ = 48_000


@pytest.mark.parametrize("extension", [f.extensions[0] for f in OUTPUTS])
def test_everything_survives_every_output(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"song{extension}"
    write(path, song(RATE_HZ, 2, 5_000), RATE_HZ, TAGS)
    with open_signal(path) as signal:
        got = signal.tags
    for field in fields(Tags):
        if field.name not in ("bext", "pictures"):
            assert getattr(got, field.name) == getattr(TAGS, field.name), field.name
    assert [(p.data, p.mime, p.kind) for p in got.pictures] == [(COVER.data, COVER.mime, COVER.kind)]


@pytest.mark.parametrize("extension", [f.extensions[0] for f in OUTPUTS])
def test_no_tags_are_no_tags(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"song{extension}"
    write(path, song(RATE_HZ, 1, 5_000), RATE_HZ)
    with open_signal(path) as signal:
        assert replace(signal.tags, bext=None) == Tags()


@pytest.mark.parametrize("extension", [".wav", ".flac", ".alac.m4a", ".mp3", ".ogg", ".opus"])
def test_ffmpeg_reads_what_is_written(tmp_path: Path, extension: str) -> None:
    """A second opinion, by FFmpeg's own readers."""
    import av

    path = tmp_path / f"song{extension}"
    write(path, song(RATE_HZ, 2, 5_000), RATE_HZ, replace(TAGS, pictures=()))
    with av.open(str(path)) as container:
        found = {**container.metadata, **container.streams.audio[0].metadata}
    told = {name.lower(): text for name, text in found.items()}
    assert told["title"] == TAGS.title
    assert told["artist"] == TAGS.artist
    assert told["album"] == TAGS.album
    if extension != ".wav":  # FFmpeg reads either INFO or id3 from a WAV
        assert TAGS.isrc in (told.get("isrc"), told.get("tsrc"))


def test_a_wav_tells_its_isrc_in_every_usual_place(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    write(path, song(RATE_HZ, 1, 100), RATE_HZ, Tags(isrc=TAGS.isrc))
    raw = path.read_bytes()
    with path.open("rb") as file:
        found = ck.chunks_of(file, "wav", len(raw))
        assert {c.name for c in found} >= {b"bext", b"fmt ", b"data", b"LIST", b"id3 ", b"axml"}
        assert f"ISRC:{TAGS.isrc}".encode() in ck.body(file, ck.find(found, b"axml"), 4096)
        assert b"TSRC" in ck.body(file, ck.find(found, b"id3 "), 4096)
        assert b"ISRC" in ck.body(file, ck.find(found, b"LIST"), 4096)
    for name in (b"id3 ", b"LIST"):
        raw = raw.replace(name, b"none")
        assert read_tags(io.BytesIO(raw), "wav", len(raw)).isrc == TAGS.isrc


def test_bext_is_version_2_with_the_standard_s_offsets_and_rounding() -> None:
    loudness = Loudness(-14.005, 5.5, -1.0, None, float("-inf"))
    body = pack(BextText(description="D", originator="O", time_reference=2**33 + 5), loudness)
    assert struct.unpack_from("<H", body, 346) == (2,)
    assert struct.unpack_from("<II", body, 338) == (5, 2)
    assert struct.unpack_from("<5h", body, 412) == (-1401, 550, -100, NOT_USED, NOT_USED)
    text, told = unpack(body)
    assert (text.description, text.originator, text.time_reference) == ("D", "O", 2**33 + 5)
    assert told == Loudness(-14.01, 5.5, -1.0, None, None)
    assert len(body) == 602
    assert pack_loudness(None) == struct.pack("<h", NOT_USED) * 5


def test_bext_texts_are_carried_and_history_grows(tmp_path: Path) -> None:
    old = BextText(
        "A take", "Studio", "REF1", "2024-05-01", "12:30:00", 480_000, "A=ANALOGUE,M=stereo,T=Studer\r\n"
    )
    path = tmp_path / "a.wav"
    write(path, song(RATE_HZ, 2, 100), RATE_HZ, Tags(bext=old))
    with open_signal(path) as signal:
        new = signal.tags.bext
    assert new is not None
    assert replace(new, coding_history="") == replace(old, coding_history="")
    assert new.coding_history.splitlines() == [
        "A=ANALOGUE,M=stereo,T=Studer",
        "A=PCM,F=48000,W=24,M=stereo,T=Tonewright",
    ]
    moved = at_rate(Tags(bext=old), 48_000, 96_000).bext
    assert moved is not None
    assert moved.time_reference == 960_000


def test_facts_about_the_old_samples_are_not_carried() -> None:
    tags = from_pairs(
        [("REPLAYGAIN_TRACK_GAIN", "-9 dB"), ("R128_TRACK_GAIN", "3"), ("ENCODER", "x"), ("MOOD", "y")]
    )
    assert tags.extra == (("MOOD", "y"),)


def test_isrc_in_its_written_forms() -> None:
    for text in ("US-ABC-24-12345", "usabc2412345", " ISRC:USABC2412345"):
        assert isrc_of(text) == "USABC2412345"
    assert isrc_of("USABC241234") == ""


def test_id3_in_its_older_versions() -> None:
    def v23(name: bytes, content: bytes) -> bytes:
        return name + struct.pack(">I", len(content)) + b"\x00\x00" + content

    body = v23(b"TIT2", b"\x01\xff\xfe" + "Tïtle".encode("utf-16-le")) + v23(b"TCON", b"\x00(17)")
    body += v23(b"COMM", b"\x00engiTunNORM\x00 0001") + v23(b"COMM", b"\x00eng\x00hello")
    body += v23(b"TYER", b"\x001999") + v23(b"TRCK", b"\x003/12") + v23(b"TXXX", b"\x00BARCODE\x00123")
    body += v23(b"APIC", b"\x00image/jpeg\x00\x03\x00" + b"\xff\xd8picture")
    head = b"ID3\x03\x00\x00" + bytes([0, 0, len(body) >> 7, len(body) & 127])
    tags = id3.unpack(head + body)
    assert (tags.title, tags.genre, tags.comment, tags.date) == ("Tïtle", "Rock", "hello", "1999")
    assert (tags.track_number, tags.track_total, tags.upc) == (3, 12, "123")
    assert tags.pictures == (Picture(b"\xff\xd8picture", "image/jpeg", 3, ""),)
    body = b"TT2\x00\x00\x06\x00Title" + b"TRC\x00\x00\x0d\x00USABC2412345"
    tags = id3.unpack(b"ID3\x02\x00\x00\x00\x00\x00" + bytes([len(body)]) + body)
    assert (tags.title, tags.isrc) == ("Title", "USABC2412345")
    v1 = b"TAG" + b"Old".ljust(30, b"\x00") + b"Band".ljust(30, b" ") + b"LP".ljust(30, b"\x00")
    v1 += b"1988" + b"c".ljust(28, b"\x00") + b"\x00\x07\x11"
    tags = id3.unpack_v1(v1)
    assert (tags.title, tags.artist, tags.track_number, tags.genre) == ("Old", "Band", 7, "Rock")


TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp")), min_size=1, max_size=40
)


@settings(max_examples=40, deadline=None)
@given(title=TEXT, comment=TEXT, track=st.integers(0, 9_999), data=st.binary(min_size=1, max_size=5_000))
def test_any_text_comes_back(title: str, comment: str, track: int, data: bytes) -> None:
    tags = Tags(title=title, comment=comment, track_number=track, pictures=(Picture(data, "image/png", 3, title),))
    assert id3.unpack(id3.pack(tags)) == tags
    assert vorbis.unpack_comments(vorbis.pack_comments(tags, with_pictures=True)) == tags


@pytest.mark.parametrize("extension", [f.extensions[0] for f in OUTPUTS])
def test_any_byte_of_the_tags_may_be_wrong(tmp_path: Path, extension: str) -> None:
    """Tags are read from a broken file without any exception at all, and quickly."""
    path = tmp_path / f"song{extension}"
    write(path, song(RATE_HZ, 1, 300), RATE_HZ, TAGS)
    good = path.read_bytes()
    with open_signal(path) as signal:
        container = signal.info.container
    rng = np.random.default_rng(5)
    for _ in range(150):
        bad = bytearray(good)
        for at in rng.integers(0, len(bad), rng.integers(1, 30)):
            bad[at] = rng.choice([0, 1, 0x7F, 0x80, 0xFF, int(rng.integers(256))])
        cut = int(rng.integers(16, len(bad)))
        for raw in (bytes(bad), bytes(bad[:cut])):
            assert isinstance(read_tags(io.BytesIO(raw), container, len(raw)), Tags)


def test_hostile_sizes_in_chunks() -> None:
    """Sizes up to the end of the world, chunks of no length, a chunk that contains itself: none takes time or room."""
    for size in (0, 1, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF):
        for name in (b"LIST", b"id3 ", b"bext", b"axml"):
            raw = wav_header(4) + bytes(4) + name + struct.pack("<I", size) + b"INFOINAM" + struct.pack("<I", size)
            assert isinstance(read_tags(io.BytesIO(raw), "wav", len(raw)), Tags)
    endless = wav_header(0) + (b"JUNK" + bytes(4)) * 20_000
    assert len(ck.chunks_of(io.BytesIO(endless), "wav", len(endless))) == ck.MAX_CHUNKS
