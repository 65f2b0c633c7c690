"""Measure the tone target: medians and spread of the long-term spectra of finished music.

    python training/tone_target.py --catalogue catalogue.csv --music CORPUS_DIR [--cache spectra.npz]

Takes the rows of the catalogue with split "train" and kind "song" that lie under CORPUS_DIR/<package>/<path>, leaves
out chip music, trackers, speech, and what is mono or below 44.1 kHz, and reads each track whole. Every package counts
for at most 10 % (tracks of one album are alike). Bands above a track's codec edge do not count for it. Spread is
robust: bands are winsorised at 2.5 sigma (sigma from the median absolute deviation). Only numbers are kept, no audio.
"""

import argparse
import csv
import datetime
import json
import re
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from tonewright.base.signal import Layout
from tonewright.engine.tone_target import CONTRASTS, contrasts, shape_db, third_octaves
from tonewright.measure.bands import THIRD_HZ
from tonewright.measure.spectral_pass import SpectralPass
from tonewright.measure.spectrum import spectrum

LEFT_OUT = ("chip", "tracker", "8 kHz", "22 kHz", "mono", "speech", "spoken", "noise", "synth game")
LARGEST_SHARE = 0.10
OUT = Path(__file__).parents[1] / "src/tonewright/engine/data/tone_target.json"


def tracks(catalogue: Path, music: Path) -> list[tuple[str, Path]]:
    """(package, file) of the tracks that count."""
    found = []
    with catalogue.open(newline="") as file:
        for row in csv.DictReader(file):
            package = row["source"].removeprefix("deb:").split("=")[0]
            path = music / package / row["path"]
            fits = row["split"] == "train" and row["kind"] == "song" and int(row["sr"]) >= 44_100
            fits = fits and row["channels"] == "2" and float(row["duration_s"]) >= 45.0
            if fits and path.exists() and not any(word in row["genre"] for word in LEFT_OUT):
                found.append((package, path))
    return found


def measure(path: Path) -> tuple[NDArray[np.float64], float] | None:
    """Third-octave levels of a file and where its content ends; None if it can't be read."""
    try:
        with soundfile.SoundFile(path) as file:
            pass_ = SpectralPass(Layout(file.samplerate, file.channels))
            for block in file.blocks(65_536, dtype="float64", always_2d=True):
                pass_.feed(np.ascontiguousarray(block.T))
    except (soundfile.LibsndfileError, ValueError):
        return None
    found = spectrum(pass_.result())
    level = np.full(len(THIRD_HZ), np.nan)
    level[: len(found.level_db)] = found.level_db
    return level, found.edge_hz or 1e9


def fit(packages: list[str], levels: NDArray[np.float64], tops: NDArray[np.float64]) -> dict[str, object]:
    bands = third_octaves()
    keep = np.isin(np.round(THIRD_HZ), np.round(bands))
    shapes = np.array([shape_db(level[keep], bands) for level in levels])
    shapes[bands[None, :] * 2 ** (1 / 6) > tops[:, None]] = np.nan
    weights = np.ones(len(packages))
    for _ in range(20):  # until no package has more than its share
        for package in set(packages):
            of = np.array([p == package for p in packages])
            share = weights[of].sum() / weights.sum()
            if share > LARGEST_SHARE:
                weights[of] *= LARGEST_SHARE / share
    median = np.array([quantile(shapes[:, b], weights, 0.5) for b in range(len(bands))])
    sigma = np.array([1.4826 * quantile(np.abs(shapes[:, b] - median[b]), weights, 0.5) for b in range(len(bands))])
    limited = np.clip(shapes - median, -2.5 * sigma, 2.5 * sigma)
    covariance = pairwise(limited, weights)
    spread = {}
    values = [contrasts(shape, bands, top) for shape, top in zip(np.nan_to_num(shapes), tops, strict=True)]
    for name in CONTRASTS:
        has = np.array([name in value for value in values])
        x, w = np.array([value[name] for value in values if name in value]), weights[has]
        middle = quantile(x, w, 0.5)
        spread[name] = {
            "median_db": round(middle, 2),
            "sigma_db": round(1.4826 * quantile(np.abs(x - middle), w, 0.5), 2),
            "p1_db": round(quantile(x, w, 0.01), 2),
            "p99_db": round(quantile(x, w, 0.99), 2),
        }
    return {
        "version": 1,
        "measured": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "source": "Finished music (orchestral, electronic, rock, metal, folk) from free Debian game packages; "
        "training/tone_target.py says how.",
        "packages": {package: packages.count(package) for package in sorted(set(packages))},
        "tracks": len(packages),
        "centre_hz": [round(float(hz), 2) for hz in bands],
        "median_db": [round(float(x), 2) for x in median],
        "sigma_db": [round(float(x), 2) for x in sigma],
        "covariance_db2": [[round(float(x), 2) for x in row] for row in covariance],
        "contrasts": spread,
    }


def quantile(values: NDArray[np.float64], weights: NDArray[np.float64], q: float) -> float:
    has = np.isfinite(values)
    order = np.argsort(values[has])
    x, w = values[has][order], weights[has][order]
    position = (np.cumsum(w) - 0.5 * w) / w.sum()
    return float(np.interp(q, position, x))


def pairwise(deviation: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weighted covariance over the tracks that have both bands, made positive definite (floor 0.5 dB^2)."""
    has = np.isfinite(deviation)
    filled = np.where(has, deviation, 0.0)
    together = (has * weights[:, None]).T @ has
    covariance = (filled * weights[:, None]).T @ filled / together
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    result: NDArray[np.float64] = vectors @ np.diag(np.maximum(values, 0.5)) @ vectors.T
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--catalogue", type=Path, required=True)
    parser.add_argument("--music", type=Path, required=True)
    parser.add_argument("--cache", type=Path, help="spectra measured before; written when it is not there")
    options = parser.parse_args()
    if options.cache and options.cache.exists():
        held = np.load(options.cache)
        packages, levels, tops = list(held["packages"]), held["levels"], held["tops"]
    else:
        packages, rows, ends = [], [], []
        for package, path in tracks(options.catalogue, options.music):
            found = measure(path)
            if found is not None and np.isfinite(found[0]).all():
                packages.append(package)
                rows.append(found[0])
                ends.append(found[1])
                print(f"{len(packages):4d}  {package}  {path.name}", flush=True)
        levels, tops = np.array(rows), np.array(ends)
        if options.cache:
            np.savez(options.cache, packages=packages, levels=levels, tops=tops)
    text = json.dumps(fit([str(p) for p in packages], levels, tops), indent=1)
    text = re.sub(r"\[[^\[\]{}]*\]", lambda row: " ".join(row.group().split()), text)  # one line for each list
    OUT.write_text(text + "\n")
    print(f"{len(packages)} tracks -> {OUT}")


if __name__ == "__main__":
    main()
