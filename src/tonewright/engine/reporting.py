"""The report of a finished master: gathers what the page shows."""

import numpy as np

from tonewright.base.files import Tags
from tonewright.base.units import gain_to_db
from tonewright.engine.intent import Intent
from tonewright.engine.picture import Picture
from tonewright.engine.report import report_document, report_html
from tonewright.engine.result import MasterResult
from tonewright.engine.targets import on_platforms, target
from tonewright.engine.tone_target import tone_target

_CELL_S = 0.01
#: Peaks under this are not limited; their change would be that of dither.
_QUIET_DB = -60.0


def report_page(result: MasterResult, after: Picture, tags: Tags, intent: Intent) -> str:
    """The report as one HTML file. after: of the master."""
    known = tone_target()
    measured = result.after
    document = report_document(
        before=result.before.to_json(series=True),
        after=after.to_json() | {"measurements": measured.to_json(series=True)},
        findings=[finding.to_json() for finding in result.findings],
        decisions=[decision.to_json() for decision in result.decisions],
        shortfalls=[{"text": shortfall.message} for shortfall in result.shortfalls],
        recipe=result.recipe.to_json(),
        step_words={step.id: step.describe() for step in result.recipe.steps},
        title=tags.title or "",
        artist=tags.artist or "",
        intent={"target_title": target(intent.target).title} | _asked(result),
        platforms=on_platforms(measured.integrated_lufs, measured.true_peak_dbtp),
        limiter=limiter_series(result),
        tone_target={
            "centre_hz": known.centre_hz.tolist(),
            "median_db": known.median_db.tolist(),
            "sigma_db": known.sigma_db.tolist(),
        },
        files={name: str(path) for name, path in result.files.items()},
        seconds=result.seconds,
    )
    return report_html(document)


def _asked(result: MasterResult) -> dict[str, float]:
    """The loudness and ceiling that the maximiser was set to reach."""
    for step in result.recipe.steps:
        if step.kind == "maximiser" and step.enabled:
            evidence: dict[str, float] = {}
            for reason in step.because:
                evidence |= reason.evidence
            return {name: evidence[name] for name in ("lufs", "ceiling_dbtp") if name in evidence}
    return {}


def limiter_series(result: MasterResult) -> dict[str, object] | None:
    """How far peaks were taken down, in steps of 10 ms: the level of peaks before and after, the drive taken out."""
    step = next((s for s in result.recipe.steps if s.kind == "maximiser" and s.enabled), None)
    before_db = result.peak_before_loudness_db
    after = result.after.cells.cell_peak.max(axis=0)
    if step is None or before_db is None or before_db.shape != after.shape:
        return None
    drive_db = float(getattr(step.params, "drive_db", 0.0))
    change = gain_to_db(after) - before_db - drive_db
    values = np.where(before_db < _QUIET_DB, 0.0, np.minimum(change, 0.0))
    return {"hop": _CELL_S, "start": 0.0, "values": values.tolist()}
