"""Any value in the types that JSON has."""

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import PurePath
from typing import Any


def plain(value: Any) -> Any:
    """The value as JSON knows it: numbers unrounded, what is not finite null, arrays as lists.

    What has a form of its own (to_json, or a model's) gives that. Raises TypeError for what has none.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if hasattr(value, "to_json"):
        return plain(value.to_json())
    if hasattr(value, "model_dump"):
        return plain(value.model_dump(mode="json"))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, PurePath):
        return str(value)
    if hasattr(value, "tolist"):  # numpy's arrays and numbers, without importing numpy to ask
        return plain(value.tolist())
    if isinstance(value, set | frozenset):
        return [plain(item) for item in sorted(value)]  # their own order changes from run to run
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no JSON form")
