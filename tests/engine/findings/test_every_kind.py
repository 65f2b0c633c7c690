"""Every kind of finding: found when its fault is there, where it is, and not in the same music without it."""

import json
from dataclasses import replace
from functools import cache, lru_cache

import numpy as np
import pytest
from faults import FAULTS, RATE, Case, clean, info, mastered

from tonewright.base.signal import ArraySignal, Block
from tonewright.dsp.processors import kinds, processor
from tonewright.engine.analyze import Analysis, analyze
from tonewright.engine.findings import KINDS


@lru_cache(maxsize=1)
def heard_clean() -> Analysis:
    return analyze(ArraySignal(clean(), RATE), info(24, RATE, clean().shape[1]))


@cache
def heard(kind: str) -> tuple[Case, Analysis]:
    """The case, less its samples, and what was heard."""
    case = FAULTS[kind]()
    analysis = analyze(ArraySignal(case.samples, case.rate_hz), case.info)
    return replace(case, samples=case.samples[:, :0]), analysis


def test_there_is_a_fault_for_every_kind() -> None:
    assert set(FAULTS) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_is_found_where_it_is(kind: str) -> None:
    case, analysis = heard(kind)
    found = analysis.of_kind(kind)
    assert found, [finding.kind for finding in analysis.findings]
    assert 0.0 < found[0].severity <= 1.0
    assert 0.4 <= found[0].confidence <= 1.0
    for start, end in case.regions or ():
        near = [
            region
            for region in found[0].regions
            if abs(region.start_s - start) <= case.tolerance_s and abs(region.end_s - end) <= case.tolerance_s
        ]
        assert near, (start, end, found[0].regions)


@pytest.mark.parametrize("kind", KINDS)
def test_is_not_found_where_it_is_not(kind: str) -> None:
    assert not heard_clean().of_kind(kind), heard_clean().of_kind(kind)[0].message


@pytest.mark.parametrize("kind", KINDS)
def test_says_it_plainly_and_names_a_remedy_that_runs(kind: str) -> None:
    finding = heard(kind)[1].of_kind(kind)[0]
    assert finding.message.endswith(".")
    assert "nan" not in finding.message
    assert 20 < len(finding.message) < 240
    json.dumps(finding.to_json(), allow_nan=False)
    if finding.remedy is None:
        return
    assert finding.remedy.step in kinds()
    processor(finding.remedy.step).params.model_validate(dict(finding.remedy.params))


@pytest.mark.slow
@pytest.mark.parametrize("style", ["band", "electronic", "orchestral"])
def test_a_loud_clean_master_raises_no_false_alarm(style: str) -> None:
    from tonewright.measure.meter import measure

    song = clean(32.0, 3, style)
    target = -9.0 if style != "orchestral" else -13.0
    drive = 0.0
    for _ in range(5):
        master = mastered(song, drive)
        drive += target - (measure(ArraySignal(master, RATE)).integrated_lufs or 0.0)
    analysis = analyze(ArraySignal(mastered(song, drive), RATE))
    assert analysis.measurements.integrated_lufs == pytest.approx(target, abs=0.7)
    assert [finding.message for finding in analysis.findings] == []


class InPieces:
    """A signal whose reads come as they are asked for; the analysis asks in other sizes."""

    def __init__(self, samples: Block) -> None:
        self.samples, self.rate_hz = samples, RATE
        self.channels, self.frames = samples.shape

    def read(self, start: int, frames: int) -> Block:
        return self.samples[:, start : start + frames].copy()


def test_any_split_gives_the_same_analysis(monkeypatch: pytest.MonkeyPatch) -> None:
    from tonewright.engine import facts

    samples = FAULTS["clicks"]().samples[:, : 12 * RATE]
    whole = json.dumps(analyze(ArraySignal(samples, RATE)).to_json(series=True))
    assert json.dumps(analyze(ArraySignal(samples, RATE)).to_json(series=True)) == whole
    for size in (3_001, 100_003):
        monkeypatch.setattr(facts, "BLOCK_FRAMES", size)
        assert json.dumps(analyze(InPieces(samples)).to_json(series=True)) == whole


@pytest.mark.parametrize("rate", [8_000, 48_000, 96_000])
def test_any_rate_and_mono_can_be_heard(rate: int) -> None:
    t = np.arange(4 * rate) / rate
    tone = 0.2 * np.sin(2 * np.pi * 440.0 * t) * np.exp(-t)
    tone = tone + 0.002 * np.random.default_rng(0).standard_normal(len(t))
    found = analyze(ArraySignal(tone[None], rate)).to_json()
    assert found["stereo"] is None
    assert found["measurements"]["integrated_lufs"] is not None
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize("frames", [1, 100, 20_000])
def test_short_and_silent_signals_are_no_trouble(frames: int) -> None:
    found = analyze(ArraySignal(np.zeros((2, frames)), RATE)).to_json()
    json.dumps(found, allow_nan=False)
    assert {finding["kind"] for finding in found["findings"]} <= {"silence"}


def test_silence_says_where() -> None:
    case = FAULTS["silence"]()
    samples = np.concatenate([np.zeros((2, 3 * RATE)), case.samples], axis=1)
    found = analyze(ArraySignal(samples, RATE), case.info).findings
    message = next(finding.message for finding in found if finding.kind == "silence")
    assert message == "3.0 s at the start and 5.0 s within the song of silence; trim it if not meant."
