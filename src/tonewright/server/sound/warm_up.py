"""Load what sound needs, and compile or load every kernel, before somebody waits for it."""

from functools import lru_cache
from typing import Any

import numpy as np

from tonewright.base.quantise import Quantiser
from tonewright.base.signal import ArraySignal
from tonewright.dsp.processors import kinds, processor
from tonewright.engine.advise.propose import propose
from tonewright.engine.analyze import analyze
from tonewright.engine.intent import Intent
from tonewright.engine.recipe import Recipe, Step
from tonewright.engine.render import layers, window
from tonewright.server.sound.listen import flac

_RATE_HZ = 44_100
_SECONDS = 1.0
#: Settings with which a processor that does nothing by default has something to do.
_BUSY: dict[str, dict[str, Any]] = {
    "equaliser": {"bands": [{"kind": "bell", "frequency_hz": 1000, "gain_db": -2}]},
    "leveller": {"points": [{"time_s": 0.0, "gain_db": 0.0}, {"time_s": 1.0, "gain_db": 1.0}]},
    "resonance": {"bands": [{}]},
    "dynamic_eq": {"bands": [{}]},
    "deesser": {"threshold_db": -30.0},
    "multiband": {"bands": [{"up_to_hz": 200, "threshold_db": -60}, {"threshold_db": -60}]},
    "saturator": {"drive_db": 6.0},
    "stereo": {"width_high_pct": 120.0, "mono_below_hz": 100.0},
    "maximiser": {"drive_db": 12.0},
}


@lru_cache(maxsize=1)
def warm_up() -> None:
    """Hear a second of noise and put it through every processor. Does nothing the second time."""
    noise = np.random.default_rng(1).normal(0.0, 0.1, (2, round(_SECONDS * _RATE_HZ)))
    song = ArraySignal(noise, _RATE_HZ)
    propose(analyze(song), Intent())
    block = window(layers(song, everything()), 0, song.frames)
    Quantiser(24, _RATE_HZ, 2).process(block)
    flac(block, _RATE_HZ)


def everything() -> Recipe:
    """A recipe with every processor at work."""
    return Recipe(
        steps=tuple(
            Step(id=kind, kind=kind, params=processor(kind).params.parse(_BUSY.get(kind, {}), kind))
            for kind in kinds()
        )
    )
