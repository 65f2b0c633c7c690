"""What there is to choose from: targets, processors, controls, formats. From the same declarations that run."""

import hashlib
import json
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema
from ninja.responses import NinjaJSONEncoder

import tonewright
from tonewright.base.files.formats import formats
from tonewright.base.plain import plain
from tonewright.engine.declared import controls_document, processor_documents
from tonewright.engine.intent import Controls
from tonewright.engine.targets import Target, targets
from tonewright.server.api.serving import known
from tonewright.server.services.deliveries import FORMATS

router = Router()


class Knob(Schema):
    """One number. default: null where it may be left to the target."""

    name: str
    default: float | None
    low: float
    high: float
    unit: str
    step: float
    scale: Literal["linear", "log"] = "linear"
    help: str


class Choice(Schema):
    """One of a few words, numbers or switches; several: any number of them at once."""

    name: str
    options: list[str | bool | int]
    several: bool
    default: Any
    help: str


class SettingsList(Schema):
    """A setting that is a list, and what one of its items has. most: how many at most; null for any number."""

    name: str
    help: str
    most: int | None
    knobs: list[Knob]
    choices: list[Choice]


class ProcessorOut(Schema):
    """A processor. Settings of its bands are named band.setting in knobs and choices."""

    kind: str
    title: str
    help: str
    knobs: list[Knob]
    choices: list[Choice]
    lists: list[SettingsList]
    schema_: dict[str, Any] = Field(alias="schema")


class ControlsOut(Schema):
    """The controls that steer a master, as PATCH /api/songs/{id} takes them as `intent`."""

    character: list[Knob]
    match: list[Knob]
    amount: Knob
    reference_weight: Knob
    numbers: list[Knob]
    choices: list[Choice]
    default: Controls


class DeliveryFormatOut(Schema):
    """A format that can be taken away. bits: its word lengths, the default first; none for a lossy one."""

    format: str
    bits: list[str]


class FormatsOut(Schema):
    """read, written: as `tonewright formats --json` has them."""

    read: list[dict[str, Any]]
    written: list[dict[str, Any]]
    deliveries: list[DeliveryFormatOut]


@router.get("/targets", response=list[Target], summary="Where a master can go")
def list_targets(request: HttpRequest) -> HttpResponse:
    return _declared(request, plain(targets()))


@router.get("/processors", response=list[ProcessorOut], by_alias=True, summary="The steps that a recipe may hold")
def list_processors(request: HttpRequest) -> HttpResponse:
    return _declared(request, processor_documents())


@router.get("/controls", response=ControlsOut, summary="The controls that steer a master")
def get_controls(request: HttpRequest) -> HttpResponse:
    return _declared(request, controls_document())


@router.get("/formats", response=FormatsOut, summary="The audio formats that are read and written")
def list_formats(request: HttpRequest) -> HttpResponse:
    deliveries = [{"format": name, "bits": list(bits)} for name, bits in FORMATS.items()]
    return _declared(request, {**formats(), "deliveries": deliveries})


def _declared(request: HttpRequest, document: Any) -> HttpResponse:
    """Changes with the engine and the operator's own targets only, so it is asked for anew and mostly not sent."""
    text = json.dumps(document, cls=NinjaJSONEncoder, allow_nan=False)
    etag = f'"{tonewright.__version__}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"'
    if known(request, etag):
        answer = HttpResponse(status=304)
    else:
        answer = HttpResponse(text, content_type="application/json")
    answer["ETag"] = etag
    answer["Cache-Control"] = "private, no-cache"
    return answer
