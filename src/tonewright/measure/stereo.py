"""The stereo field by third-octave: correlation, balance, width, and what is lost when folded to mono."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tonewright.base.units import power_to_db
from tonewright.measure.bands import THIRD_HZ, usable
from tonewright.measure.spectral_pass import SpectralFacts

#: Powers below this are no signal (-110 dB): their correlation would be that of dither.
_FLOOR = 1e-11


@dataclass(frozen=True)
class StereoField:
    """Arrays of shape (bands,); None where a band is empty becomes nan.

    correlation: -1 to 1. balance_db: left over right. width_db: side over mid. fold_loss_db: how much quieter the mono
    sum is than the stereo signal (0 for dual mono, 3 for unrelated sides, large for opposed polarity).
    overall_*: the same over all bands. slot_*: (slots,) over time, one slot about a second.
    band_slots: (slots, bands, 3) the powers they come from: left, right, cross.
    """

    centre_hz: NDArray[np.float64]
    correlation: NDArray[np.float64]
    balance_db: NDArray[np.float64]
    width_db: NDArray[np.float64]
    fold_loss_db: NDArray[np.float64]
    share: NDArray[np.float64]
    overall_correlation: float
    overall_balance_db: float
    overall_width_db: float
    overall_fold_loss_db: float
    slot_s: float
    slot_correlation: NDArray[np.float64]
    slot_power: NDArray[np.float64]
    band_slots: NDArray[np.float64]


def stereo_field(facts: SpectralFacts) -> StereoField | None:
    """The field, or None for a mono signal."""
    if facts.channels != 2:
        return None
    keep = usable(THIRD_HZ, facts.rate_hz)
    slots = facts.slots[:, keep]
    weights = facts.slot_frames[:, None, None]
    mean = (slots * weights).sum(axis=0) / max(1, int(facts.slot_frames.sum()))
    correlation, balance, width, loss = field_of(mean)
    whole = field_of(mean.sum(axis=0))
    over_time = field_of(slots.sum(axis=1))
    power = mean[:, 0] + mean[:, 1]
    return StereoField(
        centre_hz=THIRD_HZ[keep],
        correlation=correlation,
        balance_db=balance,
        width_db=width,
        fold_loss_db=loss,
        share=power / max(float(power.sum()), 1e-30),
        overall_correlation=float(whole[0]),
        overall_balance_db=float(whole[1]),
        overall_width_db=float(whole[2]),
        overall_fold_loss_db=float(whole[3]),
        slot_s=facts.slot_s,
        slot_correlation=over_time[0],
        slot_power=slots.sum(axis=1)[:, :2].sum(axis=1) / 2,
        band_slots=slots,
    )


def field_of(powers: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Correlation, balance, width and fold-down loss of powers (..., 3): left, right, cross. Empty ones give nan."""
    left, right, cross = powers[..., 0], powers[..., 1], powers[..., 2]
    total = left + right
    some = total > _FLOOR
    mid, side = np.maximum(total / 2 + cross, 0.0), np.maximum(total / 2 - cross, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = np.where(some, cross / np.sqrt(np.maximum(left * right, 1e-40)), np.nan)
    balance = np.where(some, power_to_db(left + 1e-20) - power_to_db(right + 1e-20), np.nan)
    width = np.where(some, power_to_db(side + 1e-20) - power_to_db(mid + 1e-20), np.nan)
    # the mono sum (left + right) / 2 carries mid / 2, the channels' mean power is total / 2
    loss = np.where(some, np.minimum(power_to_db(total + 1e-20) - power_to_db(mid + 1e-20), 60.0), np.nan)
    return np.clip(correlation, -1.0, 1.0), balance, width, loss
