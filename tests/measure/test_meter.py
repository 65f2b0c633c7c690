"""The meter as a whole: one pass, the contract's keys, hard and empty inputs."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from tonewright.base.errors import DamagedAudio
from tonewright.base.signal import ArraySignal, Block, Layout
from tonewright.base.units import clock
from tonewright.measure.meter import Measurements, Meter, measure

CONTRACT_KEYS = {
    "integrated_lufs",
    "momentary_max_lufs",
    "short_term_max_lufs",
    "lra_lu",
    "true_peak_dbtp",
    "sample_peak_dbfs",
    "plr_db",
    "psr_min_db",
    "duration_s",
    "rate_hz",
    "channels",
}


def music(rate_hz: int, seconds: float, channels: int = 2) -> Block:
    """Something with a beat, a tone and noise."""
    rng = np.random.default_rng(2)
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    beat = np.exp(-8.0 * (t % 0.5)) * rng.standard_normal((channels, len(t)))
    return 0.2 * beat + 0.1 * np.sin(2 * np.pi * 220.0 * t)


def bits(found: Measurements) -> str:
    """Every number, exactly."""
    return json.dumps(found.to_json(series=True)) + found.cells.weighted_energy.tobytes().hex()


@settings(max_examples=25, deadline=None)
@given(
    cuts=st.lists(st.integers(0, 35_280), max_size=20),
    rate_hz=st.sampled_from([8_000, 11_025]),
    channels=st.sampled_from([1, 2]),
)
def test_any_split_gives_the_same_bits(cuts: list[int], rate_hz: int, channels: int) -> None:
    samples = music(rate_hz, 3.2, channels)
    whole, parts = Meter(Layout(rate_hz, channels)), Meter(Layout(rate_hz, channels))
    whole.feed(samples)
    for part in np.split(samples, sorted(cuts), axis=1):
        parts.feed(part)
    assert bits(whole.result()) == bits(parts.result())


def test_frame_by_frame_gives_the_same_bits() -> None:
    """At 11.025 kHz a cell's edge falls between two frames every other time: each frame is a seam once."""
    samples = music(11_025, 0.6)
    whole, parts = Meter(Layout(11_025, 2)), Meter(Layout(11_025, 2))
    whole.feed(samples)
    for n in range(samples.shape[1]):
        parts.feed(samples[:, n : n + 1])
    assert bits(whole.result()) == bits(parts.result())


def test_looking_does_not_disturb() -> None:
    samples = music(8_000, 4.0)
    quiet, watched = Meter(Layout(8_000, 2)), Meter(Layout(8_000, 2))
    for part in (
        np.split(samples, 13, axis=1) if samples.shape[1] % 13 == 0 else np.array_split(samples, 13, axis=1)
    ):
        quiet.feed(part)
        watched.feed(part)
        watched.result()
    assert bits(quiet.result()) == bits(watched.result())


def test_the_contract_s_keys() -> None:
    found = measure(ArraySignal(music(8_000, 5.0), 8_000))
    plain = found.to_json()
    assert set(plain) >= CONTRACT_KEYS
    assert not any(key.endswith("_series") for key in plain)
    full = json.loads(json.dumps(found.to_json(series=True), allow_nan=False))
    for key, start, hop in (("momentary_series", 0.4, 0.01), ("short_term_series", 3.0, 0.1)):
        assert set(full[key]) == {"hop", "start", "values"}
        assert full[key]["start"] == pytest.approx(start)
        assert full[key]["hop"] == pytest.approx(hop)
    assert len(full["momentary_series"]["values"]) == 461
    assert len(full["short_term_series"]["values"]) == 21
    assert max(full["momentary_series"]["values"]) == pytest.approx(found.momentary_max_lufs)
    assert full["duration_s"] == 5.0


def test_ratios_are_differences_of_what_is_shown() -> None:
    samples = music(44_100, 6.0)
    found = measure(ArraySignal(samples, 44_100))
    assert found.true_peak_dbtp is not None
    assert found.integrated_lufs is not None
    assert found.plr_db == found.true_peak_dbtp - found.integrated_lufs
    rms = math.sqrt(float(np.mean(samples**2)))
    assert found.crest_db == pytest.approx(20.0 * math.log10(np.abs(samples).max() / rms))
    peaks, loud = found.true_peak_series.values, found.short_term_series.values
    psr = [peaks[k : k + 30].max() - loud[k] for k in range(len(loud))]
    assert_array_equal(found.psr_series.values, psr)
    assert found.psr_min_db == min(psr)


def test_a_sine_s_figures_by_hand() -> None:
    """0.5 peak at 1 kHz in both channels, and a constant in the right one."""
    rate_hz = 16_000
    t = np.arange(30 * rate_hz) / rate_hz
    samples = np.tile(0.5 * np.sin(2 * np.pi * 1_000.0 * t), (2, 1))
    samples[1] += 0.01
    found = measure(ArraySignal(samples, rate_hz))
    assert found.integrated_lufs == pytest.approx(-6.02, abs=0.05)
    assert found.lra_lu == pytest.approx(0.0, abs=0.01)
    assert found.dc == pytest.approx((0.0, 0.01), abs=1e-12)
    assert found.dc_dbfs[1] == pytest.approx(-40.0)
    assert found.channel_sample_peak_dbfs == pytest.approx((-6.0206, 20 * math.log10(0.51)), abs=1e-4)
    assert found.rms_dbfs[0] == pytest.approx(-9.0309, abs=1e-4)
    assert found.sample_peak_dbfs == found.channel_sample_peak_dbfs[1]
    assert found.channel_true_peak_dbtp[0] == pytest.approx(-6.02, abs=0.02)


def test_mono_is_one_channel() -> None:
    """The same signal in one channel reads 3.01 LU less than in two (BS.1770-5 as written)."""
    samples = music(16_000, 5.0, 1)
    mono = measure(ArraySignal(samples, 16_000)).integrated_lufs
    stereo = measure(ArraySignal(np.concatenate([samples, samples]), 16_000)).integrated_lufs
    assert mono is not None
    assert stereo == pytest.approx(mono + 10.0 * math.log10(2.0))


def test_silence_is_undefined_not_a_number() -> None:
    found = measure(ArraySignal(np.zeros((2, 5 * 8_000)), 8_000))
    plain = found.to_json(series=True)
    for key in CONTRACT_KEYS - {"duration_s", "rate_hz", "channels"} | {"crest_db"}:
        assert plain[key] is None, key
    assert set(plain["momentary_series"]["values"]) == {None}
    assert set(plain["psr_series"]["values"]) == {None}
    assert plain["dc"] == [0.0, 0.0]
    json.dumps(plain, allow_nan=False)


@pytest.mark.parametrize("frames", [0, 1, 79, 80, 3_199, 3_200, 23_999, 24_000])
def test_short_signals(frames: int) -> None:
    """Under 400 ms there is no loudness, under 3 s no short-term loudness and no range; peaks there always are."""
    found = measure(ArraySignal(music(8_000, 4.0)[:, :frames], 8_000))
    assert found.frames == frames
    assert (found.integrated_lufs is not None) == (frames >= 3_200)
    assert (found.momentary_max_lufs is not None) == (frames >= 3_200)
    assert (found.short_term_max_lufs is not None) == (frames >= 24_000)
    assert (found.lra_lu is not None) == (frames >= 24_000)
    assert (found.psr_min_db is not None) == (frames >= 24_000)
    assert (found.true_peak_dbtp is not None) == (frames >= 1)
    json.dumps(found.to_json(series=True), allow_nan=False)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e200])
@pytest.mark.parametrize("at", [0, 12_345, 19_999])
def test_bad_samples_are_refused_where_they_are(bad: float, at: int) -> None:
    samples = music(8_000, 2.5)
    samples[1, at] = bad
    with pytest.raises(DamagedAudio, match=f" at {clock(at / 8_000)}"):
        measure(ArraySignal(samples, 8_000))


def test_progress_ends_at_one() -> None:
    class Watcher:
        seen: list[float]

        def __init__(self) -> None:
            self.seen = []

        def stage(self, name: str, share: float) -> None:
            raise AssertionError("the caller names the stage")

        def advance(self, done: float) -> None:
            self.seen.append(done)

    watcher = Watcher()
    measure(ArraySignal(music(8_000, 10.0), 8_000), watcher)
    assert watcher.seen == sorted(watcher.seen)
    assert watcher.seen[-1] == 1.0


def test_reading_does_not_change_the_samples() -> None:
    samples = music(8_000, 1.0)
    before = samples.copy()
    meter = Meter(Layout(8_000, 2))
    meter.feed(samples)
    meter.result()
    assert_array_equal(samples, before)
