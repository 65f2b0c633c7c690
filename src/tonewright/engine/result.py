"""What a master came to: everything that was found, decided, done and left undone, and the files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.engine.advise.proposal import Shortfall
from tonewright.engine.analyze import Analysis
from tonewright.engine.findings.model import Finding
from tonewright.engine.recipe import Because, Recipe
from tonewright.measure.meter import Measurements


@dataclass(frozen=True)
class Decision:
    """One step that was taken: what it does in words, and why."""

    step: str
    effect: str
    because: tuple[Because, ...]

    def to_json(self) -> dict[str, Any]:
        return {"step": self.step, "because": [b.model_dump() for b in self.because], "effect": self.effect}


@dataclass(frozen=True, eq=False)
class MasterResult:
    """What was done.

    after: what is in the delivered file, measured there. files: by what they are.
    peak_before_loudness_db: (cells,) peaks that met the maximiser, before its drive, each 10 ms; None without one.
    """

    recipe: Recipe
    before: Analysis
    after: Measurements
    findings: tuple[Finding, ...]
    decisions: tuple[Decision, ...]
    shortfalls: tuple[Shortfall, ...]
    files: dict[str, Path]
    seconds: float
    peak_before_loudness_db: NDArray[np.float64] | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "recipe": self.recipe.to_json(),
            "before": self.before.measurements.to_json(),
            "after": self.after.to_json(),
            "findings": [finding.to_json() for finding in self.findings],
            "decisions": [decision.to_json() for decision in self.decisions],
            "shortfalls": [shortfall.to_json() for shortfall in self.shortfalls],
            "files": {name: str(path) for name, path in self.files.items()},
            "seconds": self.seconds,
        }
