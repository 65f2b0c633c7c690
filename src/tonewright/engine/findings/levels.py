"""Uneven levels: sections that are the same music as others at another level. engine/levels.py holds them together."""

from collections.abc import Iterator, Sequence

from tonewright.engine.facts import Facts
from tonewright.engine.findings.model import Finding, Region, Remedy, unit
from tonewright.engine.levels import SectionLevel, level_points, section_levels

#: Smaller moves are not worth a word.
_LEAST_GAIN_DB = 1.0
_SLOPE_DB_PER_S = 3.0


def find(facts: Facts) -> Iterator[Finding]:
    sections = levels_of(facts)
    uneven = [section for section in sections if abs(section.gain_db) >= _LEAST_GAIN_DB]
    if uneven:
        yield _finding(sections, uneven)


def levels_of(facts: Facts) -> tuple[SectionLevel, ...]:
    """Each section held against its like."""
    edges = [0.0, *(section.end_s for section in facts.sections)]
    return section_levels(facts.spectral.level, facts.spectral.frame_hop_s, edges)


def _finding(sections: Sequence[SectionLevel], uneven: Sequence[SectionLevel]) -> Finding:
    worst = max(uneven, key=lambda section: abs(section.offset_db))
    offset = abs(worst.offset_db)
    way = "quieter" if worst.offset_db < 0.0 else "louder"
    return Finding(
        kind="uneven_level",
        severity=unit(0.2 + offset / 10.0),
        confidence=unit(0.45 + 0.5 * worst.alike),
        message=(
            f"The part from {worst.start_s:.0f} to {worst.end_s:.0f} s is the same music as elsewhere in the song but "
            f"{offset:.1f} dB {way}; the leveller evens out part of that, or check the mix's automation there."
        ),
        evidence={
            "times_s": [section.start_s for section in uneven],
            "offsets_db": [section.offset_db for section in uneven],
            "likeness": [section.alike for section in uneven],
        },
        regions=tuple(Region(section.start_s, section.end_s) for section in uneven),
        remedy=Remedy(
            "leveller",
            {
                "points": [
                    point.model_dump() for point in level_points(sections, max_slope_db_per_s=_SLOPE_DB_PER_S)
                ],
                "max_slope_db_per_s": _SLOPE_DB_PER_S,
            },
            {"offset_db": worst.offset_db + worst.gain_db},
        ),
    )
