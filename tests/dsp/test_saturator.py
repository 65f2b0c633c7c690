import numpy as np
import pytest

from tonewright.base.signal import Block
from tonewright.dsp.saturator import SaturatorParams, bent, design, makeup
from tonewright.dsp.stage import Context, run_whole


def through(params: SaturatorParams, samples: Block, rate_hz: int) -> Block:
    return run_whole(design(params, Context(rate_hz, len(samples))), samples)


def spectrum_of_tone(
    params: SaturatorParams, cycles: int, amplitude: float, rate_hz: int, frames: int
) -> np.ndarray:
    """Amplitudes of the steady output of a sine with so many whole cycles in `frames`, by bin."""
    lead = rate_hz  # until the DC filter has settled
    tone = amplitude * np.sin(2 * np.pi * cycles / frames * np.arange(lead + frames + 1_000))
    out = through(params, tone[None], rate_hz)[0, lead : lead + frames]
    return np.abs(np.fft.rfft(out)) * 2 / frames


@pytest.mark.parametrize("even_pct", [0, 20, 100])
@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 96_000])
def test_nothing_folds_down(rate_hz: int, even_pct: float) -> None:
    """Full-level tones up to 15 kHz (at 44.1 kHz): all that is not a harmonic stays below -100 dB."""
    frames = 16_384
    for share in (0.0227, 0.113, 0.159, 0.204, 0.25, 0.295, 0.34):
        cycles = round(share * frames) | 1
        found = spectrum_of_tone(SaturatorParams(even_pct=even_pct), cycles, 1.0, rate_hz, frames)
        aliases = found.copy()
        aliases[[k * cycles for k in range(1, 40) if k * cycles < len(found)]] = 0.0
        aliases[0] = 0.0
        assert 20 * np.log10(aliases.max() / found[cycles]) < -100.0, share


def test_a_plain_bend_would_fail_the_same_check() -> None:
    frames, cycles = 16_384, 5_001
    tone = np.sin(2 * np.pi * cycles / frames * np.arange(frames))
    found = np.abs(np.fft.rfft(bent(SaturatorParams(), tone)))
    aliases = found.copy()
    aliases[[0, *[k * cycles for k in range(1, 40) if k * cycles < len(found)]]] = 0.0
    assert 20 * np.log10(aliases.max() / found[cycles]) > -40.0


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 192_000])
def test_low_tones_are_bent_as_designed(rate_hz: int) -> None:
    """Where harmonics need no filter, the output is the curve itself, harmonic by harmonic."""
    frames, cycles = 8_192, 81
    params = SaturatorParams(drive_db=3, even_pct=50)
    found = spectrum_of_tone(params, cycles, 0.7, rate_hz, frames)
    ideal = makeup(params) * bent(params, 0.7 * np.sin(2 * np.pi * cycles / frames * np.arange(frames)))
    wanted = np.abs(np.fft.rfft(ideal)) * 2 / frames
    for k in range(1, 7):
        assert 20 * np.log10(found[k * cycles] / wanted[k * cycles]) == pytest.approx(0.0, abs=0.05), k


def test_dc_free() -> None:
    found = spectrum_of_tone(SaturatorParams(drive_db=6, even_pct=100), 163, 1.0, 44_100, 16_384)
    assert found[0] / 2 < 1e-6


def test_quiet_signals_pass_linearly() -> None:
    """At -60 dBFS the harmonics are below -80 dB of the tone with asymmetry, below -120 dB without."""
    for even_pct, limit_db in ((20, -80.0), (0, -120.0)):
        found = spectrum_of_tone(SaturatorParams(even_pct=even_pct), 163, 1e-3, 44_100, 16_384)
        harmonics = found[[326, 489, 652]].max()
        assert 20 * np.log10(harmonics / found[163]) < limit_db
    gain = found[163] / 1e-3
    assert gain == pytest.approx(makeup(SaturatorParams(even_pct=0)), rel=1e-5)


@pytest.mark.parametrize("share", [0.001, 0.02, 0.1, 0.3, 0.45, 0.49])
def test_tone_neutral(share: float) -> None:
    """The signal passes no filter: small signals keep their level to 0.01 dB up to the top of the spectrum."""
    frames = 16_384
    cycles = max(1, round(share * frames))
    found = spectrum_of_tone(SaturatorParams(), cycles, 1e-3, 44_100, frames)
    assert 20 * np.log10(found[cycles] / 1e-3 / makeup(SaturatorParams())) == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("drive_db", [-6, 0, 6, 12])
def test_the_level_of_loud_passages_stays(drive_db: float) -> None:
    params = SaturatorParams(drive_db=drive_db, level_dbfs=-14)
    x = np.random.default_rng(5).standard_normal((1, 200_000)) * 10 ** (-14 / 20) / np.sqrt(2)
    # bandlimited as music is, so that the whole residual comes back through the filter
    spectrum = np.fft.rfft(x)
    spectrum[:, int(0.3 * spectrum.shape[1]) :] = 0
    x = np.fft.irfft(spectrum)
    x *= 10 ** (-14 / 20) / np.sqrt(2) / x.std()
    y = through(params, x, 44_100)
    assert 20 * np.log10(y[:, 20_000:].std() / x[:, 20_000:].std()) == pytest.approx(0.0, abs=0.05)


def test_no_mix_is_bit_exact() -> None:
    x = np.random.default_rng(5).standard_normal((2, 5_000))
    assert through(SaturatorParams(mix_pct=0), x, 44_100).tobytes() == x.tobytes()


def test_more_drive_makes_more_harmonics_and_even_ones_come_from_asymmetry() -> None:
    def harmonics(**changes: float) -> tuple[float, float]:
        found = spectrum_of_tone(SaturatorParams.model_validate(changes), 163, 0.5, 44_100, 16_384)
        return float(found[326] / found[163]), float(found[489] / found[163])

    second = [harmonics(even_pct=even)[0] for even in (0, 20, 60)]
    assert second[0] < 1e-9
    assert second[1] < second[2]
    third = [harmonics(drive_db=drive, even_pct=0)[1] for drive in (-6, 0, 6)]
    assert third[0] < third[1] < third[2]


def test_the_kernel_equals_the_bend_at_sixteen_times_the_rate() -> None:
    """The slow, readable twin: upsample a periodic signal by its spectrum, bend, and cut above half the rate."""
    frames, times = 8_192, 16
    params = SaturatorParams(drive_db=4, even_pct=60)
    spectrum = np.fft.rfft(np.random.default_rng(8).standard_normal(frames))
    spectrum[int(0.3 * frames) :] = 0
    spectrum[0] = 0
    period = np.fft.irfft(spectrum)
    scale = 0.25 / period.std()
    fine = (
        np.fft.irfft(np.concatenate([scale * spectrum, np.zeros(frames * (times - 1) // 2)]), frames * times)
        * times
    )
    residual = np.fft.rfft(bent(params, fine) - fine)[: frames // 2 + 1] / times
    turn = np.exp(-2j * np.pi * np.arange(frames // 2 + 1) / frames)
    residual *= (1 - turn) / (1 - np.exp(-2 * np.pi * 10 / 44_100) * turn)  # what takes out DC
    out = through(params, scale * np.tile(period, 8)[None], 44_100)[0, 6 * frames : 7 * frames]
    heard = np.fft.rfft(out / makeup(params) - scale * period)
    inside = slice(1, int(0.375 * frames))
    error = np.sqrt(np.mean(np.abs(heard[inside] - residual[inside]) ** 2))
    # the continued fraction stands in for tanh to 1e-4 at its worst, far out; here to less
    assert 20 * np.log10(error / np.sqrt(np.mean(np.abs(residual[inside]) ** 2))) < -80.0
