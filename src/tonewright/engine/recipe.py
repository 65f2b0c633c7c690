"""The recipe: what is done to a song, as data.

Ordered steps, each with its parameters and why it is there. Everything that had to be measured on the whole song is
a number in here, so a render needs only the recipe and the audio. Stored as versioned JSON; an older version is
upgraded when it is read, a newer one is refused.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from pydantic import Field, SerializeAsAny, ValidationError, model_validator

import tonewright
from tonewright.base.atomic import write_text
from tonewright.base.errors import InputUnreadable, RecipeInvalid, RecipeTooNew
from tonewright.base.params import Params, first_fault
from tonewright.dsp.processors import processor

VERSION = 1

#: version -> function that turns a document of that version into one of the next.
_UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}


class Because(Params):
    """One reason for a step: a sentence, the finding it answers (if any), and the numbers behind it."""

    text: str
    finding: str | None = None
    evidence: dict[str, float] = Field(default_factory=dict)


class Step(Params):
    """One processor with its settings.

    id: unique within the recipe; what --only and --delta name.
    """

    id: str = Field(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9_-]*$")
    kind: str
    params: SerializeAsAny[Params]
    because: tuple[Because, ...] = ()
    enabled: bool = True

    @model_validator(mode="before")
    @classmethod
    def _params_of_the_kind(cls, values: Any) -> Any:
        if isinstance(values, dict) and isinstance(values.get("params"), dict):
            known = processor(str(values.get("kind")))
            return {**values, "params": known.params.model_validate(values["params"])}
        return values

    def describe(self) -> str:
        """What this step does, in a few words."""
        return processor(self.kind).describe(self.params)


class Fingerprint(Params):
    """The audio a recipe was made for. A recipe may be used on other audio, but a render then says so."""

    sha256: str
    rate_hz: int
    channels: int
    frames: int


class Recipe(Params):
    """Ordered steps and where they came from."""

    version: int = VERSION
    engine: str = tonewright.__version__
    input: Fingerprint | None = None
    steps: tuple[Step, ...] = ()

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        ids = [step.id for step in self.steps]
        if len(set(ids)) != len(ids):
            raise ValueError("two steps have the same id")
        return self

    def step(self, step_id: str) -> Step:
        """The step with this id. Raises RecipeInvalid if there is none."""
        for step in self.steps:
            if step.id == step_id:
                return step
        known = ", ".join(step.id for step in self.steps) or "none"
        raise RecipeInvalid(f"The recipe has no step {step_id!r}.", f"Its steps: {known}.")

    def digest(self) -> str:
        """SHA-256 of what acts on the sound: kinds, parameters, order; not the reasons and not the input."""
        acting = [[step.kind, step.params.model_dump(mode="json")] for step in self.steps if step.enabled]
        return hashlib.sha256(json.dumps(acting, sort_keys=True).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json")


def parse(document: Any, what: str = "The recipe") -> Recipe:
    """A recipe from decoded JSON. Raises RecipeInvalid or RecipeTooNew, with one line that names the fault."""
    if not isinstance(document, dict) or not isinstance(document.get("version"), int):
        raise RecipeInvalid(f"{what} is not a recipe: it has no version number.")
    if document["version"] > VERSION:
        raise RecipeTooNew(
            f"{what} has version {document['version']}; this Tonewright reads up to {VERSION}.",
            "Update Tonewright, or save the recipe again with this version.",
        )
    while document["version"] < VERSION:
        upgrade = _UPGRADES.get(document["version"])
        if upgrade is None:
            raise RecipeInvalid(f"{what} has version {document['version']}, which never existed.")
        document = upgrade(document)
    try:
        return Recipe.model_validate(document)
    except ValidationError as error:
        raise RecipeInvalid(f"{what} is not valid: {first_fault(error)}.") from error


def load(path: Path) -> Recipe:
    """Read a recipe file. Raises InputUnreadable, RecipeInvalid, RecipeTooNew."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputUnreadable(f"The recipe {path} can't be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise RecipeInvalid(f"The recipe {path} is not a text file.") from error
    try:
        document = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise RecipeInvalid(f"The recipe {path} is not JSON: {error}.") from error
    return parse(document, f"The recipe {path}")


def to_text(recipe: Recipe) -> str:
    """A recipe as it stands in a file."""
    return json.dumps(recipe.to_json(), indent=2, ensure_ascii=False) + "\n"


def save(recipe: Recipe, path: Path) -> None:
    """Write a recipe file, whole or not at all. Raises OutputFailed or DiskFull."""
    write_text(path, to_text(recipe))
