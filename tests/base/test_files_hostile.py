"""Whatever a stranger sends: an error of the tree with one clear line, or sound; never a crash."""

import os
import resource
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_files import TAGS, sndfile_bytes, song, wav_header, write

from tonewright.base.errors import (
    DamagedAudio,
    DiskFull,
    InputUnreadable,
    NotAudio,
    TonewrightError,
    TooLarge,
    TooShort,
    UnsupportedLayout,
)
from tonewright.base.files import Limits, Tags, ogg, open_signal, vorbis
from tonewright.base.files.formats import OUTPUTS
from tonewright.base.files.source import Direct
from tonewright.base.paths import shown

EXTENSIONS = [f.extensions[0] for f in OUTPUTS]


def refusal(path: Path, limits: Limits | None = None) -> TonewrightError:
    """The error that opening and reading a file whole ends in."""
    with pytest.raises(TonewrightError) as told, open_signal(path, limits) as signal:
        signal.check()
    error = told.value
    assert "\n" not in str(error)
    assert shown(path) in error.message
    assert error.remedy
    return error


def made(folder: Path, content: bytes, name: str = "song.wav") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_what_is_no_readable_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.wav"
    os.mkfifo(pipe)
    for path in (tmp_path / "none.wav", tmp_path, pipe, Path("/dev/zero"), tmp_path / "a" / "b.wav"):
        assert type(refusal(path)) is InputUnreadable
    for path in (Path("a\x00b.wav"), Path("n" * 300)):
        with pytest.raises(InputUnreadable):
            open_signal(path)


def test_what_is_no_audio(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    for content in (
        b"",
        b"R",
        b"RIFF",
        b"This is a text.\n" * 1_000,
        bytes(100_000),
        rng.bytes(100_000),
        b"\xff" * 100_000,
        b"%PDF-1.7 " + bytes(5_000),
        b"PK\x03\x04" + bytes(5_000),
        b"MThd\x00\x00\x00\x06" + bytes(100),
        b"RIFF\x24\x00\x00\x00AVI LIST" + bytes(100),
        b"#EXTM3U\nfile:///etc/passwd\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"<?xml version='1.0'?><MPD></MPD>",
    ):
        assert type(refusal(made(tmp_path, content))) is NotAudio, content[:20]


def test_names_do_not_matter_and_are_shown_on_one_line(tmp_path: Path) -> None:
    x = song(44_100, 1, 500)
    for name in ("song", "song.mp3", "-song", "http:a.wav", "a\nb.wav", "東京.wav", os.fsdecode(b"\xff\xfe.wav")):
        path = made(tmp_path, sndfile_bytes(x, 44_100, "WAV", "PCM_24"), name)
        with open_signal(path) as signal:
            assert signal.frames == 500
        path.write_bytes(b"no audio")
        message = str(refusal(path))
        message.encode()
        assert message.isprintable()


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_a_file_cut_off_anywhere_is_told(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"song{extension}"
    write(path, np.random.default_rng(0).uniform(-0.5, 0.5, (2, 60_000)), 48_000, TAGS)
    whole = path.read_bytes()
    for part in (0.5, 0.8, 0.3):
        path.write_bytes(whole[: int(len(whole) * part)])
        if extension in (".wav", ".aiff") and part == 0.8:
            continue  # perhaps only the tags behind the sound are gone
        assert isinstance(refusal(path), NotAudio), part
    for part in np.linspace(0.0, 0.1, 60):
        path.write_bytes(whole[: int(len(whole) * part)])
        refusal(path)


def test_a_wav_that_promises_more_than_there_is(tmp_path: Path) -> None:
    error = refusal(made(tmp_path, wav_header(44_100 * 4 * 10) + bytes(44_100 * 4)))
    assert type(error) is DamagedAudio
    assert "promises 0:10.0, 0:01.0 are there" in error.message
    for size in (0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF024):  # written into a pipe by FFmpeg, by others, by SoX
        with open_signal(made(tmp_path, wav_header(size) + bytes(4_000))) as signal:
            assert signal.frames == 1_000


@pytest.mark.parametrize("container", ["WAV", "WAVEX", "RF64", "W64", "AIFF", "CAF"])
def test_uncompressed_audio_cut_off_anywhere_is_told(tmp_path: Path, container: str) -> None:
    for subtype in ("PCM_24", "FLOAT"):
        whole = sndfile_bytes(song(44_100, 2, 20_000), 44_100, container, subtype)
        for part in (0.02, 0.3, 0.6, 0.95):
            assert isinstance(refusal(made(tmp_path, whole[: int(len(whole) * part)])), NotAudio), (subtype, part)


def test_headers_that_lie(tmp_path: Path) -> None:
    data = bytes(4_000)
    for header, kind in (
        (wav_header(4_000, channels=6), UnsupportedLayout),
        (wav_header(4_000, channels=0), UnsupportedLayout),
        (wav_header(4_000, channels=65_535), UnsupportedLayout),
        (wav_header(4_000, rate_hz=0), UnsupportedLayout),
        (wav_header(4_000, rate_hz=7_999), UnsupportedLayout),
        (wav_header(4_000, rate_hz=384_001), UnsupportedLayout),
        (wav_header(4_000, rate_hz=2**32 - 1), UnsupportedLayout),
        (wav_header(4_000, bits=0), NotAudio),
        (wav_header(4_000, bits=65_528), NotAudio),
        (wav_header(4_000, tag=0x1234), NotAudio),
        (wav_header(4_000, tag=0xFFFE), DamagedAudio),
        (wav_header(0), TooShort),
        (wav_header(4_000)[:40], DamagedAudio),
        (wav_header(4_000)[:20], DamagedAudio),
        (b"RIFF\xff\xff\xff\xffWAVE", DamagedAudio),
    ):
        body = b"" if len(header) < 44 or kind is TooShort else data
        assert isinstance(refusal(made(tmp_path, header + body)), kind), header


def test_surround_is_refused_with_what_to_send(tmp_path: Path) -> None:
    six = np.zeros((6, 4_800))
    for container, subtype in (("WAV", "PCM_24"), ("FLAC", "PCM_24"), ("OGG", "VORBIS"), ("CAF", "PCM_16")):
        error = refusal(made(tmp_path, sndfile_bytes(six, 48_000, container, subtype)))
        assert type(error) is UnsupportedLayout
        assert "6 channels" in error.message
        assert "stereo" in error.remedy


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30, -32_768.0])
def test_samples_that_are_none_are_found_with_their_place(tmp_path: Path, value: float) -> None:
    x = song(44_100, 2, 44_100 * 3)
    x[1, 88_200] = value
    for container, subtype in (("WAV", "FLOAT"), ("WAV", "DOUBLE"), ("AIFF", "FLOAT"), ("CAF", "DOUBLE")):
        path = made(tmp_path, sndfile_bytes(x, 44_100, container, subtype))
        error = refusal(path)
        assert type(error) is DamagedAudio
        assert "0:02.0" in error.message
        with open_signal(path) as signal:
            assert signal.read(0, 88_200).shape == (2, 88_200)


def test_levels_above_full_scale_are_music(tmp_path: Path) -> None:
    x = song(44_100, 2, 1_000) * 30.0
    with open_signal(made(tmp_path, sndfile_bytes(x, 44_100, "WAV", "FLOAT"))) as signal:
        assert signal.read(0, 1_000).max() > 10.0


def test_limits(tmp_path: Path) -> None:
    x = song(8_000, 1, 16_000)
    for extension in (".wav", ".flac", ".alac.m4a", ".mp3", ".ogg"):
        path = tmp_path / f"song{extension}"
        write(path, x, 8_000)
        with open_signal(path, Limits(max_bytes=path.stat().st_size, max_duration_s=2.0)):
            pass
        assert type(refusal(path, Limits(max_bytes=path.stat().st_size - 1))) is TooLarge
        assert type(refusal(path, Limits(max_duration_s=1.9))) is TooLarge


def test_flac_that_does_not_know_its_length(tmp_path: Path) -> None:
    x = song(44_100, 2, 30_000)
    raw = bytearray(sndfile_bytes(x, 44_100, "FLAC", "PCM_16"))
    raw[21] &= 0xF0
    raw[22:26] = bytes(4)
    with open_signal(made(tmp_path, bytes(raw))) as signal:
        assert signal.frames == 30_000
        assert np.abs(signal.read(0, 30_000) - x).max() <= 2.0**-15
        assert signal.info.bits == 16


def test_flac_that_claims_weeks(tmp_path: Path) -> None:
    raw = bytearray(sndfile_bytes(song(44_100, 2, 30_000), 44_100, "FLAC", "PCM_16"))
    raw[21] |= 0x0F
    raw[22:26] = b"\xff" * 4
    assert isinstance(refusal(made(tmp_path, bytes(raw))), (TooLarge, DamagedAudio))


def test_flac_behind_an_id3_tag(tmp_path: Path) -> None:
    x = song(44_100, 2, 30_000)
    raw = b"ID3\x04\x00\x00\x00\x00\x01\x00" + bytes(128) + sndfile_bytes(x, 44_100, "FLAC", "PCM_24")
    with open_signal(made(tmp_path, raw)) as signal:
        assert (signal.frames, signal.info.bits) == (30_000, 24)
        assert np.abs(signal.read(0, 30_000) - x).max() <= 2.0**-23


@pytest.mark.parametrize("extension", [".flac", ".alac.m4a"])
def test_damage_in_the_middle_of_lossless_audio_is_told_or_heard_nowhere(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"song{extension}"
    x = np.random.default_rng(0).uniform(-0.5, 0.5, (2, 60_000))
    write(path, x, 48_000)
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2 : len(raw) // 2 + 2_000] = bytes(2_000)
    path.write_bytes(raw)
    try:
        with open_signal(path) as signal:
            y = signal.read(0, signal.frames)
    except DamagedAudio:
        return
    assert extension == ".alac.m4a"  # has no checksums; what is decoded must still be sound
    assert np.abs(y).max() <= 1.0


def chained(*parts: bytes) -> bytes:
    """One Ogg file after another, with serial numbers of their own."""
    return b"".join(parts)


def test_chained_ogg_is_one_recording(tmp_path: Path) -> None:
    first, second = song(44_100, 2, 30_000), song(44_100, 2, 20_001)[:, ::-1]
    raw = chained(sndfile_bytes(first, 44_100, "OGG", "VORBIS"), sndfile_bytes(second, 44_100, "OGG", "VORBIS"))
    with open_signal(made(tmp_path, raw)) as signal:
        y = signal.read(0, signal.frames)
        assert y.shape == (2, 50_001)
        assert np.mean((y[:, :30_000] - first) ** 2) < 0.01 * np.mean(first**2)
        assert np.mean((y[:, 30_000:] - second) ** 2) < 0.01 * np.mean(second**2)
    other = sndfile_bytes(song(48_000, 2, 20_000), 48_000, "OGG", "VORBIS")
    assert type(refusal(made(tmp_path, chained(raw, other)))) is UnsupportedLayout


def test_an_ogg_whose_comments_are_as_large_as_pages(tmp_path: Path) -> None:
    """255 segments of 255 bytes: a packet whose end falls on a page's end."""
    path = tmp_path / "a.ogg"
    for size in (254, 255, 65_024, 65_025 - 100, 65_025, 130_050):
        write(path, song(44_100, 1, 3_000), 44_100, Tags(comment="c" * size))
        with open_signal(path) as signal, path.open("rb") as file:
            assert signal.tags.comment == "c" * size
            assert signal.frames == 3_000
            packets, _ = ogg.header_packets(file, path.stat().st_size, 3)
            assert vorbis.unpack_comments(packets[1][7:]).comment == "c" * size


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_any_bytes_may_be_wrong(tmp_path: Path, extension: str) -> None:
    """A file with random damage is refused with an error of the tree, or read; nothing else ever comes out."""
    path = tmp_path / f"song{extension}"
    write(path, song(48_000, 2, 12_000), 48_000, Tags(title="t", isrc="USABC2412345"))
    good = path.read_bytes()
    rng = np.random.default_rng(11)
    limits = Limits(max_duration_s=60.0)
    for trial in range(60):
        bad = bytearray(good)
        front = trial % 2  # half of the damage where the headers are
        for at in rng.integers(0, min(len(bad), 300) if front else len(bad), rng.integers(1, 12)):
            bad[at] = int(rng.integers(256))
        path.write_bytes(bad)
        try:
            with open_signal(path, limits) as signal:
                for start in range(0, min(signal.frames, 100_000), 20_000):
                    block = signal.read(start, 20_000)
                    assert np.isfinite(block).all()
        except TonewrightError as error:
            assert error.exit_code in (3, 4, 5)  # noqa: PT017 either outcome is right


def test_a_file_that_shrinks_while_it_is_open(tmp_path: Path) -> None:
    path = made(tmp_path, sndfile_bytes(song(44_100, 2, 50_000), 44_100, "WAV", "PCM_16"))
    with open_signal(path) as signal:
        assert signal.read(0, 100).shape == (2, 100)
        os.truncate(path, 50_000)
        with pytest.raises(DamagedAudio, match="ends there"):
            signal.check()


def test_nothing_is_held_open_after_a_refusal(tmp_path: Path) -> None:
    def descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208

    paths = [made(tmp_path, wav_header(4_000, channels=6) + bytes(4_000), "a.wav")]
    paths.append(made(tmp_path, wav_header(400_000) + bytes(4_000), "b.wav"))
    for extension in (".flac", ".mp3", ".m4a", ".ogg"):
        path = tmp_path / f"c{extension}"
        write(path, song(48_000, 2, 30_000), 48_000)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        paths.append(path)
    for path in paths:
        refusal(path)
    before = descriptors()
    for path in paths * 3:
        refusal(path)
    assert descriptors() == before


def test_a_rate_in_a_float_is_not_believed(tmp_path: Path) -> None:
    good = sndfile_bytes(song(44_100, 2, 500), 44_100, "CAF", "PCM_16")
    aiff = sndfile_bytes(song(44_100, 2, 500), 44_100, "AIFF", "PCM_16")
    at = aiff.index(b"COMM") + 16
    for rate in (b"\xff" * 10, bytes(10), b"\x40\x0e" + bytes(8), b"\x7f\xff\x80" + bytes(7)):
        assert isinstance(refusal(made(tmp_path, aiff[:at] + rate + aiff[at + 10 :])), NotAudio)
    for value in (np.nan, np.inf, -1.0, 0.0, 1e300):
        raw = good[:20] + struct.pack(">d", value) + good[28:]
        assert isinstance(refusal(made(tmp_path, raw)), NotAudio)


def test_no_room_to_unpack_is_a_full_disk(tmp_path: Path) -> None:
    """The kernel refuses the spool: no file may grow past 64 KiB."""
    path = tmp_path / "song.m4a"
    write(path, song(48_000, 2, 48_000), 48_000)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, limits[1]))
    try:
        with pytest.raises(DiskFull, match="TMPDIR"):
            open_signal(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_handles_are_shared_but_bounded(tmp_path: Path) -> None:
    path = made(tmp_path, sndfile_bytes(song(44_100, 2, 50_000), 44_100, "FLAC", "PCM_16"))
    with open_signal(path) as signal:
        backend: Any = signal._backend
        assert isinstance(backend, Direct)
        for start in range(0, 50_000, 1_000):
            signal.read(start, 500)
        assert len(backend._free) == 1
