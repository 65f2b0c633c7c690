"""The streaming transforms against a slow, readable twin, and against laws of physics."""

import dataclasses

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tonewright.base.signal import Block, Layout
from tonewright.measure.bands import FINE_EDGES_HZ, THIRD_HZ
from tonewright.measure.dynamics import DynamicsPass, band_dynamics
from tonewright.measure.mains import LinesPass
from tonewright.measure.spectral_pass import SpectralFacts, SpectralPass
from tonewright.measure.spectrum import spectrum
from tonewright.measure.stereo import stereo_field
from tonewright.measure.waveform import FLATS, WaveformPass

RATE = 44_100


def noise(seconds: float, seed: int = 0) -> Block:
    dice = np.random.default_rng(seed)
    common = dice.standard_normal((1, round(seconds * RATE)))
    return 0.1 * (common + 0.5 * dice.standard_normal((2, common.shape[1])))


def heard(x: Block, rate: int = RATE) -> SpectralFacts:
    one = SpectralPass(Layout(rate, len(x)))
    one.feed(x)
    return one.result()


def twin(x: Block, size: int) -> tuple[Block, Block]:
    """Third-octave power by frame (channels averaged), and left, right, cross by third-octave of the first frame."""
    window = np.hanning(size + 1)[:-1]
    rows, first = [], np.zeros((len(THIRD_HZ), 3))
    for start in range(0, x.shape[1] - size + 1, size // 2):
        spectra = [np.fft.rfft(channel[start : start + size] * window) for channel in x]
        two_sided = np.full(size // 2 + 1, 2.0)
        two_sided[[0, -1]] = 1.0
        scale = two_sided / (size * np.sum(window**2))
        powers = [scale * np.abs(spectra[0]) ** 2, scale * np.abs(spectra[1]) ** 2]
        powers.append(scale * (spectra[0] * spectra[1].conj()).real)
        bands = np.zeros((len(THIRD_HZ), 3))
        for b in range(len(THIRD_HZ)):
            low, high = FINE_EDGES_HZ[8 * b], FINE_EDGES_HZ[8 * b + 8]
            for k in range(size // 2 + 1):
                at, half = k * RATE / size, 0.5 * RATE / size
                share = max(0.0, min(at + half, high) - max(at - half, low)) / (2 * half)
                if share:
                    bands[b] += [share * p[k] for p in powers]
        rows.append((bands[:, 0] + bands[:, 1]) / 2)
        first = bands if len(rows) == 1 else first
    return np.array(rows), first


def test_equals_its_slow_twin() -> None:
    x = noise(0.5)
    facts = heard(x)
    rows, first = twin(x, 8192)
    assert_allclose(facts.level[: len(rows)], rows, rtol=2e-6)
    single = heard(x[:, :8192])
    assert_allclose(single.slots[0], first, rtol=1e-9, atol=1e-16)


@pytest.mark.parametrize("one", [SpectralPass, DynamicsPass, WaveformPass, LinesPass])
def test_any_split_gives_the_same_facts(one: type) -> None:
    x = noise(14.0)[:, : 13 * RATE + 17]
    x[:, 40_000:40_200] = 0.0
    results = []
    for cuts in ([], [1, 5_000, 5_001, 300_000], list(range(997, x.shape[1], 9_973))):
        each = one(Layout(RATE, 2))
        for part in np.split(x, cuts, axis=1):
            each.feed(part)
        results.append(each.result())
    for other in results[1:]:
        for field in dataclasses.fields(results[0]):
            assert_array_equal(getattr(other, field.name), getattr(results[0], field.name))


def test_bands_add_up_to_the_power_of_the_signal() -> None:
    x = noise(6.0)
    facts = heard(x)
    assert_allclose(facts.bin_power.sum(), np.mean(x**2), rtol=0.02)


@pytest.mark.parametrize("hz", [50.0, 440.0, 3_150.0, 12_500.0])
@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
def test_a_sine_lies_in_its_band_at_its_level(hz: float, rate: int) -> None:
    t = np.arange(4 * rate) / rate
    found = spectrum(heard(np.tile(0.5 * np.sin(2 * np.pi * hz * t), (2, 1)), rate))
    loudest = int(np.argmax(found.level_db))
    near = slice(max(0, loudest - 1), loudest + 2)
    assert abs(np.log2(found.centre_hz[loudest] / hz)) <= 1 / 6 + 0.01
    assert 10 * np.log10(np.sum(10 ** (found.level_db[near] / 10))) == pytest.approx(-9.03, abs=0.05)


def test_stereo_field_of_known_mixtures() -> None:
    dice = np.random.default_rng(1)
    middle, side = dice.standard_normal((2, 8 * RATE)) * 0.1
    side = side * 0.5
    field = stereo_field(heard(np.stack([middle + side, middle - side])))
    assert field is not None
    assert field.overall_width_db == pytest.approx(-6.02, abs=0.15)
    assert field.overall_correlation == pytest.approx((1 - 0.25) / (1 + 0.25), abs=0.01)
    assert field.overall_fold_loss_db == pytest.approx(10 * np.log10(1.25), abs=0.02)
    louder = stereo_field(heard(np.stack([middle, 0.5 * middle])))
    assert louder is not None
    assert louder.overall_balance_db == pytest.approx(6.02, abs=0.01)
    assert louder.overall_correlation == pytest.approx(1.0, abs=1e-9)


def test_flatness_tells_noise_from_tones() -> None:
    t = np.arange(6 * RATE) / RATE
    hiss = heard(np.random.default_rng(2).standard_normal((1, 6 * RATE)) * 0.1)
    assert np.median(hiss.flatness_db[:, 25]) == pytest.approx(-2.5, abs=0.15)
    chord = sum(np.sin(2 * np.pi * f * t) for f in (2_000.0, 4_000.0, 6_300.0))
    tones = heard(0.1 * np.asarray(chord)[None])
    assert np.median(tones.flatness_db[:, 20]) < -10.0


def test_dynamics_of_a_tone_that_is_switched() -> None:
    t = np.arange(8 * RATE) / RATE
    gain = np.where((t * 2).astype(int) % 2 == 0, 1.0, 0.1)
    each = DynamicsPass(Layout(RATE, 1))
    each.feed((gain * 0.5 * np.sin(2 * np.pi * 1_000.0 * t))[None])
    found = band_dynamics(each.result())
    kilohertz = int(np.argmin(np.abs(found.centre_hz - 1_000.0)))
    assert found.spread_db[kilohertz] == pytest.approx(20.0, abs=0.5)
    assert found.crest_db[kilohertz] == pytest.approx(10 * np.log10(2 / 1.01), abs=0.3)


def test_lines_resolve_mains_from_the_next_note() -> None:
    t = np.arange(30 * RATE) / RATE
    each = LinesPass(Layout(RATE, 1))
    each.feed((0.1 * np.sin(2 * np.pi * 50.0 * t) + 0.1 * np.sin(2 * np.pi * 51.91 * t))[None])
    lines = each.result()
    power = lines.power.mean(axis=0)
    peaks = [
        float(lines.hz[k])
        for k in range(1, len(power) - 1)
        if power[k] > 1e-4 and power[k] == power[k - 1 : k + 2].max()
    ]
    assert_allclose(peaks, [50.0, 51.91], atol=0.13)


@pytest.mark.parametrize("bits", [8, 12, 16, 20, 24])
def test_used_bits(bits: int) -> None:
    steps = 2.0 ** (bits - 1)
    each = WaveformPass(Layout(RATE, 2))
    each.feed(np.round(noise(0.5) * steps) / steps)
    assert each.result().used_bits == bits


def test_a_quantised_bass_note_has_no_flat_tops_and_a_clipped_one_has() -> None:
    t = np.arange(4 * RATE) / RATE
    note = np.sin(2 * np.pi * 41.2 * t)[None]
    for gain, clipped in ((0.9, False), (1.2, True)):
        each = WaveformPass(Layout(RATE, 1))
        each.feed(np.round(np.clip(gain * note, -1.0, 32_767 / 32_768) * 32_768) / 32_768)
        assert (each.result().tops[..., FLATS].sum() > 100) == clipped
