"""A resonance is told from notes by what it does beside them, everywhere in the song."""

import numpy as np
import pytest
from faults import RATE, clean, shaped

from tonewright.base.signal import Block, Layout
from tonewright.dsp.processors import processor
from tonewright.dsp.stage import Context
from tonewright.engine.findings.ringing import Resonance, resonances
from tonewright.measure.spectral_pass import SpectralPass


def heard(x: Block) -> list[Resonance]:
    listener = SpectralPass(Layout(RATE, x.shape[0]))
    listener.feed(x)
    return resonances(listener.result(), RATE / 2)


def bell(hz: Block, centre_hz: float, gain_db: float, q: float) -> Block:
    s = 1j * np.maximum(hz, 1e-3) / centre_hz
    a = 10.0 ** (gain_db / 40.0)
    return np.asarray(20.0 * np.log10(np.abs((s * s + s * a / q + 1.0) / (s * s + s / (a * q) + 1.0))))


@pytest.mark.parametrize("centre_hz", [2_300.0, 3_460.0, 5_150.0])
@pytest.mark.parametrize("style", ["band", "electronic"])
def test_the_frequency_is_found_within_a_semitone(centre_hz: float, style: str) -> None:
    found = heard(shaped(clean(style=style), lambda hz: bell(hz, centre_hz, 15.0, 18.0)))
    assert len(found) == 1
    assert abs(12.0 * np.log2(found[0].frequency_hz / centre_hz)) < 1.0


def test_a_ring_in_one_half_of_the_song_is_none() -> None:
    x, half = clean().copy(), clean().shape[1] // 2
    x[:, half:] = shaped(x, lambda hz: bell(hz, 3_460.0, 15.0, 18.0))[:, half:]
    assert heard(x) == []


def test_a_broad_rise_is_none() -> None:
    assert heard(shaped(clean(), lambda hz: bell(hz, 3_460.0, 12.0, 2.0))) == []


def test_a_few_notes_of_sines_are_none() -> None:
    """Each fills a band of its own and leaves the next ones empty."""
    t = np.arange(16 * RATE) / RATE
    notes = (2093.0, 2349.3, 2637.0, 3136.0)
    played = sum(np.sin(2 * np.pi * f * t) * (0.5 + 0.5 * np.sin(t * k)) for k, f in enumerate(notes, 2))
    noise = 1e-3 * np.random.default_rng(0).standard_normal(len(t))
    assert heard((0.05 * played + noise)[None]) == []


def test_the_remedy_takes_the_ring_down_and_leaves_the_rest() -> None:
    x = shaped(clean(), lambda hz: bell(hz, 3_460.0, 15.0, 18.0))
    ring = heard(x)[0]
    kind = processor("resonance")
    band = {"frequency_hz": round(ring.frequency_hz), "q": 16.0, "depth_db": 6.0}
    stage = kind.design(kind.params.model_validate({"bands": [band]}), Context(RATE, 2))
    out = np.concatenate([stage.process(x), stage.flush()], axis=1)
    hz = np.arange(x.shape[1] // 2 + 1) * RATE / x.shape[1]
    before, after = (np.abs(np.fft.rfft(y[0])) ** 2 for y in (x, out))
    inside = np.abs(hz - 3_460.0) < 60.0
    outside = np.abs(np.log2(np.maximum(hz, 1.0) / 3_460.0)) > 0.5
    assert 10 * np.log10(after[inside].sum() / before[inside].sum()) < -2.5
    assert abs(10 * np.log10(after[outside].sum() / before[outside].sum())) < 0.05


def test_a_whistle_alone_in_noise_is_found_exactly() -> None:
    t = np.arange(16 * RATE) / RATE
    noise = 0.05 * np.random.default_rng(0).standard_normal(len(t))
    found = heard((noise + 0.02 * np.sin(2 * np.pi * 4_970.0 * t))[None])
    assert [round(ring.frequency_hz / 4_970.0, 2) for ring in found] == [1.0]
    assert heard(noise[None]) == []
