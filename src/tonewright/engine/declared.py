"""What there is to choose from, as plain data made of the declarations that run: processors and controls.

The command line lists it, the API answers with it, the screen draws its knobs from it, the documentation is written
from it.
"""

from dataclasses import asdict, replace
from types import UnionType
from typing import Any, Literal, get_args, get_origin

from tonewright.base.params import KnobSpec, Params, bounds, knobs
from tonewright.dsp.processors import Processor, kinds, processor
from tonewright.engine.intent import Character, Controls, Match, Reference

#: The unit of what a control may replace the target's by.
_UNITS = {"lufs": "LUFS", "ceiling_dbtp": "dBTP"}


def processor_document(each: Processor) -> dict[str, Any]:
    """One processor: what it is called, what it is for, its settings.

    knobs, choices: those of its bands too, named band.setting. lists: the settings that are lists, with what one of
    their items has. schema: of all its settings, as a recipe holds them.
    """
    lists = bands_of(each.params)
    return {
        "kind": each.kind,
        "title": each.title,
        "help": first_line(each.params),
        "knobs": [asdict(spec) for spec in every_knob(each.params)],
        "choices": choices(each.params)
        + [
            choice | {"name": f"{name}.{choice['name']}"}
            for name, item in lists.items()
            for choice in choices(item)
        ],
        "lists": [_list(each.params, name, item) for name, item in lists.items()],
        "schema": each.params.model_json_schema(),
    }


def processor_documents() -> list[dict[str, Any]]:
    """All processors, in the order of a usual chain."""
    return [processor_document(processor(kind)) for kind in kinds()]


def controls_document() -> dict[str, Any]:
    """The controls that steer a master. numbers: what may be left to the target, so that null is its default."""
    return {
        "character": [asdict(spec) for spec in knobs(Character).values()],
        "match": [asdict(spec) for spec in knobs(Match).values()],
        "amount": asdict(knobs(Controls)["amount"]),
        "reference_weight": asdict(knobs(Reference)["weight"]),
        "numbers": [_number(name, unit) for name, unit in _UNITS.items()],
        "choices": choices(Controls),
        "default": Controls().model_dump(),
        "schema": Controls.model_json_schema(),
    }


def every_knob(params: type[Params]) -> list[KnobSpec]:
    """The numbers of a processor, those of its bands too, named band.setting."""
    found = list(knobs(params).values())
    for name, item in bands_of(params).items():
        found += [replace(spec, name=f"{name}.{spec.name}") for spec in knobs(item).values()]
    return found


def bands_of(params: type[Params]) -> dict[str, type[Params]]:
    """The settings that are themselves settings, or lists of them, by name."""
    found = {}
    for name, info in params.model_fields.items():
        for part in (info.annotation, *get_args(info.annotation)):
            if isinstance(part, type) and issubclass(part, Params):
                found[name] = part
    return found


def choices(params: type[Params]) -> list[dict[str, Any]]:
    """The settings that are one of a few words or numbers, or switches. several: any number of them at once."""
    found = []
    for name, info in params.model_fields.items():
        options = [True, False] if info.annotation is bool else _options(info.annotation)
        if options:
            default = sorted(info.default) if isinstance(info.default, frozenset) else info.default
            several = get_origin(info.annotation) is frozenset
            help_ = info.description or ""
            found.append({"name": name, "options": options, "several": several, "default": default, "help": help_})
    return found


def first_line(params: type[Params]) -> str:
    """What a class of settings is for."""
    return (params.__doc__ or "").strip().split("\n")[0]


def _options(annotation: Any) -> list[Any]:
    """The words of a Literal, alone, optional, or of a set of them."""
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    if get_origin(annotation) in (frozenset, UnionType):
        return [option for part in get_args(annotation) for option in _options(part)]
    return []


def _list(params: type[Params], name: str, item: type[Params]) -> dict[str, Any]:
    info = params.model_fields[name]
    most = next((rule.max_length for rule in info.metadata if hasattr(rule, "max_length")), None)
    return {
        "name": name,
        "help": info.description or first_line(item),
        "most": most,
        "knobs": [asdict(spec) for spec in knobs(item).values()],
        "choices": choices(item),
    }


def _number(name: str, unit: str) -> dict[str, Any]:
    low, high = bounds(Controls, name)
    help_ = Controls.model_fields[name].description or ""
    return {"name": name, "default": None, "low": low, "high": high, "unit": unit, "step": 0.1, "help": help_}
