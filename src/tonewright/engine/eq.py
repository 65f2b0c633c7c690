"""A file of equaliser bands: a JSON list, read for `tonewright eq`.

[{"kind": "bell", "frequency_hz": 3000, "gain_db": -2, "q": 1.4}, {"kind": "high_shelf", ...}]

The names that other equalisers use for the same things are understood too (type, freq, gain, peaking, lowpass, ...).
Every fault names the band, counted from 1, and the key.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tonewright.base.errors import InputUnreadable, RecipeInvalid
from tonewright.base.params import first_fault
from tonewright.dsp.equaliser import MOST_BANDS, Band

_EXAMPLE = 'Write a JSON list of bands: [{"kind": "bell", "frequency_hz": 3000, "gain_db": -2, "q": 1.4}].'

#: What others call a key, or a kind. Compared in lower case, without spaces, hyphens and underscores.
_KEYS = {
    "type": "kind",
    "kind": "kind",
    "frequency": "frequency_hz",
    "frequencyhz": "frequency_hz",
    "freq": "frequency_hz",
    "freqhz": "frequency_hz",
    "f": "frequency_hz",
    "fc": "frequency_hz",
    "gain": "gain_db",
    "gaindb": "gain_db",
    "q": "q",
    "slope": "slope_db_per_octave",
    "slopedbperoctave": "slope_db_per_octave",
    "part": "part",
    "channel": "part",
}
_KINDS = {
    "bell": "bell",
    "peak": "bell",
    "peaking": "bell",
    "parametric": "bell",
    "lowshelf": "low_shelf",
    "highshelf": "high_shelf",
    "tilt": "tilt",
    "lowcut": "low_cut",
    "highpass": "low_cut",
    "highcut": "high_cut",
    "lowpass": "high_cut",
    "notch": "notch",
}


def load_bands(path: Path) -> tuple[Band, ...]:
    """The bands in a file. Raises InputUnreadable or RecipeInvalid."""
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputUnreadable(
            f"The bands file {path} can't be read: {error.strerror or error}.", "Check its name."
        ) from error
    except UnicodeDecodeError as error:
        raise RecipeInvalid(f"The bands file {path} is not a text file.", _EXAMPLE) from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise RecipeInvalid(f"The bands file {path} is not JSON: {error}.", _EXAMPLE) from error
    return parse_bands(document, f"The bands file {path}")


def parse_bands(document: Any, what: str = "The list of bands") -> tuple[Band, ...]:
    """Bands from decoded JSON: a list, or an object whose `bands` is one. Raises RecipeInvalid."""
    if isinstance(document, dict) and set(document) == {"bands"}:
        document = document["bands"]
    if not isinstance(document, list) or not document:
        raise RecipeInvalid(f"{what} holds no list of bands.", _EXAMPLE)
    if len(document) > MOST_BANDS:
        raise RecipeInvalid(f"{what} holds {len(document)} bands; {MOST_BANDS} are the most.")
    return tuple(_band(each, f"{what}: band {number}") for number, each in enumerate(document, start=1))


def _band(values: Any, what: str) -> Band:
    if not isinstance(values, dict):
        raise RecipeInvalid(f"{what} is not an object.", _EXAMPLE)
    named: dict[str, Any] = {}
    for key, value in values.items():
        name = _KEYS.get(_plain(str(key)), str(key))
        if name in named:
            raise RecipeInvalid(f"{what}: {name} is given twice.")
        named[name] = value
    if "frequency_hz" not in named:
        raise RecipeInvalid(f"{what}: frequency_hz is missing.", _EXAMPLE)
    if isinstance(named.get("kind"), str):
        named["kind"] = _KINDS.get(_plain(named["kind"]), named["kind"])
    try:
        return Band.model_validate(named, strict=False)
    except ValidationError as error:
        known = ", ".join(Band.model_fields)
        unknown = any(fault["type"] == "extra_forbidden" for fault in error.errors())
        raise RecipeInvalid(f"{what}: {first_fault(error)}.", f"Known: {known}." if unknown else "") from error


def _plain(word: str) -> str:
    return word.lower().replace("_", "").replace("-", "").replace(" ", "")
