"""The loop of write_pcm.py, apart from it so that numba is imported only where words of 24 bits are written."""

from tonewright.base.kernels import kernel


@kernel
def pack_24(words, packed, little_endian):  # type: ignore[no-untyped-def]
    """Interleaved bytes of words of 24 bits.

    words: (channels, frames), int32. packed: (frames, channels, 3), uint8, written; the lowest byte of a word comes
    first if it is little-endian, else last.
    """
    first, last = (0, 16) if little_endian else (16, 0)
    for n in range(words.shape[1]):
        for c in range(words.shape[0]):
            word = words[c, n]
            packed[n, c, 0] = (word >> first) & 0xFF
            packed[n, c, 1] = (word >> 8) & 0xFF
            packed[n, c, 2] = (word >> last) & 0xFF
