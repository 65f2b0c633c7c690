"""From a seed to a song: tempo, key and form are drawn, a style plays, the mix is set to its peak."""

import importlib
from types import ModuleType

import numpy as np

from tonewright.base.errors import Impossible
from tonewright.base.signal import MAX_RATE_HZ, MIN_RATE_HZ, Block
from tonewright.engine.demo import sound
from tonewright.engine.demo.desk import Desk
from tonewright.engine.demo.form import Form, form_of
from tonewright.engine.demo.song import CLEAN, FLAWED, Song
from tonewright.engine.demo.theory import Key

#: style -> what it is, in a few words. The first is the default.
STYLES = {
    "band": "rock band with a singer",
    "electronic": "four to the floor, pads and arpeggio",
    "acoustic": "guitar, double bass, brushes and a singer",
    "orchestral": "strings, horns, flute, harp and timpani",
}

PEAK_DBFS = -6.0
MAX_SECONDS = 1800.0


def demo_song(
    seconds: float, seed: int = 1, style: str = "band", rate_hz: int = 44_100, *, flaws: bool = True
) -> Block:
    """A song of this length as an unmastered mix: (2, frames), peak -6 dBFS; the same for the same arguments.

    flaws: leave in what a mastering run should find: a second verse that is too quiet (songs of 60 s and more), a
    boomy low end, a resonance on singer and chords, and sharp s sounds where someone sings. Flaws has the sizes.

    Raises Impossible for a style there is not, a length outside 0.1..1800 s or a rate outside 8..384 kHz.
    """
    form = demo_form(seconds, seed, style)
    if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
        raise Impossible(f"A demo song can't have a rate of {rate_hz} Hz.", "Take 8000 to 384000 Hz.")
    module = _style(style)
    desk = Desk(round(seconds * rate_hz), rate_hz)
    dice = sound.random(style, seed, "key")
    key = Key(int(dice.integers(36, 48)), module.SCALES[dice.integers(len(module.SCALES))])
    song = Song(style, seed, form, key, desk, FLAWED if flaws else CLEAN)
    module.play(song)
    decay_s, size_s, gain = module.ROOM
    desk.add_room(decay_s, size_s, gain, seed)
    _set_verse_level(song)
    return _finished(desk.mix, rate_hz)


def demo_form(seconds: float, seed: int = 1, style: str = "band") -> Form:
    """The sections that demo_song plays for the same arguments, with their times."""
    if not 0.1 <= seconds <= MAX_SECONDS:
        raise Impossible(f"A demo song can't last {seconds:g} s.", f"Take 0.1 to {MAX_SECONDS:g} s.")
    low, high = _style(style).TEMPO
    return form_of(seconds, float(sound.random(style, seed, "tempo").uniform(low, high)))


def _style(name: str) -> ModuleType:
    if name not in STYLES:
        raise Impossible(f"There is no demo style named {name!r}.", f"Known: {', '.join(STYLES)}.")
    return importlib.import_module(f"tonewright.engine.demo.styles.{name}")


def _set_verse_level(song: Song) -> None:
    """Turn the second verse down, as an automation left in the wrong place does."""
    gain = 10.0 ** (song.flaws.quiet_verse_db / 20.0)
    for section in song.form.sections:
        if gain != 1.0 and section.kind == "verse" and section.turn == 1:
            ramp = round(0.03 * song.rate_hz)
            start, stop = round(section.start_s * song.rate_hz), round(section.end_s * song.rate_hz)
            curve = np.full(stop - start, gain)
            curve[:ramp] = np.linspace(1.0, gain, ramp)
            curve[-ramp:] = np.linspace(gain, 1.0, ramp)
            song.desk.mix[:, start:stop] *= curve


def _finished(mix: Block, rate_hz: int) -> Block:
    """No DC, ends faded over some milliseconds, the peak set."""
    fade = min(round(0.02 * rate_hz), mix.shape[1] // 2)
    mix -= mix.mean(axis=1, keepdims=True)
    mix[:, : fade // 4] *= np.linspace(0.0, 1.0, fade // 4)
    mix[:, mix.shape[1] - fade :] *= np.linspace(1.0, 0.0, fade)
    peak = max(float(mix.max()), -float(mix.min()))
    mix *= 10.0 ** (PEAK_DBFS / 20.0) / peak if peak > 0.0 else 1.0
    return mix
