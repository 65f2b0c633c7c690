"""One pass of short-time Fourier transforms from which spectrum, stereo field, noise and resonances are read.

Frames of about 0.19 s (8192 at 44.1 kHz: bins of 5.4 Hz), Hann window, half overlapped. Levels are calibrated so that
the sum over all bins is the mean square of the signal (Parseval), averaged over the channels.

Source: Welch, IEEE Trans. Audio Electroacoust. 15(2), 1967 (averaged periodograms).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tonewright.base.kernels import kernel
from tonewright.base.signal import Block, Layout
from tonewright.measure.bands import FINE_EDGES_HZ, FINE_HZ, FINE_PER_THIRD, THIRD_HZ
from tonewright.measure.framing import Framer, frame_size

_FRAME_S = 0.186
_BATCH = 8
#: About one second: the time resolution of sections and of regions found in the stereo field.
_SLOT_S = 1.0
#: Fine bands are averaged over spans of so many slots, in frames above this level; below it nothing can ring.
_SPAN_SLOTS = 5
_ACTIVE_POWER = 1e-6


@dataclass(frozen=True)
class SpectralFacts:
    """What the pass found. Powers are mean squares, averaged over the channels.

    frame_hop_s, slot_s: seconds between frames and between slots.
    level: (frames, 31) float32, power by third-octave.
    flatness_db: (frames, 31) float32, geometric over arithmetic mean of the mid signal's bins in a third-octave, dB;
        -2.5 for Gaussian noise, far lower for tones, 0 where the band has under 8 bins.
    slots: (slots, 31, 3) mean power of left, of right, and of their cross term (real part) by third-octave.
    slot_active: (slots,) frames in each slot.
    bin_power, bin_peak: (bins,) mean and highest power of each bin; bin_hz their frequencies.
    fine_db: (spans, fine) mean level in dB of each fine band over the active frames of about five seconds.
        fine_frames: (spans,) how many frames these were; spans without any are left out.
    """

    channels: int
    rate_hz: int
    frame_hop_s: float
    slot_s: float
    level: NDArray[np.float32]
    flatness_db: NDArray[np.float32]
    slots: NDArray[np.float64]
    slot_frames: NDArray[np.int64]
    bin_hz: NDArray[np.float64]
    bin_power: NDArray[np.float64]
    bin_peak: NDArray[np.float64]
    fine_db: NDArray[np.float64]
    fine_frames: NDArray[np.int64]


@kernel
def _reduce(spectra, scale, edges, third_bins, thirds, flat, bin_sum, bin_peak, span, work):  # type: ignore[no-untyped-def]
    """Powers of one batch by third-octave, flatness, sums by bin, levels of the fine bands.

    spectra: (channels, frames, bins) complex. scale: power of a bin = scale x |X|^2 (twice that but at the ends).
    edges: (fine + 1,) band edges in bins, measured so that bin k spans k to k + 1. third_bins: (31, 2) first bin and
    end. thirds: (frames, 31, 3) out. flat: (frames, 31) out, dB. bin_sum, bin_peak: (bins,) updated. span: (fine,) sums
    of levels in dB over the active frames, updated. work: (4, bins) scratch.
    Gives the count of active frames.
    """
    channels, frames, bins = spectra.shape
    left, right, cross, mid = work[0], work[1], work[2], work[3]
    right[:] = 0.0
    cross[:] = 0.0
    per_channel = 1.0 / channels
    cumulative = np.zeros((bins + 1, 3))
    fine = np.empty(edges.size - 1)
    active = 0
    for t in range(frames):
        _powers(spectra[:, t], 2.0 * scale, left, right, cross)
        for k in range(bins):
            power = (left[k] + right[k]) * per_channel
            bin_sum[k] += power
            bin_peak[k] = max(bin_peak[k], power)
        total, ll, rr, lr = 0.0, 0.0, 0.0, 0.0
        for k in range(bins):
            ll += left[k]
            rr += right[k]
            lr += cross[k]
            cumulative[k + 1, 0], cumulative[k + 1, 1], cumulative[k + 1, 2] = ll, rr, lr
            mid[k] = max(left[k] + right[k] + 2.0 * cross[k], 1e-30)
        thirds[t] = 0.0
        for e in range(fine.size):
            low = min(edges[e], float(bins))
            high = min(edges[e + 1], float(bins))
            i, j = min(int(low), bins - 1), min(int(high), bins - 1)
            for c in range(3):
                at_low = cumulative[i, c] + (low - i) * (cumulative[i + 1, c] - cumulative[i, c])
                at_high = cumulative[j, c] + (high - j) * (cumulative[j + 1, c] - cumulative[j, c])
                thirds[t, e // FINE_PER_THIRD, c] += at_high - at_low
                if c == 0:
                    fine[e] = at_high - at_low
                elif c == 1:
                    fine[e] = (fine[e] + (at_high - at_low)) * per_channel
            total += fine[e]
        if total > _ACTIVE_POWER:
            active += 1
            for e in range(fine.size):
                span[e] += 10.0 * np.log10(max(fine[e], 1e-20))
        for band in range(third_bins.shape[0]):
            first, end = third_bins[band]
            if end - first < 8:
                flat[t, band] = 0.0
                continue
            total, logs, product, held = 0.0, 0.0, 1.0, 0
            for k in range(first, end):
                total += mid[k]
                product *= mid[k]
                held += 1
                if held == 8:  # one logarithm for eight bins; 1e-30 ** 8 is still a number
                    logs += np.log10(product)
                    product, held = 1.0, 0
            logs += np.log10(product)
            count = end - first
            flat[t, band] = 10.0 * (logs / count - np.log10(total / count))
    return active


@kernel
def _powers(spectrum, scale, left, right, cross):  # type: ignore[no-untyped-def]
    """Powers of a frame's bins: left, right, and their cross term, real part; with one channel only left is set."""
    a = spectrum[0]
    for k in range(a.size):
        left[k] = scale * (a[k].real * a[k].real + a[k].imag * a[k].imag)
    left[0] *= 0.5  # the ends stand for one frequency each, the others for two
    left[-1] *= 0.5
    if spectrum.shape[0] == 2:
        b = spectrum[1]
        for k in range(a.size):
            right[k] = scale * (b[k].real * b[k].real + b[k].imag * b[k].imag)
            cross[k] = scale * (a[k].real * b[k].real + a[k].imag * b[k].imag)
        right[0], right[-1], cross[0], cross[-1] = 0.5 * right[0], 0.5 * right[-1], 0.5 * cross[0], 0.5 * cross[-1]


class SpectralPass:
    """Feed blocks, then take the facts. Memory grows by about 250 bytes a frame (0.1 s)."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.size = frame_size(layout.rate_hz, _FRAME_S)
        self.hop = self.size // 2
        self.bins = self.size // 2 + 1
        self._framer = Framer(layout.channels, self.size, self.hop, _BATCH)
        self._window = np.hanning(self.size + 1)[:-1]
        # kept, since asking for such buffers anew costs as much as the transform
        self._windowed = np.empty((layout.channels, _BATCH, self.size))
        self._spectra = np.empty((layout.channels, _BATCH, self.bins), np.complex128)
        self._scale = 1.0 / (self.size * float(np.sum(self._window**2)))
        width = layout.rate_hz / self.size
        self._edges = FINE_EDGES_HZ / width + 0.5
        thirds = np.stack(
            [FINE_EDGES_HZ[:-1:FINE_PER_THIRD], FINE_EDGES_HZ[FINE_PER_THIRD::FINE_PER_THIRD]], axis=1
        )
        self._third_bins = np.minimum(np.round(thirds / width).astype(np.int64), self.bins)
        self._work = np.empty((4, self.bins))
        self._bin_sum, self._bin_peak = np.zeros(self.bins), np.zeros(self.bins)
        self._span_frames = _SPAN_SLOTS * max(1, round(_SLOT_S * layout.rate_hz / self.hop))
        self._span, self._span_active, self._span_seen = np.zeros(len(FINE_HZ)), 0, 0
        self._fine: list[NDArray[np.float64]] = []
        self._fine_frames: list[int] = []
        self._levels: list[NDArray[np.float32]] = []
        self._flatness: list[NDArray[np.float32]] = []
        self._slot_frames = max(1, round(_SLOT_S * layout.rate_hz / self.hop))
        self._slots: list[NDArray[np.float64]] = []
        self._slot_counts: list[int] = []
        self._open = np.zeros((len(THIRD_HZ), 3))
        self._open_frames = 0

    def feed(self, block: Block) -> None:
        for frames in self._framer.feed(block):
            self._take(frames)

    def result(self) -> SpectralFacts:
        for frames in self._framer.flush():
            self._take(frames)
        if self._open_frames:
            self._close_slot()
        self._close_span()
        frames_seen = sum(len(part) for part in self._levels)
        bands = len(THIRD_HZ)
        return SpectralFacts(
            channels=self.layout.channels,
            rate_hz=self.layout.rate_hz,
            frame_hop_s=self.hop / self.layout.rate_hz,
            slot_s=self._slot_frames * self.hop / self.layout.rate_hz,
            level=np.concatenate([np.empty((0, bands), np.float32), *self._levels]),
            flatness_db=np.concatenate([np.empty((0, bands), np.float32), *self._flatness]),
            slots=np.array(self._slots).reshape(-1, bands, 3),
            slot_frames=np.array(self._slot_counts, dtype=np.int64),
            bin_hz=np.arange(self.bins) * self.layout.rate_hz / self.size,
            bin_power=self._bin_sum / max(1, frames_seen),
            bin_peak=self._bin_peak,
            fine_db=np.array(self._fine).reshape(-1, len(FINE_HZ)),
            fine_frames=np.array(self._fine_frames, dtype=np.int64),
        )

    def _take(self, frames: NDArray[np.float64]) -> None:
        count = frames.shape[1]
        windowed, spectra = self._windowed[:, :count], self._spectra[:, :count]
        np.multiply(frames, self._window, out=windowed)
        np.fft.rfft(windowed, axis=2, out=spectra)
        thirds = np.empty((count, len(THIRD_HZ), 3))
        flat = np.empty((count, len(THIRD_HZ)))
        self._span_active += _reduce(
            np.ascontiguousarray(spectra),
            self._scale,
            self._edges,
            self._third_bins,
            thirds,
            flat,
            self._bin_sum,
            self._bin_peak,
            self._span,
            self._work,
        )
        self._levels.append(((thirds[:, :, 0] + thirds[:, :, 1]) / self.layout.channels).astype(np.float32))
        self._flatness.append(flat.astype(np.float32))
        self._span_seen += count
        if self._span_seen >= self._span_frames:
            self._close_span()
        for frame in thirds:
            self._open += frame
            self._open_frames += 1
            if self._open_frames == self._slot_frames:
                self._close_slot()

    def _close_slot(self) -> None:
        self._slots.append(self._open / self._open_frames)
        self._slot_counts.append(self._open_frames)
        self._open = np.zeros_like(self._open)
        self._open_frames = 0

    def _close_span(self) -> None:
        if self._span_active:
            self._fine.append(self._span / self._span_active)
            self._fine_frames.append(self._span_active)
        self._span, self._span_active, self._span_seen = np.zeros(len(FINE_HZ)), 0, 0
