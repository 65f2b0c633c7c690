"""The shaping stage of the maximiser: streams a signal through masks (maximiser_mask) and solver (maximiser_solve).

Works in groups of chunks on a grid that is fixed to the song's first frame, whatever the blocks it is fed with.
"""

import numpy as np

from tonewright.base.signal import Block
from tonewright.dsp.maximiser_mask import pulses, tables, thresholds
from tonewright.dsp.maximiser_solve import Peaks, sweep
from tonewright.dsp.stage import Context

GROUP = 16  #: chunks that are worked on together
SWEEPS = 2
#: Chunks that must follow before a chunk's pulse is known, and have gone before: those that half a frame touches.
_MASK_REACH = 2
#: Chunks still open when a group has entered: those whose pulses are not known, and those with visits to come.
_OPEN = 2 * SWEEPS + _MASK_REACH + 1
_KEPT = 2 * ((_OPEN + _MASK_REACH + 3) // 2)
#: A chunk whose samples stay under this part of the ceiling is left alone.
_NEAR = 0.8


class Shaper:
    """A Stage. Peaks over `ceiling` (amplitude) are taken down by pulses that hide under the signal."""

    def __init__(self, ceiling: float, context: Context) -> None:
        self.ceiling = ceiling
        self.channels = context.channels
        self.tab = tables(context.rate_hz)
        self.chunk = self.tab.chunk
        size = GROUP * self.chunk
        # What is in hand of the chunks that have entered, as it came and as it is now.
        self.dry = np.zeros((self.channels, _KEPT * self.chunk))
        self.wet = np.zeros_like(self.dry)
        self.peaks = Peaks(self.channels, _KEPT + GROUP, self.tab.reach)
        self.at_chunk = 0  # where in the ring of peaks the first chunk in hand stands; even
        self.waiting: list[Block] = [np.zeros((self.channels, context.start_frame % size))]
        self.waiting_frames = self.waiting[0].shape[1]
        self.to_skip = self.waiting_frames + _OPEN * self.chunk
        self.owed = 0
        self.latency_frames = _OPEN * self.chunk + size
        self.preroll_s = (2 * SWEEPS + _MASK_REACH + 1 + GROUP) * self.chunk / context.rate_hz

    def process(self, block: Block) -> Block:
        self.owed += block.shape[1]
        self.waiting.append(block)
        self.waiting_frames += block.shape[1]
        size = GROUP * self.chunk
        if self.waiting_frames < size:
            return np.empty((self.channels, 0))
        rest = self.waiting_frames % size
        out = self._enter([*self.waiting[:-1], block[:, : block.shape[1] - rest]])
        self.waiting, self.waiting_frames = [block[:, block.shape[1] - rest :].copy()], rest
        skip = min(self.to_skip, out.shape[1])
        self.to_skip -= skip
        self.owed -= out.shape[1] - skip
        return out[:, skip:]

    def flush(self) -> Block:
        owed = self.owed
        silence = np.zeros((self.channels, self.latency_frames + GROUP * self.chunk))
        return self.process(silence)[:, :owed]

    def _enter(self, entering: list[Block]) -> Block:
        """Take groups of chunks in, give back as many that are finished."""
        chunk = self.chunk
        self.dry = np.concatenate([self.dry, *entering], axis=1)
        self.wet = np.concatenate([self.wet, self.dry[:, _KEPT * chunk :]], axis=1)
        groups = (self.dry.shape[1] // chunk - _KEPT) // GROUP
        for group in range(groups):
            self.peaks.forget(self.at_chunk + _KEPT + group * GROUP, self.at_chunk + _KEPT + (group + 1) * GROUP)
            first = _KEPT - _MASK_REACH + group * GROUP
            for c in range(self.channels):
                self._masks(c, first, first + GROUP)
                sweep(self.wet[c], first, first + GROUP, self.at_chunk, SWEEPS, chunk, self.ceiling, self.peaks, c)
        self.at_chunk = (self.at_chunk + groups * GROUP) % self.peaks.rows
        done = groups * GROUP * chunk
        start = (_KEPT - _OPEN) * chunk
        out = self.wet[:, start : start + done]
        self.dry, self.wet = self.dry[:, done:].copy(), self.wet[:, done:].copy()
        return out

    def _masks(self, c: int, first: int, last: int) -> None:
        """Pulses for the chunks first..last - 1 of channel c that come near the ceiling."""
        chunk = self.chunk
        inside = self.dry[c, first * chunk : last * chunk].reshape(-1, chunk)
        need = first + np.flatnonzero(np.maximum(inside.max(axis=1), -inside.min(axis=1)) > _NEAR * self.ceiling)
        if not need.size:
            return
        starts = need * chunk + chunk // 2 - self.tab.frame // 2
        frames = np.lib.stride_tricks.sliding_window_view(self.dry[c], self.tab.frame)[starts]
        rows = (self.at_chunk + need) % self.peaks.rows
        self.peaks.pulse[c, rows] = pulses(thresholds(frames, self.tab), self.tab)
        self.peaks.has_pulse[c, rows] = True
