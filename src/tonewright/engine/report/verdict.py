"""The verdict: what it was, what it is now, and what was not done, in a few sentences."""

from collections.abc import Sequence
from typing import Any

from tonewright.engine.report.words import in_words, is_number, number, sentence, whole_time

_CHANNELS = {1: "mono", 2: "stereo"}


def verdict(document: dict[str, Any]) -> list[str]:
    """Sentences, most important first."""
    was = document["before"].get("measurements") or {}
    now = document["after"].get("measurements") or {}
    goal = (document.get("intent") or {}).get("target_title")
    layout = _CHANNELS.get(was.get("channels", 0), "")
    first = (
        f"A {layout} mix of {whole_time(was.get('duration_s'))} at {_levels(was)}"
        f" is now {'a master for ' + str(goal) if goal else 'a master'} at {_levels(now)}."
    )
    return [first.replace("A  mix", "A mix"), _done(document), *_left(document)]


def _levels(measured: dict[str, Any]) -> str:
    return (
        f"{number(measured.get('integrated_lufs'), 1, 'LUFS')}"
        f" with peaks at {number(measured.get('true_peak_dbtp'), 1, 'dBTP')}"
    )


def _done(document: dict[str, Any]) -> str:
    steps = len(document.get("decisions") or [])
    if not steps:
        return "Nothing had to be changed."
    worst = _worst(document.get("findings") or [])
    words = "One step was taken" if steps == 1 else f"{in_words(steps).capitalize()} steps were taken"
    return f"{words}. What stood out most: {_lower_first(worst)}" if worst else f"{words}; no fault stood out."


def _worst(findings: Sequence[dict[str, Any]]) -> str:
    """The message of the finding that matters most: severity times confidence."""
    weighed = [f for f in findings if is_number(f.get("severity")) and is_number(f.get("confidence"))]
    if not weighed:
        return ""
    worst = max(weighed, key=lambda finding: finding["severity"] * finding["confidence"])
    return sentence(worst.get("message") or worst.get("kind", ""))


def _lower_first(words: str) -> str:
    """Ready to stand within a sentence; names and units keep their capitals."""
    return words[0].lower() + words[1:] if len(words) > 1 and words[1].islower() else words


def _left(document: dict[str, Any]) -> list[str]:
    """What was asked for and not done, and what only the mix can mend. Findings are named, not told again."""
    findings = document.get("findings") or []
    told = {str(finding.get("message")): finding for finding in findings}
    left = [
        item.get("text") or item.get("message") if isinstance(item, dict) else item
        for item in _shortfalls(document)
    ]
    said = [
        f"Not done: {_lower_first(sentence(item))}"
        for item, words in zip(_shortfalls(document), left, strict=True)
        if str(words) not in told
    ]
    named = [told[str(words)] for words in left if str(words) in told]
    named += [f for f in findings if f.get("remedy") is None and (f.get("severity") or 0) >= 0.3]
    kinds = list(dict.fromkeys(str(finding.get("kind", "")).replace("_", " ") for finding in named))
    return said + ([f"Better mended in the mix than here: {', '.join(kinds)}."] if kinds else [])


def _shortfalls(document: dict[str, Any]) -> list[Any]:
    return list(document.get("shortfalls") or [])
