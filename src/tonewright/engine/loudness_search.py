"""How hard to drive the maximiser so that a song lands on a loudness, and what that costs to the ear.

The song before the maximiser is heard once: loudness and peaks of every 10 ms. Where no peak would reach the ceiling,
arithmetic gives the drive. Otherwise the maximiser is tried on a few seconds (loudness_trial.py); then the whole song
is limited and measured, and the drive corrected if it missed. The signal found is kept, so nothing is rendered
twice.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from tonewright.base.errors import Silent
from tonewright.base.progress import NoProgress, Progress
from tonewright.base.signal import Signal, layout_of
from tonewright.base.units import gain_to_db, power_to_db
from tonewright.dsp.maximiser import MaximiserParams
from tonewright.dsp.maximiser_ride import guarded_peak
from tonewright.dsp.stage import Context
from tonewright.engine.loudness_trial import LEAST_SLOPE, Trial
from tonewright.engine.recipe import Step
from tonewright.engine.render import Layer, stream
from tonewright.measure.cells import CellMeter, Cells
from tonewright.measure.loudness import integrated_lufs

#: Takes a limited song to its end and tells its integrated loudness.
Play = Callable[[Signal], float | None]

#: A result this near the target is kept; the promise to the user is 0.1 LU.
TOLERANCE_LU = 0.03
#: Noise-to-mask ratio above which limiting is taken for audible harm: -20 dB is hardly ever heard, 0 dB is.
HARM_NMR_DB = -8.0
_MOST_PASSES = 4
#: Peaks this far below the ceiling are left alone by all of the maximiser.
_CLEAR_DB = 0.05
#: The curve between samples may rise above them by so much; only test signals exceed it.
_BETWEEN_SAMPLES_DB = 6.0


@dataclass(frozen=True)
class Limited:
    """What the search found.

    signal: the limited song, rendered as it was measured. lufs: its integrated loudness, measured.
    nmr_db: how audible the limiting is, estimated over the song (-200: nothing was limited).
    wanted_lufs: what was asked for. why_short: one sentence where that was not reached, else "".
    evidence: the numbers behind the sentence.
    peak_db: (cells,) sample peaks before the maximiser, one for each 10 ms, dBFS.
    """

    params: MaximiserParams
    signal: Signal
    lufs: float
    nmr_db: float
    wanted_lufs: float
    why_short: str
    evidence: dict[str, float]
    peak_db: NDArray[np.float64]


def search(
    before: Signal,
    target_lufs: float | None,
    ceiling_dbtp: float,
    *,
    may_limit: bool = True,
    harm_nmr_db: float | None = HARM_NMR_DB,
    settings: MaximiserParams | None = None,
    cells: Cells | None = None,
    play: Play | None = None,
    progress: Progress | None = None,
) -> Limited:
    """Drive `before` to the target under the ceiling.

    target_lufs: None keeps the loudness. may_limit: False where peaks may not be touched; then the loudest peak
    decides. harm_nmr_db: stop short where limiting would be more audible than this; None goes as far as it goes.
    settings: the maximiser's other settings. cells: what the meter found of `before`, where that is known already.
    play: takes a limited song to its end and tells its integrated loudness, for instance by writing it; the last one
    played is mostly the one found. Raises Silent where there is no loudness.
    """
    progress = progress or NoProgress()
    heard = _hear(before, not may_limit, cells, progress)
    plain_lufs = integrated_lufs(heard.cells.weighted_energy, before.rate_hz)
    if plain_lufs is None:
        raise Silent("The song has no measurable loudness.", "Is it silent, or shorter than 0.4 s?")
    wanted = plain_lufs if target_lufs is None else target_lufs
    params = (settings or MaximiserParams()).model_copy(update={"ceiling_dbtp": ceiling_dbtp})
    trial = Trial(before, heard.cells, params, plain_lufs)
    free_db = ceiling_dbtp - heard.peak_db
    drive_db = wanted - plain_lufs
    if drive_db <= free_db or not may_limit:
        return _unlimited(trial, wanted, min(drive_db, free_db), free_db)
    guess = trial.drive_for(wanted)
    harm = trial.nmr_db(guess)
    limit = guess
    if harm_nmr_db is not None and harm > harm_nmr_db:
        limit = trial.drive_at_harm(free_db, guess, harm_nmr_db)
    found = _land(trial, wanted, guess, limit, play or partial(_loudness, progress=progress))
    return _explained(found, guess, limit, harm, harm_nmr_db)


@dataclass(frozen=True)
class _Heard:
    """The song before the maximiser. peak_db: where the maximiser sees its peak, or a bound of that."""

    cells: Cells
    peak_db: float


def _hear(before: Signal, exactly: bool, known: Cells | None, progress: Progress) -> _Heard:
    heard = known or _cells(before, progress)
    sample_peak = float(heard.peak.max(initial=0.0))
    if exactly and sample_peak > 0.0:
        context = Context(before.rate_hz, before.channels)
        return _Heard(heard, gain_to_db(guarded_peak(stream(before), 0.9 * sample_peak, context)) + _CLEAR_DB)
    return _Heard(heard, gain_to_db(sample_peak) + _BETWEEN_SAMPLES_DB)


def _cells(signal: Signal, progress: Progress) -> Cells:
    meter = CellMeter(layout_of(signal))
    for block in stream(signal, progress=progress):
        meter.feed(block)
    return meter.result()


def _land(trial: Trial, wanted: float, guess: float, limit: float, play: Play) -> Limited:
    """Limit the whole song, measure it, and correct the drive until it lands."""
    drive, best = min(guess, limit), None
    slope = 1.0
    for _ in range(_MOST_PASSES):
        drive = float(np.clip(drive, -40.0, 40.0))
        found = _pass(trial, wanted, drive, play)
        if best is None or abs(wanted - found.lufs) < abs(wanted - best.lufs):
            if best is not None and found.params.drive_db != best.params.drive_db:
                rise = (found.lufs - best.lufs) / (found.params.drive_db - best.params.drive_db)
                slope = float(np.clip(rise, LEAST_SLOPE, 1.0))
            best = found
        miss = wanted - best.lufs
        if abs(miss) <= TOLERANCE_LU or (best.params.drive_db >= limit - 1e-9 and miss > 0.0 and limit < guess):
            break
        drive = best.params.drive_db + miss / slope
        if drive > 40.0 or (miss > 1.0 and best is not found):
            break
        drive = min(drive, limit) if limit < guess else drive
    assert best is not None
    return best


def _loudness(signal: Signal, progress: Progress) -> float | None:
    return integrated_lufs(_cells(signal, progress).weighted_energy, signal.rate_hz)


def _pass(trial: Trial, wanted: float, drive_db: float, play: Play) -> Limited:
    params = trial.params.model_copy(update={"drive_db": drive_db})
    signal = _limited(trial.before, params)
    lufs = play(signal)
    assert lufs is not None
    return Limited(params, signal, lufs, trial.nmr_db(drive_db), wanted, "", {}, trial.peak_db)


def _limited(before: Signal, params: MaximiserParams) -> Signal:
    """Not kept as it is rendered: it is played once, in order, and again only if it was not the last."""
    return Layer(before, [Step(id="maximiser", kind="maximiser", params=params)], keep=False)


def _unlimited(trial: Trial, wanted: float, drive_db: float, free_db: float) -> Limited:
    """No peak reaches the ceiling: gain is all there is."""
    params = trial.params.model_copy(update={"drive_db": float(np.clip(drive_db, -40.0, 40.0))})
    signal = _limited(trial.before, params)
    lufs = trial.plain_lufs + params.drive_db
    found = Limited(params, signal, lufs, power_to_db(0.0), wanted, "", {}, trial.peak_db)
    if wanted - lufs <= TOLERANCE_LU:
        return found
    why = (
        f"The song stays at {lufs:.1f} LUFS instead of {wanted:.1f}: more would need its peaks limited by "
        f"{wanted - lufs:.1f} dB, and its dynamics are to be kept."
    )
    return replace(found, why_short=why, evidence={"peaks_over_db": wanted - lufs, "headroom_db": free_db})


def _explained(found: Limited, guess: float, limit: float, harm: float, harm_nmr_db: float | None) -> Limited:
    if found.wanted_lufs - found.lufs <= 2 * TOLERANCE_LU:
        return found
    evidence = {
        "lufs": found.lufs,
        "wanted_lufs": found.wanted_lufs,
        "nmr_db": found.nmr_db,
        "nmr_at_target_db": harm,
    }
    if harm_nmr_db is not None and limit < guess:
        why = (
            f"The song stops at {found.lufs:.1f} LUFS instead of {found.wanted_lufs:.1f}: there the limiter's "
            f"distortion would reach {harm:.0f} dB against what the ear masks (here {found.nmr_db:.0f} dB; "
            f"from about {harm_nmr_db:.0f} dB it is heard)."
        )
    else:
        why = (
            f"The song reaches {found.lufs:.1f} LUFS instead of {found.wanted_lufs:.1f}: under "
            f"{found.params.ceiling_dbtp:g} dBTP driving it harder makes it hardly louder."
        )
    return replace(found, why_short=why, evidence=evidence)
