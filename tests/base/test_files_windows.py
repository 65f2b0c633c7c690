"""A window equals the slice, in every format, from several threads, in any order."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from made_files import song, write
from numpy.testing import assert_array_equal

from tonewright.base.files import FileSignal, open_signal
from tonewright.base.files.formats import OUTPUTS
from tonewright.base.signal import BLOCK_FRAMES, blocks


@pytest.fixture(scope="module", params=[f.extensions[0] for f in OUTPUTS])
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("windows") / f"song{request.param}"
    write(path, song(48_000, 2, 100_003), 48_000)
    return Path(path)


def test_any_window_is_the_slice(file: Path) -> None:
    rng = np.random.default_rng(7)
    with open_signal(file) as signal:
        whole = np.concatenate(list(blocks(signal)), axis=1)
        assert whole.shape == (2, 100_003)
        starts = [0, 1, 99_999, 100_002, 100_003, 200_000, *rng.integers(0, 100_003, 40)]
        for start, frames in zip(starts, [1, 5_000, 7, 50, 3, 9, *rng.integers(0, 30_000, 40)], strict=True):
            assert_array_equal(signal.read(int(start), int(frames)), whole[:, start : start + frames])


def test_threads_do_not_disturb_each_other(file: Path) -> None:
    def reading(signal: FileSignal, start: int) -> list[bool]:
        return [
            np.array_equal(signal.read(at, 1_000), whole[:, at : at + 1_000]) for at in range(start, 100_003, 7_919)
        ]

    with open_signal(file) as signal, ThreadPoolExecutor(4) as pool:
        whole = signal.read(0, signal.frames)
        results = list(pool.map(lambda start: reading(signal, start), range(0, 8_000, 1_000)))
    assert all(all(result) for result in results)


def test_two_open_signals_are_the_same(file: Path) -> None:
    with open_signal(file) as a, open_signal(file) as b:
        assert a.digest() == b.digest()
        assert_array_equal(a.read(50_000, BLOCK_FRAMES), b.read(50_000, BLOCK_FRAMES))


def test_a_negative_start_is_a_mistake(file: Path) -> None:
    with open_signal(file) as signal, pytest.raises(ValueError, match="negative"):
        signal.read(-1, 10)
