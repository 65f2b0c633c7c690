"""What the studio draws of a song or of a master: loudness over time, spectrum, stereo field, the limiter's work.

Plain data of bounded size, however long the song. A curve over time has at most COLUMNS columns:

    {"start_s", "hop_s", "low": [...], "high": [...]}

Column n covers hop_s seconds from start_s + n * hop_s on and holds the least and the greatest value in it, so nothing
is hidden; null where there is none. Where low and high are the same everywhere, nothing was joined.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tonewright.base.plain import plain
from tonewright.base.units import SILENCE_DB
from tonewright.engine.analyze import Analysis
from tonewright.engine.picture import Picture
from tonewright.engine.reporting import limiter_series
from tonewright.engine.result import MasterResult
from tonewright.measure.meter import Measurements, Series

VERSION = 1
COLUMNS = 1200
_SPECTRUM = ("centre_hz", "level_db", "p10_db", "p95_db")
_STEREO = ("centre_hz", "correlation", "width_db", "balance_db")


def song_curves(analysis: Analysis) -> dict[str, Any]:
    """One side: a sound as it is."""
    return _side(analysis.measurements, Picture(analysis.spectrum, analysis.stereo))


def master_curves(result: MasterResult, after: Picture) -> dict[str, Any]:
    """Both sides, and how far the maximiser took peaks down (0 or less; null without one)."""
    limiter = limiter_series(result)
    reduction = None
    if limiter is not None:
        reduction = over_time(limiter["values"], float(limiter["start"]), float(limiter["hop"]))  # type: ignore[arg-type]
    return {
        "version": VERSION,
        "duration_s": result.before.measurements.duration_s,
        "before": song_curves(result.before),
        "after": _side(result.after, after),
        "gain_reduction_db": reduction,
    }


def _side(measured: Measurements, heard: Picture) -> dict[str, Any]:
    stereo = None
    if heard.stereo is not None:
        field = heard.stereo
        stereo = {name: plain(getattr(field, name)) for name in _STEREO} | {
            "overall_correlation": plain(field.overall_correlation),
            "correlation_over_time": over_time(field.slot_correlation, 0.0, field.slot_s),
        }
    return {
        "integrated_lufs": measured.integrated_lufs,
        "momentary_lufs": _series(measured.momentary_series),
        "short_term_lufs": _series(measured.short_term_series),
        "true_peak_dbtp": _series(measured.true_peak_series),
        "spectrum": {name: plain(getattr(heard.spectrum, name)) for name in _SPECTRUM},
        "stereo": stereo,
    }


def _series(series: Series) -> dict[str, Any]:
    return over_time(series.values, series.start_s, series.hop_s)


def over_time(values: ArrayLike, start_s: float, hop_s: float) -> dict[str, Any]:
    """A curve of at most COLUMNS columns. What is not finite or silent counts as none."""
    known = np.asarray(values, dtype=np.float64)
    known = np.where(known > SILENCE_DB, known, np.nan)  # nan compares false too
    group = max(1, -(-known.size // COLUMNS))
    padded = np.pad(known, (0, -known.size % group), constant_values=np.nan).reshape(-1, group)
    none = np.isnan(padded)
    low = np.where(none, np.inf, padded).min(axis=1, initial=np.inf)
    high = np.where(none, -np.inf, padded).max(axis=1, initial=-np.inf)
    return {"start_s": start_s, "hop_s": hop_s * group, "low": _rounded(low), "high": _rounded(high)}


def _rounded(values: np.ndarray[Any, np.dtype[np.float64]]) -> list[float | None]:
    return [round(value, 2) if np.isfinite(value) else None for value in values.tolist()]
