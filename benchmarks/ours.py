"""Tonewright's own maximiser behind the call that the peers have."""

from benchmarks.peers import Samples
from tonewright.dsp.maximiser import MaximiserParams, design
from tonewright.dsp.stage import Context, run_whole


def tonewright_limit(samples: Samples, rate_hz: int, gain_db: float, ceiling_db: float) -> Samples:
    """The maximiser as it is, at a given drive."""
    params = MaximiserParams(drive_db=gain_db, ceiling_dbtp=ceiling_db)
    return run_whole(design(params, Context(rate_hz, samples.shape[0])), samples)
