"""The loop of quantise.py, apart from it so that numba is imported only where something is dithered."""

import numpy as np
from numba import uint64
from numpy.typing import NDArray

from tonewright.base.kernels import kernel
from tonewright.base.signal import Block


@kernel
def _dithered(block, words, scale, seed, position, taps, errors, grid):  # type: ignore[no-untyped-def]
    """Dither, shape, round and clip.

    block: (channels, frames). words: the same, int32, written. scale: steps to full scale. position: the song's frame
    of the block's first. taps: (order,), 0 for plain dither. errors: (channels, order), the latest first, updated.
    Returns the number of samples that were clipped.
    """
    channels, frames = block.shape
    order = taps.size
    clipped = 0
    for c in range(channels):
        stream = uint64(seed) * uint64(0xD1342543DE82EF95) + uint64(c + 1) * uint64(0xA0761D6478BD642F)
        for n in range(frames):
            frame = position + n
            wanted = block[c, n] * scale
            if order and frame % grid == 0:
                for k in range(order):
                    errors[c, k] = 0.0
            for k in range(order):
                wanted += taps[k] * errors[c, k]
            z = stream + uint64(frame + 1) * uint64(0x9E3779B97F4A7C15)
            z = (z ^ (z >> uint64(30))) * uint64(0xBF58476D1CE4E5B9)
            z = (z ^ (z >> uint64(27))) * uint64(0x94D049BB133111EB)
            z = z ^ (z >> uint64(31))
            first = float(z >> uint64(32))
            second = float(z & uint64(0xFFFFFFFF))
            rounded = np.floor(wanted + (first + second + 1.0) * 2.0**-32 - 0.5)
            if order:
                for k in range(order - 1, 0, -1):
                    errors[c, k] = errors[c, k - 1]
                # taken before clipping and at most 1.5 steps by construction, so the loop stays bounded
                errors[c, 0] = rounded - wanted
            if rounded > scale - 1.0:
                rounded = scale - 1.0
                clipped += 1
            elif rounded < -scale:
                rounded = -scale
                clipped += 1
            words[c, n] = np.int32(rounded)
    return clipped


def dithered(
    block: Block,
    words: NDArray[np.int32],
    scale: float,
    seed: int,
    position: int,
    taps: NDArray[np.float64],
    errors: NDArray[np.float64],
    grid: int,
) -> int:
    """See _dithered. Returns how many samples were clipped."""
    return int(_dithered(np.ascontiguousarray(block), words, scale, seed, position, taps, errors, grid))
