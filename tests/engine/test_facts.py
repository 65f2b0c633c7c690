"""The one reading: it tells how far it is, it stops when told to, and its memory does not grow with the samples."""

import subprocess
import sys
import threading

import numpy as np
import pytest

from tonewright.base.errors import Interrupted
from tonewright.base.signal import ArraySignal, Block
from tonewright.engine.facts import gather

RATE = 44_100
NOISE = 0.1 * np.random.default_rng(1).standard_normal((2, 6 * RATE))


class Told:
    """Keeps what it is told; raises at a point of the way."""

    def __init__(self, stop_at: float = 2.0) -> None:
        self.shares: list[float] = []
        self.stop_at = stop_at

    def stage(self, name: str, share: float) -> None: ...

    def advance(self, fraction: float) -> None:
        self.shares.append(fraction)
        if fraction >= self.stop_at:
            raise Interrupted("Stopped.")


class Broken:
    """A signal whose file breaks off."""

    rate_hz, channels, frames = RATE, 2, NOISE.shape[1]

    def read(self, start: int, frames: int) -> Block:
        if start > 2 * RATE:
            raise OSError("gone")
        return NOISE[:, start : start + frames].copy()


def test_progress_rises_to_the_whole() -> None:
    told = Told()
    gather(ArraySignal(NOISE, RATE), progress=told)
    assert told.shares == sorted(told.shares)
    assert len(told.shares) >= 3
    assert told.shares[-1] == 1.0


def test_an_interruption_ends_all_threads() -> None:
    before = set(threading.enumerate())
    told = Told(stop_at=0.3)
    with pytest.raises(Interrupted):
        gather(ArraySignal(NOISE, RATE), progress=told)
    assert told.shares[-1] < 1.0
    assert set(threading.enumerate()) <= before


def test_a_signal_that_breaks_off_ends_all_threads() -> None:
    before = set(threading.enumerate())
    with pytest.raises(OSError, match="gone"):
        gather(Broken())
    assert set(threading.enumerate()) <= before


def test_a_failing_listener_is_told_and_ends_all_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    from tonewright.measure.spectral_pass import SpectralPass

    def fail(self: SpectralPass, block: Block) -> None:
        raise MemoryError

    monkeypatch.setattr(SpectralPass, "feed", fail)
    before = set(threading.enumerate())
    with pytest.raises(MemoryError):
        gather(ArraySignal(NOISE, RATE))
    assert set(threading.enumerate()) <= before


_GROWTH = """
import resource, sys
import numpy as np
from tonewright.engine.analyze import analyze

class Long:
    rate_hz, channels = 96_000, 2
    def __init__(self, seconds):
        self.frames = seconds * self.rate_hz
        self.bed = 0.1 * np.random.default_rng(0).standard_normal((2, 1 << 18))
    def read(self, start, frames):
        frames = max(0, min(frames, self.frames - start))
        at = np.arange(start, start + frames)
        return self.bed[:, at & ((1 << 18) - 1)] * (0.6 + 0.4 * np.sin(at * (2 * np.pi / (37 * self.rate_hz))))

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

analyze(Long(20))
short = peak()
analyze(Long(int(sys.argv[1])))
print(peak() - short)
"""


@pytest.mark.slow
def test_memory_over_half_an_hour_at_96_khz_stays_small() -> None:
    """The samples are 2.8 GB; of a second 21 kB are kept, some of it twice for a moment, and buffers come on top."""
    seconds = 1800
    done = subprocess.run(
        [sys.executable, "-c", _GROWTH, str(seconds)], capture_output=True, text=True, check=True, timeout=500
    )
    assert float(done.stdout) < 20.0 + 0.045 * seconds
