"""What changed between two recipes, in words: "high shelf at 9 kHz: +1.5 dB -> +0.8 dB"."""

from collections.abc import Iterator, Sequence

from tonewright.base.params import KnobSpec, Params, knobs
from tonewright.base.units import hertz
from tonewright.engine.recipe import Recipe, Step


def diff(old: Recipe, new: Recipe) -> list[str]:
    """One line for each change, in the order of the new recipe; what was removed comes last."""
    before = {step.id: step for step in old.steps}
    after = {step.id: step for step in new.steps}
    lines: list[str] = []
    for step in new.steps:
        if step.id in before:
            lines += _step_changes(before[step.id], step)
        else:
            lines.append(f"{step.id}: added, {step.describe()}")
    kept = [step.id for step in old.steps if step.id in after]
    if kept != [step.id for step in new.steps if step.id in before]:
        lines.append("order: " + ", ".join(after))
    lines += [f"{step.id}: removed ({step.describe()})" for step in old.steps if step.id not in after]
    return lines


def _step_changes(old: Step, new: Step) -> Iterator[str]:
    if old.enabled != new.enabled:
        yield f"{new.id}: switched {'on' if new.enabled else 'off'}"
    if old.kind != new.kind:
        yield f"{new.id}: {old.describe()} -> {new.describe()}"
    else:
        for change in _changes(old.params, new.params):
            yield f"{new.id}: {change}"


def _changes(old: Params, new: Params, place: str = "") -> Iterator[str]:
    """Changes between two settings of one class. `place` names a band or the like, and leads its lines."""
    specs = knobs(type(new))
    changed = [name for name in type(new).model_fields if getattr(old, name) != getattr(new, name)]
    for name in changed:
        was, now = getattr(old, name), getattr(new, name)
        if _are_settings(was) and _are_settings(now):
            yield from _list_changes(was, now)
            continue
        spec = specs.get(name)
        # a band that only changed its gain needs no word for it
        label = "" if place and spec is not None and name == "gain_db" else f"{_words(name, spec)} "
        lead = f"{place}: {label}" if place else f"{label.strip()}: "
        yield f"{lead}{_value(was, spec)} -> {_value(now, spec)}"


def _list_changes(old: Sequence[Params], new: Sequence[Params]) -> Iterator[str]:
    """Bands are matched by what and where they are, then by their place in the list."""
    waiting = list(old)
    matched: list[tuple[Params | None, Params]] = []
    for item in new:
        twin = next((other for other in waiting if _place(other) == _place(item)), None)
        if twin is not None:
            waiting.remove(twin)
        matched.append((twin, item))
    for twin, item in matched:
        if twin is None and waiting and type(waiting[0]) is type(item) and len(old) == len(new):
            yield f"{_item(waiting.pop(0))} -> {_item(item)}"
        elif twin is None:
            yield f"added {_item(item)}"
        elif twin != item:
            yield from _changes(twin, item, _place(item))
    for gone in waiting:
        yield f"removed {_item(gone)}"


def _are_settings(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(item, Params) for item in value)


def _place(item: Params) -> str:
    """What and where an item of a list is: "high shelf at 9 kHz"."""
    kind = str(getattr(item, "kind", "band")).replace("_", " ")
    frequency = getattr(item, "frequency_hz", None)
    if frequency is not None:
        return f"{kind} at {hertz(frequency)}"
    time = getattr(item, "time_s", None)
    return f"point at {time:g} s" if time is not None else kind


def _item(item: Params) -> str:
    gain = getattr(item, "gain_db", None)
    return _place(item) if gain is None else f"{_place(item)} {gain:+.1f} dB"


def _words(name: str, spec: KnobSpec | None) -> str:
    unit = spec.unit.lower() if spec else ""
    tail = name.rsplit("_", 1)
    return (tail[0] if len(tail) == 2 and unit and tail[1] in (unit, "pct", "hz", "ms", "s") else name).replace(
        "_", " "
    )


def _value(value: object, spec: KnobSpec | None) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if not isinstance(value, int | float):
        return "–" if value is None else str(value)
    unit = spec.unit if spec else ""
    if unit == "Hz":
        return hertz(float(value))
    if unit.lower().startswith("db"):
        return f"{value:+.1f} {unit}" if abs(value) < 99.95 else f"{value:+.0f} {unit}"
    return f"{value:.4g} {unit}".strip()
