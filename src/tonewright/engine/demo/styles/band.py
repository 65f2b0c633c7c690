"""A rock band: drums, picked bass, two guitars left and right, an organ in the choruses, a singer."""

from tonewright.engine.demo import drums, voices
from tonewright.engine.demo.form import Section
from tonewright.engine.demo.song import Song
from tonewright.engine.demo.sound import band as band_pass
from tonewright.engine.demo.sound import peak
from tonewright.engine.demo.theory import bass_of, close_to, tune

TEMPO = (104.0, 132.0)
SCALES = ("minor", "major", "mixolydian")
ROOM = (1.1, 0.012, 0.30)

_KICKS = ((0, 4, 5), (0, 3, 4), (0, 5, 6), (0, 4))


def _cabinet(f):  # type: ignore[no-untyped-def]
    return band_pass(95.0, 5200.0, 1.6)(f) * peak(2600.0, 3.0, 1.6)(f) * peak(420.0, -3.0, 1.5)(f)


def play(song: Song) -> None:
    for section in song.form.sections:
        _drums(song, section)
        _bass(song, section)
        _guitars(song, section)
        if section.kind in ("chorus", "break"):
            _organ(song, section)
        if section.kind in ("verse", "chorus"):
            chorus = section.kind == "chorus"
            centre = 64 if chorus else 59
            notes = tune(song.key, song.progression(section), section.bars, centre, song.dice("tune", section.kind))
            song.sung(section, notes, 0.40 if chorus else 0.36, 0.28, harmony=chorus)


def _drums(song: Song, section: Section) -> None:
    if section.kind == "break":
        return
    dice = song.dice("drums", section.kind, section.turn)
    kicks = _KICKS[song.dice("kick", section.kind).integers(len(_KICKS))]
    full = section.kind == "chorus"
    light = section.kind in ("intro", "outro")
    if full or section.kind == "outro":
        song.hit(song.take(drums.cymbal, 2.4, 420.0, 3), section, 0.0, 0.40, -0.35, 0.3, 0.002, dice)
    for bar in range(section.bars):
        first = 4.0 * bar
        fill = bar % 4 == 3 and bar == section.bars - 1 and not light
        for quaver in kicks:
            song.hit(song.treated("boom", drums.kick), section, first + quaver / 2, 0.62, 0.0, 0.05, 0.003, dice)
        for beat in (1, 3):
            if not (fill and beat == 3):
                stroke = song.take(drums.snare, seed=int(dice.integers(3)))
                song.hit(stroke, section, first + beat, 0.30 if light else 0.46, 0.05, 0.32, 0.004, dice)
        if fill:
            for n in range(4):
                skin = song.take(drums.tom, (165.0, 165.0, 120.0, 88.0)[n])
                song.hit(skin, section, first + 3 + n / 4, 0.42, (-0.4, -0.4, 0.1, 0.5)[n], 0.25, 0.005, dice)
        for quaver in range(8):
            strong = quaver % 2 == 0
            if full:
                metal = song.take(drums.cymbal, 1.1, 640.0, 7)
                gain = 0.16 if strong else 0.09
                pan = 0.4
            else:
                metal = song.take(drums.hat, open_=quaver == 7 and bar % 2 == 1, seed=int(dice.integers(4)))
                gain = 0.17 if strong else 0.10
                pan = 0.3
            song.hit(metal, section, first + quaver / 2, gain * (0.6 if light else 1.0), pan, 0.08, 0.004, dice)


def _bass(song: Song, section: Section) -> None:
    if section.kind == "intro":
        return
    dice = song.dice("bass", section.kind, section.turn)
    for bar in range(section.bars):
        root = bass_of(song.key, song.chord(section, bar), 28)
        for quaver in range(0, 8, 4 if section.kind == "break" else 1):
            note = root + (12 if quaver == 7 and dice.random() < 0.3 else 0)
            length = round(song.beat_s * (1.9 if section.kind == "break" else 0.48), 3)
            take = song.treated("boom", voices.pluck, note, length, bright=0.42, ring_s=2.2)
            gain = (0.40 if quaver % 2 == 0 else 0.34) * (0.8 + 0.2 * section.energy)
            song.hit(take, section, 4.0 * bar + quaver / 2, gain, 0.0, 0.03, 0.004, dice)


def _guitars(song: Song, section: Section) -> None:
    dice = song.dice("guitars", section.kind, section.turn)
    loud = section.kind in ("chorus", "outro")
    for bar in range(section.bars):
        root = bass_of(song.key, song.chord(section, bar), 40)
        for side, pan in ((1, -0.85), (2, 0.85)):
            if section.kind in ("intro", "break") and side == 1:
                _picked(song, section, bar)
            if section.kind == "break" or (section.kind == "intro" and side == 2 and bar < section.bars // 2):
                continue
            if loud:
                for beat in (0.0, 2.0):
                    take = _chord(song, root, round(2.0 * song.beat_s, 3), False, side)
                    song.hit(take, section, 4.0 * bar + beat, 0.26, pan, 0.12, 0.005, dice)
            else:
                for quaver in range(8):
                    take = _chord(song, root, round(0.45 * song.beat_s, 3), True, side)
                    gain = 0.21 if quaver % 4 == 0 else 0.15
                    song.hit(take, section, 4.0 * bar + quaver / 2, gain, pan, 0.1, 0.005, dice)


def _chord(song: Song, root: int, length_s: float, mute: bool, seed: int):  # type: ignore[no-untyped-def]
    return song.treated("ring", voices.power_chord, root, length_s, mute=mute, cabinet=_cabinet, seed=seed)


def _picked(song: Song, section: Section, bar: int) -> None:
    """A clean guitar through the chord's notes."""
    dice = song.dice("picked", section.kind, bar)
    chord = close_to(song.key.chord(song.chord(section, bar)), 62)
    for quaver, index in enumerate((0, 1, 2, 1, 0, 2, 1, 2)):
        take = song.treated("ring", voices.pluck, chord[index], 1.4, bright=0.75, ring_s=1.2)
        song.hit(take, section, 4.0 * bar + quaver / 2, 0.22, -0.3, 0.4, 0.005, dice)


def _organ(song: Song, section: Section) -> None:
    for bar in range(section.bars):
        for note in close_to(song.key.chord(song.chord(section, bar)), 60):
            take = song.treated(
                "ring", voices.ensemble, note, round(song.form.bar_s * 1.02, 3),
                corner_hz=1500.0, attack_s=0.05, release_s=0.12, players=2, cents=3.0, vibrato_cents=4.0,
            )  # fmt: skip
            song.desk.place(take, song.at(section, 4.0 * bar), 0.075, 0.0, 0.4)
