"""Faults to find, each put into clean generated music, and where they are."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from tonewright.base.files.info import AudioInfo
from tonewright.base.signal import Block
from tonewright.engine.demo import demo_song

RATE = 44_100
SECONDS = 32.0


@dataclass(frozen=True)
class Case:
    """A faulty signal. regions: where the fault lies, to be met within tolerance_s; None when it is everywhere."""

    samples: Block
    rate_hz: int = RATE
    info: AudioInfo | None = None
    regions: tuple[tuple[float, float], ...] | None = None
    tolerance_s: float = 0.3


@lru_cache(maxsize=4)
def clean(seconds: float = SECONDS, seed: int = 1, style: str = "band") -> Block:
    """Clean music, (2, frames), peak -6 dBFS; read-only."""
    song = demo_song(seconds, seed, style, RATE, flaws=False)
    song.setflags(write=False)
    return song


def info(bits: int, rate_hz: int, frames: int) -> AudioInfo:
    return AudioInfo(Path("song.wav"), "wav", "pcm", rate_hz, 2, frames, bits, False, False, frames * bits // 4)


def shaped(x: Block, gain_db: Callable[[Block], Block]) -> Block:
    """x filtered in one piece; gain_db gives dB for frequencies in Hz."""
    frames = 2 * x.shape[1]  # so that the end does not ring into the start
    spectrum = np.fft.rfft(x, n=frames, axis=1)
    hz = np.arange(frames // 2 + 1) * (RATE / frames)
    return np.fft.irfft(spectrum * 10.0 ** (gain_db(hz) / 20.0), n=frames, axis=1)[:, : x.shape[1]]


def mastered(x: Block, drive_db: float, ceiling: float = 0.85) -> Block:
    """A plain look-ahead limiter: the least gain over 3 ms on both sides, smoothed over as long."""
    y = x * 10.0 ** (drive_db / 20.0)
    half = round(0.003 * RATE)
    need = np.minimum(1.0, ceiling / np.maximum(np.abs(y).max(axis=0), 1e-9))
    padded = np.pad(need, half, mode="edge")
    held = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1).min(axis=1)
    window = np.hanning(2 * half + 3)[1:-1]
    gain = np.convolve(np.pad(held, half, mode="edge"), window / window.sum(), mode="valid")
    limited: Block = y * gain
    return limited


def _bell(hz: Block, centre: float, gain_db: float, q: float) -> Block:
    s = 1j * np.maximum(hz, 1e-3) / centre
    a = 10.0 ** (gain_db / 40.0)
    response: Block = 20.0 * np.log10(np.abs((s * s + s * a / q + 1.0) / (s * s + s / (a * q) + 1.0)))
    return response


def clipping() -> Case:
    x = clean().copy()
    part = slice(10 * RATE, 14 * RATE)
    ceiling = 1.02 * np.abs(x).max()
    x[:, part] = np.clip(4.0 * x[:, part], -ceiling, ceiling)
    return Case(x, regions=((10.0, 14.0),))


def soft_clipping() -> Case:
    x = np.clip(clean() * 8.0, -0.8, 0.8)
    return Case(shaped(x, lambda hz: np.where(hz > 15_500.0, -90.0, 0.0)))


def over_compression() -> Case:
    return Case(np.tanh(9.0 * mastered(clean(), 22.0)) * 0.8)


def uneven_level() -> Case:
    x = clean(64.0).copy()
    x[:, 24 * RATE : 36 * RATE] *= 10.0 ** (-6.0 / 20.0)
    return Case(x, regions=((24.0, 36.0),), tolerance_s=2.5)


def intersample_overs() -> Case:
    x = clean() * 1.7
    n = np.arange(RATE // 2)
    x[:, 8 * RATE : 8 * RATE + len(n)] = 0.95 * np.sin(np.pi / 2 * n + np.pi / 4) * np.sqrt(2.0)
    return Case(np.clip(x, -0.97, 0.97), regions=((8.0, 8.5),))


def tone() -> Case:
    return Case(shaped(clean(), lambda hz: 26.0 / (1.0 + (hz / 160.0) ** 4)))


def resonance() -> Case:
    return Case(shaped(clean(), lambda hz: _bell(hz, 2_500.0, 16.0, 14.0)))


def sibilance() -> Case:
    return Case(bursts(rise_s=0.03, fall_s=0.04, length_s=0.12))


def bursts(rise_s: float, fall_s: float, length_s: float) -> Block:
    """Clean music with noise around 7 kHz every 1.7 s that swells, stays and falls: an s, or a hat if it strikes."""
    x = clean().copy()
    dice = np.random.default_rng(1)
    t = np.arange(round(length_s * RATE)) / RATE
    envelope = np.clip(np.minimum(t / rise_s, (length_s - t) / fall_s), 0.0, 1.0)
    for second in np.arange(1.0, SECONDS - 1.0, 1.7):
        start = round(second * RATE)
        noise = shaped(
            dice.standard_normal((1, RATE)), lambda hz: np.where((hz > 5_500) & (hz < 9_500), 0.0, -60.0)
        )
        x[:, start : start + len(t)] += 0.25 * noise[:, : len(t)] * envelope
    return x


def hum() -> Case:
    x = clean().copy()
    t = np.arange(x.shape[1]) / RATE
    for harmonic in range(1, 9):
        x += 0.004 / harmonic**0.7 * np.sin(2 * np.pi * 50.03 * harmonic * t + harmonic)
    return Case(x)


def noise() -> Case:
    x = clean().copy()
    fade = round(0.05 * RATE)
    for start in (0.0, 15.0):
        first, end = round(start * RATE), round((start + 1.5) * RATE)
        x[:, first:end] = 0.0
        x[:, end : end + fade] *= np.linspace(0.0, 1.0, fade)
    x += 0.0015 * np.random.default_rng(2).standard_normal(x.shape)
    return Case(x, regions=((0.0, 1.5), (15.0, 16.5)))


def clicks() -> Case:
    x = clean().copy()
    times = (3.21, 9.87, 14.02, 21.3, 27.77)
    for n, time in enumerate(times):
        x[:, round(time * RATE)] += 0.7 if n % 2 else -0.7
    return Case(x, regions=tuple((t, t) for t in times), tolerance_s=0.006)


def dropout() -> Case:
    x = clean().copy()
    gaps = ((5.003, 5.006), (12.5, 12.512), (20.1, 20.15))
    for start, end in gaps:
        x[:, round(start * RATE) : round(end * RATE)] = 0.0
    return Case(x, regions=gaps, tolerance_s=0.002)


def dc_offset() -> Case:
    return Case(clean() + np.array([[0.02], [0.015]]))


def phase() -> Case:
    x = clean().copy()
    x[1] = -x[1]
    return Case(x)


def mono_compatibility() -> Case:
    middle = clean().mean(axis=0)
    side = shaped(np.roll(middle, 400)[None], lambda hz: np.where((hz > 500) & (hz < 8_000), 4.5, -20.0))[0]
    return Case(np.stack([middle + side, middle - side]) * 0.5)


def narrow_stereo() -> Case:
    middle, side = clean().mean(axis=0), 0.5 * (clean()[0] - clean()[1])
    side = side * 0.02
    return Case(np.stack([middle + side, middle - side]))


def channel_imbalance() -> Case:
    return Case(clean() * np.array([[1.0], [0.75]]))


def lossy_source() -> Case:
    return Case(shaped(clean(), lambda hz: np.where(hz > 16_000.0, -110.0, 0.0)))


def fake_resolution() -> Case:
    x = np.round(clean() * 32_768.0) / 32_768.0
    return Case(x, info=info(24, RATE, x.shape[1]))


def silence() -> Case:
    x = clean().copy()
    fade = round(0.3 * RATE)
    x[:, 12 * RATE - fade : 12 * RATE] *= np.linspace(1.0, 0.0, fade)
    x[:, 12 * RATE : 17 * RATE] = 0.0
    return Case(x, regions=((12.0, 17.0),))


def _wave_top(x: Block, near_s: float) -> int:
    """A frame near which the wave is high, so that a cut there is a cut in mid-wave."""
    first = round(near_s * RATE)
    return first + int(np.argmax(np.abs(x[0, first : first + RATE])))


def cut_head() -> Case:
    return Case(clean()[:, _wave_top(clean(), 6.0) :], regions=((0.0, 0.05),))


def cut_tail() -> Case:
    x = clean()[:, : _wave_top(clean(), 24.0) + 1]
    return Case(x, regions=((x.shape[1] / RATE - 0.05, x.shape[1] / RATE),))


FAULTS: dict[str, Callable[[], Case]] = {
    f.__name__: f
    for f in (
        clipping,
        soft_clipping,
        over_compression,
        uneven_level,
        intersample_overs,
        tone,
        resonance,
        sibilance,
        hum,
        noise,
        clicks,
        dropout,
        dc_offset,
        phase,
        mono_compatibility,
        narrow_stereo,
        channel_imbalance,
        lossy_source,
        fake_resolution,
        silence,
        cut_head,
        cut_tail,
    )
}
