"""The API's document (OpenAPI): what django-ninja derives from the endpoints, and what may go wrong at each."""

import json
from typing import Any

from ninja import NinjaAPI

from tonewright.server.api.problems import Problem

_TYPE = "application/problem+json"
#: What each status means. An endpoint that declares another adds it here.
_WORDS = {
    "400": "The request was not understood.",
    "401": "You are not signed in.",
    "403": "You may not do this.",
    "404": "It is not there, or not yours.",
    "409": "It is in a state where this can't be done.",
    "413": "The request is too large, or there is no room left for it.",
    "415": "The file is not audio that Tonewright knows.",
    "416": "There is no such range.",
    "422": "A part of the request is wrong, or can't be carried out.",
    "429": "That was too often; Retry-After says when to come again.",
    "503": "It can't be done just now.",
    "507": "There is no room left on the service's disk.",
}
_ALWAYS = {"400", "413", "422", "429"}
_WITH_A_CALLER = {"401", "403"}
_WITH_AN_ID = {"404"}
_WHEN_CHANGING = {"409"}


def add_problems(document: dict[str, Any]) -> dict[str, Any]:
    """Add to each operation the problem documents that it may answer, besides those that it declares itself."""
    components = document["components"]
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
    components["schemas"] |= {**schema.pop("$defs", {}), "Problem": schema}
    components["responses"] = {f"Problem{status}": _problem(words) for status, words in sorted(_WORDS.items())}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            expected = set(_ALWAYS)
            if operation.get("security"):
                expected |= _WITH_A_CALLER
            if "{" in path:
                expected |= _WITH_AN_ID
            if method != "get":
                expected |= _WHEN_CHANGING
            # where an endpoint says itself what it refuses, django-ninja calls it plain JSON
            answers = {str(status): answer for status, answer in operation["responses"].items()}
            refused = expected | {status for status in answers if status >= "400"}
            answers |= {status: {"$ref": f"#/components/responses/Problem{status}"} for status in refused}
            operation["responses"] = dict(sorted(answers.items()))
    return document


def _problem(words: str) -> dict[str, Any]:
    return {"description": words, "content": {_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


def written(api: NinjaAPI) -> str:
    """The document as docs/openapi.json holds it."""
    return json.dumps(api.get_openapi_schema(), indent=1, ensure_ascii=False, default=str) + "\n"
