"""Command-line options made from declared settings: help, unit, range and default come from the declaration."""

from typing import Any

import typer

from tonewright.base.errors import Impossible
from tonewright.base.params import Params


def option(params: type[Params], name: str, flag: str, panel: str, unit: str = "") -> Any:
    """The option `flag` for the setting `name`. A value outside its range is Impossible."""
    info = params.model_fields[name]
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    low, high = bounds(params, name)

    def in_range(value: float | None) -> float | None:
        if value is not None and not low <= value <= high:
            raise Impossible(f"{flag} {value:g} can't be done.", f"Give {span}.")
        return value

    span = f"{low:g} to {high:g} {unit or extra.get('unit', '')}".rstrip()
    text = f"{(info.description or '').rstrip('.')}. {span}"
    if isinstance(info.default, int | float):
        text += f", default {info.default:g}"
    return typer.Option(
        flag, metavar="N", help=f"{text}.", show_default=False, rich_help_panel=panel, callback=in_range
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
