"""The stereo field: opposed polarity, loss in mono, no width, a centre that is off."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tonewright.base.units import power_to_db
from tonewright.engine.facts import Facts
from tonewright.engine.findings.model import Finding, Remedy, regions_of, unit
from tonewright.measure.stereo import StereoField, field_of

#: Bands with less of the power than this are not worth a word.
_LEAST_SHARE = 0.02
#: Correlation below which the channels oppose each other, and its share of the time.
_OPPOSED = -0.6
_MOST_OF_TIME = 0.6
#: Fold-down loss of a band that is missed in mono: unrelated channels lose 3 dB, at a correlation of -0.3 it is 4.5.
_LOSS_DB = 4.5


def find(facts: Facts) -> Iterator[Finding]:
    stereo = facts.stereo
    if stereo is None or len(stereo.slot_power) == 0 or float(stereo.slot_power.max()) < 1e-9:
        return
    opposed = _phase(facts, stereo)
    if opposed is not None:
        yield opposed
    else:
        lost = _mono(facts, stereo)
        if lost is not None:
            yield lost
    for one in (_narrow(stereo), _imbalance(stereo)):
        if one is not None:
            yield one


def _phase(facts: Facts, stereo: StereoField) -> Finding | None:
    active = stereo.slot_power > stereo.slot_power.max() * 1e-3
    opposed = active & (stereo.slot_correlation < _OPPOSED)
    whole_song = float(opposed.sum() / max(1, active.sum()))
    bands = (stereo.share > _LEAST_SHARE) & (stereo.correlation < _OPPOSED)
    share = float(stereo.share[bands].sum())
    if opposed.sum() * stereo.slot_s < 4.0 and share < 0.1:
        return None
    inverted = whole_song > _MOST_OF_TIME and stereo.overall_correlation < -0.5
    where = "one channel's polarity is inverted" if inverted else "parts of it vanish in mono"
    remedy = (
        Remedy("gain", {"invert_right": True}, {"correlation": -stereo.overall_correlation}) if inverted else None
    )
    advice = (
        "inverting one channel mends it." if inverted else "look for an inverted microphone or widener in the mix."
    )
    return Finding(
        kind="phase",
        severity=unit(0.3 + 0.5 * whole_song + share),
        confidence=unit(0.7 + 0.3 * max(0.0, -stereo.overall_correlation)),
        message=(
            f"Left and right oppose each other (correlation {stereo.overall_correlation:+.2f} overall): "
            f"{where}; {advice}"
        ),
        evidence={
            "correlation": stereo.overall_correlation,
            "share_of_time": whole_song,
            "bands_hz": stereo.centre_hz[bands],
            "band_correlation": stereo.correlation[bands],
            "share_of_power": share,
        },
        regions=() if inverted else regions_of(opposed, stereo.slot_s, 2.0, facts.duration_s),
        remedy=remedy,
    )


def _mono(facts: Facts, stereo: StereoField) -> Finding | None:
    # share of the power, but counted by loudness: the bass would hide everything else
    weight = np.where(stereo.centre_hz > 100.0, 1.0, 0.5) * np.sqrt(stereo.share)
    lossy = (stereo.fold_loss_db > _LOSS_DB) & (stereo.share > 0.005)
    share = float(weight[lossy].sum() / weight.sum())
    if share < 0.12:
        return None
    worst = int(np.argmax(np.where(lossy, stereo.fold_loss_db, -1.0)))
    loss = field_of(stereo.band_slots[:, lossy].sum(axis=1))[3]
    power = stereo.band_slots[:, lossy, :2].sum(axis=(1, 2))
    where = (power > power.max() * 1e-3) & (loss > _LOSS_DB)
    bass = bool(stereo.centre_hz[worst] < 200.0)
    low, high = float(stereo.centre_hz[lossy].min()), float(stereo.centre_hz[lossy].max())
    return Finding(
        kind="mono_compatibility",
        severity=unit(0.2 + share),
        confidence=0.85,
        message=(
            f"In mono {low:.0f} to {high:.0f} Hz lose up to {stereo.fold_loss_db[worst]:.0f} dB; narrow these sounds "
            "in the mix, or let the stereo stage narrow the band."
        ),
        evidence={
            "bands_hz": stereo.centre_hz[lossy],
            "fold_loss_db": stereo.fold_loss_db[lossy],
            "weighted_share": share,
            "overall_fold_loss_db": stereo.overall_fold_loss_db,
        },
        regions=regions_of(where, stereo.slot_s, 2.0, facts.duration_s),
        remedy=Remedy("stereo", {"mono_below_hz": 120.0} if bass else _narrowed(float(stereo.centre_hz[worst]))),
    )


def _narrowed(hz: float) -> dict[str, float]:
    name = "width_low_mid_pct" if hz < 1_500 else "width_high_mid_pct" if hz < 6_000 else "width_high_pct"
    return {name: 70.0}


#: Side under mid by so much is no image to the ear.
_NARROW_DB = -26.0
_DUAL_MONO_DB = -60.0


def _narrow(stereo: StereoField) -> Finding | None:
    heard = stereo.centre_hz > 200.0
    power = stereo.band_slots[:, heard].sum(axis=(0, 1))
    width = float(field_of(power)[2])
    if not width < _NARROW_DB:
        return None
    mono = width < _DUAL_MONO_DB
    words = "Both channels are the same" if mono else f"The side lies {-width:.0f} dB under the middle"
    advice = (
        "there is nothing to widen, so it stays mono unless the mix is panned."
        if mono
        else "pan or double something in the mix; the stereo stage can only lift what little there is."
    )
    return Finding(
        kind="narrow_stereo",
        severity=0.3 if mono else unit(0.2 + (_NARROW_DB - width) / 60.0),
        confidence=0.98 if mono else 0.8,
        message=f"{words}, next to mono: {advice}",
        evidence={"width_db": width, "dual_mono": mono, "correlation": stereo.overall_correlation},
        remedy=None if mono else Remedy("stereo", {"width_high_mid_pct": 140.0, "width_high_pct": 140.0}),
    )


#: What is in the centre may be off by so much before it is heard as off.
_OFF_DB = 1.0
_CENTRED = 0.8


def _imbalance(stereo: StereoField) -> Finding | None:
    """From what is alike in both channels: its level ratio should be 1. Panned sounds are not alike."""
    offset, spread, share = centre_offset(stereo)
    if share < 0.15 or abs(offset) < max(_OFF_DB, 1.5 * spread):
        return None
    louder, quieter = ("left", "right") if offset > 0 else ("right", "left")
    half = round(offset / 2, 2)
    return Finding(
        kind="channel_imbalance",
        severity=unit(0.1 + abs(offset) / 6.0),
        confidence=unit(0.6 + 0.3 * share + 0.1 * (abs(offset) - _OFF_DB)),
        message=f"The centre lies {abs(offset):.1f} dB to the {louder}: the {quieter} channel is that much too quiet.",
        evidence={
            "centre_offset_db": offset,
            "spread_db": spread,
            "share": share,
            "overall_balance_db": stereo.overall_balance_db,
        },
        remedy=Remedy("gain", {"left_db": -half, "right_db": half}, {"centre_offset_db": 0.0}),
    )


def centre_offset(stereo: StereoField) -> tuple[float, float, float]:
    """Level of left over right (dB) in the cells (second x band) where both carry the same; its spread (half of the
    16th to 84th percentile range), and these cells' share of all that sound."""
    cells = stereo.band_slots
    left, right, cross = cells[..., 0], cells[..., 1], cells[..., 2]
    power = left + right
    sounding = power > np.maximum(power.max(axis=0, keepdims=True) * 1e-3, 1e-9)
    alike: NDArray[np.bool_] = sounding & (cross > _CENTRED * np.sqrt(np.maximum(left * right, 1e-40)))
    if alike.sum() < 20:
        return 0.0, 99.0, 0.0
    ratio = power_to_db(left[alike] + 1e-20) - power_to_db(right[alike] + 1e-20)
    low, middle, high = np.percentile(ratio, [16, 50, 84])
    return float(middle), float(high - low) / 2, float(alike.sum() / max(1, sounding.sum()))
