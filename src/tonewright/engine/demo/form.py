"""The song's form: sections in bars, fitted to a length in seconds by choosing the tempo."""

import math
from dataclasses import dataclass

#: How loud and dense each kind of section is played, 0..1.
_ENERGY = {"intro": 0.35, "verse": 0.6, "chorus": 1.0, "break": 0.25, "outro": 0.4}
_WEIGHT = {"intro": 1.0, "verse": 2.0, "chorus": 2.0, "break": 1.0, "outro": 0.75}


@dataclass(frozen=True)
class Section:
    """One part of the song. start_s and end_s are where its first bar begins and its last one ends.

    turn: how many sections of this kind came before.
    """

    kind: str
    turn: int
    bars: int
    start_s: float
    end_s: float

    @property
    def energy(self) -> float:
        return min(1.0, _ENERGY[self.kind] + 0.06 * self.turn)


@dataclass(frozen=True)
class Form:
    """Sections in order, and the length of a bar. Four beats to the bar."""

    seconds: float
    bar_s: float
    sections: tuple[Section, ...]


def form_of(seconds: float, tempo_bpm: float) -> Form:
    """A whole song from 60 s on, a shorter one from 30 s, and below that a verse that runs into a chorus."""
    bar_s = 240.0 / tempo_bpm
    if seconds < 30.0:
        bars = math.ceil(seconds / bar_s)
        verse = bars // 2 if bars >= 4 else 0
        plan = [("verse", verse), ("chorus", bars - verse)]
        return _placed(seconds, bar_s, [(kind, count) for kind, count in plan if count])
    ring_out_s = 2.5 if seconds < 60.0 else 4.0
    bars = math.floor((seconds - ring_out_s) / bar_s)
    quantum = 4 if bars >= 44 else 2 if bars >= 24 else 1
    plan = _shared_out(_order(seconds), bars // quantum, quantum)
    bar_s = (seconds - ring_out_s) / sum(count for _, count in plan)
    return _placed(seconds, bar_s, plan)


def _order(seconds: float) -> list[str]:
    if seconds < 60.0:
        return ["intro", "verse", "chorus", "outro"]
    rounds = max(0, round((seconds - 200.0) / 80.0))
    more = ["verse", "chorus", "break", "chorus"] * rounds
    return ["intro", "verse", "chorus", "verse", "chorus", "break", *more, "chorus", "outro"]


def _shared_out(order: list[str], units: int, quantum: int) -> list[tuple[str, int]]:
    """Units of `quantum` bars by weight, each section at least one; the largest remainders get what is left."""
    units = max(units, len(order))
    spare = units - len(order)
    total = sum(_WEIGHT[kind] for kind in order)
    exact = [spare * _WEIGHT[kind] / total for kind in order]
    counts = [1 + math.floor(share) for share in exact]
    by_remainder = sorted(range(len(order)), key=lambda n: (math.floor(exact[n]) - exact[n], n))
    for n in by_remainder[: units - sum(counts)]:
        counts[n] += 1
    return [(kind, count * quantum) for kind, count in zip(order, counts, strict=True)]


def _placed(seconds: float, bar_s: float, plan: list[tuple[str, int]]) -> Form:
    sections: list[Section] = []
    bar = 0
    for kind, bars in plan:
        turn = sum(section.kind == kind for section in sections)
        end_s = min(seconds, (bar + bars) * bar_s)
        sections.append(Section(kind, turn, bars, bar * bar_s, end_s))
        bar += bars
    return Form(seconds, bar_s, tuple(sections))
