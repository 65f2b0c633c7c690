"""Command-line options made from declared settings: help, unit, range and default come from the declaration."""

from typing import Any

import typer

from tonewright.base.errors import Impossible
from tonewright.base.params import Params, bounds


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
