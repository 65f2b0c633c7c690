"""Findings that name a remedy become steps. One that names none has said itself what to do in the mix."""

from collections import defaultdict

from tonewright.dsp.processors import kinds
from tonewright.engine.advise.proposal import Shortfall, scaled, step
from tonewright.engine.findings.model import Finding
from tonewright.engine.intent import Aspect, Intent
from tonewright.engine.recipe import Because, Step

#: A finding that is more likely wrong than right is no reason to touch anything (docs/evidence.md).
LEAST_CONFIDENCE = 0.5
#: Faults that the advice of another room answers, together with what else is wanted there.
_ELSEWHERE = {"tone": "tone", "narrow_stereo": "width", "mono_compatibility": "width"}
#: What a step of each kind changes: left alone where that is to be kept.
_TOUCHES: dict[str, Aspect] = {
    "equaliser": "tone",
    "resonance": "tone",
    "dynamic_eq": "tone",
    "deesser": "tone",
    "saturator": "tone",
    "leveller": "dynamics",
    "multiband": "dynamics",
    "stereo": "width",
}

#: What a step is called, for --only and for people, where the processor's own name says less.
_IDS = {
    "gain": "balance",
    "leveller": "levels",
    "equaliser": "notches",
    "deesser": "sibilance",
    "maximiser": "peaks",
}


def repair_steps(findings: tuple[Finding, ...], intent: Intent) -> tuple[list[Step], list[Shortfall]]:
    """One step for each kind of processor that some finding asks for, and what could be done and is not, and why.

    The maximiser is nobody's repair where a loudness is aimed at: its ceiling is part of that.
    """
    wanted: dict[str, list[Finding]] = defaultdict(list)
    undone: list[Shortfall] = []
    for finding in findings:
        if finding.kind in _ELSEWHERE or finding.remedy is None or finding.remedy.step not in kinds():
            continue
        if finding.remedy.step == "maximiser" and intent.mode == "master":
            continue
        if finding.confidence < LEAST_CONFIDENCE:
            undone.append(_left(finding, f"the evidence is too weak ({100 * finding.confidence:.0f} % sure)"))
        elif (kept := _TOUCHES.get(finding.remedy.step)) in intent.keep:
            undone.append(
                Shortfall(finding.kind, f"{finding.message} Left as it is: you asked to keep the {kept}.")
            )
        else:
            wanted[finding.remedy.step].append(finding)
    if intent.amount == 0:
        return [], undone
    return [_merged(kind, found, intent.amount) for kind, found in wanted.items()], undone


def because_of(finding: Finding) -> Because:
    """A finding as a reason: its sentence, its kind, and the numbers among its evidence."""
    numbers = {
        name: float(value)
        for name, value in finding.evidence.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    return Because(
        text=finding.message, finding=finding.kind, evidence={**numbers, "confidence": finding.confidence}
    )


def _merged(kind: str, found: list[Finding], amount: float) -> Step:
    """The remedies of several findings as one step: lists are joined, single settings are the gravest finding's."""
    found = sorted(found, key=lambda finding: finding.severity * finding.confidence)
    values: dict[str, object] = {}
    for finding in found:
        assert finding.remedy is not None
        for name, value in finding.remedy.params.items():
            if isinstance(value, list | tuple) and isinstance(values.get(name), list):
                values[name] = [*values[name], *value]  # type: ignore[misc]
            else:
                values[name] = list(value) if isinstance(value, list | tuple) else value
    made = step(_IDS.get(kind, kind.replace("_", "-")), kind, values, tuple(because_of(f) for f in reversed(found)))
    return made.model_copy(update={"params": scaled(made.params, amount)}) if amount < 1 else made


def _left(finding: Finding, why: str) -> Shortfall:
    words = finding.kind.replace("_", " ")
    return Shortfall(
        finding.kind, f"{words.capitalize()}: left as it is, since {why}.", {"confidence": finding.confidence}
    )
