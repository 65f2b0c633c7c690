"""Where a master goes: loudness, ceiling and habits of platforms and formats, as dated data with sources.

The data is engine/data/targets.json. A file named by TONEWRIGHT_TARGETS is laid over it: entries of the same name
replace ours, others are added.
"""

import json
import os
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from tonewright.base.errors import Impossible, InputUnreadable
from tonewright.base.params import Params, first_fault

ENVIRONMENT = "TONEWRIGHT_TARGETS"


class Target(Params):
    """One destination.

    lufs, ceiling_dbtp: what a master for it is made to.
    loud_ceiling_dbtp: the ceiling it asks for when the master is louder than it plays.
    plays_at_lufs: what it turns masters to; None where it does not, or where nobody knows.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str
    lufs: float = Field(ge=-40, le=-5)
    ceiling_dbtp: float = Field(ge=-12, le=0)
    loud_ceiling_dbtp: float | None = Field(None, ge=-12, le=0)
    bits: int
    rate_hz: int | None = None
    normalises: str
    plays_at_lufs: float | None
    raises: str
    note: str
    source: str
    as_of: str = Field(pattern=r"^\d{4}-\d{2}$")
    confidence: str

    def on_this(self, integrated_lufs: float, true_peak_dbtp: float) -> dict[str, Any]:
        """What happens to a master of this loudness and peak there, as a row of the platform table.

        held_by_peaks: it is turned up less than its loudness asks for, so that its peaks keep to the ceiling.
        """
        gain_db = None
        held_by_peaks = False
        if self.plays_at_lufs is not None:
            gain_db = self.plays_at_lufs - integrated_lufs
            if gain_db > 0:
                headroom = max(0.0, self.ceiling_dbtp - true_peak_dbtp) if "headroom" in self.raises else 0.0
                held_by_peaks = "headroom" in self.raises and headroom < gain_db
                gain_db = min(gain_db, headroom)
        louder = self.plays_at_lufs is not None and integrated_lufs > self.plays_at_lufs
        ceiling = self.loud_ceiling_dbtp if louder and self.loud_ceiling_dbtp is not None else self.ceiling_dbtp
        return {
            "name": self.name,
            "title": self.title,
            "gain_db": gain_db,
            "held_by_peaks": held_by_peaks,
            "plays_at_lufs": None if gain_db is None else integrated_lufs + gain_db,
            "asks_ceiling_dbtp": ceiling,
            "over_ceiling_db": max(0.0, true_peak_dbtp - ceiling),
            "normalises": self.normalises,
            "note": self.note,
            "source": self.source,
            "as_of": self.as_of,
            "confidence": self.confidence,
        }


def targets() -> list[Target]:
    """All targets, ours first. Raises InputUnreadable or Impossible for a faulty file of the user's."""
    text = resources.files("tonewright.engine").joinpath("data/targets.json").read_text(encoding="utf-8")
    known = {target.name: target for target in _parse(text, "targets.json")}
    own = os.environ.get(ENVIRONMENT)
    if own:
        try:
            text = Path(own).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputUnreadable(f"The targets file {own} ({ENVIRONMENT}) can't be read: {error}.") from error
        known |= {target.name: target for target in _parse(text, own)}
    return list(known.values())


def on_platforms(integrated_lufs: float | None, true_peak_dbtp: float | None) -> list[dict[str, Any]]:
    """What each target does to a master of this loudness and peak; nothing where one of them is undefined."""
    if integrated_lufs is None or true_peak_dbtp is None:
        return []
    return [entry.on_this(integrated_lufs, true_peak_dbtp) for entry in targets()]


def target(name: str) -> Target:
    """The target of this name. Raises Impossible if there is none."""
    known = {entry.name: entry for entry in targets()}
    if name not in known:
        raise Impossible(f"There is no target {name!r}.", f"Known: {', '.join(known)}.")
    return known[name]


def _parse(text: str, what: str) -> list[Target]:
    try:
        document = json.loads(text)
        return [Target.model_validate(entry) for entry in document["targets"]]
    except ValidationError as error:
        raise Impossible(f"The targets file {what} is not valid: {first_fault(error)}.") from error
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise Impossible(f"The targets file {what} is not valid: {error}.") from error
