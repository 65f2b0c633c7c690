"""The report's document: plain data, so that the page depends on nothing but this shape.

{
  "version": 1, "engine", "title", "artist",
  "before", "after":  as `analyze --json` with series: measurements, spectrum, stereo, sections, input
  "findings":         as `analyze --json`, in the order in which they are numbered
  "decisions":        [{"step", "because": [text or {"text", "evidence"}], "effect": text or {name_unit: number}}]
  "shortfalls":       [text or {"text"}]
  "intent":           {"target_title", "lufs", "ceiling_dbtp"}; each may be missing
  "platforms":        rows of Target.on_this, and "coded_peak_dbtp" where a codec's output was measured
  "limiter":          {"hop", "start", "values"}: how far the maximiser took peaks down in each hop, dB; or null
  "tone_target":      {"centre_hz", "median_db", "sigma_db"}, 0 dB at the mean from 100 Hz to 8 kHz; or null
  "recipe":           as saved, each step with "words" beside
  "files":            {name: path}, "seconds": time taken
}
"""

from collections.abc import Mapping, Sequence
from typing import Any

import tonewright

VERSION = 1


def report_document(
    *,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    findings: Sequence[Mapping[str, Any]],
    decisions: Sequence[Mapping[str, Any]] = (),
    shortfalls: Sequence[Any] = (),
    recipe: Mapping[str, Any] | None = None,
    step_words: Mapping[str, str] | None = None,
    title: str = "",
    artist: str = "",
    intent: Mapping[str, Any] | None = None,
    platforms: Sequence[Mapping[str, Any]] = (),
    limiter: Mapping[str, Any] | None = None,
    tone_target: Mapping[str, Any] | None = None,
    files: Any = (),
    seconds: float | None = None,
) -> dict[str, Any]:
    """The document of these parts; see the module for their shapes.

    before, after: Analysis.to_json(series=True). step_words: step id -> what it does, in words (Step.describe).
    """
    words = step_words or {}
    steps = [{**step, "words": words.get(step.get("id", ""), "")} for step in (recipe or {}).get("steps", [])]
    return {
        "version": VERSION,
        "engine": tonewright.__version__,
        "title": title,
        "artist": artist,
        "before": dict(before),
        "after": dict(after),
        "findings": [dict(finding) for finding in findings],
        "decisions": [dict(decision) for decision in decisions],
        "shortfalls": list(shortfalls),
        "intent": dict(intent or {}),
        "platforms": [dict(row) for row in platforms],
        "limiter": dict(limiter) if limiter else None,
        "tone_target": dict(tone_target) if tone_target else None,
        "recipe": {**recipe, "steps": steps} if recipe else None,
        "files": files if isinstance(files, dict) else list(files),
        "seconds": seconds,
    }
