"""Sibilance: bursts between 5 and 10 kHz that swell and last as an s does, and stand out as an s should not.

What tells an s from cymbals and hats: it swells within some hundredths of a second instead of striking, it lasts 75 to
240 ms, it is loudest around 7 kHz rather than higher or lower, and nothing else lies in its band before and after. What
makes it harsh is the balance at that moment: as much power from 5 to 10 kHz as from 300 Hz to 4 kHz.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tonewright.base.units import power_to_db
from tonewright.engine.facts import Facts
from tonewright.engine.findings.model import Finding, Remedy, merged, unit
from tonewright.measure.bands import OCTAVE_HZ
from tonewright.measure.dynamics import Envelopes

_SIBILANT, _VOWEL = len(OCTAVE_HZ), len(OCTAVE_HZ) + 1
_OCTAVE_4K, _OCTAVE_8K, _OCTAVE_16K = 7, 8, 9
#: A harsh s carries so much more from 5 to 10 kHz than from 300 Hz to 4 kHz at that moment (in a mix of usual balance
#: an s stays about 3 dB below), and so much more than the song usually does.
_OVER_VOWELS_DB, _OVER_USUAL_DB = 0.0, 18.0
#: What lies further below the song's loud level does not hurt.
_UNDER_LOUD_DB = 20.0
#: Length and rise are taken within this of the burst's top; on both sides the band must fall by the dip.
_TOP_DB, _DIP_DB = 8.0, 10.0
_SHORTEST_S, _LONGEST_S, _LONGEST_RISE_S = 0.075, 0.24, 0.1
_DIP_WITHIN_S = 0.09
#: Less in the octave at 16 kHz than in that at 8 kHz by this; hats and cymbals reach higher.
_LESS_ABOVE_DB = 5.0
#: A struck sound carries its power early; of a song's bursts the usual one must carry it past this part of its length.
_LEAST_CENTRE = 0.415
#: So many s in a minute make a finding, and so many in all.
_LEAST_PER_MINUTE, _LEAST = 3.5, 3
#: Frames this far below the loudest are pauses.
_ACTIVE_DB = -40.0
#: Powers below this are no sound.
_NOTHING = 1e-13
#: The de-esser begins below where these bursts begin, so that the cut is there in full when it is needed.
THRESHOLD_DB = -2.0


class Burst(NamedTuple):
    """One s. over_vowels_db: its balance against 300 Hz to 4 kHz; over_usual_db: that, against the song's own.
    centre: where in its length (0..1) its power lies in the mean."""

    start_s: float
    end_s: float
    over_vowels_db: float
    over_usual_db: float
    centre: float


def find(facts: Facts) -> Iterator[Finding]:
    if facts.rate_hz < 22_050:
        return
    found = sharp_s(facts.envelopes)
    per_minute = len(found) / max(facts.duration_s, 10.0) * 60.0
    if len(found) < _LEAST or per_minute < _LEAST_PER_MINUTE:
        return
    worst = float(np.percentile([burst.over_vowels_db for burst in found], 90))
    out_of_usual = float(np.median([burst.over_usual_db for burst in found]))
    cut_db = round(min(6.0, max(2.0, worst)), 1)
    yield Finding(
        kind="sibilance",
        severity=unit(0.1 + 0.04 * worst + 0.02 * min(per_minute, 15.0)),
        # single hits of a drum can look so; many that stand far out of the song's balance hardly
        confidence=unit(
            0.4 + 0.02 * min(per_minute - _LEAST_PER_MINUTE, 10.0) + 0.015 * (out_of_usual - _OVER_USUAL_DB)
        ),
        message=(
            f"{len(found)} sharp s sounds carry up to {worst:.0f} dB more from 5 to 10 kHz than the voice range holds "
            "at that moment; a de-esser softens them, at best on the vocal track itself."
        ),
        evidence={
            "bursts": len(found),
            "per_minute": per_minute,
            "over_voice_range_db": worst,
            "over_usual_balance_db": out_of_usual,
        },
        regions=merged([(burst.start_s, burst.end_s) for burst in found], 0.3),
        remedy=Remedy("deesser", {"threshold_db": THRESHOLD_DB, "range_db": cut_db}, {"reduction_db": cut_db}),
    )


def sharp_s(envelopes: Envelopes) -> list[Burst]:
    """The harsh s sounds, in order of time; none when most of the bursts are struck."""
    found = bursts(envelopes)
    struck = not found or float(np.median([burst.centre for burst in found])) < _LEAST_CENTRE
    return [] if struck else found


def bursts(envelopes: Envelopes) -> list[Burst]:
    """What may be a harsh s, in order of time."""
    hop = envelopes.hop_s
    total = envelopes.power[:, : len(OCTAVE_HZ)].astype(np.float64).sum(axis=1)
    active = total > total.max(initial=0.0) * 10.0 ** (_ACTIVE_DB / 10.0)
    if np.count_nonzero(active) < 10:
        return []
    sibilant = _level_db(envelopes, _SIBILANT)
    balance = sibilant - _level_db(envelopes, _VOWEL)
    usual = float(np.median(balance[active]))
    loud = power_to_db(float(np.percentile(total[active], 90)))
    at_4k, at_8k, at_16k = (_level_db(envelopes, octave) for octave in (_OCTAVE_4K, _OCTAVE_8K, _OCTAVE_16K))
    shaped = (at_4k < at_8k) & (at_16k < at_8k - _LESS_ABOVE_DB)
    reach = round(_DIP_WITHIN_S / hop)
    around = np.lib.stride_tricks.sliding_window_view(
        np.pad(sibilant, reach, constant_values=-200.0), 2 * reach + 1
    )
    tops = np.flatnonzero(active & shaped & (sibilant > loud - _UNDER_LOUD_DB) & (sibilant >= around.max(axis=1)))
    found = []
    for top in tops.tolist():
        first, last = _extent(sibilant, top, round(_LONGEST_S / hop))
        length_s, rise_s = (last - first + 1) * hop, (top - first) * hop
        if not (_SHORTEST_S <= length_s <= _LONGEST_S and 0.5 * hop < rise_s <= _LONGEST_RISE_S):
            continue
        before, after = sibilant[max(0, top - reach) : first + 1], sibilant[last : last + reach + 1]
        if sibilant[top] - max(before.min(), after.min()) < _DIP_DB:
            continue
        over = float(balance[first : last + 1].max())
        if over >= _OVER_VOWELS_DB and balance[top] - usual >= _OVER_USUAL_DB:
            weights = envelopes.power[first : last + 1, _SIBILANT].astype(np.float64)
            centre = (float(np.average(np.arange(len(weights)), weights=weights)) + 0.5) / len(weights)
            found.append(Burst(first * hop, (last + 1) * hop, over, float(balance[top] - usual), centre))
    return found


def _level_db(envelopes: Envelopes, band: int) -> NDArray[np.float64]:
    """One band alone, since all of them at once would be the most that a long song needs."""
    return power_to_db(np.maximum(envelopes.power[:, band].astype(np.float64), _NOTHING))


def _extent(level_db: np.ndarray[tuple[int], np.dtype[np.float64]], top: int, most: int) -> tuple[int, int]:
    """First and last frame around the top that stay within _TOP_DB of it; not looked for further than `most`."""
    first, last = top, top
    while first > max(0, top - most) and level_db[first - 1] > level_db[top] - _TOP_DB:
        first -= 1
    while last < min(len(level_db) - 1, top + most) and level_db[last + 1] > level_db[top] - _TOP_DB:
        last += 1
    return first, last
