"""The long-term spectrum in third-octaves, how it varies, and where the content ends."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tonewright.base.units import power_to_db
from tonewright.measure.bands import THIRD_HZ, usable
from tonewright.measure.spectral_pass import SpectralFacts

#: Frames quieter than this below the loudest second are pauses or fades.
_ACTIVE_DB = -40.0


@dataclass(frozen=True)
class Spectrum:
    """Third-octave levels in dB re full scale (mean square averaged over the channels); arrays of shape (bands,).

    level_db: mean power over the frames in which the music plays. p10_db, p50_db, p95_db: percentiles of the frames.
    relative_db: level_db less the level of the whole, so that songs of any loudness can be compared.
    edge_hz: the frequency at which the content ends sharply, or None; edge_drop_db how far it falls there.
    """

    centre_hz: NDArray[np.float64]
    level_db: NDArray[np.float64]
    relative_db: NDArray[np.float64]
    p10_db: NDArray[np.float64]
    p50_db: NDArray[np.float64]
    p95_db: NDArray[np.float64]
    edge_hz: float | None
    edge_drop_db: float


def spectrum(facts: SpectralFacts) -> Spectrum:
    keep = usable(THIRD_HZ, facts.rate_hz)
    level = active_frames(facts)[:, keep].astype(np.float64)
    if len(level) == 0:
        level = np.zeros((1, int(keep.sum())))
    level_db = power_to_db(level.mean(axis=0))
    p10, p50, p95 = np.percentile(power_to_db(level), [10, 50, 95], axis=0)
    edge_hz, drop_db = content_edge(facts)
    whole_db = power_to_db(float(level.mean(axis=0).sum()))
    return Spectrum(THIRD_HZ[keep], level_db, level_db - whole_db, p10, p50, p95, edge_hz, drop_db)


def active_frames(facts: SpectralFacts) -> NDArray[np.float32]:
    """The frames (n, 31) within 40 dB of the 95th percentile of frame levels."""
    total = facts.level.sum(axis=1)
    if len(total) == 0:
        return facts.level
    active: NDArray[np.float32] = facts.level[total > np.percentile(total, 95) * 10.0 ** (_ACTIVE_DB / 10.0)]
    return active


#: The band over which the level is averaged on either side of a possible edge, and the gap left between: codecs'
#: low-passes fall within a few hundred Hz.
_SIDE_HZ, _GAP_HZ = 700.0, 500.0
#: Edges are looked for above this; a synthesiser patch may well end lower.
_LOWEST_EDGE_HZ = 3_500.0


def content_edge(facts: SpectralFacts) -> tuple[float | None, float]:
    """Where the spectrum falls off a cliff, and by how much (dB); None when there is no cliff.

    Looked for in the mean over time: a low-pass that never moves leaves its edge there as sharp as in each frame.
    """
    hz, power_db = facts.bin_hz, power_to_db(facts.bin_power)
    width = float(hz[1])
    side, gap = max(2, round(_SIDE_HZ / width)), max(1, round(_GAP_HZ / width))
    total = np.concatenate([[0.0], np.cumsum(power_db)])
    low = round(_LOWEST_EDGE_HZ / width)
    high = len(hz) - max(4, side // 4)
    if high - side <= low:
        return None, 0.0
    # below: mean dB of the `side` bins under the edge; above: of up to `side` bins from `gap` over it to half the rate
    edge = np.arange(low, high - gap)
    below = (total[edge] - total[edge - side]) / side
    end = np.minimum(edge + gap + side, len(hz))
    above = (total[end] - total[edge + gap]) / (end - edge - gap)
    drop = below - above
    best = int(np.argmax(drop))
    if drop[best] < 15.0:
        return None, float(max(drop[best], 0.0))
    # the cliff itself: where the level has fallen by half of the drop
    cliff = edge[best] + int(np.argmax(power_db[edge[best] : edge[best] + gap + 1] < below[best] - drop[best] / 2))
    return float(hz[cliff]), float(drop[best])
