"""The equaliser does what its analogue bands say, in magnitude, phase and place."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tonewright.base.errors import Impossible
from tonewright.base.signal import Block
from tonewright.dsp.biquad import response
from tonewright.dsp.eq_bands import Band, BandKind, analogue_db
from tonewright.dsp.eq_match import matched_sections
from tonewright.dsp.equaliser import EqualiserParams, describe, design
from tonewright.dsp.equaliser import magnitude_db as designed_magnitude_db
from tonewright.dsp.stage import Context, run_whole

RATES_HZ = (8_000, 44_100, 96_000, 192_000)
TOP = 0.9  # of half the rate: up to here the analogue curve is promised
DEEPEST_DB = -60.0  # below this a response is as good as nothing

A_MASTER = (
    Band(kind="low_cut", frequency_hz=25, slope_db_per_octave=24),
    Band(kind="low_shelf", frequency_hz=90, gain_db=-1.5),
    Band(kind="bell", frequency_hz=300, gain_db=-2.5, q=1.2),
    Band(kind="bell", frequency_hz=2_800, gain_db=1.5, q=0.8),
    Band(kind="tilt", frequency_hz=700, gain_db=0.7),
    Band(kind="high_shelf", frequency_hz=3_300, gain_db=3),
)

BANDS = [
    Band(kind="bell", frequency_hz=60, gain_db=9, q=4),
    Band(kind="bell", frequency_hz=1_000, gain_db=-12, q=0.3),
    Band(kind="bell", frequency_hz=3_500, gain_db=12, q=2),
    Band(kind="bell", frequency_hz=17_000, gain_db=-9, q=1),
    Band(kind="bell", frequency_hz=20_000, gain_db=6, q=0.5),
    Band(kind="low_shelf", frequency_hz=150, gain_db=6, q=0.5),
    Band(kind="low_shelf", frequency_hz=3_000, gain_db=-12, q=1),
    Band(kind="high_shelf", frequency_hz=9_000, gain_db=6),
    Band(kind="high_shelf", frequency_hz=18_000, gain_db=-12, q=1.3),
    Band(kind="tilt", frequency_hz=650, gain_db=-4),
    Band(kind="tilt", frequency_hz=6_000, gain_db=12),
    Band(kind="low_cut", frequency_hz=35, slope_db_per_octave=6),
    Band(kind="low_cut", frequency_hz=120, slope_db_per_octave=48),
    Band(kind="high_cut", frequency_hz=1_000, slope_db_per_octave=18),
    Band(kind="high_cut", frequency_hz=16_000, slope_db_per_octave=36),
    Band(kind="high_cut", frequency_hz=3_500, q=2),
    Band(kind="notch", frequency_hz=3_000, q=8),
    Band(kind="notch", frequency_hz=19_000, q=1),
]


def impulse_response(params: EqualiserParams, rate_hz: int, seconds: float, channels: int = 1) -> Block:
    """(channels, frames) of an impulse in the middle of the first channel."""
    frames = round(seconds * rate_hz) // 2 * 2
    impulse = np.zeros((channels, frames))
    impulse[0, frames // 2] = 1.0
    return run_whole(design(params, Context(rate_hz, channels)), impulse)


def magnitude_db(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    level: NDArray[np.float64] = 20.0 * np.log10(np.maximum(np.abs(np.fft.rfft(samples)), 1e-12))
    return level


def designed_db(bands: tuple[Band, ...], frequency_hz: NDArray[np.float64]) -> NDArray[np.float64]:
    total: NDArray[np.float64] = np.sum([analogue_db(band, frequency_hz) for band in bands], axis=0)
    return total


def frequencies_hz(frames: int, rate_hz: int) -> NDArray[np.float64]:
    return np.arange(frames // 2 + 1, dtype=np.float64) * (rate_hz / frames)


@pytest.mark.parametrize("band", BANDS, ids=lambda b: f"{b.kind}-{b.frequency_hz:g}")
@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_the_measured_response_is_the_analogue_one(band: Band, rate_hz: int) -> None:
    taps = impulse_response(EqualiserParams(bands=(band,)), rate_hz, 1.5)[0]
    frequency_hz = frequencies_hz(len(taps), rate_hz)
    want = analogue_db(band, frequency_hz)
    judged = (frequency_hz > 4) & (frequency_hz < TOP * rate_hz / 2) & (want > DEEPEST_DB)
    assert np.max(np.abs(magnitude_db(taps) - want)[judged]) < 0.05


@pytest.mark.parametrize("phase", ["minimum", "linear"])
@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_a_chain_of_bands_adds_up(phase: str, rate_hz: int) -> None:
    params = EqualiserParams.parse({"phase": phase, "bands": A_MASTER}, "test")
    taps = impulse_response(params, rate_hz, 2.0)[0]
    frequency_hz = frequencies_hz(len(taps), rate_hz)
    want = designed_db(A_MASTER, frequency_hz)
    judged = (frequency_hz > 8) & (frequency_hz < TOP * rate_hz / 2)
    assert np.max(np.abs(magnitude_db(taps) - want)[judged]) < 0.05


@pytest.mark.parametrize(
    "band", [b for b in BANDS if b.kind != "notch"], ids=lambda b: f"{b.kind}-{b.frequency_hz:g}"
)
def test_linear_phase_is_symmetric_and_has_the_same_magnitude(band: Band) -> None:
    rate_hz = 44_100
    taps = impulse_response(EqualiserParams(phase="linear", bands=(band,)), rate_hz, 2.0)[0]
    middle = len(taps) // 2
    before, after = taps[middle - 1 : 0 : -1], taps[middle + 1 :]
    assert np.max(np.abs(before - after)) < 1e-5 * np.max(np.abs(taps))  # the asked -100 dB
    assert np.max(np.abs(before - after)) < 1e-14  # what is reached
    least = impulse_response(EqualiserParams(bands=(band,)), rate_hz, 2.0)[0]
    level = magnitude_db(least)
    judged = level > -26.0
    judged[:16] = False  # below 8 Hz a 2 s measurement is not sharp enough for steep cuts
    assert np.max(np.abs(magnitude_db(taps) - level)[judged]) < 0.05


def test_a_linear_phase_notch_matches_outside_its_deepest_part() -> None:
    band = Band(kind="notch", frequency_hz=1_000, q=10)
    taps = impulse_response(EqualiserParams(phase="linear", bands=(band,)), 44_100, 4.0)[0]
    want = analogue_db(band, frequencies_hz(len(taps), 44_100))
    assert np.max(np.abs(magnitude_db(taps) - want)[(want > -20.0)][: int(0.9 * len(want))]) < 0.05
    assert np.min(magnitude_db(taps)) < -40.0


@pytest.mark.parametrize("band", BANDS, ids=lambda b: f"{b.kind}-{b.frequency_hz:g}")
def test_minimum_phase_has_nothing_before_the_impulse(band: Band) -> None:
    taps = impulse_response(EqualiserParams(bands=(band,)), 48_000, 0.5)[0]
    assert not taps[: len(taps) // 2].any()
    assert taps[len(taps) // 2] != 0.0


#: Without zeros on the unit circle, where the log magnitude has no bottom.
OFF_CIRCLE = [band for band in BANDS if band.kind not in ("low_cut", "notch")]


@pytest.mark.parametrize("band", OFF_CIRCLE, ids=lambda b: f"{b.kind}-{b.frequency_hz:g}")
def test_the_phase_is_the_least_that_the_magnitude_allows(band: Band) -> None:
    """It is the Hilbert transform of the log magnitude: the cepstrum of a minimum-phase signal is causal."""
    taps = impulse_response(EqualiserParams(bands=(band,)), 48_000, 4.0)[0]
    spectrum = np.fft.fft(taps[len(taps) // 2 :], 1 << 19)
    cepstrum = np.fft.ifft(np.log(np.abs(spectrum))).real
    folded = np.concatenate([cepstrum[:1], 2 * cepstrum[1 : 1 << 18], np.zeros(1 << 18)])
    least = np.exp(np.fft.fft(folded))
    loud = np.abs(spectrum) > 1e-2
    assert np.max(np.abs(np.angle(spectrum / least))[loud]) < 0.01


@pytest.mark.parametrize("kind", ["bell", "low_shelf", "high_shelf", "tilt"])
def test_opposite_gains_cancel(kind: BandKind) -> None:
    bands = tuple(Band(kind=kind, frequency_hz=2_000, gain_db=gain_db, q=0.9) for gain_db in (7.5, -7.5))
    taps = impulse_response(EqualiserParams(bands=bands), 44_100, 0.5)[0]
    assert np.max(np.abs(magnitude_db(taps))) < 0.05


@pytest.mark.parametrize("phase", ["minimum", "linear"])
@pytest.mark.parametrize("part", ["mid", "side"])
def test_a_band_on_one_part_leaves_the_other_untouched(phase: str, part: str) -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(0, 0.2, (2, 40_000))
    values = {"phase": phase, "bands": [{"frequency_hz": 500, "gain_db": 9, "part": part}]}
    y = run_whole(design(EqualiserParams.parse(values, "test"), Context(44_100, 2)), x)
    mid, side = y[0] + y[1] - x[0] - x[1], y[0] - y[1] - x[0] + x[1]
    moved, kept = (mid, side) if part == "mid" else (side, mid)
    assert np.max(np.abs(kept)) < 1e-14
    assert np.std(moved) > 0.05


def test_a_band_on_one_part_has_the_designed_response_there() -> None:
    bands = (
        Band(kind="high_shelf", frequency_hz=6_000, gain_db=4, part="side"),
        Band(frequency_hz=200, gain_db=-5, part="mid"),
        Band(frequency_hz=900, gain_db=2),
    )
    for phase in ("minimum", "linear"):
        params = EqualiserParams.parse({"phase": phase, "bands": bands}, "test")
        left, right = impulse_response(params, 44_100, 1.0, channels=2)
        frequency_hz = frequencies_hz(len(left), 44_100)
        judged = (frequency_hz > 4) & (frequency_hz < 0.45 * 44_100)
        for taps, skipped in ((left + right, "side"), (left - right, "mid")):
            want = designed_db(tuple(b for b in bands if b.part != skipped), frequency_hz)
            assert np.max(np.abs(magnitude_db(taps) - want)[judged]) < 0.05


def test_mono_takes_the_mid_and_has_no_side() -> None:
    x = np.random.default_rng(5).normal(0, 0.2, (1, 9_000))
    context = Context(44_100, 1)
    plain = run_whole(design(EqualiserParams(bands=(Band(gain_db=6),)), context), x)
    mid = run_whole(design(EqualiserParams(bands=(Band(gain_db=6, part="mid"),)), context), x)
    side = run_whole(design(EqualiserParams(bands=(Band(gain_db=6, part="side"),)), context), x)
    np.testing.assert_array_equal(mid, plain)
    np.testing.assert_array_equal(side, x)


@pytest.mark.parametrize("phase", ["minimum", "linear"])
def test_no_gain_is_no_change(phase: str) -> None:
    x = np.random.default_rng(7).normal(0, 0.2, (2, 5_000))
    params = EqualiserParams.parse({"phase": phase, "bands": [{"kind": "bell"}, {"kind": "tilt"}]}, "test")
    np.testing.assert_array_equal(run_whole(design(params, Context(44_100, 2)), x), x)


@pytest.mark.parametrize("kind", ["bell", "low_shelf", "low_cut", "notch"])
def test_20_hz_at_384_khz_is_exact_and_quiet(kind: BandKind) -> None:
    """Poles this close to the unit circle are where coefficients and states lose digits first."""
    rate_hz = 384_000
    band = Band(kind=kind, frequency_hz=20, gain_db=12, q=0.71)
    sections = matched_sections(band, rate_hz)
    frequency_hz = np.geomspace(2, TOP * rate_hz / 2, 500)
    got = 20 * np.log10(np.maximum(np.abs(response(sections, frequency_hz, rate_hz)), 1e-12))
    want = analogue_db(band, frequency_hz)
    assert np.max(np.abs(got - want)[want > DEEPEST_DB]) < 0.05
    # A steady tone in must be a steady tone out: what is left after it is taken away is the arithmetic's noise.
    seconds = 2
    time = np.arange(seconds * rate_hz) / rate_hz
    x = 0.5 * np.sin(2 * np.pi * 100.0 * time)[np.newaxis]
    y = run_whole(design(EqualiserParams(bands=(band,)), Context(rate_hz, 1)), x)[0, rate_hz:]
    spectrum = np.abs(np.fft.rfft(y * np.hanning(len(y))))
    tone = 100 * (seconds - 1)
    assert np.max(spectrum[10 * tone :]) < 1e-7 * spectrum[tone]  # -140 dB


def test_no_curve_goes_astray_above_the_promised_range() -> None:
    """Between 0.9 and half the rate the digital curve has to bend, but not to peak."""
    rate_hz = 44_100
    top = np.linspace(0.9, 0.99999, 400) * rate_hz / 2
    for band in BANDS:
        sections = matched_sections(band, rate_hz)
        got = 20 * np.log10(np.maximum(np.abs(response(sections, top, rate_hz)), 1e-12))
        want = analogue_db(band, top)
        judged = want > -30.0
        assert np.max(np.abs(got - want)[judged], initial=0.0) < 1.5, band


def test_the_curve_for_others_is_the_one_that_is_measured() -> None:
    bands = (*A_MASTER, Band(frequency_hz=5_000, gain_db=3, part="side"))
    taps = impulse_response(EqualiserParams(bands=A_MASTER), 44_100, 2.0)[0]
    frequency_hz = frequencies_hz(len(taps), 44_100)
    judged = (frequency_hz > 8) & (frequency_hz < TOP * 22_050)
    want = designed_magnitude_db(bands, frequency_hz, 44_100, "mid")
    assert np.max(np.abs(magnitude_db(taps) - want)[judged]) < 0.05
    assert designed_magnitude_db(bands, np.array([5_000.0]), 8_000, "mid")[0] == 0.0


def test_any_band_at_any_rate_keeps_its_promise() -> None:
    """The fit has no lucky settings: bands from all over their declared ranges, also above half the rate."""
    rng = np.random.default_rng(20)
    for _ in range(60):
        rate_hz = int(rng.choice([8_000, 11_025, 44_100, 48_000, 96_000, 192_000, 384_000]))
        band = Band.model_validate(
            {
                "kind": str(
                    rng.choice(["bell", "low_shelf", "high_shelf", "tilt", "low_cut", "high_cut", "notch"])
                ),
                "frequency_hz": float(np.exp(rng.uniform(np.log(10), np.log(40_000)))),
                "gain_db": float(rng.uniform(-24, 24)),
                "q": float(np.exp(rng.uniform(np.log(0.1), np.log(40)))),
                "slope_db_per_octave": int(rng.choice([6, 12, 18, 24, 36, 48])),
            }
        )
        near = band.frequency_hz * 2.0 ** np.linspace(-1.5 / band.q, 1.5 / band.q, 301)
        frequency_hz = np.concatenate([np.geomspace(4, TOP * rate_hz / 2, 500), near])
        frequency_hz = frequency_hz[(frequency_hz > 2) & (frequency_hz <= TOP * rate_hz / 2)]
        want = analogue_db(band, frequency_hz)
        sections = matched_sections(band, rate_hz)
        got = 20 * np.log10(np.maximum(np.abs(response(sections, frequency_hz, rate_hz)), 1e-15))
        assert np.max(np.abs(got - want)[want > DEEPEST_DB], initial=0.0) < 0.05, (band, rate_hz)
        poles = np.concatenate([np.roots([1.0, a1, a2]) for _, _, _, a1, a2 in sections])
        assert np.max(np.abs(poles)) < 1.0


def test_what_a_band_is_called() -> None:
    bands = (
        Band(kind="high_shelf", frequency_hz=9_000, gain_db=1.5),
        Band(kind="bell", frequency_hz=250, gain_db=-2, part="side"),
        Band(kind="bell", frequency_hz=250),
    )
    assert describe(EqualiserParams(bands=bands)) == "high shelf at 9 kHz +1.5 dB; bell at 250 Hz -2.0 dB (side)"
    assert describe(EqualiserParams()) == "no change of tone"


def test_more_bands_than_can_be_are_refused() -> None:
    with pytest.raises(Impossible, match="bands"):
        EqualiserParams.parse({"bands": [{"gain_db": 1}] * 25}, "equaliser")


def test_parts_of_very_different_length_share_a_delay() -> None:
    bands = (
        Band(kind="notch", frequency_hz=45, q=1.2, part="mid"),
        Band(kind="high_shelf", frequency_hz=8_000, gain_db=6),
    )
    left, right = impulse_response(EqualiserParams(phase="linear", bands=bands), 48_000, 1.0, channels=2)
    middle = len(left) // 2
    for taps in (left + right, left - right):
        assert np.argmax(np.abs(taps)) == middle
