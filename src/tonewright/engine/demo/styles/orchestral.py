"""An orchestra: strings, horns, a flute over them, harp, timpani and a swelling cymbal, in a hall."""

from tonewright.engine.demo import drums, voices
from tonewright.engine.demo.form import Section
from tonewright.engine.demo.song import Song
from tonewright.engine.demo.sound import pitch_hz
from tonewright.engine.demo.theory import bass_of, close_to, tune

TEMPO = (72.0, 92.0)
SCALES = ("minor", "major", "dorian")
ROOM = (2.3, 0.028, 0.42)


def play(song: Song) -> None:
    for section in song.form.sections:
        _strings(song, section)
        _harp(song, section)
        if section.kind in ("chorus", "outro"):
            _horns(song, section)
        if section.kind == "chorus":
            _percussion(song, section)
        if section.kind not in ("intro", "outro"):
            _melody(song, section)


def _strings(song: Song, section: Section) -> None:
    gain = 0.05 + 0.09 * section.energy
    length = round(song.form.bar_s + 0.25, 3)
    corner = 900.0 + 2600.0 * section.energy
    for bar in range(section.bars):
        at_s = song.at(section, 4.0 * bar) - 0.05
        growth = 0.75 + 0.25 * (bar + 1) / section.bars
        degree = song.chord(section, bar)
        basses = bass_of(song.key, degree, 28)
        for note, level, players in (
            (basses, 1.5, 3), (basses + 12, 1.1, 3), *((n, 0.8, 5) for n in close_to(song.key.chord(degree), 62)),
        ):  # fmt: skip
            take = song.treated(
                "boom" if note == basses else "ring", voices.ensemble, note, length, corner_hz=corner,
                attack_s=0.16, release_s=0.25, players=players, cents=9.0, vibrato_cents=9.0, swell=0.25,
            )  # fmt: skip
            song.desk.place(take, at_s, gain * level * growth, 0.25 if note < 50 else -0.12, 0.5)


def _horns(song: Song, section: Section) -> None:
    for bar in range(section.bars):
        for note in close_to(song.key.chord(song.chord(section, bar)), 55):
            take = song.take(
                voices.ensemble, note, round(song.form.bar_s, 3), corner_hz=900.0,
                attack_s=0.09, release_s=0.2, players=2, cents=4.0, vibrato_cents=3.0, seed=2,
            )  # fmt: skip
            song.desk.place(take, song.at(section, 4.0 * bar), 0.14, 0.35, 0.7)


def _harp(song: Song, section: Section) -> None:
    dice = song.dice("harp", section.kind, section.turn)
    every = 1 if section.kind in ("verse", "break", "intro") else 2
    for bar in range(section.bars):
        chord = song.key.chord(song.chord(section, bar))
        notes = (*close_to(chord, 55), *close_to(chord, 67))
        for quaver in range(0, 8, every):
            take = song.take(voices.pluck, notes[(0, 2, 3, 5, 4, 3, 2, 1)[quaver]], 1.6, bright=0.25, ring_s=1.5)
            song.hit(take, section, 4.0 * bar + quaver / 2, 0.17, -0.45, 0.5, 0.008, dice)


def _percussion(song: Song, section: Section) -> None:
    dice = song.dice("percussion", section.turn)
    song.hit(song.take(drums.cymbal, 3.2, 380.0, 11), section, 0.0, 0.24, 0.1, 0.5, 0.0, dice)
    for bar in range(section.bars):
        tone = pitch_hz(bass_of(song.key, song.chord(section, bar), 40))
        kettle = song.treated("boom", drums.timpani, round(tone, 2))
        song.hit(kettle, section, 4.0 * bar, 0.46, 0.2, 0.4, 0.006, dice)
        if bar % 4 == 3:
            for n in range(6):
                song.hit(kettle, section, 4.0 * bar + 2.5 + n / 4, 0.14 + 0.05 * n, 0.2, 0.4, 0.006, dice)
            swell = song.take(drums.cymbal, 2.0, 330.0, 12, attack_s=1.5)
            song.desk.place(swell, song.at(section, 4.0 * bar + 4.0) - 1.5, 0.10, -0.1, 0.5)


def _melody(song: Song, section: Section) -> None:
    """The flute in verses; violins join an octave above the horns in choruses."""
    chorus = section.kind == "chorus"
    notes = tune(
        song.key, song.progression(section), section.bars, 76 if chorus else 72, song.dice("tune", section.kind)
    )
    for note in notes:
        length = round(note.length * song.beat_s + 0.08, 3)
        at_s = song.at(section, note.start)
        song.desk.place(song.take(voices.flute, note.midi, length), at_s, 0.22 * note.velocity, 0.1, 0.6)
        if chorus:
            take = song.take(
                voices.ensemble, note.midi, length, corner_hz=4200.0, attack_s=0.06, release_s=0.1,
                players=5, cents=10.0, vibrato_cents=14.0, seed=4,
            )  # fmt: skip
            song.desk.place(take, at_s, 0.30 * note.velocity, -0.25, 0.6)
