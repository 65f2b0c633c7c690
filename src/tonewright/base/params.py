"""Settings, each declared once with unit, range, step and help.

From one declaration come the command-line option, the JSON and API schema, the screen's knob, the documentation
and the property tests. Nothing else in the project repeats a range.
"""

from dataclasses import dataclass
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from tonewright.base.errors import Impossible

Scale = Literal["linear", "log"]


class Params(BaseModel):
    """A closed, frozen set of settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @classmethod
    def parse(cls, values: dict[str, Any], what: str) -> Self:
        """Validate values from outside. `what` names them in the message.

        Raises Impossible with one line that names the first setting that is wrong.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise Impossible(f"{what}: {first_fault(error)}") from error


def first_fault(error: ValidationError) -> str:
    """The first fault of a validation error, as one readable line."""
    fault = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in fault["loc"])
    message = str(fault["msg"])
    return f"{place}: {message}" if place else message


@dataclass(frozen=True)
class KnobSpec:
    """What one setting is: everything a command line, a screen, a document or a test needs to know."""

    name: str
    default: float
    low: float
    high: float
    unit: str
    step: float
    scale: Scale
    help: str


def knob(
    default: float,
    low: float,
    high: float,
    *,
    unit: str = "",
    step: float = 0.1,
    scale: Scale = "linear",
    help: str,  # noqa: A002 the field's own word
) -> Any:
    """Declare one number: default, closed range, unit, step of a screen's knob, one sentence of help."""
    return Field(
        default,
        ge=low,
        le=high,
        description=help,
        json_schema_extra={"unit": unit, "step": step, "scale": scale, "low": low, "high": high},
    )


def knobs(params: type[Params]) -> dict[str, KnobSpec]:
    """The numbers declared by a Params class, in order, by name."""
    found = {}
    for name, info in params.model_fields.items():
        spec = _spec(name, info)
        if spec is not None:
            found[name] = spec
    return found


def _spec(name: str, info: FieldInfo) -> KnobSpec | None:
    extra = info.json_schema_extra
    if not isinstance(extra, dict) or "unit" not in extra:
        return None
    return KnobSpec(
        name=name,
        default=float(info.default),
        low=float(extra["low"]),  # type: ignore[arg-type]
        high=float(extra["high"]),  # type: ignore[arg-type]
        unit=str(extra["unit"]),
        step=float(extra["step"]),  # type: ignore[arg-type]
        scale=extra["scale"],  # type: ignore[arg-type]
        help=info.description or "",
    )


def bounds(params: type[Params], name: str) -> tuple[float, float]:
    """The closed range of a setting. Raises ValueError if it was declared without one."""
    limits: dict[str, float] = {}
    for rule in params.model_fields[name].metadata:
        for side in ("ge", "le"):
            if hasattr(rule, side):
                limits[side] = float(getattr(rule, side))
    if len(limits) != 2:
        raise ValueError(f"{params.__name__}.{name} has no range")
    return limits["ge"], limits["le"]
