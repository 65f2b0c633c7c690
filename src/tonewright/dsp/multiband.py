"""Multiband compressor with linear-phase crossovers that vanish when nothing is compressed.

    out = in + sum over the bands of (gain - 1) band

With the bands as differences of neighbouring low-passes (dsp.fir_bank) this is exact: bands whose gain is 1 add
nothing, so quiet passages leave the compressor bit by bit as they came, and equal gains in all bands are one gain.

The gain is computed once per tick (about 0.7 ms) and drawn in between as a cubic B-spline, which neither steps nor
kinks (dsp.band_dynamics has the kernels and their sources).

The peak detector reads samples, not what lies between them: a steady tone next to a simple fraction of the rate beats
in it by up to 1 dB (at a sixth of the rate). The default, the mean square, does not.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tonewright.base.params import Params, knob
from tonewright.base.signal import Block
from tonewright.base.units import hertz
from tonewright.dsp import band_dynamics
from tonewright.dsp.chunks import Chunked
from tonewright.dsp.fir_bank import FirBank, magnitude
from tonewright.dsp.stage import Context, Stage

#: A difference of 24 dB of gain has decayed to 1e-6 of the signal after so many time constants: ln(24 / 8.7e-6).
_SETTLING_CONSTANTS = 15.0


class CompressorBand(Params):
    """One band, from the upper edge of the band below it to its own."""

    up_to_hz: float = knob(
        20_000, 40, 20_000, unit="Hz", step=1, scale="log", help="Upper edge; the highest band has none."
    )
    threshold_db: float = knob(0, -72, 0, unit="dBFS", help="Compression begins here; a full sine is 0 dBFS.")
    ratio: float = knob(2, 1, 20, unit=":1", scale="log", help="dB of input per dB of output above the threshold.")
    knee_db: float = knob(6, 0, 24, unit="dB", help="Width of the soft bend around the threshold.")
    attack_ms: float = knob(20, 1, 200, unit="ms", step=1, scale="log", help="Longest time constant of the grip.")
    release_ms: float = knob(
        120, 10, 180, unit="ms", step=1, scale="log", help="Longest time constant of the return."
    )
    window_ms: float = knob(5, 0, 30, unit="ms", help="Length over which the level is taken, centred: look-ahead.")
    range_db: float = knob(12, 0, 24, unit="dB", help="The gain is reduced by no more than this.")
    makeup_db: float = knob(0, -12, 12, unit="dB", help="Static gain of the band.")


#: Edges where mixes part: kick and bass, body, presence, air. Neutral until thresholds are resolved.
_DEFAULT_BANDS = (
    CompressorBand(up_to_hz=120, window_ms=20, attack_ms=30, release_ms=150),
    CompressorBand(up_to_hz=1_000, window_ms=8),
    CompressorBand(up_to_hz=5_000, attack_ms=15, release_ms=100),
    CompressorBand(attack_ms=10, release_ms=80),
)


class MultibandParams(Params):
    """Compress bands separately; nothing changes below the thresholds."""

    bands: tuple[CompressorBand, ...] = Field(
        _DEFAULT_BANDS, min_length=1, max_length=6, description="The bands; the order of their edges counts."
    )
    detector: Literal["rms", "peak"] = "rms"
    link_pct: float = knob(
        100, 0, 100, unit="%", step=1, help="How far the channels follow the louder one; 100 keeps the image still."
    )
    adapt_pct: float = knob(
        50, 0, 100, unit="%", step=1, help="How far attack and release shorten where the level comes in bursts."
    )
    mix_pct: float = knob(100, 0, 100, unit="%", step=1, help="Share of the compressed signal.")


PARAMS = MultibandParams


class MultibandStage(Chunked):
    """The compressor at work. `trace_db()` tells how much each band was reduced, and when."""

    def __init__(self, params: MultibandParams, context: Context) -> None:
        bands = sorted(params.bands, key=lambda band: band.up_to_hz)
        edges = [band.up_to_hz for band in bands[:-1]]
        self._tick = band_dynamics.tick_frames(context.rate_hz)
        span = self._tick * band_dynamics.SPAN_TICKS
        self._bank = FirBank(context.channels, context.rate_hz, min(edges, default=1_000.0), span, span)
        self._bank.set_responses([magnitude(edge, self._bank.frequencies_hz) for edge in edges])
        self._ahead = band_dynamics.AHEAD_TICKS * self._tick
        delay = self._bank.delay_frames + self._ahead
        super().__init__(context.channels, self._bank.hop_frames, delay, span, context.start_frame)
        release_s = max((band.release_ms for band in bands), default=0.0) / 1000.0
        self.preroll_s = _SETTLING_CONSTANTS * release_s + (delay + self._ahead) / context.rate_hz
        self._dynamics = band_dynamics.Dynamics(
            np.array([_row(band, context.rate_hz, self._tick, params.detector == "peak") for band in bands]),
            context.channels,
            self._bank.hop_frames // self._tick,
            peak=params.detector == "peak",
            link=params.link_pct / 100.0,
            adapt=params.adapt_pct / 100.0,
            mix=params.mix_pct / 100.0,
        )
        self._held = np.zeros((len(bands), context.channels, self._ahead + self._bank.hop_frames))
        self._spline = band_dynamics.spline_weights(self._tick)
        self._traces: list[NDArray[np.float64]] = []
        self.trace_hop_s = span / context.rate_hz
        self._trace_skip = (self._bank.delay_frames + band_dynamics.LOOK_TICKS * self._tick) // span

    def advance(self, chunk: Block) -> Block:
        held, ahead = self._held, self._ahead
        held[:, :, :ahead] = held[:, :, -ahead:].copy()
        # the highest "low-pass" is the input itself
        self._bank.filter(chunk, held[:-1, :, ahead:])
        held[-1, :, ahead:] = self._bank.delayed()
        gains, trace = self._dynamics.gains(held, ahead, self._tick)
        self._traces.append(trace)
        return band_dynamics.apply(held, gains, self._spline)

    def trace_db(self) -> NDArray[np.float64]:
        """Gain reduction so far, (bands, spans) in dB, zero or below, every trace_hop_s from the first frame on."""
        return np.concatenate([*self._traces, np.zeros((len(self._held), 0))], axis=1)[:, self._trace_skip :]


def _row(band: CompressorBand, rate_hz: int, tick: int, peak: bool) -> list[float]:
    """What the kernels need of one band, with times in ticks."""
    ticks_per_ms = rate_hz / tick / 1000.0
    return [
        band.threshold_db,
        1.0 - 1.0 / band.ratio,
        band.knee_db,
        band.attack_ms * ticks_per_ms,
        band.release_ms * ticks_per_ms,
        # a Hann window is as wide as a box of half its length
        round(band.window_ms * ticks_per_ms * (0.5 if peak else 1.0)),
        band.range_db,
        band.makeup_db,
    ]


def design(params: MultibandParams, context: Context) -> Stage:
    return MultibandStage(params, context)


def describe(params: MultibandParams) -> str:
    bands = sorted(params.bands, key=lambda band: band.up_to_hz)
    words = []
    for index, band in enumerate(bands):
        last = index == len(bands) - 1
        low, high = hertz(bands[index - 1].up_to_hz) if index else "", hertz(band.up_to_hz)
        if not low:
            where = "everything" if last else f"below {high}"
        else:
            where = f"above {low}" if last else f"{low} to {high}"
        makeup = f" {band.makeup_db:+.1f} dB" if band.makeup_db else ""
        words.append(f"{where} {round(band.ratio, 2):g}:1 from {band.threshold_db:.1f} dBFS{makeup}")
    return "; ".join(words) or "unchanged"
