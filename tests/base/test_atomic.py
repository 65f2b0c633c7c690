"""A file appears whole or not at all."""

import errno
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_files import song, write

from tonewright.base import atomic
from tonewright.base.atomic import PART_SUFFIX, AtomicFile, write_bytes, write_text
from tonewright.base.errors import DiskFull, OutputFailed, OutputIsInput
from tonewright.base.files import Delivery, open_writer
from tonewright.base.files.formats import OUTPUTS
from tonewright.base.signal import Layout

EXTENSIONS = [f.extensions[0] for f in OUTPUTS]


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_nothing_is_there_before_commit(tmp_path: Path) -> None:
    target = tmp_path / "a.bin"
    with AtomicFile(target) as file:
        file.file.write(b"whole")
        assert not target.exists()
        assert [name.endswith(PART_SUFFIX) for name in names(tmp_path)] == [True]
        file.commit()
    assert (target.read_bytes(), names(tmp_path)) == (b"whole", ["a.bin"])


def test_an_error_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    write_text(target, "old")

    def failing() -> None:
        with atomic.writing(target) as file:
            file.write(b"half")
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        failing()
    assert (target.read_text(), names(tmp_path)) == ("old", ["a.txt"])


def test_the_target_keeps_its_permissions_and_links_stay_links(tmp_path: Path) -> None:
    real, link = tmp_path / "real.bin", tmp_path / "link.bin"
    write_bytes(real, b"old")
    real.chmod(0o640)
    link.symlink_to(real)
    write_bytes(link, b"new")
    assert link.is_symlink()
    assert (real.read_bytes(), real.stat().st_mode & 0o777) == (b"new", 0o640)


def test_an_input_is_never_overwritten(tmp_path: Path) -> None:
    source = tmp_path / "a.wav"
    source.write_bytes(b"x")
    (tmp_path / "soft.wav").symlink_to(source)
    (tmp_path / "hard.wav").hardlink_to(source)
    for name in ("a.wav", "soft.wav", "hard.wav", "./a.wav", f"../{tmp_path.name}/a.wav"):
        with pytest.raises(OutputIsInput):
            open_writer(tmp_path / name, Delivery(), Layout(44_100, 2), inputs=(source,))
    assert source.read_bytes() == b"x"


def test_what_can_not_be_written(tmp_path: Path) -> None:
    folder = tmp_path / "folder.wav"
    folder.mkdir()
    pipe = tmp_path / "pipe.wav"
    os.mkfifo(pipe)
    for target in (folder, pipe, tmp_path / "none" / "a.wav", tmp_path / ("n" * 300 + ".wav"), Path("/proc/a.wav")):
        with pytest.raises(OutputFailed) as told:
            open_writer(target, Delivery(), Layout(44_100, 2))
        assert "\n" not in str(told.value)
    assert names(tmp_path) == ["folder.wav", "pipe.wav"]


class _Full:
    """A file on a disk that is full after so many bytes."""

    def __init__(self, file: Any, room: int) -> None:
        self._file = file
        self._room = room

    def write(self, data: bytes) -> int:
        self._room -= len(data)
        if self._room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return int(self._file.write(data))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@pytest.mark.parametrize("extension", EXTENSIONS)
@pytest.mark.parametrize("room", [0, 3_000, 100_000])
def test_a_full_disk_is_told_and_leaves_nothing(
    tmp_path: Path, extension: str, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = AtomicFile.__init__

    def full(self: AtomicFile, target: Path) -> None:
        opened(self, target)
        self.file = _Full(self.file, room)  # type: ignore[assignment]

    monkeypatch.setattr(AtomicFile, "__init__", full)
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (2, 48_000 * 5))
    with pytest.raises(DiskFull, match="Free some space"):
        write(tmp_path / f"song{extension}", noise, 48_000)
    assert names(tmp_path) == []


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_the_system_s_own_refusal_is_a_full_disk(tmp_path: Path, extension: str) -> None:
    """The same by the kernel: no file may grow past 64 KiB."""
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (2, 48_000 * 5))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, limits[1]))
    try:
        with pytest.raises(DiskFull):
            write(tmp_path / f"song{extension}", noise, 48_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert names(tmp_path) == []


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_leaving_without_finishing_leaves_nothing(tmp_path: Path, extension: str) -> None:
    def interrupted() -> None:
        with open_writer(tmp_path / f"song{extension}", Delivery(), Layout(48_000, 2)) as writer:
            writer.write(song(48_000, 2, 48_000))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert names(tmp_path) == []


_KILLED = """
import sys
import numpy as np
from pathlib import Path
from tonewright.base.files import Delivery, open_writer
from tonewright.base.signal import Layout
writer = open_writer(Path(sys.argv[1]), Delivery(dither="none"), Layout(48000, 2))
while True:
    writer.write(np.random.default_rng(0).uniform(-0.5, 0.5, (2, 48000)))
    print("written", flush=True)
"""


@pytest.mark.parametrize("extension", [".wav", ".flac", ".m4a", ".ogg"])
def test_a_killed_run_leaves_no_target_and_the_next_one_cleans_up(tmp_path: Path, extension: str) -> None:
    target = tmp_path / f"song{extension}"
    with subprocess.Popen([sys.executable, "-c", _KILLED, str(target)], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        for _ in range(3):
            assert child.stdout.readline()
        assert not target.exists()
        child.send_signal(signal.SIGKILL)
    left = names(tmp_path)
    assert not target.exists()
    assert all(name.startswith(".") for name in left)
    assert any(name.endswith(PART_SUFFIX) for name in left)
    write(target, song(48_000, 2, 1_000), 48_000)
    assert names(tmp_path) == [target.name]


def test_a_living_run_s_file_is_not_swept(tmp_path: Path) -> None:
    target = tmp_path / "a.bin"
    with AtomicFile(target) as first:
        first.file.write(b"first")
        write_bytes(target, b"second")
        assert first.path.exists()
        first.commit()
    assert (target.read_bytes(), names(tmp_path)) == (b"first", ["a.bin"])
