"""Dance music: four to the floor, off-beat bass, pads that duck under the kick, an arpeggio with echoes, bells."""

import numpy as np

from tonewright.engine.demo import drums, voices
from tonewright.engine.demo.form import Section
from tonewright.engine.demo.song import Song
from tonewright.engine.demo.sound import Floats
from tonewright.engine.demo.theory import bass_of, close_to, tune

TEMPO = (120.0, 132.0)
SCALES = ("minor", "dorian")
ROOM = (1.8, 0.018, 0.30)


def play(song: Song) -> None:
    for section in song.form.sections:
        _beat(song, section)
        if section.kind != "intro":
            _bass(song, section)
            _pad(song, section)
        if section.kind != "outro":
            _arpeggio(song, section)
        if section.kind in ("chorus", "break"):
            _lead(song, section)


def _beat(song: Song, section: Section) -> None:
    dice = song.dice("beat", section.kind, section.turn)
    bars = section.bars
    if section.kind in ("verse", "break"):
        length = round(min(bars, 2) * song.form.bar_s, 3)
        sweep = song.take(drums.riser, length)
        song.desk.place(sweep, section.end_s - length, 0.11, 0.0, 0.4)
    if section.kind == "chorus":
        song.hit(song.take(drums.cymbal, 2.8, 500.0, 5), section, 0.0, 0.28, 0.2, 0.4, 0.0, dice)
    for bar in range(bars):
        first = 4.0 * bar
        if section.kind != "break":
            for beat in range(4):
                take = song.treated("boom", drums.kick, tone_hz=47.0, punch=1.35, length_s=0.34)
                song.desk.place(take, song.at(section, first + beat), 0.60 + 0.15 * section.energy)
        if section.kind in ("verse", "chorus"):
            for beat in (1, 3):
                song.hit(
                    song.take(drums.clap, seed=int(dice.integers(3))),
                    section,
                    first + beat,
                    0.34,
                    0.0,
                    0.3,
                    0.001,
                    dice,
                )
        if section.kind != "break" or bar >= bars // 2:
            for n in range(16):
                open_ = n % 4 == 2 and section.kind == "chorus"
                take = song.take(drums.hat, open_=open_, seed=int(dice.integers(4)))
                gain = 0.17 if open_ else (0.10, 0.05, 0.13, 0.06)[n % 4]
                song.hit(take, section, first + n / 4, gain, -0.15 if open_ else 0.25, 0.06, 0.001, dice)


def _bass(song: Song, section: Section) -> None:
    corner = {"verse": 500.0, "chorus": 900.0, "break": 300.0, "outro": 400.0}[section.kind]
    for bar in range(section.bars):
        root = bass_of(song.key, song.chord(section, bar), 29)
        for n in range(16):
            if n % 4 == 0:
                continue
            note = root + (12 if n % 8 == 7 else 0)
            take = song.treated(
                "boom", voices.synth, note, round(0.24 * song.beat_s, 3), corner_hz=corner, sweep_s=0.09, sub=0.9
            )
            song.desk.place(take, song.at(section, 4.0 * bar + n / 4), 0.28 + 0.13 * section.energy)


def _pad(song: Song, section: Section) -> None:
    corner = 1600.0 + 4200.0 * section.energy
    for bar in range(section.bars):
        for note in close_to(song.key.chord(song.chord(section, bar), 4), 62):
            take = song.take(_ducked, note, round(song.form.bar_s, 4), corner, section.kind != "break")
            song.desk.place(take, song.at(section, 4.0 * bar), 0.135, 0.0, 0.35)


def _ducked(rate_hz: int, midi: int, length_s: float, corner_hz: float, duck: bool) -> Floats:
    """A bar of pad; the level falls at every beat and comes back, as behind a compressor keyed by the kick."""
    pad = voices.ensemble(
        rate_hz, midi, length_s, corner_hz=corner_hz, attack_s=0.02, release_s=0.03, players=5, cents=11.0
    )
    if duck:
        beat = np.arange(pad.shape[1]) / rate_hz / (length_s / 4.0) % 1.0
        pad = pad * np.sin(0.5 * np.pi * np.clip(beat / 0.7, 0.0, 1.0)) ** 1.5
    return pad


def _arpeggio(song: Song, section: Section) -> None:
    dice = song.dice("arpeggio", section.kind)
    steps = dice.permutation(np.tile(np.arange(4), 4))
    gain = 0.08 + 0.11 * section.energy
    for bar in range(section.bars):
        chord = close_to(song.key.chord(song.chord(section, bar), 4), 74)
        for n in range(16):
            if n % 16 in (3, 11):
                continue
            take = song.treated(
                "ring", voices.synth, chord[steps[n]], round(0.4 * song.beat_s, 3),
                corner_hz=1500.0 + 3500.0 * section.energy, sweep_s=0.07,
            )  # fmt: skip
            at_s = song.at(section, 4.0 * bar + n / 4)
            song.desk.place(take, at_s, gain, 0.3, 0.25)
            song.desk.place(take, at_s + 0.75 * song.beat_s, 0.45 * gain, -0.7, 0.25)
            song.desk.place(take, at_s + 1.5 * song.beat_s, 0.22 * gain, 0.7, 0.25)


def _lead(song: Song, section: Section) -> None:
    notes = tune(song.key, song.progression(section), section.bars, 76, song.dice("tune", section.kind))
    for note in notes:
        take = song.take(voices.bell, note.midi, round(note.length * song.beat_s + 0.5, 3))
        song.desk.place(take, song.at(section, note.start), 0.20 * note.velocity, -0.05, 0.5)
