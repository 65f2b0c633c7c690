"""What is different between two versions of a song: the mix they were made from, the recipe in words, the numbers."""

from typing import Any

from tonewright.engine.recipe_words import diff
from tonewright.server.models import Audio, Master
from tonewright.server.services.masters import recipe_of
from tonewright.server.services.text import one_line

#: What two versions are told apart by, in the order of the meter.
_TOLD = (
    "integrated_lufs",
    "short_term_max_lufs",
    "momentary_max_lufs",
    "lra_lu",
    "true_peak_dbtp",
    "sample_peak_dbfs",
    "plr_db",
    "psr_min_db",
    "crest_db",
    "duration_s",
)


def compare(was: Master, now: Master) -> dict[str, Any]:
    """From one version to another of the same song.

    changes: words, the mix first. mixes: null where both were made from the same sound. Raises Conflict while one of
    them has no recipe.
    """
    other_mix = was.audio.sha256 != now.audio.sha256
    words = [_mix_words(was.audio, now.audio)] if other_mix else []
    return {
        "changes": words + diff(recipe_of(was), recipe_of(now)),
        "mixes": _mixes(was.audio, now.audio) if other_mix else None,
        "measurements": _differences(was.measurements, now.measurements),
    }


def _mixes(was: Audio, now: Audio) -> dict[str, Any]:
    return {
        "was": {"audio_id": str(was.pk), "filename": was.filename},
        "now": {"audio_id": str(now.pk), "filename": now.filename},
        "measurements": _differences(was.measurements, now.measurements),
    }


def _mix_words(was: Audio, now: Audio) -> str:
    """Which mix changed, and what of it can be told in a line."""
    told = [f"mix: {one_line(was.filename)} -> {one_line(now.filename)}"]
    before, after = was.measurements or {}, now.measurements or {}
    for name, unit in (("integrated_lufs", "LU"), ("duration_s", "s")):
        if before.get(name) is not None and after.get(name) is not None:
            change = after[name] - before[name]
            if abs(change) >= 0.05:
                told.append(f"{change:+.1f} {unit}")
    return ", ".join(told)


def _differences(was: dict[str, Any] | None, now: dict[str, Any] | None) -> list[dict[str, Any]]:
    before, after = was or {}, now or {}
    return [
        {
            "name": name,
            "was": before.get(name),
            "now": after.get(name),
            "change": None
            if before.get(name) is None or after.get(name) is None
            else float(after[name]) - float(before[name]),
        }
        for name in _TOLD
    ]
