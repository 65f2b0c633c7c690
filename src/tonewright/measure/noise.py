"""The noise floor: what is left in the quietest moments, and whether it is hiss.

Minimum statistics (after Martin, IEEE Trans. Speech Audio Process. 9(5), 2001), with one more condition: a floor counts
as hiss only if the frames at it look like noise in frequency (their bins scatter as Gaussian noise does: geometric over
arithmetic mean -2.5 dB) and hold still (the same level in every band each time). A fading note fails the first, a
reverberation's tail the second.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tonewright.base.units import power_to_db
from tonewright.measure.bands import THIRD_HZ, usable
from tonewright.measure.spectral_pass import SpectralFacts

#: Hiss is looked for where it is heard and music is thin.
_HISS_HZ = (2_000.0, 10_500.0)
#: Gaussian noise lies at -2.5 dB, less the little that few bins take off; a tone in a band brings it under -6.
_NOISE_LIKE_DB = -3.6
_SILENT = 1e-11
#: At the floor: within this of the second percentile of the frames that sound.
_AT_FLOOR_DB = 2.0
#: Spread over time that noise in a third-octave at 2 kHz may show in frames of 0.19 s (4.34 / sqrt(86) = 0.5 dB).
_STEADY_DB = 1.5
_LEAST_S = 0.5


@dataclass(frozen=True)
class Noise:
    """floor_db: power of the quietest 2 % of the frames that sound. hiss_db: power of the steady noise from 2 to
    10 kHz, or None. hiss_s: for how long it lies open. hiss_frames: which frames (of 0.09 s) these are.
    loud_db: 95th percentile of the frame powers. spectrum_db: third-octaves at the floor, of usable bands."""

    floor_db: float | None
    hiss_db: float | None
    hiss_s: float
    hiss_frames: NDArray[np.bool_]
    loud_db: float | None
    spectrum_db: NDArray[np.float64]


def noise(facts: SpectralFacts) -> Noise:
    # the last frame is filled up with zeros, so it is quieter than it sounded
    level = facts.level[:-1].astype(np.float64) if len(facts.level) > 1 else facts.level.astype(np.float64)
    total = level.sum(axis=1)
    sounding = total > _SILENT
    none = np.zeros(len(facts.level), np.bool_)
    keep = usable(THIRD_HZ, facts.rate_hz)
    if not sounding.any():
        return Noise(None, None, 0.0, none, None, np.full(int(keep.sum()), -200.0))
    floor = float(np.percentile(total[sounding], 2))
    loud_db = power_to_db(float(np.percentile(total[sounding], 95)))
    quiet = sounding & (total <= floor)
    spectrum_db = power_to_db(level[quiet].mean(axis=0))[keep]
    found = _hiss(level, facts, sounding)
    if found is None:
        return Noise(power_to_db(floor), None, 0.0, none, loud_db, spectrum_db)
    hiss_db, at_floor = found
    none[: len(at_floor)] = at_floor
    return Noise(power_to_db(floor), hiss_db, float(at_floor.sum()) * facts.frame_hop_s, none, loud_db, spectrum_db)


def _hiss(
    level: NDArray[np.float64], facts: SpectralFacts, sounding: NDArray[np.bool_]
) -> tuple[float, NDArray[np.bool_]] | None:
    bands = (_HISS_HZ[0] * 0.95 < THIRD_HZ) & (min(_HISS_HZ[1], 0.45 * facts.rate_hz) > THIRD_HZ)
    if bands.sum() < 4:
        return None
    band_db = power_to_db(level[:, bands])
    height = band_db.mean(axis=1)
    flat = np.median(facts.flatness_db[: len(level)][:, bands], axis=1)
    noise_like = sounding & (flat > _NOISE_LIKE_DB)
    if noise_like.sum() * facts.frame_hop_s < _LEAST_S:
        return None
    floor = np.percentile(height[sounding], 2)
    at_floor = noise_like & (height < floor + _AT_FLOOR_DB)
    if at_floor.sum() * facts.frame_hop_s < _LEAST_S:
        return None
    spread = band_db[at_floor].std(axis=0)
    if np.median(spread) > _STEADY_DB:
        return None
    return power_to_db(float(level[at_floor][:, bands].sum(axis=1).mean())), at_floor
