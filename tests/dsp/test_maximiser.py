"""The maximiser's laws: the ceiling, transparency below it, independence of blocks, no clicks, the stereo image."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

import slow_meter
from tonewright.base.units import db_to_gain, gain_to_db
from tonewright.dsp.maximiser import MaximiserParams, describe, design
from tonewright.dsp.stage import Context, run_whole

Samples = NDArray[np.float64]
CEILING = MaximiserParams(drive_db=0, ceiling_dbtp=-1)


def limited(samples: Samples, rate_hz: int, params: MaximiserParams) -> Samples:
    return run_whole(design(params, Context(rate_hz, samples.shape[0])), samples)


def noise(frames: int, level_db: float = -12.0, channels: int = 2, seed: int = 1) -> Samples:
    return np.random.default_rng(seed).normal(0.0, db_to_gain(level_db), (channels, frames))


def tone(hz: float, rate_hz: int, frames: int, amplitude: float, phase_deg: float = 0.0) -> Samples:
    n = np.arange(frames)
    return np.asarray(amplitude * np.sin(2.0 * np.pi * hz / rate_hz * n + np.deg2rad(phase_deg))[None, :])


def bursts(rate_hz: int, frames: int) -> Samples:
    """Drum-like: decaying noise and low tones that start at once, in two channels."""
    rng = np.random.default_rng(3)
    out = np.zeros((2, frames))
    for start in range(0, frames, rate_hz // 6):
        n = np.arange(min(frames - start, rate_hz // 5))
        hit = np.exp(-n / (0.02 * rate_hz)) * rng.normal(0, 0.7, n.size)
        low = 1.5 * np.exp(-n / (0.06 * rate_hz)) * np.sin(2 * np.pi * 60 / rate_hz * n)
        out[:, start : start + n.size] += [hit + low, 0.4 * hit + low]
    return out


def hostile(rate_hz: int) -> dict[str, Samples]:
    frames = rate_hz // 2
    n = np.arange(frames)
    edges = np.zeros((1, frames))
    edges[0, [0, 1, 2, -1]] = [3.0, -3.0, 3.0, 3.0]
    clicks = np.zeros((1, frames))
    clicks[0, :: rate_hz // 50] = 4.0
    alternating = 0.8 * np.where(n % 2 == 0, 1.0, -1.0) * np.where(n % 4 < 2, 1.0, -1.0)
    alternating[frames // 3 : frames // 3 + 2] = 0.8
    return {
        "quarter of the rate": tone(rate_hz / 4, rate_hz, frames, 1.41, 45.0),
        "0.45 of the rate": tone(0.45 * rate_hz, rate_hz, frames, 1.2, 13.0),
        "square": 1.5 * np.sign(tone(rate_hz / 101.0, rate_hz, frames, 1.0)),
        "bass": tone(50.0, rate_hz, frames, 3.0),
        "impulses at the edges": edges,
        "clicks": clicks,
        "noise": noise(frames, -6.0),
        "loud noise": noise(frames, 6.0),
        "dc": np.full((1, frames), 1.7),
        "between samples": alternating[None, :],
        "bursts": bursts(rate_hz, frames),
    }


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 48_000, 96_000, 192_000])
@pytest.mark.parametrize("name", hostile(8_000))
def test_the_ceiling_holds_between_samples(name: str, rate_hz: int) -> None:
    out = limited(hostile(rate_hz)[name], rate_hz, CEILING)
    assert np.all(np.isfinite(out))
    assert gain_to_db(slow_meter.true_peak_at(out, 16)) <= CEILING.ceiling_dbtp + 0.05


@pytest.mark.parametrize("shaping_db", [0.0, 3.0, 24.0])
def test_what_stays_below_the_ceiling_is_not_touched(shaping_db: float) -> None:
    samples = noise(40_000, -18.0)
    params = MaximiserParams(drive_db=0.0, ceiling_dbtp=-1.0, shaping_db=shaping_db)
    assert_array_equal(limited(samples, 48_000, params), samples)


def test_drive_below_the_ceiling_is_gain_alone() -> None:
    samples = noise(40_000, -30.0)
    out = limited(samples, 48_000, MaximiserParams(drive_db=6.0, ceiling_dbtp=-1.0))
    assert_array_equal(out, samples * db_to_gain(6.0))


@pytest.mark.parametrize("shaping_db", [0.0, 3.0, 24.0])
def test_any_split_equals_the_whole(shaping_db: float) -> None:
    samples = bursts(48_000, 60_000)
    params = MaximiserParams(drive_db=3.0, ceiling_dbtp=-1.0, shaping_db=shaping_db)
    whole = limited(samples, 48_000, params)
    assert whole.shape == samples.shape
    stage = design(params, Context(48_000, 2))
    cuts = np.sort(np.random.default_rng(5).integers(0, 60_000, 40))
    parts = [stage.process(part) for part in np.split(samples, cuts, axis=1)]
    assert_array_equal(np.concatenate([*parts, stage.flush()], axis=1), whole)


def test_a_render_may_begin_anywhere() -> None:
    rate_hz, start = 48_000, 31_234
    samples = bursts(rate_hz, 120_000)
    params = MaximiserParams(drive_db=3.0, ceiling_dbtp=-1.0)
    whole = limited(samples, rate_hz, params)
    late = design(params, Context(rate_hz, 2, start_frame=start))
    out = run_whole(late, samples[:, start:])
    settled = int(late.preroll_s * rate_hz) + 1
    assert settled < 60_000
    assert np.max(np.abs(out[:, settled:] - whole[:, start + settled :])) < 1e-6


def test_it_holds_back_no_more_than_it_says() -> None:
    stage = design(CEILING, Context(48_000, 2))
    held = 0
    for block in np.split(noise(96_000), 96, axis=1):
        held += block.shape[1] - stage.process(block).shape[1]
        assert 0 <= held <= stage.latency_frames
    assert stage.latency_frames < 0.5 * 48_000


def test_riding_alone_never_raises_the_gain_and_moves_smoothly() -> None:
    samples = bursts(48_000, 96_000) + 0.05
    out = limited(samples, 48_000, MaximiserParams(drive_db=0.0, ceiling_dbtp=-6.0, shaping_db=0.0))
    sure = np.abs(samples) > 0.01
    gain = out[sure] / samples[sure]
    assert gain.max() <= 1.0
    per_channel = [out[c][sure[c]] / samples[c][sure[c]] for c in range(2)]
    assert max(np.max(np.abs(np.diff(g))) for g in per_channel) < 0.02


def test_the_release_follows_the_programme() -> None:
    """After a deep reduction the ridden gain comes back later than after a shallow one."""
    rate_hz = 48_000
    quiet = 0.1 * np.sin(2 * np.pi * 440 / rate_hz * np.arange(2 * rate_hz))[None, :]

    def recovery_s(peak: float) -> float:
        samples = quiet.copy()
        samples[0, rate_hz : rate_hz + 60] = peak * np.hanning(60)
        out = limited(samples, rate_hz, MaximiserParams(ceiling_dbtp=-1.0, shaping_db=0.0))
        held = np.flatnonzero(np.abs(out - samples)[0] > 1e-5)
        return float(held.max() - rate_hz) / rate_hz

    assert recovery_s(4.0) > 2.5 * recovery_s(1.2) > 0.05


def test_equal_channels_stay_equal_and_signs_do_not_matter() -> None:
    mono = bursts(48_000, 60_000)[:1]
    params = MaximiserParams(drive_db=4.0, ceiling_dbtp=-1.0)
    out = limited(np.concatenate([mono, mono]), 48_000, params)
    assert_array_equal(out[0], out[1])
    assert_array_equal(limited(-mono, 48_000, params), -out[:1])


def test_the_stereo_image_stays() -> None:
    samples = bursts(48_000, 96_000)
    out = limited(samples, 48_000, MaximiserParams(drive_db=2.0, ceiling_dbtp=-1.0))

    def balance_db(x: Samples) -> float:
        return float(10.0 * np.log10(np.sum(x[0] ** 2) / np.sum(x[1] ** 2)))

    assert balance_db(out) == pytest.approx(balance_db(samples), abs=1.0)


def test_the_same_input_gives_the_same_bytes() -> None:
    samples, params = bursts(44_100, 60_000), MaximiserParams(drive_db=6.0)
    assert limited(samples, 44_100, params).tobytes() == limited(samples, 44_100, params).tobytes()


def test_describe_says_what_it_does() -> None:
    assert "riding" in describe(MaximiserParams(shaping_db=0.0))
    assert "reshaped" in describe(MaximiserParams())
    made_room = MaximiserParams(drive_db=11.49, ceiling_dbtp=-1.21589)
    assert describe(made_room) == "driven by +11.5 dB under -1.22 dBTP, peaks above it reshaped"
