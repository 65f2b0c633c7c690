"""The shaping stage of the maximiser: streams a signal through masks (maximiser_mask) and solver (maximiser_solve).

Works in groups of chunks on a grid that is fixed to the song's first frame, whatever the blocks it is fed with.
"""

import numpy as np
from numpy.typing import NDArray

from tonewright.base.signal import Block
from tonewright.dsp.maximiser_mask import PHASES, pulses, tables, thresholds
from tonewright.dsp.maximiser_solve import Peaks, interpolator, sweep
from tonewright.dsp.stage import Context

GROUP = 16  #: chunks that are worked on together
SWEEPS = 3
_MASK_AHEAD = 3  # chunks that must follow before a chunk's pulse is known: half a frame, and its neighbour's
_MASK_BACK = 3
_BACK = 2 * SWEEPS + _MASK_BACK + 4
#: A chunk whose samples stay under this part of the ceiling is left alone.
_NEAR = 0.7


class Shaper:
    """A Stage. Peaks over `ceiling` (amplitude) are taken down by pulses that hide under the signal."""

    def __init__(self, ceiling: float, context: Context) -> None:
        self.ceiling = ceiling
        self.tab = tables(context.rate_hz)
        self.channels = context.channels
        chunk = self.tab.chunk
        self.chunk = chunk
        # In hand: history, the chunks still open, and the group that enters. The first chunk in hand is even in song.
        self.open_chunks = 2 * SWEEPS + _MASK_AHEAD + 1
        self.kept = 2 * ((_BACK + self.open_chunks + 1) // 2)
        total = self.kept + GROUP
        self.dry = np.zeros((self.channels, (total + 1) * chunk))
        self.wet = np.zeros_like(self.dry)
        self.pulse_of = np.full((self.channels, total), -1, dtype=np.int64)
        self.pulses: list[NDArray[np.float64]] = []
        self.peaks = Peaks(self.channels, total)
        self.taps = interpolator()
        self.pending: list[Block] = [np.zeros((self.channels, context.start_frame % (GROUP * chunk)))]
        self.pending_frames = self.pending[0].shape[1]
        self.to_skip = self.pending_frames + self.open_chunks * chunk
        self.fed = 0
        self.given = 0
        self.latency_frames = (self.open_chunks + GROUP) * chunk
        self.preroll_s = (_BACK + GROUP) * chunk / context.rate_hz
        self.rows = np.zeros((self.channels, total * 1, PHASES, self.tab.reach + 1))

    def process(self, block: Block) -> Block:
        self.fed += block.shape[1]
        self.pending.append(block)
        self.pending_frames += block.shape[1]
        size = GROUP * self.chunk
        if self.pending_frames < size:
            return np.empty((self.channels, 0))
        waiting = np.concatenate(self.pending, axis=1)
        done = [self._group(waiting[:, at : at + size]) for at in range(0, waiting.shape[1] - size + 1, size)]
        rest = waiting[:, len(done) * size :]
        self.pending, self.pending_frames = [rest], rest.shape[1]
        out = np.concatenate(done, axis=1)
        skip = min(self.to_skip, out.shape[1])
        self.to_skip -= skip
        out = out[:, skip:]
        self.given += out.shape[1]
        return out

    def flush(self) -> Block:
        left = self.fed - self.given
        if left == 0:
            return np.empty((self.channels, 0))
        silence = np.zeros((self.channels, self.latency_frames + GROUP * self.chunk))
        fed = self.fed
        out = self.process(silence)[:, :left]
        self.fed = fed
        return out

    def _group(self, entering: Block) -> Block:
        """Take a group of chunks in, give back the group that is finished."""
        chunk, size = self.chunk, GROUP * self.chunk
        total = self.kept + GROUP
        for array in (self.dry, self.wet):
            array[:, :-size] = array[:, size:].copy()
            array[:, -size - chunk : -chunk] = entering
            array[:, -chunk:] = 0.0
        self.peaks.move(GROUP)
        self.pulse_of[:, :-GROUP] = self.pulse_of[:, GROUP:].copy()
        self.pulse_of[:, -GROUP:] = -1
        self.rows[:, :-GROUP] = self.rows[:, GROUP:].copy()
        first, last = self.kept - _MASK_AHEAD, total - _MASK_AHEAD
        for c in range(self.channels):
            self._masks(c, first, last)
            sweep(
                self.wet[c],
                first,
                last,
                SWEEPS,
                chunk,
                self.ceiling,
                self.pulse_of[c],
                self.rows[c],
                self.taps,
                self.peaks,
                c,
            )
        start = (self.kept - self.open_chunks) * chunk
        return self.wet[:, start : start + size].copy()

    def _masks(self, c: int, first: int, last: int) -> None:
        """Pulses for the chunks first..last - 1 of channel c that come near the ceiling."""
        chunk = self.chunk
        peaks = np.abs(self.dry[c, first * chunk : last * chunk]).reshape(-1, chunk).max(axis=1)
        need = first + np.flatnonzero(peaks > _NEAR * self.ceiling)
        if not need.size:
            return
        around = np.unique(np.concatenate([need - 1, need, need + 1]))
        starts = around * chunk + chunk // 2 - self.tab.frame // 2
        frames = np.lib.stride_tricks.sliding_window_view(self.dry[c], self.tab.frame)[starts]
        masks = thresholds(frames, self.tab)
        at = np.searchsorted(around, need)
        self.rows[c, need] = pulses(masks[at - 1], masks[at], masks[at + 1], self.tab)
        self.pulse_of[c, need] = need
