"""Every storage keeps what it is given, whole, and gives any range of it."""

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from obstore.store import MemoryStore

from tonewright.base.errors import DiskFull, InputUnreadable, OutputFailed, UsageError
from tonewright.server.errors import StorageFailed
from tonewright.server.storage import Storage, content_key, digest_of, part_key, parts_prefix
from tonewright.server.storage.disk import DiskStorage
from tonewright.server.storage.s3 import BucketStorage

CONTENT = bytes(range(256)) * 5000  # more than a few chunks


def on_disk(folder: Path) -> Storage:
    return DiskStorage(folder / "files")


def in_a_bucket(folder: Path) -> Storage:
    return BucketStorage(MemoryStore(), folder / "cache")


@pytest.fixture(params=[on_disk, in_a_bucket], ids=["disk", "bucket"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    build: Callable[[Path], Storage] = request.param
    return build(tmp_path)


def key_of(content: bytes) -> str:
    return content_key(hashlib.sha256(content).hexdigest())


def adopt(storage: Storage, content: bytes) -> str:
    path = storage.spool / "finished"
    path.write_bytes(content)
    storage.adopt(path, key_of(content))
    assert not path.exists()
    return key_of(content)


def test_what_was_adopted_is_there_as_it_was(kept: Storage) -> None:
    key = adopt(kept, CONTENT)
    assert kept.size(key) == len(CONTENT)
    assert kept.read(key) == CONTENT
    with kept.local(key) as path:
        assert path.read_bytes() == CONTENT
    assert digest_of(key) == hashlib.sha256(CONTENT).hexdigest()
    assert list(kept.spool.iterdir()) == []


@pytest.mark.parametrize(
    ("start", "length"), [(0, 1), (5, 300_000), (len(CONTENT) - 3, 100), (256 << 10, 256 << 10), (7, None), (3, 0)]
)
def test_any_range_is_that_slice(kept: Storage, start: int, length: int | None) -> None:
    key = adopt(kept, CONTENT)
    stop = None if length is None else start + length
    assert kept.read(key, start, length) == CONTENT[start:stop]
    assert all(0 < len(chunk) <= 256 << 10 for chunk in kept.stream(key, start, length))


def test_the_same_content_again_is_kept_once(kept: Storage) -> None:
    assert adopt(kept, CONTENT) == adopt(kept, CONTENT)
    assert list(kept.keys("objects")) == [key_of(CONTENT)]


def test_what_is_not_there_is_said_before_the_first_byte(kept: Storage) -> None:
    key = key_of(b"never kept")
    assert kept.size(key) is None
    with pytest.raises(InputUnreadable):
        kept.stream(key)
    with pytest.raises(InputUnreadable), kept.local(key):
        pytest.fail("there is no such file")


def test_deleting_is_for_good_and_again_is_no_error(kept: Storage) -> None:
    key = adopt(kept, CONTENT)
    for _ in range(2):
        kept.delete(key)
        assert kept.size(key) is None
    with pytest.raises(InputUnreadable), kept.local(key):
        pytest.fail("a copy of it is still there")


def test_parts_go_together_and_others_stay(kept: Storage) -> None:
    mine, other = uuid4(), uuid4()
    digest = hashlib.sha256(b"x").hexdigest()
    for upload in (mine, other):
        for number in (1, 2, 11):
            kept.put(part_key(upload, number, digest), b"x")
    kept.delete_below(parts_prefix(mine))
    kept.delete_below(parts_prefix(mine))
    assert set(kept.keys("parts")) == {part_key(other, number, digest) for number in (1, 2, 11)}


def test_a_stream_that_is_not_read_to_its_end_can_be_closed(kept: Storage) -> None:
    chunks = kept.stream(adopt(kept, CONTENT))
    next(chunks)
    chunks.close()
    with pytest.raises(StopIteration):
        next(chunks)
    kept.stream(key_of(CONTENT)).close()


HOSTILE = ["../secret-key", "/etc/passwd", "objects/../../secret-key", "", "spool/x", "objects//aa", "parts/\0"]


@pytest.mark.parametrize("key", HOSTILE)
def test_a_key_leads_nowhere_else(kept: Storage, key: str) -> None:
    for act in (kept.read, kept.size, kept.delete, kept.delete_below):
        with pytest.raises(ValueError, match="no key"):
            act(key)


@pytest.mark.parametrize("digest", ["", "ab", "A" * 64, "../" * 21 + "a"])
def test_only_a_digest_makes_a_key(digest: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        content_key(digest)
    with pytest.raises(ValueError, match="SHA-256"):
        part_key(uuid4(), 1, digest)


def test_a_file_is_on_the_disk_before_its_name_and_its_name_before_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = on_disk(tmp_path)
    done: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def noted_fsync(descriptor: int) -> None:
        done.append(f"sync {Path(f'/proc/self/fd/{descriptor}').readlink().name}")
        fsync(descriptor)

    def noted_replace(path: Path, target: Path) -> Path:
        done.append("name")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    key = adopt(storage, b"new")
    folders = key.split("/")
    # each folder that is new has its name forced into the one above; then the file, its name, and the name's folder
    assert done == [
        "sync files",
        "sync objects",
        f"sync {folders[1]}",
        "sync finished",
        "name",
        f"sync {folders[2]}",
    ]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO])
def test_a_disk_that_takes_no_more_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    storage = on_disk(tmp_path)

    def full(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", full)
    expected = OutputFailed if number == errno.EIO else DiskFull
    with pytest.raises(expected) as caught:
        adopt(storage, CONTENT)
    assert type(caught.value) is expected
    with pytest.raises(expected):
        storage.put(key_of(b"small"), b"small")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_file_from_another_disk_is_copied_in_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = on_disk(tmp_path)
    replace = Path.replace

    def other_disk(path: Path, target: Path) -> Path:
        if path.name == "finished":
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", other_disk)
    key = adopt(storage, CONTENT)
    assert storage.read(key) == CONTENT
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [digest_of(key)]


def test_what_can_not_fit_is_refused_beforehand(kept: Storage) -> None:
    kept.check_room(1 << 20)
    with pytest.raises(DiskFull):
        kept.check_room(1 << 60)


def test_what_a_killed_process_left_goes_and_what_is_new_stays(kept: Storage) -> None:
    old, new = kept.spool / "old", kept.spool / "new"
    for path in (old, new):
        path.write_bytes(b"x")
    os.utime(old, (0, 0))
    kept.tidy()
    assert list(kept.spool.iterdir()) == [new]


def test_a_bucket_that_is_out_of_reach_is_said_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")  # nobody listens at the discard port
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    storage = BucketStorage.from_url("s3://bucket/prefix", tmp_path, retries=0)
    with pytest.raises(StorageFailed):
        storage.size(key_of(CONTENT))
    with pytest.raises(StorageFailed):
        list(storage.keys("objects"))
    with pytest.raises(StorageFailed):
        adopt(storage, CONTENT)


@pytest.mark.parametrize("url", ["https://bucket/x", "/files", "gs://bucket"])
def test_only_a_bucket_of_s3_is_taken(tmp_path: Path, url: str) -> None:
    with pytest.raises(UsageError):
        BucketStorage.from_url(url, tmp_path)
