"""A whole signal at once through what is made to stream."""

import numpy as np

from tonewright.base.resample import Resampler
from tonewright.base.signal import Block, Layout


def resample_whole(samples: Block, from_rate_hz: int, to_rate_hz: int) -> Block:
    """A whole signal (channels, frames) at another rate."""
    stream = Resampler(Layout(from_rate_hz, samples.shape[0]), to_rate_hz)
    return np.concatenate([stream.process(samples), stream.flush()], axis=1)
