"""Hum and hiss."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tonewright.base.units import power_to_db
from tonewright.engine.facts import Facts
from tonewright.engine.findings.model import Finding, Remedy, regions_of, unit
from tonewright.measure.mains import TOP_HZ, Lines

#: A mains fundamental may be off by so much (grid tolerance, and tape or clock speed).
_MAINS_TOLERANCE_HZ = 0.35
_HARMONICS = 10
#: Up to here every line has neighbours.
_HIGHEST_HZ = TOP_HZ - 1.0
#: A line stands out of the quietest moments' spectrum by this much to count.
_LINE_DB = 6.0
_LEAST_LINES = 3
#: The fundamentals that are compared.
_FUNDAMENTALS_HZ = np.arange(38.0, 76.0, 0.05)
#: Music's own steady tones make other fundamentals as likely; mains must beat all of them by this factor.
_ADVANTAGE = 1.25


def find(facts: Facts) -> Iterator[Finding]:
    hum = _hum(facts)
    if hum is not None:
        yield hum
    hiss = _hiss(facts)
    if hiss is not None:
        yield hiss


def floor_prominence(lines: Lines) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How far each line stands out in the spectrum of the quietest moments (dB), and that spectrum's level (dB).

    The 10th percentile over the windows keeps what is always there; notes come and go.
    """
    floor_db = np.percentile(power_to_db(lines.power.astype(np.float64)), 10, axis=0)
    spacing = float(lines.hz[1])
    reach, gap = max(3, round(4.0 / spacing)), max(2, round(0.8 / spacing))
    padded = np.pad(floor_db, reach, mode="edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
    keep = np.abs(np.arange(-reach, reach + 1)) > gap
    background = np.median(around[:, keep], axis=1)
    return floor_db - background, floor_db


def harmonic_scores(
    prominence: NDArray[np.float64], hz: NDArray[np.float64], fundamentals_hz: NDArray[np.float64]
) -> NDArray[np.float64]:
    """For each fundamental the sum over its harmonics of how far they stand out, each from 0 to 20 dB."""
    at_hz = fundamentals_hz[:, None] * np.arange(1, _HARMONICS + 1)
    standing_out = np.clip(_highest_near(prominence, hz, np.minimum(at_hz, _HIGHEST_HZ)), 0.0, 20.0)
    scores: NDArray[np.float64] = np.where(at_hz < _HIGHEST_HZ, standing_out, 0.0).sum(axis=1)
    return scores


def _at_harmonics(
    values: NDArray[np.float64], hz: NDArray[np.float64], fundamental_hz: float
) -> NDArray[np.float64]:
    at_hz = np.arange(1, _HARMONICS + 1) * fundamental_hz
    return _highest_near(values, hz, at_hz[at_hz < _HIGHEST_HZ])


def _highest_near(
    values: NDArray[np.float64], hz: NDArray[np.float64], at_hz: NDArray[np.floating]
) -> NDArray[np.float64]:
    """The highest of the nearest line's value and its two neighbours'."""
    near = np.round(at_hz / float(hz[1])).astype(np.int64)
    highest: NDArray[np.float64] = np.maximum(np.maximum(values[near - 1], values[near]), values[near + 1])
    return highest


def _hum(facts: Facts) -> Finding | None:
    lines = facts.lines
    if len(lines.power) < 3:
        return None
    prominence, floor_db = floor_prominence(lines)
    scores = harmonic_scores(prominence, lines.hz, _FUNDAMENTALS_HZ)
    best = int(np.argmax(scores))
    fundamental = float(_FUNDAMENTALS_HZ[best])
    mains = min((50.0, 60.0), key=lambda hz: abs(hz - fundamental))
    if abs(fundamental - mains) > _MAINS_TOLERANCE_HZ * 1.0:
        return None
    rivals = np.abs(_FUNDAMENTALS_HZ - fundamental) > 1.0
    # a fundamental that shares every other harmonic is no rival but the same comb
    rival = float(scores[rivals].max())
    at_lines = _at_harmonics(prominence, lines.hz, fundamental)
    standing = at_lines > _LINE_DB
    if standing.sum() < _LEAST_LINES or scores[best] < _ADVANTAGE * rival:
        return None
    level_db = power_to_db(float((10.0 ** (_at_harmonics(floor_db, lines.hz, fundamental)[standing] / 10.0)).sum()))
    loud_db = facts.noise.loud_db if facts.noise.loud_db is not None else level_db
    below = loud_db - level_db
    if level_db < -95.0:
        return None
    return Finding(
        kind="hum",
        severity=unit((75.0 - below) / 45.0),
        confidence=unit(0.5 + 0.05 * int(standing.sum()) + 0.2 * (scores[best] / max(rival, 1.0) - _ADVANTAGE)),
        message=(
            f"Mains hum at {fundamental:.1f} Hz with {int(standing.sum())} lines lies {below:.0f} dB below the loud "
            "parts; find the ground loop or notch the track that carries it."
        ),
        evidence={
            "fundamental_hz": fundamental,
            "mains_hz": mains,
            "lines": int(standing.sum()),
            "line_prominence_db": at_lines,
            "level_dbfs": level_db,
            "below_loud_db": below,
            "advantage": scores[best] / max(rival, 1e-9),
        },
        remedy=_notches(fundamental, standing),
    )


def _notches(fundamental_hz: float, standing: NDArray[np.bool_]) -> Remedy:
    bands = [
        {"kind": "bell", "frequency_hz": round(fundamental_hz * (n + 1), 2), "gain_db": -18.0, "q": 30.0}
        for n in np.flatnonzero(standing)[:8].tolist()
    ]
    return Remedy(
        "equaliser", {"bands": bands}, {"hum_db": -18.0}, "Narrow cuts at each line; bass notes there suffer."
    )


#: Hiss closer to the loud parts than this is heard in the quiet ones.
_HISS_BELOW_DB = 66.0


def _hiss(facts: Facts) -> Finding | None:
    noise = facts.noise
    if noise.hiss_db is None or noise.loud_db is None:
        return None
    below = noise.loud_db - noise.hiss_db
    if below > _HISS_BELOW_DB or noise.hiss_db < -84.0:
        return None
    regions = regions_of(noise.hiss_frames, facts.spectral.frame_hop_s, 1.0, facts.duration_s)
    return Finding(
        kind="noise",
        severity=unit((_HISS_BELOW_DB - below) / 40.0),
        confidence=unit(0.55 + 0.1 * min(4.0, noise.hiss_s)),
        message=(
            f"Steady hiss at {noise.hiss_db:.0f} dBFS (2 to 10 kHz), {below:.0f} dB below the loud parts, lies open "
            f"for {noise.hiss_s:.1f} s; loudness will lift it, so denoise the tracks or mute them where they rest."
        ),
        evidence={
            "hiss_dbfs": noise.hiss_db,
            "below_loud_db": below,
            "open_s": noise.hiss_s,
            "floor_dbfs": noise.floor_db,
        },
        regions=regions,
        remedy=None,
    )
