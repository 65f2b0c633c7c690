"""How hard the maximiser must be driven, told in a tenth of a second from a few seconds of the song.

The song's loud seconds are sorted by their loudness and cut into groups; the middle one of each stands for its group.
These are put through the steps before the maximiser: what that does to their energy is what it does to the song's.
Then they are limited, which tells what limiting takes back.

On demo songs the drive told so lay within 0.03 dB of the exact one in the middle, and within 0.2 dB always.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tonewright.base.signal import Block, Signal, layout_of
from tonewright.base.units import db_to_gain
from tonewright.dsp.leveller import LevelCurve, LevellerParams
from tonewright.dsp.maximiser import MaximiserParams, design
from tonewright.dsp.processors import processor
from tonewright.dsp.stage import Context, Stage, run, run_whole
from tonewright.engine.recipe import Recipe, Step
from tonewright.engine.render import pool
from tonewright.measure.cells import CellMeter, Cells
from tonewright.measure.loudness import CELLS_PER_S, integrated_lufs

_EXCERPTS = 5
#: A second further below the loudest than this is gated away, whatever is done to the song.
_GATED = 10.0 ** (-15.0 / 10.0)
#: So much lies on either side of an excerpt, for the maximiser to look at.
_AROUND_S = 0.1
#: Slow compressors are given no more than this before an excerpt; the last bit of their state says nothing here.
_PREROLL_S = 0.1
_KEPT_RUNS = 8
_MOST_DRIVE_DB = 40.0
_SILENT_LUFS = -70.0


@dataclass(frozen=True, eq=False)
class _Run:
    """The song after some steps, as far as the excerpts tell. energies: (channels, cells)."""

    excerpts: list[Block]
    energies: NDArray[np.float64]
    lufs: float


class LoudnessEstimate:
    """For one song. cells: the meter's, of the song as it came. Not for several threads at a time."""

    def __init__(self, song: Signal, cells: Cells) -> None:
        self._song, self._cells = song, cells
        self._groups = _groups(cells)
        self._runs: OrderedDict[str, _Run] = OrderedDict()
        #: what limiting took back the last time: so much it takes back next time too, to begin with
        self._lost_last_db: float | None = None

    def drive_db(self, steps: Sequence[Step], lufs: float, ceiling_dbtp: float) -> float:
        """The drive that should take the song, after these steps, to this loudness."""
        found = self._run(steps)
        for _ in range(1 if self._lost_last_db is not None else 2):
            guess_db = lufs - found.lufs + (self._lost_last_db or 0.0)
            self._lost_last_db = self._lost_db(found, guess_db, ceiling_dbtp)
        return float(np.clip(lufs - found.lufs + (self._lost_last_db or 0.0), -_MOST_DRIVE_DB, _MOST_DRIVE_DB))

    def change_lu(self, steps: Sequence[Step]) -> float:
        """By how much these steps move the song's loudness."""
        return self._run(steps).lufs - self._run(()).lufs

    def _run(self, steps: Sequence[Step]) -> _Run:
        active = tuple(step for step in steps if step.enabled)
        key = Recipe(steps=active).digest()
        found = self._runs.get(key)
        if found is None:
            found = self._runs[key] = self._through(active)
            while len(self._runs) > _KEPT_RUNS:
                self._runs.popitem(last=False)
        self._runs.move_to_end(key)
        return found

    def _through(self, steps: tuple[Step, ...]) -> _Run:
        probes = self._chain(steps, 0)
        preroll = round(self._song.rate_hz * min(_PREROLL_S, sum(stage.preroll_s for stage in probes)))
        latency = sum(stage.latency_frames for stage in probes)
        excerpts = list(
            pool().map(lambda group: self._excerpt(steps, _middle(group), preroll, latency), self._groups)
        )
        energies = self._cells.weighted_energy * self._ridden(steps)
        for group, block in zip(self._groups, excerpts, strict=True):
            share = self._energy(block) / max(float(energies[:, _cells_of(_middle(group))].sum()), 1e-30)
            for second in group:
                energies[:, _cells_of(second)] *= share
        return _Run(excerpts, energies, self._lufs(energies))

    def _lost_db(self, found: _Run, drive_db: float, ceiling_dbtp: float) -> float:
        """What limiting takes back of a drive."""
        drive_db = float(np.clip(drive_db, -_MOST_DRIVE_DB, _MOST_DRIVE_DB))
        params = MaximiserParams(drive_db=drive_db, ceiling_dbtp=ceiling_dbtp)
        context = Context(self._song.rate_hz, self._song.channels)
        limited = pool().map(lambda block: self._energy(run_whole(design(params, context), block)), found.excerpts)
        energies = found.energies * db_to_gain(drive_db) ** 2
        before = self._lufs(energies)
        for group, block, energy in zip(self._groups, found.excerpts, limited, strict=True):
            share = energy / max(self._energy(block) * db_to_gain(drive_db) ** 2, 1e-30)
            for second in group:
                energies[:, _cells_of(second)] *= share
        return before - self._lufs(energies)

    def _lufs(self, energies: NDArray[np.float64]) -> float:
        found = integrated_lufs(energies, self._song.rate_hz)
        return _SILENT_LUFS if found is None else found

    def _ridden(self, steps: tuple[Step, ...]) -> NDArray[np.float64]:
        """Power gain of every cell by what follows the song's time line, which no excerpt can tell of the others."""
        time_s = (np.arange(self._cells.weighted_energy.shape[1]) + 0.5) / CELLS_PER_S
        gain_db = np.zeros(len(time_s))
        for step in steps:
            if isinstance(step.params, LevellerParams):
                gain_db += LevelCurve(step.params).at(time_s)
        return db_to_gain(gain_db) ** 2

    def _excerpt(self, steps: tuple[Step, ...], second: int, preroll: int, latency: int) -> Block:
        """A second of the song after the steps, with what lies around it. preroll, latency: the chain's, in frames."""
        rate_hz, around = self._song.rate_hz, round(_AROUND_S * self._song.rate_hz)
        start, stop = second * rate_hz - around, (second + 1) * rate_hz + around
        begin, end = max(0, start - preroll), min(self._song.frames, stop + latency)
        chain = self._chain(steps, begin)
        samples = np.concatenate(list(run(chain, [self._song.read(begin, end - begin)])), axis=1)
        return samples[:, start - begin : stop - begin]

    def _chain(self, steps: tuple[Step, ...], start_frame: int) -> list[Stage]:
        context = Context(self._song.rate_hz, self._song.channels, start_frame)
        return [processor(step.kind).design(step.params, context) for step in steps]

    def _energy(self, excerpt: Block) -> float:
        """K-weighted energy of an excerpt's own second."""
        meter = CellMeter(layout_of(self._song))
        meter.feed(excerpt)
        first = round(_AROUND_S * CELLS_PER_S)
        return float(meter.result().weighted_energy[:, first : first + CELLS_PER_S].sum())


def _groups(cells: Cells) -> list[list[int]]:
    """The seconds that count, by rising loudness in groups of one size. The first and the last lack surroundings."""
    energy = cells.weighted_energy.sum(axis=0)
    whole = energy[: energy.size - energy.size % CELLS_PER_S].reshape(-1, CELLS_PER_S).sum(axis=1)
    inner = np.arange(1, len(whole) - 1)
    counting = inner[whole[inner] > _GATED * whole[inner].max(initial=0.0)]
    ordered = counting[np.argsort(whole[counting], kind="stable")]
    return [part.tolist() for part in np.array_split(ordered, _EXCERPTS) if part.size]


def _middle(group: list[int]) -> int:
    return group[len(group) // 2]


def _cells_of(second: int) -> slice:
    return slice(second * CELLS_PER_S, (second + 1) * CELLS_PER_S)
