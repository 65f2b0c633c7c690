"""Loudness from energies: momentary, short-term, integrated, range.

The signal is K-weighted and its energy summed over cells of 10 ms; everything else is arithmetic on cells, so that
a section's loudness, or that of the song at another gain, costs nothing. Cells begin at the frame nearest to
k * 10 ms, so 400 ms are "to the nearest sample" at every rate, without drift; a window's mean divides by the frames
it really has.

Sources: ITU-R BS.1770-5, annex 1 (weights, gates); EBU Tech 3341 v4 (momentary and short-term windows); EBU Tech
3342 v4 (range).
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from tonewright.base.errors import UnsupportedLayout
from tonewright.base.units import SILENCE_DB

#: Cells per second: momentary loudness moves by one cell, so a 400 ms tone is found within 5 ms wherever it is.
CELLS_PER_S = 100
CELL_S = 1.0 / CELLS_PER_S

MOMENTARY_CELLS = 40
SHORT_TERM_CELLS = 300
#: 400 ms blocks overlap by 75 %; also the hop of the short-term loudness that the range is taken from (10 Hz).
STEP_CELLS = 10

ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
RANGE_GATE_LU = -20.0
_RANGE_PERCENTILES = (0.10, 0.95)
#: Tech 3342 appends this to a file, so that its end lies in as many windows as its middle.
_RANGE_SILENCE_CELLS = 150

_OFFSET_LUFS = -0.691

#: BS.1770-5 table 3, in the order L R C (LFE) Ls Rs. One channel is one channel: mono is not counted twice.
_CHANNEL_WEIGHTS = {
    1: (1.0,),
    2: (1.0, 1.0),
    3: (1.0, 1.0, 1.0),
    5: (1.0, 1.0, 1.0, 1.41, 1.41),
    6: (1.0, 1.0, 1.0, 0.0, 1.41, 1.41),
}

#: Channel-weighted mean squares of windows (windows,), sum of G_i z_i in the standard's letters.
Powers = NDArray[np.float64]


def channel_weights(channels: int) -> NDArray[np.float64]:
    """G_i of BS.1770-5, table 3: (channels,). Raises UnsupportedLayout where the number leaves them open."""
    if channels not in _CHANNEL_WEIGHTS:
        known = ", ".join(str(count) for count in _CHANNEL_WEIGHTS)
        raise UnsupportedLayout(f"No loudness is defined for {channels} channels.", f"Known: {known} channels.")
    return np.array(_CHANNEL_WEIGHTS[channels])


def cell_edges(cells: int, rate_hz: int) -> NDArray[np.int64]:
    """The frame nearest to the start of each cell, and to the end of the last: (cells + 1,)."""
    return (2 * np.arange(cells + 1, dtype=np.int64) * rate_hz + CELLS_PER_S) // (2 * CELLS_PER_S)


def window_powers(
    energies: NDArray[np.float64], rate_hz: int, window_cells: int, hop_cells: int = 1, first_cell: int = 0
) -> Powers:
    """Channel-weighted mean square of every complete window: (windows,).

    energies: (channels, cells), sums of squares of the K-weighted signal. first_cell: where in the song the first
    cell lies, for the exact number of frames of a window at rates that 10 ms does not divide.
    """
    cells = energies.shape[1]
    if cells < window_cells:
        return np.zeros(0)
    weighted: NDArray[np.float64] = channel_weights(energies.shape[0]) @ energies
    # sums of sums, never a difference of running sums: a quiet window after a loud one keeps all its digits
    inner = 10 if window_cells % 10 == 0 else 1
    tens = sliding_window_view(weighted, inner).sum(axis=1)
    starts = np.arange(0, cells - window_cells + 1, hop_cells)
    sums = np.zeros(len(starts))
    for part in range(0, window_cells, inner):
        sums += tens[starts + part]
    edges = cell_edges(first_cell + cells, rate_hz)[first_cell:]
    powers: Powers = sums / (edges[starts + window_cells] - edges[starts])
    return powers


def to_lufs(powers: Powers) -> NDArray[np.float64]:
    """Loudness of mean squares, LUFS (BS.1770-5, eq. 2); SILENCE_DB where there is none."""
    floor = 10.0 ** ((SILENCE_DB - _OFFSET_LUFS) / 10.0)
    lufs: NDArray[np.float64] = _OFFSET_LUFS + 10.0 * np.log10(np.maximum(powers, floor))
    return lufs


def to_power(lufs: float) -> float:
    """The mean square that has this loudness."""
    return float(10.0 ** ((lufs - _OFFSET_LUFS) / 10.0))


def peak_lufs(powers: Powers) -> float | None:
    """The loudest window, LUFS; None if there is no window, or nothing in any."""
    top = float(powers.max(initial=0.0))
    return float(to_lufs(np.array([top]))[0]) if top > to_power(SILENCE_DB) else None


def gated_lufs(block_powers: Powers) -> float | None:
    """Integrated loudness of 400 ms blocks that overlap by 75 %, LUFS (BS.1770-5, eq. 3 to 7).

    Both gates are strict. None if no block passes them.
    """
    loud = block_powers[block_powers > to_power(ABSOLUTE_GATE_LUFS)]
    if not loud.size:
        return None
    loud = loud[loud > loud.mean() * 10.0 ** (RELATIVE_GATE_LU / 10.0)]
    return float(to_lufs(np.array([loud.mean()]))[0])


def integrated_lufs(energies: NDArray[np.float64], rate_hz: int, first_cell: int = 0) -> float | None:
    """Integrated loudness of cells (channels, cells), LUFS. None under 400 ms, and if nothing passes the gates."""
    return gated_lufs(window_powers(energies, rate_hz, MOMENTARY_CELLS, STEP_CELLS, first_cell))


def loudness_range(energies: NDArray[np.float64], rate_hz: int) -> float | None:
    """Loudness range of a whole song, LU (EBU Tech 3342). energies: (channels, cells).

    None under 3 s, and where nothing is louder than -70 LUFS.
    """
    if energies.shape[1] < SHORT_TERM_CELLS:
        return None
    padded = np.pad(energies, ((0, 0), (0, _RANGE_SILENCE_CELLS)))
    return range_lu(window_powers(padded, rate_hz, SHORT_TERM_CELLS, STEP_CELLS))


def range_lu(short_term_powers: Powers) -> float | None:
    """Difference of the 95th and the 10th percentile of what passes both gates, LU. None if nothing does."""
    loud = short_term_powers[short_term_powers >= to_power(ABSOLUTE_GATE_LUFS)]
    if not loud.size:
        return None
    loud = np.sort(loud[loud >= loud.mean() * 10.0 ** (RANGE_GATE_LU / 10.0)])
    # Tech 3342 counts from 1 and rounds halves up
    low, high = (loud[int((loud.size - 1) * part + 0.5)] for part in _RANGE_PERCENTILES)
    return float(10.0 * np.log10(high / low))
