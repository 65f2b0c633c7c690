"""The loops of the waveform pass: what they look for and give is told in waveform.py."""

import numpy as np

from tonewright.base.kernels import kernel

#: Half a 16-bit step: what is under it is zero in any 16-bit file.
_ZERO = 0.5 / 32768.0
#: A flat run's neighbours must be lower by at least eight 16-bit steps, or a quantised bass note's crest would count.
_EDGE_STEP = 8.0 / 32768.0
#: Shortest run of equal samples that counts as a flat top.
_FLAT_SAMPLES = 3
_THRESHOLD = 0.9
_FLAT = 0.97
#: So many samples are passed over at once where their highest is below the threshold.
TILE = 64


@kernel
def scan(  # type: ignore[no-untyped-def]
    data,
    first,
    frames,
    history,
    start,
    shortest,
    tops,
    sums,
    histogram,
    top,
    run,
    runs,
    bits,
    per_ms,
    ms,
    crests,
):
    """Scan one chunk of all channels.

    data: (channels, n), of which the chunk is `frames` from `first` on. history: (channels, 3) the samples before,
    updated. start: frame number of the chunk's first. shortest: frames of the shortest zero run to keep.
    tops: (channels, 2, 6) out. sums: (channels, 2) mean square and mean, out. histogram: (channels, 2, bins), top:
    (channels, 2) updated. run: (channels, 3) state of the zero run: frames so far, first frame, magnitude before;
    updated. runs: (channels, n, 4) out: first frame, frames, before, after. bits: (channels,) OR of the samples as
    24-bit integers, -1 when they are none; updated. per_ms: frames in a step block; ms: (channels, 2, blocks) out,
    highest and mean third difference. crests: (2, tiles) scratch.
    Gives the count of zero runs of each channel.
    """
    found = np.zeros(data.shape[0], np.int64)
    for c in range(data.shape[0]):
        x = data[c, first : first + frames]
        found[c] = _levels(x, history[c], start, shortest, sums[c], histogram[c], top[c], run[c], runs[c], crests)
        bits[c] = _word(x, bits[c])
        _third_differences(x, history[c], per_ms, ms[c])
        _flat_tops(x, crests, tops[c])
    return found


@kernel
def _levels(x, history, start, shortest, sums, histogram, top, run, runs, crests):  # type: ignore[no-untyped-def]
    """Mean square, mean, histogram and zero runs of x; the highest sample of either sign of each tile in crests."""
    bins = histogram.shape[1]
    per_size = bins / top  # powers of two, so that multiplying is exact
    energy, total, found, zeros = 0.0, 0.0, 0, run[0]
    for tile in range((x.size + TILE - 1) // TILE):
        high, low = 0.0, 0.0
        for n in range(tile * TILE, min(x.size, (tile + 1) * TILE)):
            v = x[n]
            energy += v * v
            total += v
            high = max(high, v)
            low = min(low, v)
            side = 0 if v >= 0.0 else 1
            size = abs(v)
            while size >= top[side]:  # double the range; two bins become one
                for b in range(bins // 2):
                    histogram[side, b] = histogram[side, 2 * b] + histogram[side, 2 * b + 1]
                for b in range(bins // 2, bins):
                    histogram[side, b] = 0
                top[side] *= 2.0
                per_size[side] *= 0.5
            histogram[side, int(size * per_size[side])] += 1
            if size <= _ZERO:
                if zeros == 0:
                    run[1] = start + n
                    run[2] = abs(history[2]) if n == 0 else abs(x[n - 1])
                zeros += 1
            elif zeros > 0:
                if zeros >= shortest and found < runs.shape[0]:
                    runs[found, 0] = run[1]
                    runs[found, 1] = zeros
                    runs[found, 2] = run[2]
                    runs[found, 3] = size
                    found += 1
                zeros = 0
        crests[0, tile], crests[1, tile] = high, -low
    run[0] = zeros
    sums[0], sums[1] = energy / x.size, total / x.size
    return found


@kernel
def _word(x, bits):  # type: ignore[no-untyped-def]
    """The OR of bits and the samples as 24-bit integers, or -1 when one of them is none."""
    if bits < 0:
        return bits
    for v in x:
        scaled = abs(v) * 8388608.0
        whole = np.int64(scaled)
        if scaled != whole:
            return -1
        bits |= whole
    return bits


@kernel
def _third_differences(x, history, per_ms, ms):  # type: ignore[no-untyped-def]
    """The highest and the mean |third difference| of each block; history: the three samples before x, updated."""
    a, b, c = history
    for block in range(ms.shape[1]):
        first, end = block * per_ms, min(x.size, (block + 1) * per_ms)
        biggest, total = 0.0, 0.0
        for n in range(first, end):
            third = abs(x[n] - 3.0 * c + 3.0 * b - a)
            a, b, c = b, c, x[n]
            biggest = max(biggest, third)
            total += third
        ms[0, block], ms[1, block] = biggest, total / max(1, end - first)
    history[0], history[1], history[2] = a, b, c


@kernel
def _flat_tops(x, crests, tops):  # type: ignore[no-untyped-def]
    """Flat tops and excursions near the peak of either side. Tiles that stay below them are passed over."""
    frames, tiles = x.size, (x.size + TILE - 1) // TILE
    for side in range(2):
        sign = 1.0 if side == 0 else -1.0
        peak = 0.0
        for tile in range(tiles):
            peak = max(peak, crests[side, tile])
        tops[side, :] = 0.0
        tops[side, 0] = peak
        if peak < 1e-3:
            continue
        threshold = _THRESHOLD * peak
        flat_from = after = 1  # where the next flat top, the next excursion may begin
        for tile in range(tiles):
            if crests[side, tile] < threshold:
                continue
            for n in range(max(1, tile * TILE), min(frames - 1, (tile + 1) * TILE)):
                before, v = sign * x[n - 1], sign * x[n]
                if n >= flat_from and v >= _FLAT * peak and v - before >= _EDGE_STEP:
                    end = n + 1
                    while end < frames and abs(sign * x[end] - v) <= 1e-7:
                        end += 1
                    if end < frames and end - n >= _FLAT_SAMPLES and v - sign * x[end] >= _EDGE_STEP:
                        tops[side, 1] += 1
                        tops[side, 2] += end - n
                        tops[side, 3] = max(tops[side, 3], v)
                    flat_from = end
                if n >= after and v >= threshold and before < threshold:
                    end, crest = n, v
                    while end < frames and sign * x[end] >= threshold:
                        crest = max(crest, sign * x[end])
                        end += 1
                    if end < frames and end - n >= 4:
                        rise, fall = v - before, sign * x[end - 1] - sign * x[end]
                        width = (end - 1 - n) + (v - threshold) / rise + (sign * x[end - 1] - threshold) / fall
                        tops[side, 4] += 1
                        if crest - threshold < 0.6 * width * (rise + fall) / 8.0:
                            tops[side, 5] += 1
                    after = end
