"""The comparison itself: measure both, align, run over both once, and put the differences into numbers."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.base.errors import Impossible
from tonewright.base.progress import NoProgress, Progress
from tonewright.base.signal import ArraySignal, Signal, blocks, layout_of
from tonewright.base.units import gain_to_db, power_to_db
from tonewright.engine.compare.align import Alignment, align
from tonewright.engine.compare.pair import Sums, common_frames, pairs
from tonewright.measure.meter import Measurements, measure
from tonewright.measure.stereo import field_of

#: A file of another rate is converted in memory; longer ones have to be converted beforehand.
_LONGEST_CONVERSION_S = 1200.0
#: Below this similarity nothing is said to be the same recording.
UNRELATED = 0.2
#: Bands in which both are below this are not compared: their ratio would be that of dither.
_EMPTY_DB = -110.0

_DIFFERENCES = (
    "integrated_lufs", "momentary_max_lufs", "short_term_max_lufs", "lra_lu",
    "true_peak_dbtp", "sample_peak_dbfs", "plr_db", "psr_min_db", "crest_db",
)  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """B against A. Differences are B less A; None where one of the two is undefined.

    loudness_gain_db: how much louder B is (integrated); all differences of spectrum are after taking this out.
    null_gain_db: the gain on B that leaves the least when it is subtracted from A. null_db: what is then left, relative
    to A (-200 for nothing). null_at_equal_loudness_db: the same with B at A's loudness.
    spectrum: centre_hz, difference_db, coherence (1: B is A through a filter; less: something else was added).
    stereo: for a and b width_db (side over mid), correlation, balance_db, fold_loss_db; None for mono.
    """

    a: Measurements
    b: Measurements
    alignment: Alignment
    rate_hz: int
    compared_s: float
    identical: bool
    differences: dict[str, float | None]
    loudness_gain_db: float | None
    null_gain_db: float | None
    null_db: float | None
    null_at_equal_loudness_db: float | None
    spectrum: dict[str, list[float | None]]
    stereo: dict[str, dict[str, float | None]] | None
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain data for `compare --json`."""
        found = self.alignment
        return {
            "identical": self.identical,
            "notes": list(self.notes),
            "compared_s": self.compared_s,
            "alignment": {
                "offset_s": (found.frames + found.fraction) / self.rate_hz,
                "offset_frames": found.frames + found.fraction,
                "rate_hz": self.rate_hz,
                "polarity": ["same" if sign > 0 else "inverted" for sign in found.polarity],
                "similarity": found.similarity,
            },
            "loudness_gain_db": self.loudness_gain_db,
            "null": {
                "gain_db": self.null_gain_db,
                "residual_db": self.null_db,
                "residual_at_equal_loudness_db": self.null_at_equal_loudness_db,
            },
            "differences": dict(self.differences),
            "spectrum": {name: list(values) for name, values in self.spectrum.items()},
            "stereo": self.stereo,
            "a": self.a.to_json(),
            "b": self.b.to_json(),
        }


def compare(first: Path, second: Path, progress: Progress | None = None) -> Comparison:
    """Compare two files; the second's differences from the first are reported.

    Raises what open_signal raises, and Impossible where the two can't be laid over each other.
    """
    from tonewright.base.files import open_signal

    with open_signal(first) as a, open_signal(second) as b:
        return compare_signals(a, b, progress)


def compare_signals(a: Signal, b: Signal, progress: Progress | None = None) -> Comparison:
    """Compare two signals of any rate and length, mono or stereo. See Comparison.

    Raises Impossible if a long file would have to be converted to the other's rate.
    """
    progress = progress or NoProgress()
    notes: list[str] = []
    progress.stage("measuring the first", 0.3)
    ours = measure(a, progress)
    progress.stage("measuring the second", 0.3)
    theirs = measure(b, progress)
    b = _same_shape(a, b, notes)
    a = _spread(a, b.channels, notes, "The first")
    progress.stage("aligning", 0.1)
    alignment = align(a, b, _energy(ours), _energy(theirs))
    if alignment.similarity < UNRELATED:
        notes.append("The two hardly resemble each other: time, polarity and null mean little.")
    _, frames = common_frames(a, b, alignment)
    if frames == 0:
        raise Impossible("The two files have no moment in common.", "Compare versions of one recording.")
    _note_lengths(a, b, frames, notes)
    progress.stage("comparing", 0.3)
    sums = Sums(a.channels)
    for block_a, block_b in pairs(a, b, alignment):
        sums.add(block_a, block_b)
        progress.advance(sums.frames / frames)
    return _comparison(a.rate_hz, ours, theirs, alignment, sums, (a.frames, b.frames), notes)


def _comparison(
    rate_hz: int, a: Measurements, b: Measurements, alignment: Alignment, sums: Sums, lengths: tuple[int, int],
    notes: list[str],
) -> Comparison:  # fmt: skip
    louder_db = _less(b.integrated_lufs, a.integrated_lufs)
    gain = sums.best_gain()
    matched = None if louder_db is None else _ratio_db(sums.residual(10.0 ** (-louder_db / 20.0)))
    centre, powers, coherence = sums.third_octaves(rate_hz)
    total = power_to_db(powers[:, :, :2].mean(axis=2))
    difference = total[1] - total[0] - (louder_db or 0.0)
    difference[total.max(axis=0) < _EMPTY_DB] = math.nan
    return Comparison(
        a=a,
        b=b,
        alignment=alignment,
        rate_hz=rate_hz,
        compared_s=sums.frames / rate_hz,
        identical=sums.identical and lengths[0] == lengths[1] == sums.frames and min(alignment.polarity) > 0,
        differences={name: _less(getattr(b, name), getattr(a, name)) for name in _DIFFERENCES},
        loudness_gain_db=louder_db,
        null_gain_db=gain_to_db(gain) if gain > 0.0 else None,
        null_db=_ratio_db(sums.residual(max(gain, 0.0))),
        null_at_equal_loudness_db=matched,
        spectrum={
            "centre_hz": _plain(centre),
            "difference_db": _plain(difference),
            "coherence": _plain(coherence),
        },
        stereo=_stereo(powers) if sums.channels == 2 else None,
        notes=tuple(notes),
    )


def _stereo(powers: NDArray[np.float64]) -> dict[str, dict[str, float | None]]:
    names = ("correlation", "balance_db", "width_db", "fold_loss_db")
    found = {}
    for side, name in enumerate(("a", "b")):
        values = _plain(np.array([float(value) for value in field_of(powers[side].sum(axis=0))]))
        found[name] = dict(zip(names, values, strict=True))
    found["difference"] = {name: _less(found["b"][name], found["a"][name]) for name in names}
    return found


def _same_shape(a: Signal, b: Signal, notes: list[str]) -> Signal:
    """B at A's rate, and with two channels if A has."""
    if a.rate_hz != b.rate_hz:
        if b.frames > _LONGEST_CONVERSION_S * b.rate_hz:
            raise Impossible(
                f"The files have rates of {a.rate_hz} and {b.rate_hz} Hz and are long.",
                f"Convert one first: tonewright convert IN OUT --rate {a.rate_hz}.",
            )
        notes.append(f"The second was converted from {b.rate_hz} to {a.rate_hz} Hz for the comparison.")
        b = _converted(b, a.rate_hz)
    return _spread(b, a.channels, notes, "The second")


def _converted(signal: Signal, rate_hz: int) -> Signal:
    from tonewright.base.resample import Resampler

    stream = Resampler(layout_of(signal), rate_hz)
    parts = [stream.process(block) for block in blocks(signal)]
    return ArraySignal(np.concatenate([*parts, stream.flush()], axis=1), rate_hz)


class _Spread:
    """A mono signal on two channels."""

    channels = 2

    def __init__(self, mono: Signal) -> None:
        self._mono = mono
        self.rate_hz = mono.rate_hz
        self.frames = mono.frames

    def read(self, start: int, frames: int) -> NDArray[np.float64]:
        return np.repeat(self._mono.read(start, frames), 2, axis=0)


def _spread(signal: Signal, channels: int, notes: list[str], which: str) -> Signal:
    if signal.channels == 1 and channels == 2:
        notes.append(f"{which} is mono and was laid on both channels; a meter reads that 3 LU louder.")
        return _Spread(signal)
    return signal


def _note_lengths(a: Signal, b: Signal, frames: int, notes: list[str]) -> None:
    longest = max(a.frames, b.frames)
    if frames < longest:
        notes.append(
            f"The files last {a.frames / a.rate_hz:.3f} and {b.frames / b.rate_hz:.3f} s;"
            f" {frames / a.rate_hz:.3f} s were compared."
        )


def _energy(measured: Measurements) -> NDArray[np.float64]:
    energy: NDArray[np.float64] = measured.cells.weighted_energy.sum(axis=0)
    return energy


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def _ratio_db(ratio: float) -> float | None:
    return None if math.isnan(ratio) else power_to_db(ratio)


def _plain(values: NDArray[np.float64]) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in values.tolist()]
