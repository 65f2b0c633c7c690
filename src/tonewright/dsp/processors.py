"""The list of processors. Each stands in one file; the file is imported when it is first needed.

To add one: write its file, add one line to each table here, and see docs/add-a-processor.md.
"""

import importlib
from dataclasses import dataclass
from typing import Any

from tonewright.base.errors import RecipeInvalid
from tonewright.base.params import Params
from tonewright.dsp.stage import Context, Stage

#: kind -> module. The order is the order of a usual mastering chain.
_MODULES = {
    "subsonic": "tonewright.dsp.subsonic",
    "gain": "tonewright.dsp.gain",
    "leveller": "tonewright.dsp.leveller",
    "equaliser": "tonewright.dsp.equaliser",
    "resonance": "tonewright.dsp.resonance",
    "dynamic_eq": "tonewright.dsp.dynamic_eq",
    "deesser": "tonewright.dsp.deesser",
    "multiband": "tonewright.dsp.multiband",
    "saturator": "tonewright.dsp.saturator",
    "stereo": "tonewright.dsp.stereo",
    "maximiser": "tonewright.dsp.maximiser",
}


#: kind -> what it is called before people.
_TITLES = {
    "subsonic": "Subsonic filter",
    "gain": "Gain",
    "leveller": "Leveller",
    "equaliser": "Equaliser",
    "resonance": "Resonance control",
    "dynamic_eq": "Dynamic equaliser",
    "deesser": "De-esser",
    "multiband": "Multiband compressor",
    "saturator": "Saturator",
    "stereo": "Stereo width",
    "maximiser": "Maximiser",
}


@dataclass(frozen=True)
class Processor:
    """One processor's file, seen from outside."""

    kind: str
    params: type[Params]
    module: Any

    @property
    def title(self) -> str:
        return _TITLES[self.kind]

    def design(self, params: Params, context: Context) -> Stage:
        stage: Stage = self.module.design(params, context)
        return stage

    def describe(self, params: Params) -> str:
        """What these settings do, in a few words, for instance "high shelf at 9 kHz +1.5 dB"."""
        return str(self.module.describe(params))


def processor(kind: str) -> Processor:
    """The processor of this kind. Raises RecipeInvalid if there is none."""
    if kind not in _MODULES:
        raise RecipeInvalid(f"There is no processor named {kind!r}.", f"Known: {', '.join(_MODULES)}.")
    module = importlib.import_module(_MODULES[kind])
    return Processor(kind, module.PARAMS, module)


def kinds() -> list[str]:
    """All kinds, in the order of a usual chain."""
    return list(_MODULES)
