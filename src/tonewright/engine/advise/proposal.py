"""What the assistant proposes: steps with their reasons, a loudness to aim at, and what it will not do."""

from dataclasses import dataclass, field
from typing import Any

from tonewright.base.params import Params
from tonewright.dsp.processors import processor
from tonewright.engine.recipe import Because, Step


@dataclass(frozen=True)
class Shortfall:
    """Something that was wanted or found and is not done, or not fully, and why. One plain sentence."""

    what: str
    message: str
    evidence: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {"what": self.what, "message": self.message, "evidence": self.evidence}


@dataclass(frozen=True)
class LoudnessGoal:
    """Where the maximiser is to land.

    lufs: None means the loudness it came with. may_limit: False where the dynamics are to be kept: peaks decide.
    """

    lufs: float | None
    ceiling_dbtp: float
    because: tuple[Because, ...]
    may_limit: bool = True


@dataclass(frozen=True)
class Proposal:
    """Steps before the maximiser, in order; the loudness to aim at (None: no maximiser); what is left undone."""

    steps: tuple[Step, ...]
    goal: LoudnessGoal | None
    shortfalls: tuple[Shortfall, ...]


def step(step_id: str, kind: str, values: dict[str, Any], because: tuple[Because, ...]) -> Step:
    """A step from plain values, validated against its processor's declaration."""
    params = processor(kind).params.parse(values, f"The step {step_id!r}")
    return Step(id=step_id, kind=kind, params=params, because=because)


def scaled(params: Params, amount: float) -> Params:
    """The settings with every gain, depth and range (all knobs in plain dB) times `amount`, lists included."""
    values: dict[str, Any] = {}
    for name, info in type(params).model_fields.items():
        value = getattr(params, name)
        extra = info.json_schema_extra
        if isinstance(extra, dict) and extra.get("unit") == "dB":
            values[name] = value * amount
        elif isinstance(value, tuple) and value and isinstance(value[0], Params):
            values[name] = tuple(scaled(item, amount) for item in value)
    return params.model_copy(update=values)
