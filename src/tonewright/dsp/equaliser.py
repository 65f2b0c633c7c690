"""Equaliser: up to 24 bands, of minimum or linear phase, on both channels, the mid or the side.

The magnitude is the analogue one up to the top of the spectrum (eq_match.py) and the same for both phases: the
linear-phase filter is built from the magnitude of the minimum-phase sections. A band on the mid adds the same
change to both channels, so the side stays what it was; a band on the side adds it to one and takes it from the
other, so the mono sum stays what it was. A band without effect is left out.

Source: eq_bands.py (shapes), eq_match.py (fit), overlap_save.py (linear phase).
"""

from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tonewright.base.params import Params
from tonewright.base.signal import Block
from tonewright.dsp.biquad import Cascade, Sections, settling_s
from tonewright.dsp.eq_bands import Band as Band  # part of this module's face
from tonewright.dsp.eq_bands import Part, analogue_db, describe_band, is_active
from tonewright.dsp.eq_match import matched_sections
from tonewright.dsp.overlap_save import OverlapSave, SymmetricFilter, symmetric_filters
from tonewright.dsp.stage import Context, Stage

MOST_BANDS = 24

#: What is left of an impulse after the preroll, as a share of its whole size: -140 dB.
_LEFT = 1e-7


class EqualiserParams(Params):
    """Shape the tone with bells, shelves, tilts, cuts and notches."""

    phase: Literal["minimum", "linear"] = "minimum"
    bands: tuple[Band, ...] = Field(
        (), max_length=MOST_BANDS, description="The bands; their order does not matter."
    )


PARAMS = EqualiserParams


def sections_of(bands: tuple[Band, ...], part: Part, rate_hz: int) -> Sections:
    """The digital sections of all bands on this part, (sections, 5)."""
    found = [matched_sections(band, rate_hz) for band in bands if band.part == part and is_active(band)]
    return np.concatenate([np.empty((0, 5)), *found])


def design(params: EqualiserParams, context: Context) -> Stage:
    """Bands on the side do nothing to a mono signal, and bands on the mid act on all of it."""
    both, mid, side = _by_part(params.bands, context.rate_hz)
    if context.channels == 1:
        both, mid, side = np.concatenate([both, mid]), mid[:0], side[:0]
    if len(both) + len(mid) + len(side) == 0:
        return Cascade(both, context.channels, context.rate_hz)
    if params.phase == "linear":
        return _linear(params.bands, context)
    stage: Stage = _Minimum(both, mid, side, context)
    return stage


def describe(params: EqualiserParams) -> str:
    words = [describe_band(band) for band in params.bands if is_active(band)]
    if not words:
        return "no change of tone"
    return "; ".join(words) + (" (linear phase)" if params.phase == "linear" else "")


def magnitude_db(
    bands: tuple[Band, ...], frequency_hz: NDArray[np.float64], rate_hz: int, part: Part = "both"
) -> NDArray[np.float64]:
    """What the bands do to the mid or the side (to "both": only those on both), in dB at the given frequencies.

    The designed curve, which the filters follow within 0.05 dB; frequencies from half the rate on have none (0 dB).
    """
    total = np.zeros(len(frequency_hz))
    for band in bands:
        if is_active(band) and band.part in ("both", part):
            total += analogue_db(band, frequency_hz)
    return np.where(frequency_hz < 0.5 * rate_hz, total, 0.0)


def _by_part(bands: tuple[Band, ...], rate_hz: int) -> tuple[Sections, Sections, Sections]:
    return (
        sections_of(bands, "both", rate_hz),
        sections_of(bands, "mid", rate_hz),
        sections_of(bands, "side", rate_hz),
    )


class _Minimum:
    """Cascades: one on the channels, then one on the mid and one on the side."""

    latency_frames = 0

    def __init__(self, both: Sections, mid: Sections, side: Sections, context: Context) -> None:
        self.both = Cascade(both, context.channels, context.rate_hz)
        self.mid = Cascade(mid, 1, context.rate_hz) if len(mid) else None
        self.side = Cascade(side, 1, context.rate_hz) if len(side) else None
        self.preroll_s = preroll_s(both, context.rate_hz) + max(
            preroll_s(mid, context.rate_hz), preroll_s(side, context.rate_hz)
        )

    def process(self, block: Block) -> Block:
        out = self.both.process(block)
        if self.mid is None and self.side is None:
            return out
        mid, side = 0.5 * (out[:1] + out[1:]), 0.5 * (out[:1] - out[1:])
        if self.mid is not None:
            out += self.mid.process(mid) - mid
        if self.side is not None:
            change = self.side.process(side) - side
            out[:1] += change
            out[1:] -= change
        return out

    def flush(self) -> Block:
        return self.both.flush()


def preroll_s(sections: Sections, rate_hz: int) -> float:
    """Seconds after which what the sections remember is below -140 dB.

    Bounded from above by the sections' settling times in series, and measured on the impulse response up to there.
    """
    if len(sections) == 0:
        return 0.0
    return _measured_preroll_s(tuple(map(tuple, sections.tolist())), rate_hz)


@lru_cache(maxsize=128)
def _measured_preroll_s(rows: tuple[tuple[float, ...], ...], rate_hz: int) -> float:
    sections = np.array(rows)
    bound = settling_s(sections, rate_hz)
    impulse = np.zeros((1, min(round(bound * rate_hz), 20 * rate_hz) + 1))
    impulse[0, 0] = 1.0
    size = np.abs(Cascade(sections, 1, rate_hz).process(impulse)[0])
    outside = np.cumsum(size[::-1])[::-1]
    return int(np.count_nonzero(outside > _LEFT * outside[0])) / rate_hz


@lru_cache(maxsize=8)
def _linear_filters(bands: tuple[Band, ...], rate_hz: int, mono: bool) -> list[SymmetricFilter]:
    """One filter for all channels, or one for the mid and one for the side."""
    both, mid, side = _by_part(bands, rate_hz)
    if mono or len(mid) + len(side) == 0:
        return symmetric_filters([np.concatenate([both, mid])], rate_hz)
    return symmetric_filters([np.concatenate([both, mid]), np.concatenate([both, side])], rate_hz)


def _linear(bands: tuple[Band, ...], context: Context) -> Stage:
    filters = _linear_filters(bands, context.rate_hz, context.channels == 1)
    if len(filters) == 1:
        return OverlapSave(filters[0], context.channels, context.rate_hz)
    stage: Stage = _LinearMidSide(filters[0], filters[1], context.rate_hz)
    return stage


class _LinearMidSide:
    """One symmetric filter on the mid, one on the side; both of one length."""

    def __init__(self, mid: SymmetricFilter, side: SymmetricFilter, rate_hz: int) -> None:
        self.mid = OverlapSave(mid, 1, rate_hz)
        self.side = OverlapSave(side, 1, rate_hz)
        self.latency_frames = self.mid.latency_frames
        self.preroll_s = self.mid.preroll_s

    def process(self, block: Block) -> Block:
        mid = self.mid.process(0.5 * (block[:1] + block[1:]))
        return self._joined(mid, self.side.process(0.5 * (block[:1] - block[1:])))

    def flush(self) -> Block:
        return self._joined(self.mid.flush(), self.side.flush())

    def _joined(self, mid: Block, side: Block) -> Block:
        return np.concatenate([mid + side, mid - side])
