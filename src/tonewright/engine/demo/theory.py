"""Keys, chords and tunes: what is played, before any sound is made."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
}

#: Four-chord loops as degrees of the scale, 0 the tonic.
PROGRESSIONS = {
    "major": ((0, 4, 5, 3), (0, 5, 3, 4), (3, 0, 4, 5), (0, 2, 3, 4), (5, 3, 0, 4)),
    "minor": ((0, 5, 2, 6), (0, 3, 5, 6), (0, 6, 5, 6), (0, 2, 6, 3), (5, 6, 0, 0)),
    "dorian": ((0, 3, 0, 6), (0, 2, 3, 0), (0, 6, 3, 3)),
    "mixolydian": ((0, 6, 3, 0), (0, 4, 6, 3), (3, 6, 0, 0)),
}

#: Two bars of a tune: (start, length) in quavers, 16 to the pair of bars.
RHYTHMS = (
    ((0, 3), (3, 1), (4, 2), (6, 2), (8, 4), (12, 3)),
    ((0, 2), (2, 1), (3, 3), (7, 1), (8, 2), (10, 2), (12, 3)),
    ((1, 1), (2, 2), (4, 3), (7, 1), (8, 6)),
    ((0, 4), (4, 2), (6, 1), (7, 3), (10, 2), (12, 3)),
    ((2, 1), (3, 1), (4, 2), (6, 3), (9, 1), (10, 2), (12, 4)),
    ((0, 1), (1, 2), (3, 2), (5, 1), (6, 4), (11, 1), (12, 4)),
)


@dataclass(frozen=True)
class Note:
    """start and length in beats (crotchets) from the section's start; velocity 0..1."""

    start: float
    length: float
    midi: int
    velocity: float


@dataclass(frozen=True)
class Key:
    root: int
    scale: str

    def midi(self, degree: int) -> int:
        """The MIDI number of a degree; degrees go on past 6 into the next octave."""
        octave, step = divmod(degree, 7)
        return self.root + 12 * octave + SCALES[self.scale][step]

    def chord(self, degree: int, size: int = 3) -> tuple[int, ...]:
        """Thirds stacked on a degree."""
        return tuple(self.midi(degree + 2 * third) for third in range(size))


def close_to(chord: Sequence[int], centre: int) -> tuple[int, ...]:
    """The chord's notes within half an octave of a centre: neighbours move little from chord to chord."""
    return tuple(sorted((note - centre + 6) % 12 + centre - 6 for note in chord))


def bass_of(key: Key, degree: int, lowest: int) -> int:
    """The chord's root in the octave above `lowest`."""
    return (key.midi(degree) - lowest) % 12 + lowest


def tune(key: Key, progression: Sequence[int], bars: int, centre: int, dice: np.random.Generator) -> list[Note]:
    """A tune over a progression, one chord to a bar: a motif, its answer, the motif again, and a close.

    Strong beats take notes of the chord, the others step along the scale.
    """
    motif = RHYTHMS[dice.integers(len(RHYTHMS))]
    close = RHYTHMS[dice.integers(len(RHYTHMS))]
    steps = dice.integers(-2, 3, size=16)
    base = round((centre - key.root) * 7 / 12)
    notes = []
    for pair in range(0, bars, 2):
        place = pair // 2 % 4
        degree = base + int(steps[0])
        for index, (start, length) in enumerate(close if place == 3 else motif):
            if pair * 8 + start >= bars * 8:
                break
            chord = progression[(pair + start // 8) % len(progression)]
            degree += int(steps[(index + place) % 16])
            if start % 4 == 0:
                degree = _chord_degree(degree, chord)
            degree = base + int(np.clip(degree - base, -4, 5))
            velocity = 0.8 + 0.15 * (start % 4 == 0) - 0.1 * (length == 1)
            notes.append(Note(pair * 4 + start / 2, length / 2, key.midi(degree), velocity))
    return notes


def _chord_degree(degree: int, chord: int) -> int:
    """The degree of the chord nearest to a degree."""
    return min(range(degree - 2, degree + 3), key=lambda d: ((d - chord) % 7 not in (0, 2, 4), abs(d - degree)))
