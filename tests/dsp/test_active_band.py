"""The moving band: against its slow twin, and against the laws in its docstring."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from tonewright.base.signal import Block
from tonewright.dsp.active_band import ActiveBand, ActiveBands, Filter, Follower, Shape
from tonewright.dsp.stage import Context, run_whole

RATE_HZ = 44_100

_Array = NDArray[np.float64]


def tone(frequency_hz: float, amplitude: float, seconds: float, rate_hz: int = RATE_HZ) -> _Array:
    return amplitude * np.sin(2 * np.pi * frequency_hz * np.arange(round(seconds * rate_hz)) / rate_hz)


def slow_twin(band: ActiveBand, rate_hz: int, heard: Block, start_frame: int = 0) -> Block:
    """The band over a whole signal, step by step as the textbook writes it, and in decibels throughout."""
    tick = band.tick_frames(rate_hz)

    def outputs(filter_: Filter) -> dict[Shape, Block]:
        g, k = math.tan(math.pi * filter_.frequency_hz / rate_hz), 1.0 / filter_.q
        low, middle = np.zeros(heard.shape), np.zeros(heard.shape)
        for c in range(len(heard)):
            s1 = s2 = 0.0
            for n, x in enumerate(heard[c]):
                v1 = (g * (x - s2) + s1) / (1.0 + g * (g + k))
                v2 = s2 + g * v1
                s1, s2 = 2.0 * v1 - s1, 2.0 * v2 - s2
                middle[c, n], low[c, n] = k * v1, v2
        return {"bell": middle, "low_shelf": low, "high_shelf": heard - middle - low, "wide": heard}

    def hann(seconds: float) -> _Array:
        ticks = max(2, round(seconds * rate_hz / tick))
        weights = np.sin(np.pi * (np.arange(ticks) + 0.5) / ticks) ** 2
        return np.asarray(weights / weights.sum(), dtype=np.float64)

    sensed = outputs(band.sense)[band.sense_shape]
    reference = np.ones(heard.shape)
    if band.against is not None:
        reference = outputs(band.against)["bell"] - (sensed if band.without_sense else 0.0)
    ticks = (start_frame + heard.shape[1]) // tick - start_frame // tick
    powers = np.zeros((2, ticks))
    for row, signal in enumerate((sensed, reference)):
        square = np.concatenate([np.zeros(start_frame % tick), np.mean(signal**2, axis=0)])
        powers[row] = square[: ticks * tick].reshape(ticks, tick).mean(axis=1)
    window, rise = hann(band.window_s), hann(band.attack_s)
    fall = abs(band.range_db) * tick / (band.release_s * rate_hz)
    held = np.zeros(ticks + len(rise))
    gains = [1.0, 1.0]
    for t in range(ticks):
        level, rest = (
            sum(w * powers[row, t - age] for age, w in enumerate(window) if t - age >= 0) for row in (0, 1)
        )
        over = 10 * math.log10(level + 1e-30) + band.offset_db - band.threshold_db
        if band.against is not None:
            over -= 10 * math.log10(rest + 1e-30)
        over = -over if band.below else over
        if over <= 0 or (band.floor_db is not None and 10 * math.log10(level + 1e-30) < band.floor_db):
            amount = 0.0
        elif over < band.knee_db:
            amount = band.slope * over**2 / (2 * band.knee_db)
        else:
            amount = band.slope * (over - band.knee_db / 2)
        held[t] = max(min(amount, abs(band.range_db)), (held[t - 1] if t else 0.0) - fall)
        smooth = sum(w * held[t - age] for age, w in enumerate(rise) if t - age >= 0)
        gains.append(10 ** (math.copysign(smooth, band.range_db) / 20))
    places = np.arange(len(gains)) * tick - start_frame % tick - 1
    gain = np.interp(np.arange(heard.shape[1]), places, gains)
    parts = outputs(band.filter)
    change = (gain - 1) * parts[band.shape]
    if band.shape in ("low_shelf", "high_shelf"):
        change = change + (np.sqrt(gain) - 1) * parts["bell"]
    return np.asarray(change, dtype=np.float64)


@pytest.mark.parametrize(
    "band",
    [
        ActiveBand("bell", Filter(900, 2), Filter(900, 2), threshold_db=-25, slope=0.5, knee_db=6, range_db=-9),
        ActiveBand(
            "low_shelf", Filter(300, 0.7), Filter(300, 0.7), "low_shelf", threshold_db=-40, range_db=6, below=True
        ),
        ActiveBand(
            "high_shelf",
            Filter(3_000, 0.7),
            Filter(3_500, 1),
            against=Filter(900, 0.4),
            offset_db=2,
            threshold_db=-8,
            knee_db=3,
            range_db=-12,
            floor_db=-50,
        ),
        ActiveBand(
            "wide", Filter(3_000, 0.7), Filter(500, 9), against=Filter(500, 1.5), without_sense=True, range_db=-5
        ),
    ],
    ids=lambda b: b.shape,
)
def test_the_kernel_is_its_slow_twin(band: ActiveBand) -> None:
    rate_hz, start = 8_000, 13
    rng = np.random.default_rng(2)
    swell = 10 ** (np.interp(np.arange(3_000), [0, 900, 1_000, 2_000, 2_999], [-3, -0.5, -2, -0.3, -3]))
    heard = rng.normal(0, 1, (2, 3_000)) * swell + tone(500, 0.2, 3_000 / rate_hz, rate_hz)
    want = slow_twin(band, rate_hz, heard, start)
    assert np.max(np.abs(want)) > 0.01, "the band has to act, or nothing is compared"
    got = Follower(band, Context(rate_hz, 2, start), 2).change(heard, heard)
    np.testing.assert_allclose(got, want, atol=1e-9)


def full_on(shape: Shape, range_db: float, q: float = 0.7) -> ActiveBand:
    """A band that anything above -60 dBFS drives to its whole range."""
    filter_ = Filter(1_000, q)
    return ActiveBand(shape, filter_, filter_, threshold_db=-100, range_db=range_db, window_s=0.02)


def formula(shape: Shape, gain: float, q: float, frequency_hz: _Array) -> _Array:
    """Magnitude in dB, from the docstring; the trapezoidal form warps the frequency and nothing else."""
    s = 1j * np.tan(np.pi * frequency_hz / RATE_HZ) / math.tan(math.pi * 1_000 / RATE_HZ)
    root, k = math.sqrt(gain), 1 / q
    numerator = {
        "bell": s * s + gain * k * s + 1,
        "low_shelf": s * s + root * k * s + gain,
        "high_shelf": gain * s * s + root * k * s + 1,
    }[shape]
    return 20 * np.log10(np.abs(numerator / (s * s + k * s + 1)))


@pytest.mark.parametrize("shape", ["bell", "low_shelf", "high_shelf"])
@pytest.mark.parametrize("range_db", [-12.0, -3.0, 6.0])
def test_at_rest_the_response_is_the_designed_one(shape: Shape, range_db: float) -> None:
    """A steady tone holds the band at its range; a comb of faint tones measures the response."""
    seconds = 3.0
    probes_hz = np.array([40.0, 150, 400, 800, 1_200, 2_000, 5_000, 11_000, 19_000])
    driver = tone(1_000, 0.3, seconds)
    x = (driver + sum(tone(f, 1e-3, seconds) for f in probes_hz))[np.newaxis]
    y = run_whole(ActiveBands([full_on(shape, range_db)], Context(RATE_HZ, 1)), x)
    heard, got = (np.abs(np.fft.rfft(each[0, -RATE_HZ:])) for each in (x, y))
    measured = 20 * np.log10(got / heard)[probes_hz.astype(int)]
    want = formula(shape, 10 ** (range_db / 20), 0.7, probes_hz)
    np.testing.assert_allclose(measured, want, atol=0.05)


@pytest.mark.parametrize("shape", ["bell", "low_shelf", "high_shelf"])
@pytest.mark.parametrize("gain_db", [-18.0, -1.0, 4.0, 18.0])
def test_no_frequency_moves_more_than_the_range(shape: Shape, gain_db: float) -> None:
    frequency_hz = np.geomspace(10, 22_000, 2_000)
    for q in (0.3, 0.7071) if shape != "bell" else (0.3, 1.0, 20.0):
        moved = formula(shape, 10 ** (gain_db / 20), q, frequency_hz)
        assert np.min(moved) > min(gain_db, 0) - 1e-4
        assert np.max(moved) < max(gain_db, 0) + 1e-4


def test_the_gain_sets_in_over_the_attack_and_is_let_go_within_the_release() -> None:
    band = ActiveBand(
        "wide",
        Filter(1_000, 1),
        Filter(1_000, 1),
        threshold_db=-40,
        range_db=-12,
        window_s=0.01,
        attack_s=0.03,
        release_s=0.2,
    )
    x = np.concatenate([tone(1_000, 1e-4, 0.5), tone(1_000, 0.5, 0.5), tone(1_000, 1e-4, 0.5)])[np.newaxis]
    change = Follower(band, Context(RATE_HZ, 1), 1).change(x, x)[0]
    loud = np.abs(x[0]) > 1e-5
    gain = np.where(loud, 1 + change / np.where(loud, x[0], 1.0), np.nan)

    def at(seconds: float) -> float:
        near = gain[round(seconds * RATE_HZ) : round(seconds * RATE_HZ) + 40]
        return float(20 * np.log10(np.nanmedian(near)))

    assert at(0.499) == 0.0
    assert -11.5 < at(0.5 + 0.015) < -0.2, "half way through"
    assert at(0.5 + 0.01 + 0.03 + 0.006) == pytest.approx(-12.0, abs=0.01)
    assert at(1.0 + 0.1) == pytest.approx(-6.0, abs=2.5), "half way back"
    assert at(1.0 + 0.01 + 0.03 + 0.2 + 0.01) == 0.0


def test_a_moving_gain_makes_no_clicks() -> None:
    """What a smooth gain does to a tone stays next to the tone."""
    seconds = 4.0
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    swell = 10 ** (-1.5 + 1.2 * np.sin(2 * np.pi * 2.0 * time))
    x = (swell * tone(1_000, 0.5, seconds))[np.newaxis]
    band = ActiveBand(
        "bell",
        Filter(1_000, 1),
        Filter(1_000, 1),
        threshold_db=-30,
        knee_db=6,
        range_db=-12,
        attack_s=0.01,
        release_s=0.15,
    )
    y = run_whole(ActiveBands([band], Context(RATE_HZ, 1)), x)[0]
    assert np.std(y) < 0.5 * np.std(x), "the band has to act"
    spectrum = np.abs(np.fft.rfft(y * np.blackman(len(y))))
    frequency_hz = np.arange(len(spectrum)) / seconds
    away = np.abs(frequency_hz - 1_000) > 300
    assert 20 * np.log10(np.max(spectrum[away]) / np.max(spectrum)) < -90


def test_all_channels_get_one_gain() -> None:
    rng = np.random.default_rng(4)
    left = rng.normal(0, 0.2, 30_000)
    x = np.stack([left, 0.5 * left])
    y = run_whole(ActiveBands([full_on("bell", -9)], Context(RATE_HZ, 2)), x)
    assert np.max(np.abs(y - x)) > 0.01
    np.testing.assert_array_equal(y[1], 0.5 * y[0])
