"""Other people's limiters, each behind one call: samples, gain and ceiling in, samples out.

None of them is needed to run Tonewright; a benchmark uses those it finds and names those it does not.
Times counted are CPU seconds, of the child process where the peer is a program.
"""

import importlib.util
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

Samples = NDArray[np.float64]
#: (samples (channels, frames), rate_hz, gain_db, ceiling_db) -> samples, perhaps delayed by up to half a second.
Limit = Callable[[Samples, int, float, float], Samples]

TAIL_S = 0.5


class PeerFailed(Exception):
    """The peer gave nothing back."""


@dataclass(frozen=True)
class Peer:
    """A limiter: its name, and how to call it, or why it can't be called here."""

    name: str
    limit: Limit
    missing: str = ""


def peers() -> list[Peer]:
    """All peers that the benchmarks know, also those that are not installed."""
    return [
        Peer("hard clip", _hard_clip),
        Peer("ffmpeg alimiter", _ffmpeg(1), _need_program("ffmpeg")),
        Peer("ffmpeg alimiter 4x", _ffmpeg(4), _need_program("ffmpeg")),
        Peer("pedalboard.Limiter", _pedalboard, _need_module("pedalboard")),
        Peer("matchering's limiter", _matchering, _need_module("matchering")),
        Peer("audiocomplib peak limiter", _audiocomplib, _need_module("audiocomplib")),
        Peer("LSP limiter", _lsp(0), _need_lv2(_LSP)),
        Peer("LSP limiter 8x", _lsp(20), _need_lv2(_LSP)),
        Peer("x42 dpl (true peak)", _dpl, _need_lv2(_DPL)),
        Peer("Calf limiter 4x", _calf, _need_lv2(_CALF)),
    ]


def cpu_seconds() -> float:
    """CPU time of this process and of its children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _amplitude(db: float) -> float:
    return float(10.0 ** (db / 20.0))


def _need_module(name: str) -> str:
    return "" if importlib.util.find_spec(name) else f"Python module {name} is not installed"


def _need_program(name: str) -> str:
    return "" if shutil.which(name) else f"program {name} is not installed"


_LSP = "http://lsp-plug.in/plugins/lv2/limiter_stereo"
_DPL = "http://gareus.org/oss/lv2/dpl#stereo"
_CALF = "http://calf.sourceforge.net/plugins/Limiter"


@cache
def _lv2_plugins() -> frozenset[str]:
    if not shutil.which("lv2ls") or not shutil.which("lv2apply"):
        return frozenset()
    return frozenset(subprocess.run(["lv2ls"], capture_output=True, text=True, check=True).stdout.split())


def _need_lv2(uri: str) -> str:
    if uri in _lv2_plugins():
        return ""
    return f"LV2 plugin {uri} or lv2apply (Debian: lilv-utils) is not installed"


def _hard_clip(samples: Samples, rate_hz: int, gain_db: float, ceiling_db: float) -> Samples:
    ceiling = _amplitude(ceiling_db)
    return np.clip(samples * _amplitude(gain_db), -ceiling, ceiling)


def _through_files(command: Callable[[str, str], list[str]], samples: Samples, rate_hz: int) -> Samples:
    """Run a program that reads one float WAV and writes another."""
    padded = np.pad(samples, ((0, 0), (0, int(TAIL_S * rate_hz))))
    with tempfile.TemporaryDirectory() as folder:
        source, target = str(Path(folder) / "in.wav"), str(Path(folder) / "out.wav")
        soundfile.write(source, padded.T, rate_hz, subtype="FLOAT")
        done = subprocess.run(command(source, target), capture_output=True, timeout=120, check=False)
        if done.returncode or not Path(target).exists():
            raise PeerFailed(done.stderr.decode(errors="replace")[-300:])
        out, _ = soundfile.read(target, always_2d=True)
    return np.ascontiguousarray(out.T)


def _ffmpeg(oversampling: int) -> Limit:
    def limit(samples: Samples, rate_hz: int, gain_db: float, ceiling_db: float) -> Samples:
        chain = f"alimiter=limit={_amplitude(ceiling_db):.9f}:attack=5:release=50:level=0"
        if oversampling > 1:
            chain = f"aresample={rate_hz * oversampling}:filter_size=64,{chain},aresample={rate_hz}:filter_size=64"

        def command(source: str, target: str) -> list[str]:
            filters = f"volume={gain_db}dB:precision=double,{chain}"
            return ["ffmpeg", "-v", "error", "-y", "-i", source, "-af", filters, "-c:a", "pcm_f32le", target]

        return _through_files(command, samples, rate_hz)

    return limit


def _lv2(uri: str, controls: Callable[[float, float], dict[str, float]]) -> Limit:
    def limit(samples: Samples, rate_hz: int, gain_db: float, ceiling_db: float) -> Samples:
        def command(source: str, target: str) -> list[str]:
            options = [
                word
                for name, value in controls(gain_db, ceiling_db).items()
                for word in ("-c", name, f"{value:.9f}")
            ]
            return ["lv2apply", "-i", source, "-o", target, *options, uri]

        return _through_files(command, samples, rate_hz)

    return limit


def _lsp(oversampling_mode: int) -> Limit:
    def controls(gain_db: float, ceiling_db: float) -> dict[str, float]:
        return {
            "g_in": _amplitude(gain_db),
            "th": _amplitude(ceiling_db),
            "boost": 0.0,
            "alr": 0.0,
            "ovs": float(oversampling_mode),
        }

    return _lv2(_LSP, controls)


def _dpl(samples: Samples, rate_hz: int, gain_db: float, ceiling_db: float) -> Samples:
    def controls(gain_db: float, ceiling_db: float) -> dict[str, float]:
        return {"gain": gain_db, "threshold": ceiling_db, "release": 0.05, "truepeak": 1.0}

    return _lv2(_DPL, controls)(samples, rate_hz, gain_db, ceiling_db)


def _calf(samples: Samples, rate_hz: int, gain_db: float, ceiling_db: float) -> Samples:
    def controls(gain_db: float, ceiling_db: float) -> dict[str, float]:
        return {
            "level_in": _amplitude(gain_db),
            "limit": _amplitude(ceiling_db),
            "oversampling": 4.0,
            "auto_level": 0.0,
        }

    return _lv2(_CALF, controls)(samples, rate_hz, gain_db, ceiling_db)


def _pedalboard(samples: Samples, rate_hz: int, gain_db: float, ceiling_db: float) -> Samples:
    from pedalboard import Limiter

    # Its output is clipped at full scale whatever the threshold, so the ceiling is set by scaling around it.
    driven = (samples * _amplitude(gain_db - ceiling_db)).astype(np.float32)
    out = Limiter(threshold_db=0.0, release_ms=100.0)(driven, rate_hz)
    return np.asarray(out, dtype=np.float64) * _amplitude(ceiling_db)


def _matchering(samples: Samples, rate_hz: int, gain_db: float, ceiling_db: float) -> Samples:
    from matchering import Config
    from matchering.limiter import limit

    threshold = 0.998
    config: Any = Config(internal_sample_rate=rate_hz, threshold=threshold)
    out = limit(samples.T * _amplitude(gain_db - ceiling_db) * threshold, config)
    return np.ascontiguousarray(np.asarray(out, dtype=np.float64).T) * _amplitude(ceiling_db) / threshold


def _audiocomplib(samples: Samples, rate_hz: int, gain_db: float, ceiling_db: float) -> Samples:
    limiter = importlib.import_module("audiocomplib").PeakLimiter(threshold=ceiling_db)
    return np.asarray(limiter.process(samples * _amplitude(gain_db), rate_hz), dtype=np.float64)
