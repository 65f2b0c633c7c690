"""Width: narrow or mono-incompatible mixes, the references' width, and the width control, as one stereo step."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tonewright.engine.advise.proposal import step
from tonewright.engine.advise.repairs import LEAST_CONFIDENCE, because_of
from tonewright.engine.analyze import Analysis
from tonewright.engine.intent import Intent
from tonewright.engine.recipe import Because, Step
from tonewright.engine.reference import ReferenceFacts, weighted

#: Bands of the stereo processor and the frequencies they cover; the lowest one is never widened.
_BANDS = {
    "width_low_mid_pct": (200.0, 1_500.0),
    "width_high_mid_pct": (1_500.0, 6_000.0),
    "width_high_pct": (6_000.0, 20_000.0),
}
#: How far matching and the control may go.
_NARROWEST_PCT, _WIDEST_PCT = 50.0, 160.0


def stereo_step(analysis: Analysis, intent: Intent, references: Sequence[ReferenceFacts]) -> Step | None:
    """The stereo step that answers all of them, or None; never for a mono song."""
    if analysis.stereo is None or intent.amount == 0 or "width" in intent.keep:
        return None
    gain_db = dict.fromkeys(_BANDS, 0.0)
    values: dict[str, Any] = {}
    because: list[Because] = []
    for finding in analysis.findings:
        remedy = finding.remedy
        if remedy is None or remedy.step != "stereo" or finding.confidence < LEAST_CONFIDENCE:
            continue
        because.append(because_of(finding))
        for name, value in remedy.params.items():
            if name in gain_db:
                gain_db[name] += 20.0 * np.log10(max(float(value), 1.0) / 100.0)
            else:
                values[name] = value
    if references and intent.match.width > 0:
        moved = {name: _towards(analysis, references, band) for name, band in _BANDS.items()}
        for name, move in moved.items():
            gain_db[name] += intent.match.width * move
        text = f"Width is moved {100 * intent.match.width:.0f} % of the way towards the references."
        because.append(Because(text=text, evidence={name.replace("_pct", "_db"): v for name, v in moved.items()}))
    if width := intent.character.width:
        for name in gain_db:
            gain_db[name] += 4.0 * width / 100.0
        because.append(Because(text=f"You asked for width {width:+.0f}.", evidence={"width": width}))
    for name, gain in gain_db.items():
        percent = 100.0 * 10.0 ** (intent.amount * gain / 20.0)
        values[name] = round(float(np.clip(percent, _NARROWEST_PCT, _WIDEST_PCT)))
    if all(values[name] == 100 for name in gain_db) and not set(values) - set(gain_db):
        return None
    return step("width", "stereo", values, tuple(because))


def _towards(analysis: Analysis, references: Sequence[ReferenceFacts], band_hz: tuple[float, float]) -> float:
    """dB of width that the references have over the song in a band, bounded; 0 where one of them is mono there."""
    own = _width_db(analysis, band_hz)
    pairs = [(r.weight, _width_db(r.analysis, band_hz)) for r in references]
    known = [(weight, value) for weight, value in pairs if value is not None]
    if own is None or not known:
        return 0.0
    return float(np.clip(weighted(known) - own, -4.0, 4.0))


def _width_db(analysis: Analysis, band_hz: tuple[float, float]) -> float | None:
    field = analysis.stereo
    if field is None:
        return None
    inside = (field.centre_hz >= band_hz[0]) & (field.centre_hz < band_hz[1]) & np.isfinite(field.width_db)
    if not np.any(inside):
        return None
    share = np.maximum(field.share[inside], 1e-12)
    width = float(np.sum(share * field.width_db[inside]) / np.sum(share))
    return width if width > -40.0 else None
