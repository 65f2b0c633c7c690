"""The report's tables and lists: key numbers, findings, decisions, platforms, recipe, origin."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tonewright.engine.report.markup import Markup, tag
from tonewright.engine.report.words import (
    count,
    hertz,
    is_number,
    labelled,
    number,
    precise_time,
    sentence,
    share_in_words,
)

#: key, what it is, unit, digits, unit of its change.
_KEY_NUMBERS = (
    ("integrated_lufs", "Integrated loudness", "LUFS", 1, "LU"),
    ("short_term_max_lufs", "Loudest 3 s", "LUFS", 1, "LU"),
    ("momentary_max_lufs", "Loudest 400 ms", "LUFS", 1, "LU"),
    ("lra_lu", "Loudness range", "LU", 1, "LU"),
    ("true_peak_dbtp", "True peak", "dBTP", 1, "dB"),
    ("sample_peak_dbfs", "Sample peak", "dBFS", 1, "dB"),
    ("plr_db", "Peak to loudness", "dB", 1, "dB"),
    ("psr_min_db", "Least peak to short-term", "dB", 1, "dB"),
    ("crest_db", "Crest", "dB", 1, "dB"),
)
SEVERITY = ("slight", "noticeable", "marked", "severe")
CONFIDENCE = ("weak", "fair", "good", "strong")
_REGIONS_SHOWN = 8


def table(headings: Sequence[str], rows: Sequence[Sequence[object]], caption: str, style: str = "") -> Markup:
    """A table whose first column heads its rows."""
    head = tag("tr", [tag("th", words, scope="col") for words in headings])
    body = [tag("tr", tag("th", row[0], scope="row"), [tag("td", cell) for cell in row[1:]]) for row in rows]
    inner = tag("table", tag("caption", caption), tag("thead", head), tag("tbody", body), class_=style or None)
    return tag("div", inner, class_="wide", tabindex="0", role="group", aria_label=caption)


def key_numbers(before: Mapping[str, Any], after: Mapping[str, Any]) -> Markup:
    rows = []
    for key, words, unit, digits, change_unit in _KEY_NUMBERS:
        was, now = before.get(key), after.get(key)
        change = (
            number(now - was, digits, change_unit, signed=True)
            if is_number(was) and is_number(now)
            else number(None)
        )
        rows.append((words, number(was, digits, unit), tag("b", number(now, digits, unit)), change))
    return table(("", "Before", "After", "Change"), rows, "Key numbers before and after", "numbers")


def findings_list(findings: Sequence[dict[str, Any]]) -> Markup:
    if not findings:
        return tag("p", "Nothing was found that calls for a remark.", class_="none")
    return tag("ol", [_finding(finding) for finding in findings], class_="findings")


def _finding(finding: dict[str, Any]) -> Markup:
    remedy = finding.get("remedy")
    return tag(
        "li",
        tag("h3", str(finding.get("kind", "")).replace("_", " ")),
        tag("p", sentence(finding.get("message", ""))),
        tag(
            "p",
            _bar("severity", finding.get("severity"), SEVERITY),
            _bar("confidence", finding.get("confidence"), CONFIDENCE),
            class_="bars",
        ),
        _evidence(finding.get("evidence") or {}, ("where", _regions(finding.get("regions") or []))),
        tag("p", _remedy(remedy), class_="remedy"),
    )


def _bar(name: str, value: Any, words: tuple[str, ...]) -> Markup:
    """A share as a word and a bar."""
    width = 64.0 * min(1.0, max(0.0, float(value))) if is_number(value) else 0.0
    drawn = tag(
        "svg",
        tag("rect", x="0", y="0", width="64", height="5", class_="rail"),
        tag("rect", x="0", y="0", width=f"{width:.1f}", height="5", class_=f"fill {name}"),
        width="64", height="5", aria_hidden="true",
    )  # fmt: skip
    return tag("span", f"{name} ", drawn, " ", tag("b", share_in_words(value, words)), class_="share")


def _regions(regions: Sequence[Any]) -> str:
    """0:12.3 to 0:14.0, ..."""
    if not regions:
        return "throughout"
    shown = [
        "–".join(dict.fromkeys((precise_time(start), precise_time(end)))) for start, end in regions[:_REGIONS_SHOWN]
    ]
    more = len(regions) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _evidence(evidence: Mapping[str, Any], *first: tuple[str, str]) -> Markup | None:
    pairs = [
        *first,
        *(labelled(str(name), value) for name, value in evidence.items() if not isinstance(value, dict)),
    ]
    if not pairs:
        return None
    return tag("dl", [tag("div", tag("dt", words), tag("dd", shown)) for words, shown in pairs], class_="evidence")


def _remedy(remedy: Any) -> str:
    if not isinstance(remedy, dict):
        return "For the mix, not for the master."
    effect = "; ".join(
        f"{words} {shown}" for words, shown in (labelled(k, v) for k, v in (remedy.get("effect") or {}).items())
    )
    note = str(remedy.get("note") or "")
    step = str(remedy.get("step", "")).replace("_", " ").replace("deesser", "de-esser")
    return f"Remedy: {step}" + (f"; expected: {effect}" if effect else "") + "." + (f" {note}" if note else "")


def decisions_list(decisions: Sequence[dict[str, Any]], findings: Sequence[dict[str, Any]]) -> Markup:
    """A reason that is one of the findings is named by its number: its words stand a little above."""
    if not decisions:
        return tag("p", "Nothing was changed.", class_="none")
    numbered = {
        str(finding.get("message")): f"finding {place}, {str(finding.get('kind', '')).replace('_', ' ')}"
        for place, finding in reversed(list(enumerate(findings, start=1)))
    }
    return tag("ol", [_decision(decision, numbered) for decision in decisions], class_="decisions")


def _decision(decision: dict[str, Any], numbered: Mapping[str, str]) -> Markup:
    because = decision.get("because") or []
    reasons = because if isinstance(because, list | tuple) else [because]
    effect = decision.get("effect")
    return tag(
        "li",
        tag("h3", str(decision.get("step", "")).replace("_", " ")),
        _evidence(effect) if isinstance(effect, dict) else tag("p", sentence(effect or ""), class_="settings"),
        [_reason(item, numbered) for item in reasons],
    )


def _reason(item: Any, numbered: Mapping[str, str]) -> Markup:
    """The reason's words or its finding, and the numbers behind it that were not said yet."""
    said = item.get("text") if isinstance(item, dict) else item
    finding = numbered.get(str(said))
    evidence = item.get("evidence") if isinstance(item, dict) and not finding else None
    numbers = "; ".join(
        f"{words} {shown}"
        for words, shown in (labelled(k, v) for k, v in (evidence or {}).items() if not _says(str(said), v))
    )
    lead, words = ("because of ", finding) if finding else ("because ", sentence(item))
    return tag(
        "p",
        tag("span", lead, class_="lead"),
        words,
        tag("span", f" ({numbers})", class_="lead") if numbers else None,
    )


def _says(words: str, value: Any) -> bool:
    """The number stands in the words, as it is or rounded to a tenth."""
    if not is_number(value):
        return False
    said = {float(found) for found in re.findall(r"[+-]?\d+(?:\.\d+)?", words)}
    return bool(said & {float(value), round(float(value), 1)})


def platform_table(platforms: Sequence[dict[str, Any]]) -> Markup:
    rows = [
        (
            row.get("title") or row.get("name", ""),
            _turned(row),
            number(row.get("plays_at_lufs"), 1, "LUFS"),
            _risk(row),
            row.get("normalises", ""),
            tag("span", row.get("source", ""), tag("br"), f"{row.get('as_of', '')}, {row.get('confidence', '')}"),
        )
        for row in platforms
    ]
    headings = ("Where", "Turns it by", "Plays it at", "Peaks", "How", "Source")
    return table(headings, rows, "What each service does to this master", "platforms")


def _turned(row: Mapping[str, Any]) -> str:
    if is_number(row.get("gain_db")):
        return number(row["gain_db"], 1, "dB", signed=True)
    return "not changed" if row.get("normalises") == "no" else "not known"


def _risk(row: Mapping[str, Any]) -> str:
    over = row.get("over_ceiling_db")
    asks = number(row.get("asks_ceiling_dbtp"), 1, "dBTP")
    coded = row.get("coded_peak_dbtp")
    words = f"keeps below {asks}"
    if is_number(over) and over > 0.05:
        words = f"{number(over, 1, 'dB')} over the {asks} asked for: may clip once coded"
    return f"{words}; {number(coded, 1, 'dBTP')} measured after coding" if is_number(coded) else words


def recipe_block(recipe: Any) -> Markup | None:
    """The recipe's steps as a folded table, with the exact settings."""
    if not isinstance(recipe, dict):
        return None
    rows = [
        (
            str(step.get("id", "")),
            str(step.get("words") or step.get("kind", "")) + ("" if step.get("enabled", True) else " (off)"),
            tag("code", json.dumps(step.get("params", {}), ensure_ascii=False)),
        )
        for step in recipe.get("steps") or []
    ]
    inner = table(("Step", "What it does", "Settings"), rows, "The recipe, step by step", "recipe")
    return tag(
        "details",
        tag("summary", f"Recipe: {len(rows)} step{'' if len(rows) == 1 else 's'}, repeatable to the byte"),
        inner,
    )


def origin(document: Mapping[str, Any]) -> Markup:
    """Engine, input, output: enough to do the same again."""
    source = document["before"].get("input") or {}
    fingerprint = ((document.get("recipe") or {}).get("input") or {}).get("sha256")
    pairs: list[tuple[str, object]] = [
        ("Engine", f"Tonewright {document.get('engine', '')}"),
        ("Input", tag("bdi", _name(source["path"])) if source.get("path") else None),
        ("Format", _format(source)),
        ("Fingerprint (SHA-256)", tag("code", fingerprint) if fingerprint else None),
    ]
    pairs += [(str(name).capitalize(), tag("bdi", _name(path))) for name, path in _files(document.get("files"))]
    if is_number(document.get("seconds")):
        pairs.append(("Time taken", number(document["seconds"], 1, "s")))
    return tag("dl", [tag("div", tag("dt", k), tag("dd", v)) for k, v in pairs if v], class_="origin")


def _name(path: object) -> str:
    """A path's last part, of either kind of system."""
    return str(path).replace("\\", "/").rsplit("/", 1)[-1]


def _files(files: Any) -> list[tuple[str, Any]]:
    if isinstance(files, dict):
        return [(name, path) for name, path in files.items() if path]
    return [("file", path) for path in files or []]


def _format(source: Mapping[str, Any]) -> str:
    bits = source.get("bits")
    depth = f"{bits}-bit{' float' if source.get('is_float') else ''}" if is_number(bits) else ""
    kinds = [str(source[key]).upper() for key in ("container", "codec") if source.get(key)]
    parts = [
        " ".join(dict.fromkeys(kinds)), depth, hertz(source.get("rate_hz")) if source.get("rate_hz") else "",
        f"{count(source['frames'])} frames" if source.get("frames") else "",
    ]  # fmt: skip
    return ", ".join(part for part in parts if part)
