"""The renderings that a room keeps: the last recipes, for loops and comparisons."""

from collections import OrderedDict
from dataclasses import dataclass

from tonewright.base.errors import Interrupted, RecipeInvalid
from tonewright.base.signal import Block, Signal
from tonewright.engine import render
from tonewright.engine.recipe import Recipe

#: Each layer has a few segments in memory (20 MB at 44.1 kHz).
_KEPT = 12


class Token:
    """Tells work that it is not wanted any more."""

    def __init__(self) -> None:
        self.stopped = False

    def check(self) -> None:
        """Raises Interrupted once it is stopped."""
        if self.stopped:
            raise Interrupted("A newer request took its place.")


class _Watched:
    """The song, read for as long as somebody wants what is made of it."""

    def __init__(self, song: Signal) -> None:
        self.rate_hz, self.channels, self.frames = song.rate_hz, song.channels, song.frames
        self._song = song
        self.token = Token()

    def read(self, start: int, frames: int) -> Block:
        self.token.check()
        return self._song.read(start, frames)


@dataclass(frozen=True, eq=False)
class _Sound:
    """One rendering of the song. watched: what it reads."""

    signal: Signal
    watched: _Watched


class Sounds:
    """Of all songs of a room, the last used ones. Recipes that differ in their loudness alone share the sound before
    it."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str, str], _Sound] = OrderedDict()

    def get(self, name: str, song: Signal, recipe: Recipe, mode: str) -> _Sound:
        """name: the song's. mode: as OpenSong.window takes it. Raises RecipeInvalid."""
        found = self._kept.pop((name, recipe.digest(), mode), None)
        if found is None:
            found = self._full(name, song, recipe) if mode == "full" else _of_mode(_Watched(song), recipe, mode)
        self._keep((name, recipe.digest(), mode), found)
        return found

    def _full(self, name: str, song: Signal, recipe: Recipe) -> _Sound:
        tone, loudness = render.split_at_loudness(recipe.steps)
        key = (name, Recipe(steps=tone).digest(), "before its loudness")
        found = self._kept.pop(key, None)
        if found is None:
            watched = _Watched(song)
            found = _Sound(render.layer(watched, tone), watched)
        self._keep(key, found)
        return _Sound(render.layer(found.signal, loudness), found.watched)

    def _keep(self, key: tuple[str, str, str], sound: _Sound) -> None:
        self._kept[key] = sound
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)

    def forget(self, song: str) -> None:
        for key in [key for key in self._kept if key[0] == song]:
            del self._kept[key]


def _of_mode(song: _Watched, recipe: Recipe, mode: str) -> _Sound:
    name, _, step_id = mode.partition(":")
    if mode == "source":
        return _Sound(song, song)
    if name == "only" and step_id:
        return _Sound(render.only(song, recipe, step_id), song)
    if name == "delta" and step_id:
        return _Sound(render.delta(song, recipe, step_id), song)
    raise RecipeInvalid(f"There is no mode {mode!r}.", "Known: full, source, only:STEP, delta:STEP.")
