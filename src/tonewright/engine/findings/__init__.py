"""What there is to say about a song. Each group of kinds stands in one file with a `find(facts)`.

To add a kind: docs/add-a-finding.md.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from tonewright.engine.findings.model import Finding, Region, Remedy

if TYPE_CHECKING:
    from tonewright.engine.facts import Facts

__all__ = ["KINDS", "Finding", "Region", "Remedy", "find_all"]

#: kind -> what it is, in a few words. docs/findings.md has one part for each.
KINDS: dict[str, str] = {
    "clipping": "peaks cut off flat",
    "soft_clipping": "peaks rounded off, or cut off and then encoded or resampled",
    "over_compression": "so little between peaks and loudness that nothing can breathe",
    "uneven_level": "a step in level that no musical change explains",
    "intersample_overs": "the curve between samples passes full scale",
    "tone": "dull, bright, boomy, muddy, thin or harsh",
    "resonance": "a narrow peak that stays while notes change",
    "sibilance": "s sounds that stick out",
    "hum": "mains hum at 50 or 60 Hz and its harmonics",
    "noise": "steady hiss in the quiet parts",
    "clicks": "single disturbances shorter than two milliseconds",
    "dropout": "gaps in the middle of sound",
    "dc_offset": "the waveform does not rest at zero",
    "phase": "bands in which the channels oppose each other",
    "mono_compatibility": "parts that fade or vanish in mono",
    "narrow_stereo": "next to no stereo image",
    "channel_imbalance": "the centre is off to one side",
    "lossy_source": "a codec has taken the top",
    "fake_resolution": "fewer bits or a lower rate than the file claims",
    "silence": "long silence at the ends or inside",
    "cut_head": "the start is cut off",
    "cut_tail": "the end is cut off",
}


def _groups() -> list[Callable[["Facts"], Iterable[Finding]]]:
    from tonewright.engine.findings import (
        compression,
        disturbances,
        ends,
        field,
        hum,
        levels,
        peaks,
        ringing,
        source,
        tone,
        voice,
    )

    modules = (peaks, compression, levels, tone, ringing, voice, hum, disturbances, field, source, ends)
    return [module.find for module in modules]


def find_all(facts: "Facts") -> tuple[Finding, ...]:
    """All findings, the weightiest (severity x confidence) first."""
    found = [finding for find in _groups() for finding in find(facts)]
    return tuple(sorted(found, key=lambda finding: (-finding.severity * finding.confidence, finding.kind)))
