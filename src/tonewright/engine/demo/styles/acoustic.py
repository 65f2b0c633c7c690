"""Songwriter: a strummed guitar, double bass, piano, shaker and brushes with some swing, a singer close by."""

from tonewright.engine.demo import drums, voices
from tonewright.engine.demo.form import Section
from tonewright.engine.demo.song import Song
from tonewright.engine.demo.theory import bass_of, close_to, tune

TEMPO = (84.0, 104.0)
SCALES = ("major", "mixolydian", "dorian")
ROOM = (0.9, 0.008, 0.26)

#: (quaver, downwards, how hard).
_STRUM = ((0, True, 1.0), (2, True, 0.8), (3, False, 0.5), (5, False, 0.6), (6, True, 0.75), (7, False, 0.5))


def play(song: Song) -> None:
    song.swing = 0.56
    for section in song.form.sections:
        _guitar(song, section)
        if section.kind != "intro":
            _bass(song, section)
        if section.kind in ("verse", "chorus", "outro"):
            _brushes(song, section)
        if section.kind in ("chorus", "break"):
            _piano(song, section)
        if section.kind in ("verse", "chorus"):
            chorus = section.kind == "chorus"
            notes = tune(
                song.key,
                song.progression(section),
                section.bars,
                62 if chorus else 57,
                song.dice("tune", section.kind),
            )
            song.sung(section, notes, 0.42 if chorus else 0.36, 0.22, harmony=chorus and section.turn > 0)


def _guitar(song: Song, section: Section) -> None:
    dice = song.dice("guitar", section.kind, section.turn)
    length = round(1.6 * song.beat_s, 3)
    gain = 0.15 + 0.08 * section.energy
    for bar in range(section.bars):
        shape = song.key.chord(song.chord(section, bar))
        strings = (*close_to(shape, 50), *close_to(shape, 62))
        if section.kind == "break":
            for quaver, index in enumerate((0, 3, 4, 5, 1, 4, 3, 5)):
                take = song.treated("ring", voices.pluck, strings[index], length, bright=0.6, ring_s=1.6)
                song.hit(take, section, 4.0 * bar + quaver / 2, 1.7 * gain, 0.2 - 0.08 * index, 0.3, 0.005, dice)
            continue
        for quaver, down, hard in _STRUM:
            late = 0.0
            for string in strings if down else tuple(reversed(strings))[:4]:
                take = song.treated("ring", voices.pluck, string, length, bright=0.55 + 0.3 * hard, ring_s=1.3)
                at_s = song.at(section, 4.0 * bar + quaver / 2) + late
                song.desk.place(take, at_s, gain * hard * dice.uniform(0.8, 1.1), -0.3 + 0.012 * (string - 50), 0.2)
                late += dice.uniform(0.006, 0.012)


def _bass(song: Song, section: Section) -> None:
    dice = song.dice("bass", section.kind, section.turn)
    for bar in range(section.bars):
        root = bass_of(song.key, song.chord(section, bar), 28)
        fifth = bass_of(song.key, song.chord(section, bar) + 4, 28)
        following = bass_of(song.key, song.chord(section, bar + 1), 28)
        for beat, note in ((0.0, root), (2.0, fifth), (3.5, following)):
            length = round((0.5 if beat == 3.5 else 1.7) * song.beat_s, 3)
            take = song.treated("boom", voices.pluck, note, length, bright=0.1, ring_s=1.1)
            song.hit(take, section, 4.0 * bar + beat, 0.40, 0.03, 0.08, 0.007, dice)


def _brushes(song: Song, section: Section) -> None:
    dice = song.dice("brushes", section.kind, section.turn)
    for bar in range(section.bars):
        first = 4.0 * bar
        for beat in (0.0, 2.5):
            take = song.treated("boom", drums.kick, tone_hz=62.0, punch=0.45)
            song.hit(take, section, first + beat, 0.34, 0.0, 0.1, 0.005, dice)
        for beat in (1, 3):
            song.hit(
                song.take(drums.brush, seed=int(dice.integers(3))),
                section,
                first + beat,
                0.25,
                0.1,
                0.3,
                0.005,
                dice,
            )
        for n in range(16):
            gain = (0.10, 0.04, 0.075, 0.04)[n % 4] * (0.6 + 0.4 * section.energy)
            song.hit(
                song.take(drums.shaker, seed=int(dice.integers(4))),
                section,
                first + n / 4,
                gain,
                0.5,
                0.1,
                0.005,
                dice,
            )


def _piano(song: Song, section: Section) -> None:
    dice = song.dice("piano", section.kind, section.turn)
    for bar in range(section.bars):
        chord = close_to(song.key.chord(song.chord(section, bar), 4), 66)
        for beat, notes in ((0.0, chord), (1.5, chord[1:]), (3.0, chord[:2])):
            for note in notes:
                take = song.take(voices.keys, note, round(2.2 * song.beat_s, 3))
                song.hit(take, section, 4.0 * bar + beat, 0.13, 0.1 + 0.02 * (note - 66), 0.3, 0.006, dice)
