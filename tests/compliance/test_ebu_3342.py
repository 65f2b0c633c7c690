"""EBU Tech 3342 v4: the six cases of the loudness range, at four rates.

Cases 5 and 6 are authentic programmes that only the EBU has; in their place stand the programmes that stand in for
cases 7 and 8 of Tech 3341, whose range is set by how far their level swings, and is checked against the slow meter.
"""

import numpy as np
import pytest
from specified import every_rate, programme, tones

import slow_meter
from tonewright.base.signal import blocks
from tonewright.measure.meter import measure

CASES = {
    "1": ((-20.0, -30.0), 10.0),
    "2": ((-20.0, -15.0), 5.0),
    "3": ((-40.0, -20.0), 20.0),
    "4": ((-50.0, -35.0, -20.0, -35.0, -50.0), 15.0),
}


@every_rate
@pytest.mark.parametrize("number", CASES)
def test_cases_1_to_4(number: str, rate_hz: int) -> None:
    levels_dbfs, expected_lu = CASES[number]
    found = measure(tones(rate_hz, [(level, 20.0) for level in levels_dbfs])).lra_lu
    assert found == pytest.approx(expected_lu, abs=1.0)


@pytest.mark.parametrize("number", CASES)
def test_a_repeated_signal_has_the_same_range(number: str) -> None:
    levels_dbfs, expected_lu = CASES[number]
    found = measure(tones(44_100, [(level, 20.0) for level in levels_dbfs] * 2)).lra_lu
    assert found == pytest.approx(expected_lu, abs=1.0)


@every_rate
@pytest.mark.parametrize(("number", "swing_db", "expected_lu"), [(5, 2.6, 5.0), (6, 7.8, 15.0)])
def test_stand_ins_for_cases_5_and_6(number: int, swing_db: float, expected_lu: float, rate_hz: int) -> None:
    assert measure(programme(rate_hz, swing_db, -10.0)).lra_lu == pytest.approx(expected_lu, abs=1.0)


@pytest.mark.parametrize("swing_db", [2.6, 7.8])
def test_the_stand_ins_read_what_the_slow_meter_reads(swing_db: float) -> None:
    signal = programme(44_100, swing_db, -10.0)
    samples = np.concatenate(list(blocks(signal)), axis=1)
    expected_lu = slow_meter.loudness_range(slow_meter.weighted(samples, 44_100), 44_100)
    assert measure(signal).lra_lu == pytest.approx(expected_lu, abs=0.01)
