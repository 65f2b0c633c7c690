"""Tone: what the content suggests, what references ask for, what the character controls ask for, as one equaliser.

Three opinions are added up as curves over third octaves:

- Content. A song's deviation from finished music is mostly the song itself (docs/evidence.md). So not the deviation
  is corrected but what of it is a mistake in the mean (Wiener, tone_target), behind a soft gate, which is wider where
  no finding says that the tone is at fault.
- References: their shape against the song's, smoothed and bounded, as far as --match says.
- Character: fixed shapes, steered by ear.
"""

from collections.abc import Sequence

import numpy as np

from tonewright.base.units import hertz
from tonewright.engine.advise.curves import CAP_DB, LEAST_DB, Curve, character_curve, fit
from tonewright.engine.advise.proposal import step
from tonewright.engine.advise.repairs import LEAST_CONFIDENCE
from tonewright.engine.analyze import Analysis
from tonewright.engine.intent import Character, Intent
from tonewright.engine.recipe import Because, Step
from tonewright.engine.reference import ReferenceFacts, tone_difference_db
from tonewright.engine.tone_target import GATE_DB, deviation_db, expected_fault_db, gated, tone_target

#: The gate where no finding says that the tone is at fault: it spares sound songs half of what GATE_DB lets through.
_GATE_WITHOUT_FINDING_DB = 1.0


def tone_step(
    analysis: Analysis, intent: Intent, references: Sequence[ReferenceFacts], rate_hz: int
) -> Step | None:
    """The equaliser step that answers all opinions on the tone, or None when there is nothing to do."""
    frequency_hz = tone_target().centre_hz
    total = np.zeros(len(frequency_hz))
    because: list[Because] = []
    for curve, reason in (
        _content(analysis, on_suspicion=intent.mode != "repair"),
        _references(analysis, intent, references),
        _character(intent.character, frequency_hz),
    ):
        if reason is not None:
            total += curve
            because.append(reason)
    bands = fit(np.clip(intent.amount * total, -CAP_DB, CAP_DB), frequency_hz, rate_hz)
    if not bands:
        return None
    return step("tone", "equaliser", {"bands": [band.model_dump() for band in bands]}, tuple(because))


def _content(analysis: Analysis, on_suspicion: bool) -> tuple[Curve, Because | None]:
    """on_suspicion: correct a little also where no finding says that the tone is at fault; a repair does not."""
    found = [f for f in analysis.findings if f.kind == "tone" and f.confidence >= LEAST_CONFIDENCE]
    deviation = deviation_db(analysis.spectrum.level_db, analysis.spectrum.centre_hz)
    if not found and not on_suspicion:
        return np.zeros(len(deviation)), None
    curve = -expected_fault_db(deviation, analysis.spectrum.edge_hz or 16_000.0)
    size_db = float(np.sqrt(np.mean(curve**2)))
    curve = gated(curve, GATE_DB if found else _GATE_WITHOUT_FINDING_DB)
    largest = int(np.argmax(np.abs(curve)))
    if abs(curve[largest]) < LEAST_DB:
        return np.zeros(len(curve)), None
    move = f"at most {curve[largest]:+.1f} dB, at {hertz(float(tone_target().centre_hz[largest]))}"
    if found:
        strongest = max(found, key=lambda f: f.severity * f.confidence)
        text = f"{strongest.message} Only what is more likely a mistake than the song's own sound is corrected: {move}."
    else:
        text = (
            f"The balance lies a little off that of finished music, which proves little, so little is done: {move}."
        )
    evidence = {"expected_fault_rms_db": size_db, "correction_rms_db": float(np.sqrt(np.mean(curve**2)))}
    return curve, Because(text=text, finding="tone" if found else None, evidence=evidence)


def _references(
    analysis: Analysis, intent: Intent, references: Sequence[ReferenceFacts]
) -> tuple[Curve, Because | None]:
    if not references or intent.match.tone == 0:
        return np.zeros(len(tone_target().centre_hz)), None
    difference = tone_difference_db(analysis, references)
    curve = intent.match.tone * difference
    names = ", ".join(reference.name for reference in references)
    text = f"Tone is moved {100 * intent.match.tone:.0f} % of the way towards {names}, smoothed and bounded."
    return curve, Because(text=text, evidence={"difference_rms_db": float(np.sqrt(np.mean(difference**2)))})


def _character(character: Character, frequency_hz: Curve) -> tuple[Curve, Because | None]:
    asked = {name: getattr(character, name) for name in ("warmth", "brightness", "low_end", "presence")}
    asked = {name: value for name, value in asked.items() if value}
    if not asked:
        return np.zeros(len(frequency_hz)), None
    words = ", ".join(f"{name.replace('_', ' ')} {value:+.0f}" for name, value in asked.items())
    return character_curve(character, frequency_hz), Because(text=f"You asked for {words}.", evidence=asked)
