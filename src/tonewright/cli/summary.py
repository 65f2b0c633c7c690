"""Summaries for people: what was found, what was done and why, before and after, what falls short, which files."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tonewright.base.paths import shown
from tonewright.base.units import clock
from tonewright.cli.output import number, table

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

#: key of the contract -> its name, digits and unit.
METER = {
    "integrated_lufs": ("Integrated loudness", 1, "LUFS"),
    "short_term_max_lufs": ("Loudest 3 s", 1, "LUFS"),
    "momentary_max_lufs": ("Loudest 400 ms", 1, "LUFS"),
    "lra_lu": ("Loudness range", 1, "LU"),
    "true_peak_dbtp": ("True peak", 2, "dBTP"),
    "sample_peak_dbfs": ("Sample peak", 2, "dBFS"),
    "plr_db": ("Peak to loudness", 1, "dB"),
    "psr_min_db": ("Least peak to short-term", 1, "dB"),
}
#: From here a finding is shown as one that matters, and from there as one that hurts.
_MATTERS, _HURTS = 0.33, 0.66
#: So many times of one finding are shown; the report and --json have all.
_TIMES_SHOWN = 3


def meter_table(columns: Mapping[str, Any]) -> "Table":
    """The meter's figures, one column for each named set of measurements."""
    shown = table("", *columns)
    for key, (words, digits, unit) in METER.items():
        shown.add_row(words, *(number(getattr(each, key), digits, unit) for each in columns.values()))
    return shown


def print_analysis(console: "Console", source: Path, analysis: Any) -> None:
    console.print(meter_table({shown(source.name): analysis.measurements}))
    console.print()
    if len(analysis.sections) > 1:
        rows = table("section", "from", "to", "loudness")
        for section in analysis.sections:
            lufs = number(section.integrated_lufs, 1, "LUFS")
            rows.add_row(section.label, clock(section.start_s), clock(section.end_s), lufs)
        console.print(rows)
        console.print()
    print_findings(console, analysis.findings)


def print_findings(console: "Console", findings: Iterable[Any]) -> None:
    """One line for each finding, the worst first."""
    from rich.table import Table
    from rich.text import Text

    ordered = sorted(findings, key=lambda finding: -finding.severity * finding.confidence)
    heading(console, "What was found")
    if not ordered:
        console.print("  Nothing to complain about.\n")
        return
    grid = Table.grid(padding=(0, 1), pad_edge=True)
    for finding in ordered:
        style = "red" if finding.severity >= _HURTS else "yellow" if finding.severity >= _MATTERS else "dim"
        text = Text(finding.message)
        where = times(finding.regions)
        if where:
            text.append(f"  {where}", style="dim")
        grid.add_row(Text("●", style=style), text)
    console.print(grid)
    console.print()


def times(regions: Iterable[Any]) -> str:
    """Where in the song: the first few regions as transport times."""
    spans = [
        tuple(region) if isinstance(region, list | tuple) else (region.start_s, region.end_s) for region in regions
    ]
    shown = ["–".join(dict.fromkeys((clock(start), clock(end)))) for start, end in spans[:_TIMES_SHOWN]]
    more = len(spans) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def print_master(console: "Console", result: Any) -> None:
    """The whole story of one master."""
    print_findings(console, result.findings)
    print_decisions(console, result.decisions)
    console.print(meter_table({"before": result.before.measurements, "after": result.after}))
    console.print()
    if result.shortfalls:
        heading(console, "What falls short")
        for shortfall in result.shortfalls:
            indented(console, shortfall.message, style="yellow")
        console.print()
    width = max(len(name) for name in result.files)
    for name, path in result.files.items():
        console.print(f"{name.capitalize():<{width}}  {shown(path)}", soft_wrap=True)
    speed = result.after.duration_s / max(result.seconds, 0.001)
    took = f"{clock(result.after.duration_s)} of music in {number(result.seconds, 1, 's')} ({speed:.0f}x realtime)"
    console.print(took, style="dim")


def print_decisions(console: "Console", decisions: Iterable[Any]) -> None:
    """Each step: what it does, and below it why."""
    heading(console, "What was done, and why")
    written = False
    for decision in decisions:
        written = True
        indented(console, decision.effect)
        for reason in decision.because:
            # of what was found the rest of the sentence, what to do about it, has been done
            text = re.split(r"[;:] ", reason.text)[0] if reason.finding else reason.text
            indented(console, text, style="dim", by=4)
    if not written:
        console.print("  Nothing: there was nothing that a processor could better.")
    console.print()


def print_comparison(console: "Console", names: tuple[str, str], comparison: Any) -> None:
    """Both meters and what differs, then what is left once both are equally loud."""
    rows = table("", *names, "difference")
    for key, (words, digits, unit) in METER.items():
        change = number(
            comparison.differences.get(key), digits, "LU" if unit.startswith("LU") else "dB", signed=True
        )
        rows.add_row(
            words, *(number(getattr(each, key), digits, unit) for each in (comparison.a, comparison.b)), change
        )
    console.print(rows)
    console.print()
    for line in _at_equal_loudness(comparison):
        indented(console, line)
    for note in comparison.notes:
        indented(console, note, style="yellow")


def _at_equal_loudness(comparison: Any) -> Iterable[str]:
    if comparison.identical:
        yield "They are identical, sample by sample."
        return
    offset_s = (comparison.alignment.frames + comparison.alignment.fraction) / comparison.rate_hz
    if offset_s:
        yield f"The second is {number(abs(offset_s) * 1000, 3, 'ms')} {'later' if offset_s > 0 else 'earlier'}."
    if comparison.null_at_equal_loudness_db is not None:
        yield (
            f"At equal loudness, subtracting one from the other leaves "
            f"{number(comparison.null_at_equal_loudness_db, 1, 'dB')}."
        )
    spectrum = comparison.spectrum
    octaves = [
        f"{_hertz(centre)} {number(difference, 1, signed=True)}"
        for centre, difference in zip(spectrum["centre_hz"], spectrum["difference_db"], strict=True)
        if difference is not None and any(abs(centre / octave - 1) < 0.06 for octave in _OCTAVES)
    ]
    if octaves:
        yield f"Spectrum, in dB: {', '.join(octaves)}."


#: Centres of the octaves that a line of text has room for.
_OCTAVES = (63.0, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, 16000.0)


def _hertz(frequency_hz: float) -> str:
    return f"{frequency_hz / 1000:.0f} kHz" if frequency_hz >= 999 else f"{frequency_hz:.0f} Hz"


def indented(console: "Console", words: str, style: str = "", by: int = 2) -> None:
    """A paragraph that stays indented where it wraps."""
    from rich.padding import Padding
    from rich.text import Text

    console.print(Padding(Text(words, style=style), (0, 0, 0, by), expand=False))


def heading(console: "Console", words: str) -> None:
    console.print(words, style="bold")
