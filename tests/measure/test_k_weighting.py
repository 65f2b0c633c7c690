"""K-weighting keeps the response of the standard's 48 kHz filter at every rate."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from slow_meter import filter_48k, gain_48k
from tonewright.base.signal import Layout
from tonewright.measure.cells import CellMeter
from tonewright.measure.k_weighting import power_response, sections

RATES_HZ = (8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000, 384_000)

#: The largest error in dB against the 48 kHz filter, up to half the rate: a fence round what the design reaches.
CEILING_DB = {8_000: 0.018, 11_025: 0.006, 16_000: 0.002}


def error_db(rate_hz: int, frequency_hz: np.ndarray) -> np.ndarray:
    ours = power_response(sections(rate_hz), frequency_hz, rate_hz)
    return 10.0 * np.log10(ours / gain_48k(frequency_hz) ** 2)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_response_is_that_of_the_48_khz_filter(rate_hz: int) -> None:
    frequency_hz = np.concatenate([np.geomspace(1.0, rate_hz / 2, 4_000), np.linspace(20.0, rate_hz / 2, 4_000)])
    assert np.abs(error_db(rate_hz, frequency_hz)).max() <= CEILING_DB.get(rate_hz, 0.001)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_sections_are_stable(rate_hz: int) -> None:
    for row in sections(rate_hz):
        assert np.abs(np.roots([1.0, row[3], row[4]])).max() < 1.0


def test_the_tables_are_used_as_printed_at_48_khz() -> None:
    assert sections(48_000)[0].tolist() == [
        1.53512485958697,
        -2.69169618940638,
        1.19839281085285,
        -1.69065929318241,
        0.73248077421585,
    ]
    assert sections(48_000)[1].tolist() == [1.0, -2.0, 1.0, -1.99004745483398, 0.99007225036621]


def test_the_tables_are_the_analogue_filter_that_is_quoted_for_them() -> None:
    """The parameters from which BS.1770's coefficients are usually rebuilt give the tables to 1e-8."""
    k, q = np.tan(np.pi * 1681.974450955533 / 48_000), 0.7071752369554196
    high = 10.0 ** (3.999843853973347 / 20.0)
    band = high**0.4996667741545416
    a0 = 1.0 + k / q + k * k
    b = np.array([high + band * k / q + k * k, 2.0 * (k * k - high), high - band * k / q + k * k]) / a0
    a = np.array([2.0 * (k * k - 1.0), 1.0 - k / q + k * k]) / a0
    assert_allclose([*b, *a], sections(48_000)[0], atol=1e-8)
    k, q = np.tan(np.pi * 38.13547087602444 / 48_000), 0.5003270373238773
    a0 = 1.0 + k / q + k * k
    assert_allclose(np.array([2.0 * (k * k - 1.0), 1.0 - k / q + k * k]) / a0, sections(48_000)[1][3:], atol=1e-8)


def test_a_plain_bilinear_shelf_would_not_pass() -> None:
    """The trap that this design avoids is real: the usual design is wrong by more than 0.1 dB at 8 kHz."""
    rate_hz = 8_000
    k, q = np.tan(np.pi * 1681.974450955533 / rate_hz), 0.7071752369554196
    high = 10.0 ** (3.999843853973347 / 20.0)
    band = high**0.4996667741545416
    a0 = 1.0 + k / q + k * k
    shelf = [high + band * k / q + k * k, 2.0 * (k * k - high), high - band * k / q + k * k]
    rows = np.array([[*(np.array(shelf) / a0), 2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0]])
    frequency_hz = np.linspace(100.0, 0.45 * rate_hz, 500)
    naive_db = 10.0 * np.log10(power_response(rows, frequency_hz, rate_hz))
    z = np.exp(2j * np.pi * frequency_hz / 48_000)
    shelf_48k = np.polyval(sections(48_000)[0][:3], z) / np.polyval([1.0, *sections(48_000)[0][3:]], z)
    assert np.abs(naive_db - 20.0 * np.log10(np.abs(shelf_48k))).max() > 0.1


def test_rates_that_are_too_low_are_refused() -> None:
    with pytest.raises(ValueError, match="8000"):
        sections(7_999)


def test_the_compiled_filter_is_the_standard_s() -> None:
    rng = np.random.default_rng(5)
    x = rng.standard_normal(4_800)
    meter = CellMeter(Layout(48_000, 1))
    meter.feed(x[None, :])
    expected = (filter_48k(x) ** 2).reshape(10, 480).sum(axis=1)
    assert_allclose(meter.result().weighted_energy[0], expected, rtol=1e-9)


@pytest.mark.parametrize("rate_hz", [8_000, 48_000])
def test_silence_after_music_costs_no_more_than_music(rate_hz: int) -> None:
    """A decaying filter must not linger in subnormal numbers, which are a hundred times slower: it reaches zero."""
    meter = CellMeter(Layout(rate_hz, 1))
    meter.feed(np.random.default_rng(1).standard_normal((1, rate_hz)))
    assert (meter._state != 0.0).all()
    meter.feed(np.zeros((1, 4 * rate_hz)))
    assert (meter._state == 0.0).all()
