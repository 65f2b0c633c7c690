"""What a processor is.

A processor's file holds its Params, a `design` function (parameters + context -> stage), the stage, and its source.
The stage is aligned with its input: over process() and flush() it gives back exactly as many frames as it was fed,
and frame n of the output belongs to frame n of the input. A stage that looks ahead simply holds frames back.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tonewright.base.signal import Block


@dataclass(frozen=True)
class Context:
    """Where a stage works.

    start_frame: the song's frame that the first frame fed to the stage is; for stages whose settings follow the
    song's time line (a gain curve), since a render may begin anywhere.
    """

    rate_hz: int
    channels: int
    start_frame: int = 0


class Stage(Protocol):
    """A processor at work, with state.

    latency_frames: the most frames that are held back; so much must follow a window for its end to be right.
    preroll_s: after this long, fed from silence, the output differs from that of a stage fed from the song's start
    by less than -120 dB of the signal; so much must precede a window.
    """

    latency_frames: int
    preroll_s: float

    def process(self, block: Block) -> Block:
        """Feed (channels, n) and take what is ready: (channels, m), m from 0 up. The input is not changed."""

    def flush(self) -> Block:
        """The frames still held back, (channels, m). Nothing may be fed afterwards."""


def run(stages: Iterable[Stage], source: Iterable[Block]) -> Iterable[Block]:
    """Feed a source through stages in order, and flush them in order. Empty blocks are left out."""
    chain = list(stages)
    for block in source:
        for stage in chain:
            block = stage.process(block)
        if block.shape[1]:
            yield block
    for position, stage in enumerate(chain):
        block = stage.flush()
        for later in chain[position + 1 :]:
            block = later.process(block)
        if block.shape[1]:
            yield block


def run_whole(stage: Stage, samples: Block) -> Block:
    """One stage over one whole signal (channels, frames)."""
    return np.concatenate([samples[:, :0], stage.process(samples), stage.flush()], axis=1)
