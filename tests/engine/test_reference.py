"""References lead, and none of what usually ruins matching does: bass, loudness, a key's peaks, a codec's low-pass."""

from functools import lru_cache

import numpy as np
import pytest

from tonewright.base.signal import ArraySignal, Block
from tonewright.dsp.equaliser import EqualiserParams, magnitude_db
from tonewright.engine.advise.proposal import Proposal
from tonewright.engine.advise.propose import propose
from tonewright.engine.analyze import Analysis, analyze
from tonewright.engine.demo import demo_song
from tonewright.engine.intent import Intent, Match
from tonewright.engine.reference import ReferenceFacts, tone_difference_db
from tonewright.engine.tone_target import tone_target

RATE = 44_100
HZ = tone_target().centre_hz
FULL = Match(tone=1, dynamics=1, width=1, loudness=0)


@lru_cache(maxsize=4)
def song(seed: int = 2) -> Block:
    return demo_song(15.0, seed=seed, flaws=False)


def heard(samples: Block) -> Analysis:
    return analyze(ArraySignal(samples, RATE))


OWN = heard(song())


def facts(samples: Block, weight: float = 1.0) -> ReferenceFacts:
    return ReferenceFacts("reference", weight, heard(samples))


def filtered(samples: Block, gain_db: Block) -> Block:
    """Through a zero-phase filter of these gains at every bin."""
    spectrum = np.fft.rfft(samples, axis=1)
    shaped: Block = np.fft.irfft(spectrum * 10.0 ** (gain_db / 20.0), samples.shape[1], axis=1).astype(np.float64)
    return shaped


def bins() -> Block:
    return np.fft.rfftfreq(song().shape[1], 1 / RATE).astype(np.float64)


def tone_of(proposal: Proposal) -> Block:
    """The equaliser's curve in a proposal, in dB over the bands."""
    curve = np.zeros(len(HZ))
    for step in proposal.steps:
        if isinstance(step.params, EqualiserParams):
            curve += magnitude_db(step.params.bands, HZ, RATE)
    return curve


def band(curve: Block, low_hz: float, high_hz: float) -> float:
    return float(np.mean(curve[(low_hz <= HZ) & (high_hz >= HZ)]))


def test_the_song_itself_as_reference_moves_nothing() -> None:
    np.testing.assert_allclose(tone_difference_db(OWN, [facts(song())]), 0.0, atol=1e-9)
    moved = tone_of(propose(OWN, Intent(match=FULL), [facts(song())])) - tone_of(propose(OWN, Intent()))
    assert np.max(np.abs(moved)) < 0.05


@pytest.mark.parametrize("tilt_db", [-4.0, 4.0])
def test_a_brighter_or_darker_version_is_followed(tilt_db: float) -> None:
    gain = tilt_db * np.tanh(np.log2(np.maximum(bins(), 20.0) / 1000.0))
    moved = tone_of(propose(OWN, Intent(match=FULL), [facts(filtered(song(), gain))])) - tone_of(
        propose(OWN, Intent())
    )
    assert band(moved, 4000, 12_000) - band(moved, 80, 300) == pytest.approx(2 * tilt_db, abs=3.0)
    half = Intent(match=Match(tone=0.5, dynamics=0, width=0))
    less = tone_of(propose(OWN, half, [facts(filtered(song(), gain))])) - tone_of(propose(OWN, Intent()))
    assert band(less, 4000, 12_000) - band(less, 80, 300) == pytest.approx(tilt_db, abs=1.5)


def test_a_bass_heavy_reference_is_bounded() -> None:
    heavy = filtered(song(), np.where(bins() < 120.0, 24.0, 0.0))
    moved = tone_of(propose(OWN, Intent(match=FULL), [facts(heavy)]))
    assert 1.0 < band(moved, 30, 100) < 6.5
    assert np.max(np.abs(moved)) < 6.5


def test_a_lossy_reference_does_not_dull() -> None:
    lossy = filtered(song(), np.where(bins() > 11_000.0, -120.0, 0.0))
    reference = facts(lossy)
    assert reference.analysis.spectrum.edge_hz == pytest.approx(11_000, rel=0.05)
    moved = tone_of(propose(OWN, Intent(match=FULL), [reference])) - tone_of(propose(OWN, Intent()))
    assert abs(band(moved, 8_000, 16_000)) < 1.0


def test_a_note_that_rings_through_the_reference_moves_little() -> None:
    t = np.arange(song().shape[1]) / RATE
    ringing = song() + 0.25 * np.sin(2 * np.pi * 440.0 * t)
    moved = tone_of(propose(OWN, Intent(match=FULL), [facts(ringing)])) - tone_of(propose(OWN, Intent()))
    assert np.max(np.abs(moved)) < 1.5


def test_a_loud_squashed_reference_does_not_squash() -> None:
    squashed = np.clip(8.0 * song(), -0.9, 0.9)
    proposal = propose(OWN, Intent(match=FULL), [facts(squashed)])
    assert proposal.goal is not None
    assert proposal.goal.lufs == -14.0
    for step in proposal.steps:
        for one in getattr(step.params, "bands", ()):
            assert getattr(one, "ratio", 1.0) <= 2.0
            assert getattr(one, "range_db", 0.0) <= 6.0


def test_loudness_follows_only_as_far_as_asked_and_as_is_sane() -> None:
    loud = facts(np.clip(30.0 * song(), -1.0, 1.0))
    assert loud.integrated_lufs is not None
    assert loud.integrated_lufs > -7.0
    goals = [propose(OWN, Intent(match=Match(loudness=share)), [loud]).goal for share in (0.0, 0.5, 1.0)]
    assert [round(goal.lufs or 0.0, 6) for goal in goals if goal] == [-14.0, -10.5, -7.0]


def test_a_wider_reference_widens_within_bounds() -> None:
    middle, side = song().mean(axis=0), 0.5 * (song()[0] - song()[1])
    wide = np.stack([middle + 4.0 * side, middle - 4.0 * side])
    steps = [s for s in propose(OWN, Intent(match=FULL), [facts(wide)]).steps if s.kind == "stereo"]
    assert steps
    widths = [value for name, value in steps[0].params.model_dump().items() if name.startswith("width_")]
    assert 100 < max(widths) <= 160


def test_weights_count() -> None:
    bright = facts(filtered(song(), np.where(bins() > 3000, 4.0, 0.0)), weight=3.0)
    dark = facts(filtered(song(), np.where(bins() > 3000, -4.0, 0.0)), weight=1.0)
    both = band(tone_difference_db(OWN, [bright, dark]), 6000, 12_000)
    assert 0.2 < both / band(tone_difference_db(OWN, [bright]), 6000, 12_000) < 0.8
