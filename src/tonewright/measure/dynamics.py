"""Dynamics by band: how levels in octave bands move over short frames.

Frames of about 46 ms (2048 at 44.1 kHz), Hann window, half overlapped: short enough for a syllable or a drum hit, long
enough for the octave at 63 Hz to be told from its neighbours.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tonewright.base.kernels import kernel
from tonewright.base.signal import Block, Layout
from tonewright.base.units import power_to_db
from tonewright.measure.bands import OCTAVE_HZ, bin_overlap, usable
from tonewright.measure.framing import Framer, frame_size

_FRAME_S = 0.046
_BATCH = 32
#: Two more bands beside the octaves: where a voice's s lies, and where its vowels lie.
SIBILANT_HZ, VOWEL_HZ = (5_000.0, 10_000.0), (300.0, 4_000.0)
#: Frames quieter than this below the loudest are left out of the percentiles: pauses and fades say nothing of dynamics.
_ACTIVE_DB = -40.0


@dataclass(frozen=True)
class Envelopes:
    """Band powers over time.

    power: (frames, 12) float32; ten octaves from 31.25 Hz, then SIBILANT_HZ, then VOWEL_HZ. hop_s: seconds a frame.
    """

    power: NDArray[np.float32]
    hop_s: float
    rate_hz: int


@dataclass(frozen=True)
class BandDynamics:
    """Levels of the octave bands in frames of 46 ms, dB re full scale; arrays of shape (bands,).

    crest_db: loudest frame over the mean power. spread_db: 95th less 10th percentile.
    """

    centre_hz: NDArray[np.float64]
    mean_db: NDArray[np.float64]
    p10_db: NDArray[np.float64]
    p50_db: NDArray[np.float64]
    p95_db: NDArray[np.float64]
    crest_db: NDArray[np.float64]

    @property
    def spread_db(self) -> NDArray[np.float64]:
        spread: NDArray[np.float64] = self.p95_db - self.p10_db
        return spread


@kernel
def _band_power(spectra, weights, spans, out):  # type: ignore[no-untyped-def]
    """Weighted bin powers. spectra: (channels, frames, bins) complex. weights: (bands, bins); spans:
    (bands, 2) those that are not zero. out: (frames, bands)."""
    channels, frames, bins = spectra.shape
    power = np.empty(bins)
    for t in range(frames):
        power[:] = 0.0
        for c in range(channels):
            for k in range(bins):
                x = spectra[c, t, k]
                power[k] += x.real * x.real + x.imag * x.imag
        for b in range(weights.shape[0]):
            first, end = spans[b]
            s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0  # four at once: one sum would wait for itself at every bin
            for k in range(first, end - 3, 4):
                s0 += weights[b, k] * power[k]
                s1 += weights[b, k + 1] * power[k + 1]
                s2 += weights[b, k + 2] * power[k + 2]
                s3 += weights[b, k + 3] * power[k + 3]
            for k in range(end - (end - first) % 4, end):
                s0 += weights[b, k] * power[k]
            out[t, b] = (s0 + s1) + (s2 + s3)


class DynamicsPass:
    """Feed blocks, then take the envelopes. Memory grows by about 2 kB a second."""

    def __init__(self, layout: Layout) -> None:
        size = frame_size(layout.rate_hz, _FRAME_S)
        self._hop, self._rate_hz, bins = size // 2, layout.rate_hz, size // 2 + 1
        self._framer = Framer(layout.channels, size, self._hop, _BATCH)
        self._window = np.hanning(size + 1)[:-1]
        self._windowed = np.empty((layout.channels, _BATCH, size))
        self._spectra = np.empty((layout.channels, _BATCH, bins), np.complex128)
        edges = [(hz / np.sqrt(2.0), hz * np.sqrt(2.0)) for hz in OCTAVE_HZ] + [SIBILANT_HZ, VOWEL_HZ]
        self._weights = np.array([bin_overlap(low, high, bins, layout.rate_hz) for low, high in edges])
        self._weights *= 2.0 / (size * float(np.sum(self._window**2)) * layout.channels)
        self._spans = np.array([_span(row) for row in self._weights])
        self._series: list[NDArray[np.float32]] = []

    def feed(self, block: Block) -> None:
        for frames in self._framer.feed(block):
            self._take(frames)

    def result(self) -> Envelopes:
        for frames in self._framer.flush():
            self._take(frames)
        power = np.concatenate([np.empty((0, len(self._weights)), np.float32), *self._series])
        return Envelopes(power, self._hop / self._rate_hz, self._rate_hz)

    def _take(self, frames: NDArray[np.float64]) -> None:
        count = frames.shape[1]
        windowed, spectra = self._windowed[:, :count], self._spectra[:, :count]
        np.multiply(frames, self._window, out=windowed)
        np.fft.rfft(windowed, axis=2, out=spectra)
        out = np.empty((count, len(self._weights)))
        _band_power(np.ascontiguousarray(spectra), self._weights, self._spans, out)
        self._series.append(out.astype(np.float32))


def _span(weights: NDArray[np.float64]) -> tuple[int, int]:
    """The first bin whose weight is not zero, and the one after the last."""
    used = np.flatnonzero(weights)
    return (int(used[0]), int(used[-1]) + 1) if len(used) else (0, 0)


def band_dynamics(envelopes: Envelopes) -> BandDynamics:
    """Percentiles and crest of each octave over the frames in which the music is playing."""
    keep = usable(OCTAVE_HZ, envelopes.rate_hz)
    octaves = envelopes.power[:, : len(OCTAVE_HZ)][:, keep].astype(np.float64)
    total = octaves.sum(axis=1)
    active = octaves[total > total.max(initial=0.0) * 10.0 ** (_ACTIVE_DB / 10.0)]
    if len(active) == 0:
        active = np.zeros((1, int(keep.sum())))
    mean_db = power_to_db(active.mean(axis=0))
    # band by band: the levels of all at once would be the most that a long song needs
    p10, p50, p95, highest = np.array([_spread(power_to_db(band)) for band in active.T]).T
    return BandDynamics(OCTAVE_HZ[keep], mean_db, p10, p50, p95, highest - mean_db)


def _spread(levels_db: NDArray[np.float64]) -> tuple[float, ...]:
    """10th, 50th and 95th percentile, and the highest."""
    return (*np.percentile(levels_db, [10, 50, 95]).tolist(), float(levels_db.max()))
