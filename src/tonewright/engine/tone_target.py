"""What the spectrum of finished music looks like, how far good songs differ, and how little a deviation proves.

The data is engine/data/tone_target.json, measured by training/tone_target.py. Good songs differ by 3 dB in
the mids and 5 to 10 dB at both ends, more than a typical mistake, so a deviation from the middle is mostly the song
itself. Hence two tools, and neither moves a song to the target: `contrasts` says when a shape is outside of nearly all
music, and `expected_fault_db` gives the conditional mean (Wiener) of a mistake under a prior of plausible ones,
which is small unless the deviation is both large and of a kind that music has not.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from tonewright.measure.bands import THIRD_HZ

Curve = NDArray[np.float64]

#: Level is taken out by the mean of the bands' dB in this range, where all music has content.
_REFERENCE_HZ = (100.0, 8_000.0)
#: A plausible tone mistake: 3 dB RMS over the bands (docs/evidence.md), smooth over about an octave.
FAULT_SIGMA_DB, FAULT_OCTAVES = 3.0, 1.0
#: Corrections of this size (RMS over the bands) are dropped, larger ones are shortened by it: hardly less of a fault is
#: met, and sound songs are changed by two thirds of what they would be (docs/evidence.md).
GATE_DB = 0.5

#: name: bands that count for it, bands it is compared with (Hz). The word applies at the high end, its counterpart at
#: the low end of the same contrast.
CONTRASTS: dict[str, tuple[tuple[float, float], tuple[tuple[float, float], ...]]] = {
    "treble": ((5_600.0, 14_000.0), ((280.0, 2_200.0),)),
    "bass": ((45.0, 140.0), ((350.0, 2_800.0),)),
    "body": ((70.0, 280.0), ((350.0, 2_800.0),)),
    "low_mid": ((180.0, 450.0), ((70.0, 140.0), (900.0, 4_500.0))),
    "upper_mid": ((2_200.0, 5_600.0), ((450.0, 1_100.0), (7_000.0, 14_000.0))),
}
#: finding's word: contrast, and the side on which it lies.
WORDS: dict[str, tuple[str, int]] = {
    "dull": ("treble", -1),
    "bright": ("treble", 1),
    "boomy": ("bass", 1),
    "thin": ("body", -1),
    "muddy": ("low_mid", 1),
    "harsh": ("upper_mid", 1),
}


@dataclass(frozen=True)
class Contrast:
    """How one contrast is spread over music: median, robust sigma, and the 1st and 99th percentile (dB)."""

    median_db: float
    sigma_db: float
    p1_db: float
    p99_db: float


@dataclass(frozen=True)
class ToneTarget:
    """centre_hz, median_db, sigma_db: (bands,). covariance: (bands, bands) dB^2. contrasts by name. source: words."""

    centre_hz: Curve
    median_db: Curve
    sigma_db: Curve
    covariance: NDArray[np.float64]
    contrasts: dict[str, Contrast]
    tracks: int
    source: str


@lru_cache(maxsize=1)
def tone_target() -> ToneTarget:
    text = resources.files("tonewright.engine").joinpath("data/tone_target.json").read_text(encoding="utf-8")
    data = json.loads(text)
    return ToneTarget(
        centre_hz=np.array(data["centre_hz"]),
        median_db=np.array(data["median_db"]),
        sigma_db=np.array(data["sigma_db"]),
        covariance=np.array(data["covariance_db2"]),
        contrasts={name: Contrast(**values) for name, values in data["contrasts"].items()},
        tracks=int(data["tracks"]),
        source=str(data["source"]),
    )


def shape_db(level_db: Curve, centre_hz: Curve) -> Curve:
    """Third-octave levels with the loudness taken out."""
    middle = (centre_hz > _REFERENCE_HZ[0]) & (centre_hz < _REFERENCE_HZ[1])
    shape: Curve = level_db - level_db[middle].mean()
    return shape


def contrasts(shape: Curve, centre_hz: Curve, top_hz: float) -> dict[str, float]:
    """Value in dB of each contrast whose bands all lie under top_hz, where the content ends."""
    found = {}
    for name, (region, others) in CONTRASTS.items():
        if max(high for _, high in (region, *others)) > top_hz * 1.05:
            continue
        found[name] = _mean(shape, centre_hz, region) - float(np.mean([_mean(shape, centre_hz, o) for o in others]))
    return found


def _mean(shape: Curve, centre_hz: Curve, region: tuple[float, float]) -> float:
    return float(shape[(centre_hz > region[0]) & (centre_hz < region[1])].mean())


def deviation_db(level_db: Curve, centre_hz: Curve) -> Curve:
    """How far a song's shape lies from the median of music, (bands of the target,); nan where the song has no band."""
    target = tone_target()
    shape = shape_db(level_db, centre_hz)
    result = np.full(len(target.centre_hz), np.nan)
    for n, hz in enumerate(target.centre_hz):
        at = int(np.argmin(np.abs(np.log(centre_hz / hz))))
        if abs(np.log2(centre_hz[at] / hz)) < 0.05:
            result[n] = shape[at] - target.median_db[n]
    return result


def fault_covariance(centre_hz: Curve) -> NDArray[np.float64]:
    """The prior of plausible mistakes: smooth curves, FAULT_SIGMA_DB strong."""
    octaves = np.log2(centre_hz[:, None] / centre_hz[None, :])
    prior: NDArray[np.float64] = FAULT_SIGMA_DB**2 * np.exp(-0.5 * (octaves / FAULT_OCTAVES) ** 2)
    return prior


def expected_fault_db(deviation: Curve, top_hz: float = 16_000.0) -> Curve:
    """What of a deviation is a mistake, in the mean: prior (prior + natural)^-1 deviation. Bands above top_hz or nan
    count for nothing and get 0. The correction is its negative."""
    target = tone_target()
    use = np.isfinite(deviation) & (target.centre_hz <= top_hz)
    prior = fault_covariance(target.centre_hz[use])
    # beyond three sigma a deviation is an unusual song, not a larger mistake (winsorised)
    limited = np.clip(deviation[use], -3.0 * target.sigma_db[use], 3.0 * target.sigma_db[use])
    result = np.zeros(len(deviation))
    result[use] = prior @ np.linalg.solve(prior + target.covariance[np.ix_(use, use)], limited)
    return result


def gated(curve: Curve, gate_db: float) -> Curve:
    """The curve, its size (RMS in dB) less the gate's; zero where it is smaller than the gate."""
    size_db = float(np.sqrt(np.mean(curve**2)))
    shortened: Curve = curve * max(0.0, 1.0 - gate_db / max(size_db, 1e-9))
    return shortened


def third_octaves() -> Curve:
    """The bands a target covers: 25 Hz to 16 kHz."""
    kept: Curve = THIRD_HZ[(THIRD_HZ > 23.0) & (THIRD_HZ < 17_000.0)]
    return kept
