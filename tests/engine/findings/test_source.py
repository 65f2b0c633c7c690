"""A lower rate before: what was converted up, and what was recorded at its rate."""

import numpy as np
import pytest
from faults import RATE, clean, info

from tonewright.base.resample import Resampler
from tonewright.base.signal import ArraySignal, Block, Layout
from tonewright.engine.analyze import analyze
from tonewright.engine.findings.model import Finding

SECONDS = 12


def resampled(x: Block, to_rate: int) -> Block:
    converter = Resampler(Layout(RATE, x.shape[0]), to_rate)
    return np.concatenate([converter.process(x), converter.flush()], axis=1)


def fake(x: Block, rate_hz: int) -> tuple[Finding, ...]:
    return analyze(ArraySignal(x, rate_hz), info(24, rate_hz, x.shape[1])).of_kind("fake_resolution")


@pytest.mark.parametrize("rate", [88_200, 96_000])
def test_music_converted_up_is_found_with_its_old_rate(rate: int) -> None:
    music = clean()[:, : SECONDS * RATE] + 1e-4 * np.random.default_rng(3).standard_normal((2, SECONDS * RATE))
    found = fake(resampled(music, rate), rate)
    assert [finding.evidence["likely_rate_hz"] for finding in found] == [44_100]
    assert found[0].evidence["edge_hz"] == pytest.approx(22_050, rel=0.06)
    assert found[0].confidence > 0.8


def test_a_recording_at_96_khz_is_honest() -> None:
    """Overtones and the microphones' noise go on to half the rate, falling as they do."""
    rate = 96_000
    music = resampled(clean()[:, : SECONDS * RATE], rate)
    noise = np.random.default_rng(4).standard_normal(music.shape)
    spectrum = np.fft.rfft(noise, axis=1)
    hz = np.arange(spectrum.shape[1]) * rate / music.shape[1]
    air = np.fft.irfft(spectrum / (1.0 + (hz / 9_000.0) ** 2), n=music.shape[1], axis=1)
    assert fake(music + 0.01 * air, rate) == ()
