"""A song driven to a loudness into a file: found, played and measured at once, again where a codec raises the peaks."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from tonewright.base.errors import CeilingPassed
from tonewright.base.progress import NoProgress, Progress
from tonewright.base.signal import Signal
from tonewright.engine.deliver import Draft, Order
from tonewright.engine.loudness_search import HARM_NMR_DB, Limited, search
from tonewright.engine.rehearse import Rehearsal
from tonewright.measure.cells import Cells
from tonewright.measure.meter import Measurements

#: A codec adds to the peaks; so often the song is limited, each time under a ceiling that leaves more room for it.
_ATTEMPTS = 4
#: Kept free besides what the codec added last time: it does not add quite the same to another signal.
_SPARE_DB = 0.02


@dataclass(frozen=True)
class Landed:
    """A song that was limited and delivered.

    found: how. after: what is in the file, measured there. ceiling_dbtp: what it was limited to, lower than the
    promise where a codec needed room.
    """

    found: Limited
    after: Measurements
    ceiling_dbtp: float


def limit_into(
    order: Order,
    before: Signal,
    lufs: float | None,
    ceiling_dbtp: float,
    *,
    may_limit: bool = True,
    harm_nmr_db: float | None = HARM_NMR_DB,
    cells: Cells | None = None,
    drafting: Callable[[Order, Progress], Draft | Rehearsal] = Draft,
    progress: Progress | None = None,
) -> Landed:
    """Drive `before` to a loudness and deliver it; the ceiling is promised. The other settings: see search.

    drafting: Draft, or Rehearsal to find the same without a file.

    Raises what search and Draft raise.
    """
    progress = progress or NoProgress()
    lowered_dbtp = ceiling_dbtp
    with drafting(replace(order, ceiling_dbtp=ceiling_dbtp), progress) as draft:

        def play(limited: Signal) -> float | None:
            progress.stage("limit and write", 0.35)
            return draft.play(limited).integrated_lufs

        for attempt in range(_ATTEMPTS):
            progress.stage("set the loudness", 0.2)
            found = search(
                before,
                lufs,
                lowered_dbtp,
                may_limit=may_limit,
                harm_nmr_db=harm_nmr_db,
                cells=cells,
                play=play,
                progress=progress,
            )
            if draft.signal is not found.signal:
                play(found.signal)
            try:
                after = draft.finish()
                break
            except CeilingPassed as passed:
                if attempt == _ATTEMPTS - 1:
                    raise
                lowered_dbtp -= passed.over_db + _SPARE_DB
    return Landed(found, after, lowered_dbtp)
