"""An s swells, a hat strikes: only one of them is sibilance."""

import numpy as np
import pytest
from faults import RATE, bursts, clean

from tonewright.base.signal import Block, Layout
from tonewright.dsp.processors import processor
from tonewright.dsp.stage import Context
from tonewright.engine.findings import voice
from tonewright.measure.dynamics import DynamicsPass


def heard(x: Block) -> list[voice.Burst]:
    listener = DynamicsPass(Layout(RATE, 2))
    listener.feed(x)
    return voice.sharp_s(listener.result())


def test_what_swells_and_lasts_as_an_s_is_found_where_it_is() -> None:
    found = heard(bursts(rise_s=0.03, fall_s=0.04, length_s=0.12))
    times = np.arange(1.0, 31.0, 1.7) + 0.06
    hits = [any(burst.start_s < time < burst.end_s for burst in found) for time in times]
    assert np.mean(hits) > 0.7
    assert len(found) <= len(times)


@pytest.mark.parametrize("shape", [(0.0005, 0.05, 0.05), (0.0005, 0.1, 0.1), (0.0005, 0.3, 0.3), (0.2, 0.2, 0.5)])
def test_hats_cymbals_and_sweeps_are_none(shape: tuple[float, float, float]) -> None:
    """They strike, or they last too long."""
    assert heard(bursts(*shape)) == []


def test_the_same_s_at_its_place_is_none() -> None:
    x, loud = clean(), bursts(rise_s=0.03, fall_s=0.04, length_s=0.12)
    assert heard(x + 0.1 * (loud - x)) == []


def test_the_deesser_takes_from_the_s_what_the_finding_says_and_leaves_the_rest() -> None:
    x = bursts(rise_s=0.03, fall_s=0.04, length_s=0.12)
    kind = processor("deesser")
    params = kind.params.model_validate({"threshold_db": voice.THRESHOLD_DB, "range_db": 5.0})
    stage = kind.design(params, Context(RATE, 2))
    out = np.concatenate([stage.process(x), stage.flush()], axis=1)
    s = slice(round(2.73 * RATE), round(2.78 * RATE))
    cut_db = 10.0 * np.log10(np.mean((out - clean())[:, s] ** 2) / np.mean((x - clean())[:, s] ** 2))
    assert -6.0 < cut_db < -3.5
    rest = slice(round(3.2 * RATE), round(4.2 * RATE))
    assert np.mean((out - x)[:, rest] ** 2) < 1e-3 * np.mean(x[:, rest] ** 2)
