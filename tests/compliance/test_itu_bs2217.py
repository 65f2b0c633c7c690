"""ITU-R BS.2217-2's compliance material, as far as its description allows to generate it: +-0.1 LKFS, at every rate.

Levels at 25 Hz to 10 kHz, one channel at a time, their sum, a sweep, both gates. The recorded voice and vinyl items
are not generated; the programmes in test_ebu_3341.py stand where real material would.
"""

import numpy as np
import pytest
from specified import Looped, sine_second, tones

import slow_meter
from tonewright.base.signal import ArraySignal
from tonewright.measure.meter import measure

RATES_HZ = (8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000, 384_000)
TOLERANCE_LU = 0.1

#: A sine of 0 dBFS in one channel has a mean square of -3.01 dB, to which K-weighting and the offset are added.
SINE_LU = -0.691 - 10.0 * np.log10(2.0)


def k_gain_db(hz: float) -> float:
    return float(20.0 * np.log10(slow_meter.gain_48k(np.array([hz]))[0]))


@pytest.mark.parametrize(
    ("rate_hz", "hz"),
    [(rate, hz) for rate in RATES_HZ for hz in (25, 100, 500, 1_000, 2_000, 10_000) if hz < 0.46 * rate],
)
@pytest.mark.parametrize("lkfs", [-23.0, -24.0])
def test_tones_of_two_channels(lkfs: float, hz: int, rate_hz: int) -> None:
    level_dbfs = lkfs - SINE_LU - k_gain_db(hz) - 10.0 * np.log10(2.0)
    found = measure(Looped(sine_second(rate_hz, hz), [(level_dbfs, 4.0)]))
    assert found.integrated_lufs == pytest.approx(lkfs, abs=TOLERANCE_LU)


@pytest.mark.parametrize(("channel", "weight"), [(0, 1.0), (1, 1.0), (2, 1.0), (3, None), (4, 1.41), (5, 1.41)])
def test_one_channel_of_six(channel: int, weight: float | None) -> None:
    """L R C LFE Ls Rs; the LFE is not heard."""
    offsets: list[float | None] = [None] * 6
    offsets[channel] = 0.0
    level_dbfs = -23.0 - SINE_LU - k_gain_db(1_000.0) - (10.0 * np.log10(weight) if weight else 0.0)
    found = measure(Looped(sine_second(48_000), [(level_dbfs, 4.0)], offsets)).integrated_lufs
    assert found == (None if weight is None else pytest.approx(-23.0, abs=TOLERANCE_LU))


def test_channels_are_summed_as_powers() -> None:
    """Five channels of one weighted power each: 7 dB more than one."""
    level_dbfs = -23.0 - SINE_LU - k_gain_db(1_000.0) - 10.0 * np.log10(5.0)
    offsets = (0.0, 0.0, 0.0, -10.0 * np.log10(1.41), -10.0 * np.log10(1.41))
    found = measure(Looped(sine_second(48_000), [(level_dbfs, 4.0)], offsets))
    assert found.integrated_lufs == pytest.approx(-23.0, abs=TOLERANCE_LU)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_a_sweep_in_mono(rate_hz: int) -> None:
    """20 Hz up to 0.45 of the rate (at most 20 kHz) in 10 s, its level following K-weighting the other way round, so
    that each moment reads -18: a bend of the response anywhere would show."""
    seconds = 10.0
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    low_hz, high_hz = 20.0, min(20_000.0, 0.45 * rate_hz)
    octaves = np.log(high_hz / low_hz)
    frequency_hz = low_hz * np.exp(octaves * t / seconds)
    phase = 2.0 * np.pi * low_hz * seconds / octaves * (np.exp(octaves * t / seconds) - 1.0)
    amplitude = 10.0 ** ((-18.0 - SINE_LU) / 20.0) / slow_meter.gain_48k(frequency_hz)
    found = measure(ArraySignal((amplitude * np.sin(phase))[None, :], rate_hz))
    assert found.integrated_lufs == pytest.approx(-18.0, abs=0.05)
    steady = found.momentary_series.values[100:]  # from 40 Hz on: a 400 ms window then holds many periods
    assert np.abs(steady + 18.0).max() < 0.06


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
def test_absolute_gate(rate_hz: int) -> None:
    """What is quieter than -70 does not count: half the time at -70.5 leaves the other half's -69.5."""
    found = measure(tones(rate_hz, [(-69.5, 30.0), (-70.5, 30.0)]))
    assert found.integrated_lufs == pytest.approx(-69.5, abs=TOLERANCE_LU)
    assert measure(tones(rate_hz, [(-70.5, 30.0)])).integrated_lufs is None


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
def test_relative_gate(rate_hz: int) -> None:
    """Both halves' mean is 2.8 LU below -10, so the gate is at -22.8: what lies below does not count, what lies above
    does."""
    below = measure(tones(rate_hz, [(-10.0, 20.0), (-23.2, 20.0)])).integrated_lufs
    assert below == pytest.approx(-10.0, abs=TOLERANCE_LU)
    above = measure(tones(rate_hz, [(-10.0, 20.0), (-22.4, 20.0)])).integrated_lufs
    assert above == pytest.approx(-10.0 + 10.0 * np.log10((1.0 + 10.0**-1.24) / 2.0), abs=TOLERANCE_LU)
