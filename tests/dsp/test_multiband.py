import numpy as np
import pytest

from tonewright.base.signal import Block
from tonewright.dsp.fir_bank import magnitude
from tonewright.dsp.multiband import CompressorBand, MultibandParams, MultibandStage, describe
from tonewright.dsp.stage import Context, run_whole

#: One band over everything, fast to settle, with a level that is the tone's own.
ONE = CompressorBand(threshold_db=-30, ratio=4, knee_db=0, attack_ms=5, release_ms=50, window_ms=5, range_db=24)


def stage(params: MultibandParams, rate_hz: int, channels: int, start_frame: int = 0) -> MultibandStage:
    return MultibandStage(params, Context(rate_hz, channels, start_frame))


def through(params: MultibandParams, samples: Block, rate_hz: int) -> Block:
    return run_whole(stage(params, rate_hz, len(samples)), samples)


def sine(hz: float, level_dbfs: float, seconds: float, rate_hz: int) -> Block:
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    return 10 ** (level_dbfs / 20) * np.sin(2 * np.pi * hz * time)[None]


def level_db(samples: Block) -> float:
    return float(10 * np.log10(2 * np.mean(samples**2)))


def designed_reduction(level: float, band: CompressorBand) -> float:
    """The static curve of Giannoulis, Massberg & Reiss, JAES 60(6), 2012, eq. 4, written out."""
    over = level - band.threshold_db
    if 2 * over <= -band.knee_db:
        return 0.0
    if 2 * abs(over) < band.knee_db:
        return (1 - 1 / band.ratio) * (over + band.knee_db / 2) ** 2 / (2 * band.knee_db)
    return min((1 - 1 / band.ratio) * over, band.range_db)


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 48_000, 192_000])
@pytest.mark.parametrize("detector", ["rms", "peak"])
def test_below_the_thresholds_it_is_bit_exact(rate_hz: int, detector: str) -> None:
    x = np.random.default_rng(2).standard_normal((2, rate_hz // 2)) * 0.01
    params = MultibandParams.model_validate({"detector": detector})
    assert np.array_equal(through(params, x, rate_hz), x)


def test_it_is_bit_exact_again_after_something_loud() -> None:
    rate_hz = 44_100
    x = np.random.default_rng(2).standard_normal((2, 6 * rate_hz)) * 0.01
    x[:, :rate_hz] *= 50
    y = through(MultibandParams(bands=(CompressorBand(threshold_db=-20),)), x, rate_hz)
    assert not np.array_equal(y[:, :rate_hz], x[:, :rate_hz])
    assert np.array_equal(y[:, -rate_hz:], x[:, -rate_hz:])


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 192_000])
def test_equal_gains_in_all_bands_are_one_gain(rate_hz: int) -> None:
    """The bands add up: the response of all together is flat (far within 0.05 dB)."""
    bands = tuple(CompressorBand(up_to_hz=hz, makeup_db=3) for hz in (120, 800, 3_000, 20_000))
    impulse = np.zeros((1, rate_hz))
    impulse[0, rate_hz // 2] = 1e-3
    response = np.fft.rfft(through(MultibandParams(bands=bands), impulse, rate_hz)[0])
    np.testing.assert_allclose(20 * np.log10(np.abs(response) * 1e3), 3.0, atol=1e-9)


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 96_000])
def test_bands_have_the_designed_response(rate_hz: int) -> None:
    """Measured with makeup in one band: 1 + (g - 1) times the difference of the two low-passes, linear in phase."""
    bands = (
        CompressorBand(up_to_hz=150),
        CompressorBand(up_to_hz=2_000, makeup_db=-9),
        CompressorBand(up_to_hz=20_000),
    )
    impulse = np.zeros((1, rate_hz))
    impulse[0, rate_hz // 2] = 1e-3
    out = through(MultibandParams(bands=bands), impulse, rate_hz)[0] * 1e3
    hz = np.fft.rfftfreq(rate_hz, 1 / rate_hz)
    wanted = 1 + (10 ** (-9 / 20) - 1) * (magnitude(2_000, hz) - magnitude(150, hz))
    np.testing.assert_allclose(20 * np.log10(np.abs(np.fft.rfft(out))), 20 * np.log10(wanted), atol=0.05)
    centred = np.roll(out, -(rate_hz // 2))
    np.testing.assert_allclose(centred[1:2_000], centred[:-2_000:-1], atol=1e-12)


@pytest.mark.parametrize("knee_db", [0.0, 12.0])
@pytest.mark.parametrize("detector", ["rms", "peak"])
@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 96_000])
def test_the_static_curve_is_the_designed_one(rate_hz: int, detector: str, knee_db: float) -> None:
    band = ONE.model_copy(update={"knee_db": knee_db})
    params = MultibandParams.model_validate({"bands": (band,), "detector": detector})
    for level in (-40, -33, -28, -20, -10):
        x = sine(997, level, 1.0, rate_hz)
        y = through(params, x, rate_hz)
        steady = slice(rate_hz // 2, -rate_hz // 8)
        reduction = level_db(x[:, steady]) - level_db(y[:, steady])
        assert reduction == pytest.approx(designed_reduction(level, band), abs=0.1), level


def test_range_bounds_the_reduction() -> None:
    band = ONE.model_copy(update={"range_db": 4.0})
    x = sine(997, -3, 1.0, 44_100)
    y = through(MultibandParams(bands=(band,)), x, 44_100)
    assert level_db(x) - level_db(y[:, 11_025:-11_025]) == pytest.approx(4.0, abs=0.02)


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 96_000])
def test_attack_and_release_take_the_time_asked_for(rate_hz: int) -> None:
    """Measured on a tone's steps of level: 63 % of the way in one time constant."""
    band = ONE.model_copy(update={"attack_ms": 50.0, "release_ms": 150.0, "window_ms": 0.0})
    params = MultibandParams(bands=(band,), adapt_pct=0)
    x = np.concatenate([sine(997, -40, 0.5, rate_hz), sine(997, -10, 1, rate_hz), sine(997, -40, 1.5, rate_hz)], 1)
    working = stage(params, rate_hz, 1)
    run_whole(working, x)
    reduction = -working.trace_db()[0]
    time = np.arange(len(reduction)) * working.trace_hop_s
    full = 15.0
    rising = time[np.argmax(reduction > full * (1 - np.exp(-1)))] - 0.5
    let_go = time[(time > 1.5) & (reduction < full * np.exp(-1))][0] - 1.5
    assert reduction.max() == pytest.approx(full, abs=0.05)
    hop = working.trace_hop_s
    assert rising == pytest.approx(0.050, abs=hop)
    assert let_go == pytest.approx(0.150, abs=hop)


def test_bursts_shorten_the_times() -> None:
    """Short bursts are let go of sooner than a long tone of the same level, the more so the higher adapt_pct."""
    rate_hz = 44_100
    burst = np.concatenate([np.zeros((1, 22_050)), sine(997, -6, 0.02, rate_hz), np.zeros((1, 33_000))], axis=1)

    def release_s(adapt_pct: float) -> float:
        working = stage(MultibandParams(bands=(ONE,), adapt_pct=adapt_pct), rate_hz, 1)
        run_whole(working, burst + sine(997, -60, burst.shape[1] / rate_hz, rate_hz))
        reduction = -working.trace_db()[0]
        top = int(np.argmax(reduction))
        return float(np.argmax(reduction[top:] < 0.2 * reduction[top]) * working.trace_hop_s)

    assert release_s(100) < release_s(50) < release_s(0)


@pytest.mark.parametrize(
    ("hz", "bands"), [(60.0, None), (137.0, None), (229.0, None), (997.0, None), (5_003.0, None), (997.0, (ONE,))]
)
def test_a_steady_tone_stays_pure(hz: float, bands: tuple[CompressorBand, ...] | None) -> None:
    """No clicks, no steps, nothing folded down: what is not a harmonic stays below -100 dB while gains are at work."""
    rate_hz, frames = 44_100, 44_100
    chosen = bands or tuple(
        band.model_copy(update={"threshold_db": -30.0, "ratio": 4.0}) for band in MultibandParams().bands
    )
    x = sine(hz, -6, 3.0, rate_hz)
    y = through(MultibandParams(bands=chosen), x, rate_hz)[0, rate_hz + 500 : rate_hz + 500 + frames]
    assert level_db(y[None]) < -9
    found = np.abs(np.fft.rfft(y))
    at = round(hz)
    odd = found.copy()
    odd[[k * at for k in range(1, 60) if k * at < len(found)]] = 0.0
    assert 20 * np.log10(odd.max() / found[at]) < -100.0


def test_a_moving_gain_makes_no_images_of_the_ticks() -> None:
    """A tone whose level swings: next to it only the swing's side tones, no images around multiples of the ticks."""
    rate_hz = 44_100
    time = np.arange(3 * rate_hz) / rate_hz
    x = 0.5 * ((1 + 0.8 * np.sin(2 * np.pi * 5 * time)) * np.sin(2 * np.pi * 6_000 * time))[None]
    y = through(MultibandParams(bands=(ONE,)), x, rate_hz)[0, rate_hz : 2 * rate_hz]
    found = np.abs(np.fft.rfft(y))
    far = np.r_[100:5_500, 6_500:11_000]
    assert 20 * np.log10(found[far].max() / found[6_000]) < -100.0


def test_linked_channels_share_one_gain_and_unlinked_ones_do_not() -> None:
    rate_hz = 44_100
    x = np.concatenate([sine(997, -6, 1, rate_hz), sine(997, -40, 1, rate_hz)])
    steady = slice(rate_hz // 2, -rate_hz // 8)

    def reductions(link_pct: float) -> list[float]:
        y = through(MultibandParams(bands=(ONE,), link_pct=link_pct), x, rate_hz)
        return [level_db(x[c : c + 1, steady]) - level_db(y[c : c + 1, steady]) for c in (0, 1)]

    linked, free = reductions(100), reductions(0)
    assert linked[0] == pytest.approx(18.0, abs=0.1)
    assert linked[1] == pytest.approx(linked[0], abs=1e-9)
    assert free[0] == pytest.approx(18.0, abs=0.1)
    assert free[1] == pytest.approx(0.0, abs=1e-9)


def test_mix_is_a_share_of_the_compressed_signal() -> None:
    x = np.random.default_rng(4).standard_normal((2, 44_100)) * 0.2
    bands = (ONE,)
    wet = through(MultibandParams(bands=bands), x, 44_100)
    half = through(MultibandParams(bands=bands, mix_pct=50), x, 44_100)
    np.testing.assert_allclose(half, 0.5 * (x + wet), atol=1e-12)


def test_one_band_is_compressed_and_the_others_stay() -> None:
    rate_hz = 44_100
    x = sine(60, -6, 1.5, rate_hz) + sine(4_000, -30, 1.5, rate_hz)
    bands = (CompressorBand(up_to_hz=300, threshold_db=-20, ratio=3, window_ms=20), CompressorBand())
    y = through(MultibandParams(bands=bands), x, rate_hz)
    found = np.abs(np.fft.rfft(y[0, rate_hz // 4 : rate_hz // 4 + rate_hz])) * 2 / rate_hz
    assert 20 * np.log10(found[60]) < -13
    assert 20 * np.log10(found[4_000]) == pytest.approx(-30, abs=0.05)


def test_the_trace_tells_what_was_reduced_and_when() -> None:
    rate_hz = 48_000
    x = np.concatenate([sine(997, -40, 1, rate_hz), sine(997, -10, 1, rate_hz), sine(997, -40, 1, rate_hz)], axis=1)
    working = stage(MultibandParams(bands=(ONE,)), rate_hz, 1, start_frame=12_345)
    run_whole(working, x)
    trace, hop = working.trace_db()[0], working.trace_hop_s
    assert len(trace) * hop >= 3.0
    assert trace[: int(0.95 / hop)].min() == 0.0
    assert trace[int(1.5 / hop)] == pytest.approx(-15.0, abs=0.05)
    assert trace[int(2.9 / hop)] == pytest.approx(0.0, abs=0.05)


def test_words() -> None:
    three = tuple(CompressorBand(up_to_hz=hz, ratio=1.2, threshold_db=-30.5) for hz in (120, 1000, 20_000))
    assert describe(MultibandParams(bands=three)) == (
        "below 120 Hz 1.2:1 from -30.5 dBFS; 120 Hz to 1 kHz 1.2:1 from -30.5 dBFS; above 1 kHz 1.2:1 from -30.5 dBFS"
    )
    assert describe(MultibandParams(bands=three[-1:])) == "everything 1.2:1 from -30.5 dBFS"
