"""Dataclasses of numbers, texts and arrays as JSON and one run of bytes, and back by their own declarations.

Reading makes nothing but what the declarations name, so a stored file can't bring code with it (as a pickle could).
Numbers keep every bit.
"""

import types
from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
#: (at, size_bytes) -> the bytes there.
Fetch = Callable[[int, int], bytearray]

#: Arrays begin at multiples of this, so that they can be used where they lie.
_ALIGN = 16
_KINDS = "fiub"


class Arrays:
    """Arrays in a row, to be written."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.size_bytes = 0

    def add(self, array: NDArray[Any]) -> dict[str, Any]:
        """Take an array; gives where it lies."""
        if array.dtype.kind not in _KINDS:
            raise TypeError(f"an array of {array.dtype} can't be kept")
        raw = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
        place = {"dtype": array.dtype.newbyteorder("<").str, "shape": list(array.shape), "at": self.size_bytes}
        filler = -len(raw) % _ALIGN
        self._pieces += [raw, bytes(filler)]
        self.size_bytes += len(raw) + filler
        return place

    def pieces(self) -> Iterable[bytes]:
        return self._pieces


def pack(value: Any, arrays: Arrays) -> Any:
    """The value in JSON's types; its arrays go to `arrays`. Raises TypeError for what can't be kept."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, np.ndarray):
        return arrays.add(value)
    if isinstance(value, bytes):
        return arrays.add(np.frombuffer(value, dtype=np.uint8))
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: pack(getattr(value, field.name), arrays) for field in fields(value)}
    if isinstance(value, list | tuple):
        return [pack(item, arrays) for item in value]
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} can't be kept")


def unpack(kind: type[T], tree: Any, fetch: Fetch) -> T:
    """What pack() was given, as `kind` declares it. Raises ValueError where they don't agree, and what fetch does."""
    return _unpack(kind, tree, fetch)  # type: ignore[no-any-return]


def _unpack(kind: Any, tree: Any, fetch: Fetch) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        if tree is None:
            return None
        (kind,) = (each for each in get_args(kind) if each is not type(None))
        return _unpack(kind, tree, fetch)
    if origin is np.ndarray:
        return _array(tree, fetch)
    if kind is bytes:
        return _array(tree, fetch).tobytes()
    if origin in (list, tuple):
        return _items(origin, get_args(kind), tree, fetch)
    if is_dataclass(kind):
        hints = _hints(kind)  # type: ignore[arg-type]
        if not isinstance(tree, dict) or tree.keys() != hints.keys():
            raise ValueError(f"this is no {kind}")
        return kind(**{name: _unpack(hint, tree[name], fetch) for name, hint in hints.items()})  # type: ignore[operator]
    if kind is float and isinstance(tree, int) and not isinstance(tree, bool):
        return float(tree)
    if kind in (str, bool, int, float) and type(tree) is kind:
        return tree
    if kind is Path and isinstance(tree, str):
        return Path(tree)
    raise ValueError(f"this is no {kind}")


def _items(origin: Any, kinds: tuple[Any, ...], tree: Any, fetch: Fetch) -> Any:
    if not isinstance(tree, list):
        raise ValueError("this is no list")
    if origin is tuple and kinds[-1] is not ...:
        return tuple(_unpack(kind, item, fetch) for kind, item in zip(kinds, tree, strict=True))
    return origin(_unpack(kinds[0], item, fetch) for item in tree)


def _array(tree: Any, fetch: Fetch) -> NDArray[Any]:
    if not isinstance(tree, dict):
        raise ValueError("this is no array")
    dtype, shape, at = np.dtype(tree["dtype"]), tuple(tree["shape"]), tree["at"]
    if dtype.kind not in _KINDS:
        raise ValueError(f"no array is kept as {dtype}")
    size_bytes = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    if at < 0 or size_bytes < 0:
        raise ValueError("an array lies outside of what is kept")
    return np.frombuffer(fetch(at, size_bytes), dtype=dtype).reshape(shape)


@lru_cache
def _hints(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}
