"""What the meter keeps of the signal: energies, sums and peaks of every 10 ms, from one compiled loop."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tonewright.base.errors import DamagedAudio
from tonewright.base.kernels import kernel
from tonewright.base.signal import Block, Layout
from tonewright.base.units import clock
from tonewright.measure import k_weighting
from tonewright.measure.loudness import CELLS_PER_S, channel_weights

#: Below this a filter's state is set to zero: arithmetic on subnormal numbers is a hundred times slower.
_NOTHING = 1e-100

# the rows of what is gathered for a cell
_WEIGHTED, _PLAIN, _SUM, _PEAK = range(4)


@dataclass(frozen=True, eq=False)
class Cells:
    """A signal in cells of 10 ms; cell k covers loudness.cell_edges(...)[k] up to the next. Only complete cells.

    weighted_energy, cell_peak: (channels, cells): sum of squares of the K-weighted signal, largest |sample| of the
    signal itself. energy, sum, peak: (channels,): its sum of squares, its sum and its largest |sample| as a whole,
    the incomplete last cell included.
    """

    rate_hz: int
    frames: int
    weighted_energy: NDArray[np.float64] = field(repr=False)
    cell_peak: NDArray[np.float64] = field(repr=False)
    energy: NDArray[np.float64]
    sum: NDArray[np.float64]
    peak: NDArray[np.float64]


@kernel
def _gather(block, sections, state, running, ends, out):  # type: ignore[no-untyped-def]
    """Weigh a block and add it up in cells.

    block: (channels, frames). sections: (2, 5). state: (channels, 4), of both sections, updated. running:
    (channels, 4), what the cell begun so far holds, updated. ends: where in the block cells end, ascending.
    out: (4, channels, cells), a column for each cell that ends in the block.
    Both sections are in transposed direct form II.
    """
    b0, b1, b2, a1, a2 = sections[0]
    d0, d1, d2, c1, c2 = sections[1]
    channels, frames = block.shape
    for channel in range(channels):
        s1, s2, t1, t2 = state[channel]
        weighted, plain, total, peak = running[channel]
        begin = 0
        for cell in range(ends.size + 1):
            end = ends[cell] if cell < ends.size else frames
            for x in block[channel, begin:end]:
                y = b0 * x + s1
                s1 = b1 * x - a1 * y + s2
                s2 = b2 * x - a2 * y
                z = d0 * y + t1
                t1 = d1 * y - c1 * z + t2
                t2 = d2 * y - c2 * z
                weighted += z * z
                plain += x * x
                total += x
                peak = max(peak, abs(x))
            if cell < ends.size:
                out[0, channel, cell] = weighted
                out[1, channel, cell] = plain
                out[2, channel, cell] = total
                out[3, channel, cell] = peak
                weighted = plain = total = peak = 0.0
                s1, s2 = _keep(s1), _keep(s2)
                t1, t2 = _keep(t1), _keep(t2)
            begin = end
        state[channel] = (s1, s2, t1, t2)
        running[channel] = (weighted, plain, total, peak)


@kernel
def _keep(value):  # type: ignore[no-untyped-def]
    return value if abs(value) > _NOTHING else 0.0


class CellMeter:
    """Gathers a stream into cells. Any split into blocks gives the same bits."""

    def __init__(self, layout: Layout) -> None:
        channel_weights(layout.channels)  # says so at once if the layout has no loudness
        self._layout = layout
        self._sections = k_weighting.sections(layout.rate_hz).copy()
        self._state = np.zeros((layout.channels, 4))
        self._running = np.zeros((layout.channels, 4))
        self._frames = 0
        self._parts: list[NDArray[np.float64]] = [np.zeros((4, layout.channels, 0))]

    def feed(self, block: Block) -> None:
        """Take (channels, frames). Raises DamagedAudio at a sample that is not a finite number."""
        block = np.ascontiguousarray(block, dtype=np.float64)
        first, last = (self._cells_ended_at(self._frames + size) for size in (0, block.shape[1]))
        cells = np.arange(first + 1, last + 1, dtype=np.int64)
        ends = (2 * cells * self._layout.rate_hz + CELLS_PER_S) // (2 * CELLS_PER_S) - self._frames
        out = np.empty((4, self._layout.channels, len(ends)))
        _gather(block, self._sections, self._state, self._running, ends, out)
        if not (np.isfinite(out[:_PEAK]).all() and np.isfinite(self._running).all()):
            self._complain(block)
        self._frames += block.shape[1]
        self._parts.append(out)

    def result(self) -> Cells:
        """The cells so far."""
        table = np.concatenate(self._parts, axis=2)
        self._parts = [table]
        rest = self._running  # the cell that is not complete yet
        return Cells(
            rate_hz=self._layout.rate_hz,
            frames=self._frames,
            weighted_energy=table[_WEIGHTED],
            cell_peak=table[_PEAK],
            energy=table[_PLAIN].sum(axis=1) + rest[:, _PLAIN],
            sum=table[_SUM].sum(axis=1) + rest[:, _SUM],
            peak=np.maximum(table[_PEAK].max(axis=1, initial=0.0), rest[:, _PEAK]),
        )

    def _cells_ended_at(self, frames: int) -> int:
        """How many cells end at or before this frame: the largest k with floor(k rate / 100 + 1/2) <= frames."""
        return (2 * CELLS_PER_S * (frames + 1) - CELLS_PER_S - 1) // (2 * self._layout.rate_hz)

    def _complain(self, block: Block) -> None:
        bad = np.flatnonzero(~(np.abs(block) < 1e150).all(axis=0))
        place = clock((self._frames + int(bad[0])) / self._layout.rate_hz) if bad.size else "its start"
        raise DamagedAudio(
            f"The audio has a sample that is not a usable number (NaN, infinite or absurdly large) at {place}.",
            "Export the mix again.",
        )
