"""A song being made: its key, its form, its clock, and the takes that were already played."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tonewright.engine.demo import sound, theory, voices
from tonewright.engine.demo.desk import Desk
from tonewright.engine.demo.form import Form, Section
from tonewright.engine.demo.sound import Floats


@dataclass(frozen=True)
class Flaws:
    """What a mastering run should find in a demo song. Zeros leave a clean mix.

    quiet_verse_db: the second verse's level against the others'.
    boom_db: a broad rise around 110 Hz on bass and kick.
    ring_db: a resonance at ring_hz, Q 24, on singer and chords; it stays while the notes change.
    sibilance_db: the singer's s sounds, above where they should be.
    """

    quiet_verse_db: float = 0.0
    boom_db: float = 0.0
    ring_db: float = 0.0
    ring_hz: float = 2870.0
    sibilance_db: float = 0.0


CLEAN = Flaws()
FLAWED = Flaws(quiet_verse_db=-4.5, boom_db=5.0, ring_db=10.0, sibilance_db=8.0)


class Song:
    """What a style needs to play: harmony, timing with swing and human looseness, a desk, a cache of takes."""

    def __init__(self, name: str, seed: int, form: Form, key: theory.Key, desk: Desk, flaws: Flaws) -> None:
        self.name = name
        self.seed = seed
        self.form = form
        self.key = key
        self.desk = desk
        self.flaws = flaws
        self.rate_hz = desk.rate_hz
        self.beat_s = form.bar_s / 4.0
        self.swing = 0.5
        self._takes: dict[tuple[object, ...], Floats] = {}
        loops = theory.PROGRESSIONS[key.scale]
        first, second = self.dice("harmony").permutation(len(loops))[:2]
        self._verse, self._chorus = loops[first], loops[second]

    def dice(self, *names: str | int) -> np.random.Generator:
        return sound.random(self.name, self.seed, *names)

    def progression(self, section: Section) -> tuple[int, ...]:
        return self._chorus if section.kind in ("chorus", "outro") else self._verse

    def chord(self, section: Section, bar: int) -> int:
        """The degree that the section's bar stands on."""
        loop = self.progression(section)
        return loop[bar % len(loop)]

    def at(self, section: Section, beat: float) -> float:
        """Seconds at a beat of the section; off-beat quavers come late by the swing."""
        whole, part = divmod(beat, 1.0)
        swung = part * 2.0 * self.swing if part < 0.5 else 1.0 - (1.0 - part) * 2.0 * (1.0 - self.swing)
        return section.start_s + (whole + swung) * self.beat_s

    def take(self, make: Callable[..., Floats], *settings: object, **named: object) -> Floats:
        """make(rate_hz, *settings, **named), played once and kept."""
        key = (make, settings, tuple(named.items()))
        if key not in self._takes:
            self._takes[key] = make(self.rate_hz, *settings, **named)
        return self._takes[key]

    def treated(self, flaw: str, make: Callable[..., Floats], *settings: object, **named: object) -> Floats:
        """A take with one of the flaws on it, "boom" or "ring"."""
        key = (flaw, make, settings, tuple(named.items()))
        if key not in self._takes:
            take = self.take(make, *settings, **named)
            flaws = self.flaws
            if flaw == "boom" and flaws.boom_db:
                take = sound.filtered(take, self.rate_hz, sound.resonator(110.0, flaws.boom_db, 1.0))
            if flaw == "ring" and flaws.ring_db and flaws.ring_hz < 0.4 * self.rate_hz:
                take = sound.filtered(take, self.rate_hz, sound.resonator(flaws.ring_hz, flaws.ring_db, 24.0))
            self._takes[key] = take
        return self._takes[key]

    def hit(
        self, take: Floats, section: Section, beat: float, gain: float, pan: float, send: float, loose_s: float,
        dice: np.random.Generator,
    ) -> None:  # fmt: skip
        """Place a stroke as a person plays it: a little early or late, a little louder or softer."""
        late = float(np.clip(dice.normal(0.0, loose_s), -3.0 * loose_s, 3.0 * loose_s))
        level = gain * 10.0 ** (dice.normal(0.0, 0.9) / 20.0)
        self.desk.place(take, self.at(section, beat) + late, level, pan, send)

    def sung(self, section: Section, notes: list[theory.Note], gain: float, send: float, harmony: bool) -> None:
        """A singer over a tune, an s before some of the notes, and two voices below in thirds if asked for."""
        dice = self.dice("words", section.kind, section.turn)
        vowels = ("ao", "ea", "oi", "io", "ae")
        for note in notes:
            word = vowels[dice.integers(len(vowels))]
            length_s = round(max(0.16, note.length * self.beat_s * 0.96), 3)
            at_s = self.at(section, note.start) + float(dice.normal(0.0, 0.006))
            take = self.treated("ring", voices.sing, note.midi, length_s, vowels=word)
            self.desk.place(take, at_s, gain * note.velocity, 0.0, send)
            if dice.random() < 0.4:
                hiss = self.take(voices.sibilant, seed=int(dice.integers(4)))
                level = 0.25 * 10.0 ** (self.flaws.sibilance_db / 20.0)
                self.desk.place(hiss, at_s - 0.085, gain * level, 0.0, 0.5 * send)
            if harmony:
                for pan, step in ((-0.55, -2), (0.55, -4)):
                    below = self._below(note.midi, step)
                    second = self.treated("ring", voices.sing, below, length_s, vowels=word, seed=step)
                    self.desk.place(second, at_s + 0.012, 0.4 * gain * note.velocity, pan, 1.3 * send)

    def _below(self, midi: int, steps: int) -> int:
        """The note so many steps of the scale away."""
        degrees = [self.key.midi(degree) for degree in range(-35, 50)]
        nearest = min(range(len(degrees)), key=lambda n: abs(degrees[n] - midi))
        return degrees[nearest + steps]
