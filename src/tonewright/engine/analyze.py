"""Hear a song: the facts, its parts, and what there is to say about it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import tonewright
from tonewright.base.files.info import AudioInfo
from tonewright.base.plain import plain
from tonewright.base.progress import NoProgress, Progress
from tonewright.base.signal import Signal
from tonewright.engine.facts import Facts, gather
from tonewright.engine.findings import find_all
from tonewright.engine.findings.model import Finding
from tonewright.measure import loudness
from tonewright.measure.dynamics import BandDynamics
from tonewright.measure.ends import Ends
from tonewright.measure.meter import Measurements
from tonewright.measure.noise import Noise
from tonewright.measure.spectrum import Spectrum
from tonewright.measure.stereo import StereoField

#: Of the shape of Analysis.to_json().
VERSION = 1


@dataclass(frozen=True)
class SongSection:
    """A part of the song. label: A, B, ...; parts of one label sound alike. relative_lu: against the whole song.
    change_db: (bands,) its third-octaves against the song's."""

    label: str
    start_s: float
    end_s: float
    integrated_lufs: float | None
    short_term_max_lufs: float | None
    relative_lu: float | None
    change_db: NDArray[np.float64]

    def to_json(self) -> dict[str, Any]:
        return {name: plain(value) for name, value in vars(self).items()}


@dataclass(frozen=True, eq=False)
class Analysis:
    """What Tonewright hears. stereo is None for mono. facts holds everything measured, for whoever needs more."""

    info: AudioInfo | None
    measurements: Measurements
    spectrum: Spectrum
    sections: tuple[SongSection, ...]
    stereo: StereoField | None
    dynamics: BandDynamics
    noise: Noise
    edges: Ends
    findings: tuple[Finding, ...]
    facts: Facts

    def of_kind(self, kind: str) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.kind == kind)

    def to_json(self, series: bool = False) -> dict[str, Any]:
        """The object of `analyze --json`; series as in Measurements.to_json."""
        return {
            "version": VERSION,
            "engine": tonewright.__version__,
            "input": self._input(),
            "measurements": self.measurements.to_json(series),
            "spectrum": spectrum_json(self.spectrum),
            "sections": [section.to_json() for section in self.sections],
            "dynamics": _dynamics(self.dynamics),
            "stereo": stereo_json(self.stereo),
            "noise": _noise(self.noise),
            "edges": {name: plain(value) for name, value in vars(self.edges).items()},
            "findings": [finding.to_json() for finding in self.findings],
        }

    def _input(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "rate_hz": self.measurements.rate_hz,
            "channels": self.measurements.channels,
            "frames": self.measurements.frames,
            "duration_s": self.measurements.duration_s,
        }
        if self.info is not None:
            names = ("container", "codec", "bits", "is_float", "lossy", "size_bytes")
            found |= {"path": str(self.info.path)} | {name: getattr(self.info, name) for name in names}
        return found


def analyze(signal: Signal, info: AudioInfo | None = None, progress: Progress | None = None) -> Analysis:
    """Measure a signal and say what there is to say about it. Reports stage "analyse" to the progress's advance."""
    return analysis_of(gather(signal, info, progress or NoProgress()))


def analysis_of(facts: Facts) -> Analysis:
    """The analysis that these facts give: pure, nothing is read any more."""
    return Analysis(
        info=facts.info,
        measurements=facts.measurements,
        spectrum=facts.spectrum,
        sections=_sections(facts),
        stereo=facts.stereo,
        dynamics=facts.dynamics,
        noise=facts.noise,
        edges=facts.edges,
        findings=find_all(facts),
        facts=facts,
    )


def _sections(facts: Facts) -> tuple[SongSection, ...]:
    """The parts with their loudness, from the meter's 10 ms energies."""
    energy, rate = facts.measurements.cells.weighted_energy, facts.rate_hz
    whole = facts.measurements.integrated_lufs
    found = []
    for section in facts.sections:
        first = round(section.start_s * loudness.CELLS_PER_S)
        part = energy[:, first : round(section.end_s * loudness.CELLS_PER_S)]
        lufs = loudness.integrated_lufs(part, rate, first)
        short = loudness.peak_lufs(loudness.window_powers(part, rate, loudness.SHORT_TERM_CELLS, 10, first))
        relative = lufs - whole if lufs is not None and whole is not None else None
        end_s = min(section.end_s, facts.duration_s)
        found.append(SongSection(section.label, section.start_s, end_s, lufs, short, relative, section.change_db))
    return tuple(found)


def spectrum_json(found: Spectrum) -> dict[str, Any]:
    return {name: plain(value) for name, value in vars(found).items()}


def _dynamics(found: BandDynamics) -> dict[str, Any]:
    return {name: plain(value) for name, value in vars(found).items()} | {"spread_db": plain(found.spread_db)}


def stereo_json(found: StereoField | None) -> dict[str, Any] | None:
    if found is None:
        return None
    bands = ("centre_hz", "correlation", "balance_db", "width_db", "fold_loss_db", "share")
    whole = ("correlation", "balance_db", "width_db", "fold_loss_db")
    over_time = {"hop": found.slot_s, "start": found.slot_s, "values": plain(found.slot_correlation)}
    return (
        {name: plain(getattr(found, name)) for name in bands}
        | {"overall": {name: plain(getattr(found, f"overall_{name}")) for name in whole}}
        | {"correlation_series": over_time}
    )


def _noise(found: Noise) -> dict[str, Any]:
    return {
        name: plain(getattr(found, name)) for name in ("floor_db", "hiss_db", "hiss_s", "loud_db", "spectrum_db")
    }
