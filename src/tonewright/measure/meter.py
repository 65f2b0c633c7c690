"""The meter: one pass over a signal, in blocks of any size, and every number of delivery.

What each number is, its source and its tolerance: docs/meter.md.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.base.progress import NoProgress, Progress
from tonewright.base.signal import Block, Layout, Signal, blocks, layout_of
from tonewright.base.units import SILENCE_DB, gain_to_db, power_to_db
from tonewright.measure import loudness
from tonewright.measure.cells import CellMeter, Cells
from tonewright.measure.true_peak import HOPS_PER_S, TruePeak

#: Hops of the true-peak series in a short-term window.
_SHORT_TERM_HOPS = loudness.SHORT_TERM_CELLS * HOPS_PER_S // loudness.CELLS_PER_S


@dataclass(frozen=True)
class Series:
    """Readings over time. values[i] is what a live meter shows at start_s + i * hop_s: its window ends there.

    Where a window is silent the value is SILENCE_DB (null in JSON).
    """

    hop_s: float
    start_s: float
    values: NDArray[np.float64] = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        values = [None if value <= SILENCE_DB else value for value in self.values.tolist()]
        return {"hop": self.hop_s, "start": self.start_s, "values": values}


@dataclass(frozen=True, eq=False)
class Measurements:
    """What the meter found. Levels in LUFS, dBFS, dBTP; ratios in LU, dB. None: silence, or too short to say."""

    rate_hz: int
    channels: int
    frames: int
    duration_s: float
    integrated_lufs: float | None
    momentary_max_lufs: float | None
    short_term_max_lufs: float | None
    lra_lu: float | None
    true_peak_dbtp: float | None
    sample_peak_dbfs: float | None
    #: True peak less integrated loudness (EBU R 128).
    plr_db: float | None
    #: The least of psr_series where the short-term loudness passes the absolute gate.
    psr_min_db: float | None
    #: Sample peak less RMS, over all channels and the whole file.
    crest_db: float | None
    #: Per channel: mean of all samples (full scale 1.0), RMS (dBFS, a full-scale square is 0), peaks.
    dc: tuple[float, ...]
    dc_dbfs: tuple[float | None, ...]
    rms_dbfs: tuple[float | None, ...]
    channel_sample_peak_dbfs: tuple[float | None, ...]
    channel_true_peak_dbtp: tuple[float | None, ...]
    momentary_series: Series = field(repr=False)
    short_term_series: Series = field(repr=False)
    #: Highest true peak of the last 3 s less short-term loudness; SILENCE_DB where that is undefined.
    psr_series: Series = field(repr=False)
    #: Highest true peak of the last 100 ms over all channels, dBTP.
    true_peak_series: Series = field(repr=False)
    #: Energies, sums and peaks of every 10 ms, for whatever looks at parts of the song.
    cells: Cells = field(repr=False)

    def to_json(self, series: bool = False) -> dict[str, Any]:
        """Plain data for `measure --json`; with series, also the readings over time."""
        names = [
            "integrated_lufs",
            "momentary_max_lufs",
            "short_term_max_lufs",
            "lra_lu",
            "true_peak_dbtp",
            "sample_peak_dbfs",
            "plr_db",
            "psr_min_db",
            "crest_db",
            "duration_s",
            "rate_hz",
            "channels",
            "frames",
        ]
        plain: dict[str, Any] = {name: getattr(self, name) for name in names}
        for name in ("dc", "dc_dbfs", "rms_dbfs", "channel_sample_peak_dbfs", "channel_true_peak_dbtp"):
            plain[name] = list(getattr(self, name))
        if series:
            for name in ("momentary_series", "short_term_series", "psr_series", "true_peak_series"):
                plain[name] = getattr(self, name).to_json()
        return plain


class Meter:
    """Takes blocks, gives Measurements. Any split into blocks gives the same bits."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._cells = CellMeter(layout)
        self._true_peak = TruePeak(layout)

    def feed(self, block: Block) -> None:
        """Take (channels, frames). Raises DamagedAudio at a sample that is not a finite number."""
        self._cells.feed(block)
        self._true_peak.feed(block)

    def result(self) -> Measurements:
        """The measurements as if the signal ended here. More may be fed afterwards."""
        return _measurements(self._layout, self._cells.result(), self._true_peak.series())


def measure(signal: Signal, progress: Progress | None = None) -> Measurements:
    """Measure a whole signal. Advances the progress's current stage; the caller names it."""
    progress = progress or NoProgress()
    meter = Meter(layout_of(signal))
    done = 0
    for block in blocks(signal):
        meter.feed(block)
        done += block.shape[1]
        progress.advance(done / signal.frames)
    return meter.result()


def _measurements(layout: Layout, cells: Cells, hop_peaks: NDArray[np.float64]) -> Measurements:
    rate_hz, energies = layout.rate_hz, cells.weighted_energy
    momentary = loudness.window_powers(energies, rate_hz, loudness.MOMENTARY_CELLS)
    short_term = loudness.window_powers(energies, rate_hz, loudness.SHORT_TERM_CELLS)
    integrated = loudness.gated_lufs(momentary[:: loudness.STEP_CELLS])
    short_term_series = loudness.to_lufs(short_term[:: loudness.STEP_CELLS])
    true_peak_series = gain_to_db(hop_peaks.max(axis=0, initial=0.0))
    psr = _psr_series(true_peak_series, short_term_series)
    gated_psr = psr[short_term_series > loudness.ABSOLUTE_GATE_LUFS]

    frames = cells.frames
    power = cells.energy / max(frames, 1)
    dc = cells.sum / max(frames, 1)
    true_peak = _level(float(hop_peaks.max(initial=0.0)))
    sample_peak = _level(float(cells.peak.max(initial=0.0)))
    return Measurements(
        rate_hz=rate_hz,
        channels=layout.channels,
        frames=frames,
        duration_s=frames / rate_hz,
        integrated_lufs=integrated,
        momentary_max_lufs=loudness.peak_lufs(momentary),
        short_term_max_lufs=loudness.peak_lufs(short_term),
        lra_lu=loudness.loudness_range(energies, rate_hz),
        true_peak_dbtp=true_peak,
        sample_peak_dbfs=sample_peak,
        plr_db=_difference(true_peak, integrated),
        psr_min_db=float(gated_psr.min()) if gated_psr.size else None,
        crest_db=None if sample_peak is None else sample_peak - power_to_db(float(power.mean())),
        dc=tuple(dc.tolist()),
        dc_dbfs=_levels(dc),
        rms_dbfs=_levels(np.sqrt(power)),
        channel_sample_peak_dbfs=_levels(cells.peak),
        channel_true_peak_dbtp=_levels(hop_peaks.max(axis=1, initial=0.0)),
        momentary_series=_series(loudness.to_lufs(momentary), loudness.CELL_S, loudness.MOMENTARY_CELLS),
        short_term_series=_series(short_term_series, 1.0 / HOPS_PER_S, loudness.SHORT_TERM_CELLS),
        psr_series=_series(psr, 1.0 / HOPS_PER_S, loudness.SHORT_TERM_CELLS),
        true_peak_series=_series(true_peak_series, 1.0 / HOPS_PER_S, loudness.STEP_CELLS),
        cells=cells,
    )


def _psr_series(true_peak_dbtp: NDArray[np.float64], short_term_lufs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Peak to short-term loudness ratio of every 3 s window: both series move by 100 ms."""
    if not short_term_lufs.size:
        return np.zeros(0)
    windows = np.lib.stride_tricks.sliding_window_view(true_peak_dbtp, _SHORT_TERM_HOPS)[: short_term_lufs.size]
    ratio: NDArray[np.float64] = windows.max(axis=1) - short_term_lufs
    return np.where(short_term_lufs > SILENCE_DB, ratio, SILENCE_DB)


def _series(values: NDArray[np.float64], hop_s: float, window_cells: int) -> Series:
    return Series(hop_s, window_cells / loudness.CELLS_PER_S, values)


def _level(amplitude: float) -> float | None:
    level = gain_to_db(amplitude)
    return level if level > SILENCE_DB else None


def _levels(amplitudes: NDArray[np.float64]) -> tuple[float | None, ...]:
    return tuple(_level(value) for value in amplitudes.tolist())


def _difference(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a - b
