"""The report as one HTML file that needs nothing else: no request leaves it; without a script all is still there."""

import base64
import hashlib
from importlib import resources
from typing import Any

from tonewright.engine.report import tables
from tonewright.engine.report.by_band import spectrum_figure, stereo_figure
from tonewright.engine.report.markup import Markup, tag
from tonewright.engine.report.over_time import limiter_figure, loudness_figure
from tonewright.engine.report.verdict import verdict
from tonewright.engine.report.words import number, precise_time


def report_html(document: dict[str, Any]) -> str:
    """The page for a report document (see report_document). The same document gives the same bytes."""
    style, script = _asset("report.css"), _asset("report.js")
    title = (
        document.get("title") or tables._name((document["before"].get("input") or {}).get("path", "")) or "Untitled"
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_policy(style, script)),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"{title} – mastering report"),
        tag("style", Markup(style)),
    )
    body = tag("body", tag("main", _header(document, title), _sections(document)), tag("script", Markup(script)))
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def _asset(name: str) -> str:
    return (
        resources.files("tonewright.engine.report").joinpath(f"assets/{name}").read_text(encoding="utf-8").strip()
    )


def _policy(style: str, script: str) -> str:
    """Nothing from anywhere; of inline parts only the two that we wrote, named by their hashes (CSP level 2)."""
    allowed = [
        f"'sha256-{base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()}'" for part in (style, script)
    ]
    return (
        f"default-src 'none'; style-src {allowed[0]}; script-src {allowed[1]}; base-uri 'none'; form-action 'none'"
    )


def _header(document: dict[str, Any], title: object) -> Markup:
    measured = document["before"].get("measurements") or {}
    artist = document.get("artist")
    goal = document.get("intent") or {}
    facts = [
        str(artist) if artist else "",
        precise_time(measured.get("duration_s")),
        f"for {goal['target_title']}" if goal.get("target_title") else "",
        f"Tonewright {document.get('engine', '')}",
    ]
    return tag(
        "header",
        tag("p", "Mastering report", class_="kind"),
        tag("h1", tag("bdi", title)),
        tag("p", " · ".join(fact for fact in facts if fact), class_="facts"),
        tag("div", [tag("p", words) for words in verdict(document)], class_="verdict"),
    )


def _sections(document: dict[str, Any]) -> list[Markup | None]:
    before, after = document["before"], document["after"]
    findings = document.get("findings") or []
    measured = before.get("measurements") or {}
    platforms = document.get("platforms") or []
    return [
        _section(
            "Before and after", tables.key_numbers(measured, after.get("measurements") or {}), _asked(document)
        ),
        _section("What was found", tables.findings_list(findings)),
        _section("What was done, and why", tables.decisions_list(document.get("decisions") or [], findings)),
        loudness_figure(before, after, findings),
        spectrum_figure(before, after, document.get("tone_target")),
        stereo_figure(before.get("stereo"), after.get("stereo")),
        limiter_figure(document.get("limiter"), measured.get("duration_s")),
        _section("On the platforms", tables.platform_table(platforms)) if platforms else None,
        _section("To do it again", tables.recipe_block(document.get("recipe")), tables.origin(document)),
    ]


def _section(title: str, *content: Markup | None) -> Markup:
    return tag("section", tag("h2", title), content)


def _asked(document: dict[str, Any]) -> Markup | None:
    goal = document.get("intent") or {}
    parts = [
        number(goal.get("lufs"), 1, "LUFS") if goal.get("lufs") is not None else "",
        number(goal.get("ceiling_dbtp"), 1, "dBTP") if goal.get("ceiling_dbtp") is not None else "",
    ]
    asked = ", true peak at most ".join(part for part in parts if part)
    return tag("p", f"Asked for: {asked}.", class_="explained") if asked else None
