"""What driving the maximiser harder would do to a song, from a few seconds of it.

The song's blocks of two seconds are sorted by how much of them a drive would push over the ceiling. One block stands
for each tenth of those that are touched; it is limited, and tells how much loudness limiting takes back and how
audible it is. All others only get louder.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tonewright.base.signal import Block, Signal, layout_of
from tonewright.base.units import db_to_gain, gain_to_db, power_to_db
from tonewright.dsp.maximiser import MaximiserParams, design
from tonewright.dsp.stage import Context, run_whole
from tonewright.engine.render import pool
from tonewright.measure.cells import CellMeter, Cells
from tonewright.measure.ear import noise_to_mask
from tonewright.measure.loudness import CELLS_PER_S, integrated_lufs

#: Where the drive must rise by more than this for each LU of loudness, peaks are all there is left.
LEAST_SLOPE = 0.2
#: A correction this small needs no further trial.
_SURE_LU = 0.4
_BLOCK_S = 2.0
_SAMPLED_BLOCKS = 10


class Trial:
    """The maximiser on a few blocks that stand for all. cells: what the meter found of `before`."""

    def __init__(self, before: Signal, cells: Cells, params: MaximiserParams, plain_lufs: float) -> None:
        self.before, self.params, self.plain_lufs = before, params, plain_lufs
        self.block = round(_BLOCK_S * CELLS_PER_S)
        self.cells = cells
        self.peak_db = gain_to_db(cells.cell_peak.max(axis=0, initial=0.0))
        self._runs: dict[float, _Run] = {}
        self._nmr_db: dict[float, float] = {}

    def drive_for(self, lufs: float) -> float:
        """The drive that should reach this loudness; as far as driving helps."""
        drive = lufs - self.plain_lufs
        reached = self.lufs(drive)
        for _ in range(4):
            step = (lufs - reached) * 1.1
            if abs(step) < _SURE_LU:
                return drive + step
            ahead = min(drive + step, 40.0)
            further = self.lufs(ahead)
            if ahead >= 40.0 or further - reached < LEAST_SLOPE * (ahead - drive):
                break
            drive, reached = ahead, further
        return drive

    def drive_at_harm(self, low: float, high: float, harm_nmr_db: float) -> float:
        """The highest drive between the two whose audibility stays at the limit, within 0.1 dB."""
        low = min(low, high)
        while high - low > 0.1:
            middle = 0.5 * (low + high)
            low, high = (middle, high) if self.nmr_db(middle, 0.0) <= harm_nmr_db else (low, middle)
        return low

    def lufs(self, drive_db: float) -> float:
        """Loudness of the song at a drive, as far as the blocks tell."""
        return self._run(drive_db).lufs

    def nmr_db(self, drive_db: float, within_db: float = 0.5) -> float:
        """Noise-to-mask ratio of the song at a drive, or at one tried within so many dB, as far as the blocks tell."""
        near = min(self._runs, key=lambda known: abs(known - drive_db), default=drive_db)
        drive_db = near if abs(near - drive_db) <= within_db else drive_db
        if drive_db not in self._nmr_db:
            self._nmr_db[drive_db] = self._judge(self._run(drive_db))
        return self._nmr_db[drive_db]

    def _judge(self, run: "_Run") -> float:
        if not run.parts:
            return power_to_db(0.0)
        rate = self.before.rate_hz
        noise = pool().map(lambda part: noise_to_mask(part.driven * part.kept**0.5, part.limited, rate), run.parts)
        total = sum(part.stands_for * 10.0 ** (n.total_db / 10.0) for part, n in zip(run.parts, noise, strict=True))
        return power_to_db(float(total / run.blocks))

    def _run(self, drive_db: float) -> "_Run":
        if drive_db not in self._runs:
            self._runs[drive_db] = self._limit_blocks(drive_db)
        return self._runs[drive_db]

    def _limit_blocks(self, drive_db: float) -> "_Run":
        energies = self.cells.weighted_energy * db_to_gain(drive_db) ** 2
        strata = self._strata(drive_db)
        parts = list(pool().map(lambda stratum: self._part(stratum, drive_db), strata))
        for stratum, part in zip(strata, parts, strict=True):
            for block in stratum:
                energies[:, block * self.block : (block + 1) * self.block] *= part.kept
        lufs = integrated_lufs(energies, self.before.rate_hz)
        blocks = -(-energies.shape[1] // self.block)
        return _Run(self.plain_lufs + drive_db if lufs is None else lufs, blocks, parts)

    def _strata(self, drive_db: float) -> list[NDArray[np.int64]]:
        """Blocks that limiting will change, sorted by how much and cut into groups of equal size."""
        over = np.maximum(self.peak_db + drive_db - self.params.ceiling_dbtp + 0.5, 0.0)
        blocks = -(-over.size // self.block)
        depth = np.pad(over, (0, blocks * self.block - over.size)).reshape(blocks, self.block).sum(axis=1)
        touched = np.flatnonzero(depth)
        ordered = touched[np.argsort(depth[touched], kind="stable")]
        return [part for part in np.array_split(ordered, _SAMPLED_BLOCKS) if part.size]

    def _part(self, stratum: NDArray[np.int64], drive_db: float) -> "_Part":
        """Limit the block in the middle of a stratum."""
        block = int(stratum[len(stratum) // 2])
        rate = self.before.rate_hz
        params = self.params.model_copy(update={"drive_db": drive_db})
        first = block * self.block * rate // CELLS_PER_S
        frames = self.block * rate // CELLS_PER_S
        lead = min(first, round(0.4 * rate))
        samples = self.before.read(first - lead, lead + frames + round(0.4 * rate))
        stage = design(params, Context(rate, self.before.channels, first - lead))
        limited = run_whole(stage, samples)[:, lead : lead + frames]
        driven = samples[:, lead : lead + frames] * db_to_gain(drive_db)
        kept = _weighted(limited, self.before) / max(_weighted(driven, self.before), 1e-30)
        return _Part(driven, limited, kept, len(stratum))


@dataclass(frozen=True, eq=False)
class _Part:
    """One block before and after the maximiser. kept: share of its weighted energy. stands_for: blocks like it."""

    driven: Block
    limited: Block
    kept: float
    stands_for: int


@dataclass(frozen=True, eq=False)
class _Run:
    lufs: float
    blocks: int
    parts: list[_Part]


def _weighted(samples: NDArray[np.float64], like: Signal) -> float:
    meter = CellMeter(layout_of(like))
    meter.feed(samples)
    return float(meter.result().weighted_energy.sum())
