"""What is printed: JSON that any program can read, and numbers for people."""

import io
import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tonewright.base.params import Params, knob
from tonewright.base.plain import plain
from tonewright.cli.output import console, number, print_json, table


class Small(Params):
    gain_db: float = knob(0.1 + 0.2, -1, 1, unit="dB", help="Gain.")


@dataclass(frozen=True)
class Facts:
    path: Path
    level_db: float


def test_numbers_stay_unrounded_and_undefined_is_null() -> None:
    assert plain({"a": 0.1 + 0.2, "b": math.nan, "c": -math.inf, "d": None}) == {
        "a": 0.30000000000000004,
        "b": None,
        "c": None,
        "d": None,
    }


def test_every_type_of_the_engine_has_a_json_form(capsys: pytest.CaptureFixture[str]) -> None:
    value = {
        "params": Small(),
        "facts": Facts(Path("a b.wav"), math.inf),
        "array": np.array([[1.0, np.nan]]),
        "float32": np.float32(0.5),
        "count": np.int64(3),
        "tuple": (True, "x"),
        "names": frozenset({"width", "tone", "dynamics"}),
    }
    print_json(value)
    assert json.loads(capsys.readouterr().out) == {
        "params": {"gain_db": 0.30000000000000004},
        "facts": {"path": "a b.wav", "level_db": None},
        "array": [[1.0, None]],
        "float32": 0.5,
        "count": 3,
        "tuple": [True, "x"],
        "names": ["dynamics", "tone", "width"],
    }


def test_what_has_no_json_form_is_said_at_once() -> None:
    with pytest.raises(TypeError, match="complex"):
        plain({"z": 1j})


@pytest.mark.parametrize(
    ("value", "text"), [(-13.04, "-13.0 LUFS"), (-0.04, "0.0 LUFS"), (None, "–"), (math.inf, "–")]
)
def test_numbers_for_people(value: float | None, text: str) -> None:
    assert number(value, unit="LUFS") == text


def test_signed_numbers() -> None:
    assert number(1.25, 1, "dB", signed=True) == "+1.2 dB"


@pytest.mark.parametrize("columns", ["30", "200"])
def test_piped_output_has_no_escape_codes_and_fits(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.StringIO()
    monkeypatch.setattr("sys.stdout", pipe)
    monkeypatch.setenv("COLUMNS", columns)
    rows = table("measure", "value", title="A title")
    rows.add_row("integrated loudness over the whole song", "-14.0 LUFS")
    console().print(rows)
    assert "\x1b" not in pipe.getvalue()
    assert max(len(line) for line in pipe.getvalue().splitlines()) <= int(columns)
