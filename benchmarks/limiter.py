"""The maximiser beside other limiters, at equal loudness and equal true peak.

    python -m benchmarks.limiter --music DIR [--lufs -14 -11 -9 -7] [--only NAME ...] [--out TABLE.md]

Method: of every audio file in DIR the loudest 15 s. Each limiter is driven to the same integrated loudness (search on
its gain), and its ceiling is lowered until the true peak at 16 times the rate holds -1 dBTP. The result is compared
with its input, brought to the same loudness and aligned in time, by the noise-to-mask ratio of ITU-R BS.1387 (basic
ear model): lower is better, 0 dB is at the masking threshold. Loudness and true peak are judged by benchmarks/judge.py.
Peers that are not installed are named, not counted; a limiter that can't reach a loudness has no mean there.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from benchmarks.judge import Samples, aligned, integrated_lufs, loudest, true_peak_dbtp
from benchmarks.peers import TAIL_S, Limit, Peer, PeerFailed, cpu_seconds, peers
from tonewright.measure.ear import noise_to_mask

CEILING_DBTP = -1.0
#: What a peer may miss the loudness and the ceiling by, before it counts as not having reached it.
LOUDNESS_TOLERANCE_LU = 0.1
CEILING_TOLERANCE_DB = 0.02
_ROUNDS = 14


@dataclass(frozen=True)
class Piece:
    name: str
    rate_hz: int
    samples: Samples


@dataclass(frozen=True)
class Result:
    """What a limiter did to one piece at one loudness."""

    nmr_db: float
    lufs: float
    true_peak_dbtp: float
    first_overshoot_db: float  #: true peak above the ceiling that was first asked for
    cpu_s: float  #: of one run


def pieces(folder: Path, seconds: float) -> list[Piece]:
    found = []
    for path in sorted(folder.iterdir()):
        try:
            samples, rate_hz = soundfile.read(path, always_2d=True)
        except (soundfile.LibsndfileError, OSError):
            continue
        found.append(Piece(path.stem, rate_hz, loudest(np.ascontiguousarray(samples.T), rate_hz, seconds)))
    return found


def drive(limit: Limit, piece: Piece, target_lufs: float) -> Result | None:
    """Search gain and ceiling until loudness and true peak hold; None if they can't be reached together."""
    gain_db = target_lufs - integrated_lufs(piece.samples, piece.rate_hz)
    ceiling_db, slope = CEILING_DBTP, 1.0
    first_overshoot = None
    last: tuple[float, float] | None = None
    for _ in range(_ROUNDS):
        before = cpu_seconds()
        out = limit(piece.samples, piece.rate_hz, gain_db, ceiling_db)
        cpu_s = cpu_seconds() - before
        out = aligned(piece.samples, out, int(TAIL_S * piece.rate_hz))
        if not np.all(np.isfinite(out)):
            return None
        lufs, peak = integrated_lufs(out, piece.rate_hz), true_peak_dbtp(out)
        if first_overshoot is None:
            first_overshoot = peak - CEILING_DBTP
        short = target_lufs - lufs
        over = peak - CEILING_DBTP
        if abs(short) <= 0.02 and over <= CEILING_TOLERANCE_DB:
            return Result(nmr(piece, out, lufs), lufs, peak, first_overshoot, cpu_s)
        if last is not None and abs(gain_db - last[0]) > 1e-3:
            slope = min(1.0, max(0.15, (lufs - last[1]) / (gain_db - last[0])))
        last = (gain_db, lufs)
        gain_db += short / slope
        if over > CEILING_TOLERANCE_DB:
            ceiling_db -= over - CEILING_TOLERANCE_DB / 2
        if gain_db > 40.0 or ceiling_db < CEILING_DBTP - 12.0:
            return None
    if abs(short) <= LOUDNESS_TOLERANCE_LU and over <= 2 * CEILING_TOLERANCE_DB:
        return Result(nmr(piece, out, lufs), lufs, peak, first_overshoot or 0.0, cpu_s)
    return None


def nmr(piece: Piece, out: Samples, lufs: float) -> float:
    gain = 10.0 ** ((lufs - integrated_lufs(piece.samples, piece.rate_hz)) / 20.0)
    return noise_to_mask(piece.samples * gain, out, piece.rate_hz).total_db


def ours() -> list[Peer]:
    from benchmarks.ours import tonewright_limit

    return [Peer("Tonewright", tonewright_limit)]


def table(names: Sequence[str], music: Sequence[Piece], results: dict[str, list[Result | None]]) -> str:
    """One loudness: a row for each limiter."""
    rows = [
        "| limiter | mean NMR | " + " | ".join(p.name for p in music) + " | LU off | dBTP | overshoot | CPU s |"
    ]
    rows.append("|---" * (len(music) + 6) + "|")
    for name in names:
        found = results[name]
        good = [r for r in found if r is not None]
        mean = f"{np.mean([r.nmr_db for r in good]):.1f}" if len(good) == len(found) else "–"
        cells = ["fails" if r is None else f"{r.nmr_db:.1f}" for r in found]
        if good:
            overshoot = max(r.first_overshoot_db for r in good)
            tail = [f"{max(r.true_peak_dbtp for r in good):.2f}", f"{overshoot:+.2f}"]
            tail.append(f"{np.mean([r.cpu_s for r in good]):.2f}")
        else:
            tail = ["–"] * 3
        rows.append(f"| {name} | {mean} | " + " | ".join(cells) + " | " + " | ".join([_off(good), *tail]) + " |")
    return "\n".join(rows)


def _off(good: Sequence[Result]) -> str:
    spread = [r.lufs for r in good]
    return f"{max(spread) - min(spread):.2f}" if spread else "–"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--music", type=Path, required=True, help="folder with audio files")
    options.add_argument("--lufs", type=float, nargs="+", default=[-14.0, -11.0, -9.0, -7.0])
    options.add_argument("--seconds", type=float, default=15.0)
    options.add_argument("--only", nargs="+", help="only limiters whose name holds one of these words")
    options.add_argument("--out", type=Path, help="write the table there as well")
    chosen = options.parse_args()

    music = pieces(chosen.music, chosen.seconds)
    if not music:
        options.error(f"no audio in {chosen.music}")
    everyone = [*ours(), *peers()]
    if chosen.only:
        everyone = [p for p in everyone if any(word.lower() in p.name.lower() for word in chosen.only)]
    present = [p for p in everyone if not p.missing]
    parts = [f"{p.name}: {p.missing}" for p in everyone if p.missing]
    if parts:
        parts.insert(0, "Not run:")
    for lufs in chosen.lufs:
        results = {p.name: [_safely(p, piece, lufs) for piece in music] for p in present}
        part = f"\n## {lufs:g} LUFS, {CEILING_DBTP:g} dBTP\n\n" + table([p.name for p in present], music, results)
        print(part, flush=True)
        parts.append(part)
    if chosen.out:
        chosen.out.write_text("\n".join(parts) + "\n")


def _safely(peer: Peer, piece: Piece, lufs: float) -> Result | None:
    try:
        return drive(peer.limit, piece, lufs)
    except PeerFailed as error:
        print(f"{peer.name} failed on {piece.name}: {error}")
        return None


if __name__ == "__main__":
    main()
