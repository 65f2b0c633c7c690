"""Recipes: JSON in and out, digests, refusals, upgrades."""

import json
from pathlib import Path
from typing import Any

import pytest

from tonewright.base.errors import InputUnreadable, RecipeInvalid, RecipeTooNew
from tonewright.dsp.subsonic import SubsonicParams
from tonewright.engine import recipe as recipes
from tonewright.engine.recipe import Because, Recipe, Step, load, parse, save

RECIPE = Recipe(
    steps=(
        Step(
            id="subsonic",
            kind="subsonic",
            params=SubsonicParams(corner_hz=25),
            because=(Because(text="There is rumble.", finding="dc_offset", evidence={"dc": 0.01}),),
        ),
    )
)


def test_json_out_and_in_is_the_same_recipe(tmp_path: Path) -> None:
    save(RECIPE, tmp_path / "recipe.json")
    assert load(tmp_path / "recipe.json") == RECIPE
    assert parse(RECIPE.to_json()) == RECIPE


def test_the_digest_is_of_what_acts() -> None:
    step = RECIPE.steps[0]
    reworded = Recipe(steps=(step.model_copy(update={"because": ()}),))
    changed = Recipe(steps=(step.model_copy(update={"params": SubsonicParams(corner_hz=26)}),))
    switched_off = Recipe(steps=(step.model_copy(update={"enabled": False}),))
    assert reworded.digest() == RECIPE.digest()
    assert changed.digest() != RECIPE.digest()
    assert switched_off.digest() == Recipe().digest()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"steps": [{"id": "a", "kind": "nothing", "params": {}}]}, "no processor named 'nothing'"),
        ({"steps": [{"id": "a", "kind": "subsonic", "params": {"corner_hz": 1}}]}, "greater than or equal to 5"),
        ({"steps": [{"id": "a", "kind": "subsonic", "params": {"corner": 9}}]}, "corner"),
        ({"steps": [{"id": "A b", "kind": "subsonic", "params": {}}]}, "id"),
        ({"steps": [{"id": "a", "kind": "subsonic", "params": {}}] * 2}, "same id"),
        ({"steps": [{"id": "a", "kind": "subsonic", "params": {"corner_hz": float("nan")}}]}, "corner_hz"),
        ({"tricks": 1}, "tricks"),
        ({"version": 0}, "never existed"),
        ({"version": None}, "no version number"),
    ],
)
def test_a_faulty_recipe_is_refused_in_one_line(change: dict[str, Any], fault: str) -> None:
    with pytest.raises(RecipeInvalid) as caught:
        parse(RECIPE.to_json() | change)
    assert fault in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_newer_recipe_is_refused() -> None:
    with pytest.raises(RecipeTooNew, match="version 2"):
        parse({"version": recipes.VERSION + 1, "anything": "else"})


def test_an_older_recipe_is_upgraded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mechanism, on an invented version 0 that called its steps a chain."""
    monkeypatch.setitem(
        recipes._UPGRADES,
        0,
        lambda old: {**{k: v for k, v in old.items() if k != "chain"}, "steps": old["chain"], "version": 1},
    )
    document = RECIPE.to_json()
    document["chain"] = document.pop("steps")
    assert parse(document | {"version": 0}) == RECIPE


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"\xff\xfe", RecipeInvalid), (b"{", RecipeInvalid), (b"[]", RecipeInvalid), (b"[" * 100_000, RecipeInvalid)],
)
def test_a_file_that_is_no_recipe_is_refused(tmp_path: Path, content: bytes, error: type[Exception]) -> None:
    path = tmp_path / "recipe.json"
    path.write_bytes(content)
    with pytest.raises(error):
        load(path)


def test_a_missing_recipe_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputUnreadable):
        load(tmp_path / "none.json")


def test_saved_recipes_are_readable_json(tmp_path: Path) -> None:
    save(RECIPE, tmp_path / "recipe.json")
    document = json.loads((tmp_path / "recipe.json").read_text())
    assert list(document) == ["version", "engine", "input", "steps"]
