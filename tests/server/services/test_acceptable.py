"""What can't be mastered is refused before it is sent, in words."""

import io
from pathlib import Path

import pytest

from cli_files import music, write
from tonewright.base.errors import NotAudio, TooLarge, UsageError
from tonewright.base.files.formats import INPUTS
from tonewright.server.conf import conf
from tonewright.server.models import User
from tonewright.server.services.acceptable import (
    MOST_PART_BYTES,
    MOST_PARTS,
    PART_BYTES,
    check_beginning,
    check_size,
    checked_name,
    part_bytes_of,
)

EXTENSIONS = sorted({extension for each in INPUTS for extension in each.extensions})


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_every_format_of_the_engine_is_let_in(extension: str) -> None:
    assert checked_name(f"Mix{extension}") == f"Mix{extension}"
    assert checked_name(f"Mix{extension.upper()}") == f"Mix{extension.upper()}"


@pytest.mark.parametrize("name", ["Mix", "Mix v1.2", "Mix.final", "Mix.24bit", "mix.wav.1"])
def test_a_name_that_tells_nothing_is_let_in(name: str) -> None:
    assert checked_name(name) == name


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("song.als", "session"),
        ("notes.mid", "notes"),
        ("album.zip", "Unpack"),
        ("cover.JPG", "no sound"),
        ("lyrics.txt", "no sound"),
        ("contract.pdf", "no sound"),
        ("song.wma", "WAV"),
        ("clip.webm", "film"),
        ("stuff.dsf", "not read"),
    ],
)
def test_what_is_no_sound_is_refused_by_its_name(name: str, words: str) -> None:
    with pytest.raises(NotAudio, match=words):
        checked_name(name)


@pytest.mark.parametrize("name", ["", "/", "..", "\0", " "])
def test_a_name_of_which_nothing_is_left_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        checked_name(name)


def test_sizes_are_bounded_by_who_sends() -> None:
    account, visitor = User(), User(is_visitor=True)
    check_size("x.wav", conf().upload_bytes, account)
    check_size("x.wav", conf().visitor_bytes, visitor)
    with pytest.raises(TooLarge, match=r"8\.0 GiB is the most"):
        check_size("x.wav", conf().upload_bytes + 1, account)
    with pytest.raises(TooLarge, match="account"):
        check_size("x.wav", conf().visitor_bytes + 1, visitor)
    with pytest.raises(NotAudio, match="empty"):
        check_size("x.wav", 0, account)


@pytest.mark.parametrize("size", [1, PART_BYTES, PART_BYTES * MOST_PARTS, 100 << 30, MOST_PARTS * MOST_PART_BYTES])
def test_parts_are_never_too_many_or_too_large(size: int) -> None:
    each = part_bytes_of(size)
    assert PART_BYTES <= each <= MOST_PART_BYTES
    assert -(-size // each) <= MOST_PARTS


def begins(head: bytes, size: int | None = None) -> None:
    check_beginning("x.wav", io.BytesIO(head), len(head) if size is None else size)


def test_a_sound_begins_like_one(tmp_path: Path) -> None:
    begins(write(tmp_path / "x.wav", music(0.5)).read_bytes())


@pytest.mark.parametrize(
    "head",
    [b"", b"GIF89a" + bytes(100), b"%PDF-1.7" + bytes(100), b"PK\x03\x04", b"#EXTM3U\nhttp://x/", bytes(100_000),
     b"MZ" + bytes(500), b"<html>", b"RIFF\x00\x00\x00\x00AVI "],
)  # fmt: skip
def test_what_begins_like_something_else_is_refused(head: bytes) -> None:
    with pytest.raises(NotAudio):
        begins(head)
    with pytest.raises(NotAudio):
        begins(head, size=1 << 30)


def test_a_tag_with_pictures_longer_than_a_part_is_let_pass() -> None:
    tag = b"ID3\x04\x00\x00" + bytes([0x7F] * 4)
    begins(tag + bytes(5000), size=1 << 30)
    with pytest.raises(NotAudio):
        begins(tag + bytes(5000))  # there is nothing behind it
