"""Loudness from energies: windows, gates, range; against the slow meter and by hand."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

import slow_meter
from tonewright.base.errors import UnsupportedLayout
from tonewright.base.signal import ArraySignal, Block
from tonewright.measure import loudness
from tonewright.measure.meter import measure


def tone(level_dbfs: float, seconds: float, rate_hz: int, channels: int = 2, hz: float = 997.0) -> Block:
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    return np.tile(10.0 ** (level_dbfs / 20.0) * np.sin(2.0 * np.pi * hz * t), (channels, 1))


def programme(rate_hz: int, seconds: float = 14.0) -> Block:
    """Noise whose level wanders over 50 dB, with a pause."""
    rng = np.random.default_rng(11)
    frames = round(seconds * rate_hz)
    levels_db = np.interp(np.arange(frames) / rate_hz, np.arange(0, seconds + 2, 1.3), rng.uniform(-60, -10, 13))
    samples = rng.standard_normal((2, frames)) * 10.0 ** (levels_db / 20.0) * [[1.0], [0.6]]
    samples[:, 5 * rate_hz : 7 * rate_hz] = 0.0
    return samples


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 32_000, 44_100, 48_000])
def test_all_readings_equal_the_slow_meter_s(rate_hz: int) -> None:
    samples = programme(rate_hz)
    found = measure(ArraySignal(samples, rate_hz))
    y = slow_meter.weighted(samples, rate_hz)
    assert found.integrated_lufs == pytest.approx(slow_meter.integrated(y, rate_hz), abs=0.02)
    assert found.lra_lu == pytest.approx(slow_meter.loudness_range(y, rate_hz), abs=0.1)
    momentary = np.array(slow_meter.window_lufs(y, rate_hz, 0.4, 0.01))
    assert found.momentary_max_lufs == pytest.approx(momentary.max(), abs=0.02)
    short_term = np.array(slow_meter.window_lufs(y, rate_hz, 3.0, 0.1))
    assert_allclose(found.short_term_series.values, short_term, atol=0.02)
    # windows in the pause hold nothing but the filter's ringing, which depends on its phase
    heard = momentary > momentary.max() - 45.0
    assert len(found.momentary_series.values) == len(momentary)
    assert_allclose(found.momentary_series.values[heard], momentary[heard], atol=0.1)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 44_056, 44_100, 384_000])
def test_cells_do_not_drift(rate_hz: int) -> None:
    edges = loudness.cell_edges(1_080_000, rate_hz)  # three hours
    assert edges[0] == 0
    assert edges[-1] == 10_800 * rate_hz
    assert np.abs(edges - np.arange(1_080_001) * (rate_hz / 100)).max() <= 0.5


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 44_100, 48_000])
def test_a_400_ms_tone_is_found_wherever_it_is(rate_hz: int) -> None:
    """Tech 3341 case 13, and at offsets that lie on no grid."""
    burst = tone(-23.0, 0.4, rate_hz, hz=1_000.0)
    for offset_s in [*np.arange(0.0, 0.4, 0.02), 0.005, 0.0137, 0.0951]:
        lead = np.zeros((2, round(offset_s * rate_hz)))
        tail = np.zeros((2, rate_hz // 2))
        found = measure(ArraySignal(np.concatenate([lead, burst, tail], axis=1), rate_hz))
        assert found.momentary_max_lufs == pytest.approx(-23.0, abs=0.1), offset_s


def test_full_scale_997_hz_in_one_channel_is_minus_3_01() -> None:
    assert measure(ArraySignal(tone(0.0, 2.0, 48_000, channels=1), 48_000)).integrated_lufs == pytest.approx(
        -3.01, abs=0.01
    )


def test_gates_are_strict() -> None:
    at_the_gate = loudness.to_power(-70.0)
    assert loudness.gated_lufs(np.full(20, at_the_gate)) is None
    assert loudness.gated_lufs(np.full(20, at_the_gate * 1.0001)) == pytest.approx(-70.0, abs=0.001)
    # by hand: two blocks at -20 and about -33 have a mean of -22.80, so the relative gate is at -32.80
    loud = loudness.to_power(-20.0)
    for quiet_lufs, passes in ((-32.7, True), (-32.9, False)):
        quiet = loudness.to_power(quiet_lufs)
        expected = -0.691 + 10.0 * np.log10((loud + quiet) / 2.0 if passes else loud)
        assert loudness.gated_lufs(np.array([loud, quiet])) == pytest.approx(expected)


def test_the_incomplete_last_block_is_not_used() -> None:
    rate_hz = 48_000
    steady = tone(-30.0, 2.0, rate_hz)
    longer = np.concatenate([steady, tone(-6.0, 0.0099, rate_hz)], axis=1)
    assert (
        measure(ArraySignal(longer, rate_hz)).integrated_lufs
        == measure(ArraySignal(steady, rate_hz)).integrated_lufs
    )


def test_range_percentiles_by_hand() -> None:
    """100 windows a tenth of an LU apart: P95 - P10 by Tech 3342's index round((n - 1) p + 1)."""
    levels = -30.0 + np.arange(100) / 10.0
    powers = np.array([loudness.to_power(level) for level in levels])
    expected = levels[round(99 * 0.95)] - levels[round(99 * 0.10)]
    assert loudness.range_lu(np.random.default_rng(0).permutation(powers)) == pytest.approx(expected)


def test_range_gate_is_20_lu_below_the_power_mean() -> None:
    def spread(quiet_lufs: float) -> float | None:
        levels = [-20.0] * 50 + [quiet_lufs] * 50
        return loudness.range_lu(np.array([loudness.to_power(level) for level in levels]))

    assert spread(-42.9) == pytest.approx(22.9)  # the mean is 3.0 LU below -20, the gate at -43.0
    assert spread(-43.1) == pytest.approx(0.0)


def test_channel_weights_are_those_of_table_3() -> None:
    assert loudness.channel_weights(1).tolist() == [1.0]
    assert loudness.channel_weights(2).tolist() == [1.0, 1.0]
    assert loudness.channel_weights(5).tolist() == [1.0, 1.0, 1.0, 1.41, 1.41]
    assert loudness.channel_weights(6).tolist() == [1.0, 1.0, 1.0, 0.0, 1.41, 1.41]
    with pytest.raises(UnsupportedLayout):
        loudness.channel_weights(4)


@pytest.mark.parametrize("part", [(0, 700), (333, 900)])
def test_a_part_s_loudness_comes_from_its_cells(part: tuple[int, int]) -> None:
    rate_hz = 11_025
    samples = programme(rate_hz)
    cells = measure(ArraySignal(samples, rate_hz)).cells
    edges = loudness.cell_edges(part[1], rate_hz)
    y = slow_meter.weighted(samples, rate_hz)[:, edges[part[0]] : edges[part[1]]]
    found = loudness.integrated_lufs(cells.weighted_energy[:, slice(*part)], rate_hz, first_cell=part[0])
    assert found == pytest.approx(slow_meter.integrated(y, rate_hz), abs=0.03)


def test_quiet_after_loud_keeps_its_digits() -> None:
    """Windows are summed, not subtracted from a running sum: 200 dB lie between these two."""
    energies: NDArray[np.float64] = np.full((1, 400), 480.0)
    energies[:, 200:] *= 1e-20
    found = loudness.window_powers(energies, 48_000, loudness.MOMENTARY_CELLS)
    assert_allclose(found[-1], 1e-20, rtol=1e-12)
