"""A song that is open in a room: what was heard, what was rendered, and what is asked of it."""

from collections import OrderedDict
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tonewright.base.errors import Impossible, Interrupted, RecipeInvalid
from tonewright.base.progress import NoProgress
from tonewright.base.signal import Block, Layout, Signal, layout_of
from tonewright.dsp.gain import GainParams
from tonewright.dsp.maximiser import MaximiserParams
from tonewright.engine import render
from tonewright.engine.advise.proposal import Proposal
from tonewright.engine.advise.propose import propose
from tonewright.engine.deliver import Order
from tonewright.engine.intent import Intent
from tonewright.engine.make import LOUDNESS_TOLERANCE_LU, decide, maximiser
from tonewright.engine.master import decisions
from tonewright.engine.recipe import Recipe, Step
from tonewright.server.sound.estimate import LoudnessEstimate
from tonewright.server.sound.jobs import ReferenceFile
from tonewright.server.sound.listen import flac
from tonewright.server.sound.master import DELIVERY
from tonewright.server.sound.song import heard, references
from tonewright.server.sound.work_file import WorkFile

#: Renderings that a room keeps, each with a few segments in memory (20 MB at 44.1 kHz): the last recipes, for loops and
#: comparisons.
_KEPT_SOUNDS = 8
#: Exact recipes that are remembered of one song.
_KEPT_RECIPES = 64
_MOST_WINDOW_S = 60.0


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
    """The renderings that a room keeps, of all its songs; the last used ones."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str, str], _Sound] = OrderedDict()

    def get(self, key: tuple[str, str, str], song: Signal, recipe: Recipe) -> _Sound:
        """key: the song, the recipe's digest, the mode."""
        found = self._kept.get(key)
        if found is None:
            watched = _Watched(song)
            found = self._kept[key] = _Sound(_signal(watched, recipe, key[2]), watched)
            while len(self._kept) > _KEPT_SOUNDS:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return found

    def forget(self, song: str) -> None:
        for key in [key for key in self._kept if key[0] == song]:
            del self._kept[key]


class _Stoppable(NoProgress):
    def __init__(self, token: Token) -> None:
        self._token = token

    def advance(self, done: float) -> None:
        self._token.check()


class OpenSong:
    """One song and the songs it is led by. Not for several threads at a time; close() when done."""

    def __init__(self, name: str, path: Path, led_by: tuple[ReferenceFile, ...], sounds: Sounds) -> None:
        """name: what the room calls it. Raises InputUnreadable."""
        self._name, self._sounds = name, sounds
        self._stack = ExitStack()
        try:
            self._work = self._stack.enter_context(WorkFile(path))
            self.song = heard(self._work)
            self._references = references(led_by, self._stack)
        except BaseException:
            self._stack.close()
            raise
        cells = self.song.analysis.measurements.cells
        self._estimate = LoudnessEstimate(self._work, cells)
        self._exact: dict[str, tuple[Recipe, list[dict[str, Any]]]] = {}

    @property
    def layout(self) -> Layout:
        return layout_of(self._work)

    @property
    def frames(self) -> int:
        return self._work.frames

    @property
    def size_bytes(self) -> int:
        """Of what is kept in memory for it, roughly: a song's facts are 18 kB a second."""
        return 20_000 * (1 + len(self._references)) * self._work.frames // self._work.rate_hz

    def close(self) -> None:
        self._sounds.forget(self._name)
        self._stack.close()

    def propose(self, intent: Intent) -> dict[str, Any]:
        """What the assistant would do, with the drive estimated unless it was found before."""
        proposal = propose(self.song.analysis, intent, self._references)
        known = self._exact.get(_key(proposal))
        if known is not None:
            return _told(known[0], known[1], "exact")
        recipe = Recipe(input=self.song.fingerprint, steps=(*proposal.steps, *self._last_step(proposal)))
        return _told(recipe, [each.to_json() for each in proposal.shortfalls], "estimate")

    def _last_step(self, proposal: Proposal) -> tuple[Step, ...]:
        goal = proposal.goal
        if goal is None:
            moved_lu = self._estimate.change_lu(proposal.steps)
            if abs(moved_lu) < LOUDNESS_TOLERANCE_LU:
                return ()
            return (Step(id="level", kind="gain", params=GainParams(gain_db=round(-moved_lu, 3))),)
        lufs = self.song.analysis.measurements.integrated_lufs if goal.lufs is None else goal.lufs
        assert lufs is not None  # a silent song never arrives
        drive_db = self._estimate.drive_db(proposal.steps, lufs, goal.ceiling_dbtp)
        if not goal.may_limit:
            peak_dbfs = self.song.analysis.measurements.true_peak_dbtp or 0.0
            drive_db = min(drive_db, goal.ceiling_dbtp - peak_dbfs - self._estimate.change_lu(proposal.steps))
        params = MaximiserParams(drive_db=round(drive_db, 2), ceiling_dbtp=goal.ceiling_dbtp)
        return (maximiser(params, goal),)

    def settle(self, intent: Intent, token: Token) -> dict[str, Any]:
        """The very recipe that a master with this intent gets. Raises Interrupted when the token is stopped."""
        proposal = propose(self.song.analysis, intent, self._references)
        order = Order(Path("rehearsed.wav"), DELIVERY, self._work.tags, ())
        made = decide(self.song, proposal, order, _Stoppable(token), rehearse=True)
        lufs = made.after.integrated_lufs
        shortfalls = [each.to_json() for each in made.shortfalls]
        return _told(made.recipe, shortfalls, "exact") | {"integrated_lufs": lufs, "proposal": _key(proposal)}

    def learn(self, proposal: str, recipe: Recipe, shortfalls: list[Any]) -> None:
        """What settle found elsewhere."""
        self._exact[proposal] = (recipe, shortfalls)
        while len(self._exact) > _KEPT_RECIPES:
            del self._exact[next(iter(self._exact))]

    def window(self, recipe: Recipe, start: int, frames: int, mode: str, bypass: list[str], token: Token) -> bytes:
        """A stretch of what a recipe makes of the song, as FLAC: to the bit what a render holds there, in 24 bits.

        Raises Impossible, RecipeInvalid, Interrupted.
        """
        if not 0 <= start < self._work.frames or not 0 < frames <= _MOST_WINDOW_S * self._work.rate_hz:
            raise Impossible(
                "That stretch lies outside of the song, or is too long.", "Ask for up to 60 s within it."
            )
        steps = tuple(
            step.model_copy(update={"enabled": False}) if step.id in bypass else step for step in recipe.steps
        )
        recipe = recipe.model_copy(update={"steps": steps})
        sound = self._sounds.get((self._name, recipe.digest(), mode), self._work, recipe)
        sound.watched.token = token
        block = render.window(sound.signal, start, start + frames)
        token.check()
        return flac(block, self._work.rate_hz)


def _signal(song: Signal, recipe: Recipe, mode: str) -> Signal:
    name, _, step_id = mode.partition(":")
    if mode == "full":
        return render.layers(song, recipe)
    if mode == "source":
        return song
    if name == "only" and step_id:
        return render.only(song, recipe, step_id)
    if name == "delta" and step_id:
        return render.delta(song, recipe, step_id)
    raise RecipeInvalid(f"There is no mode {mode!r}.", "Known: full, source, only:STEP, delta:STEP.")


def _key(proposal: Proposal) -> str:
    """The same for proposals that lead to the same master."""
    goal = proposal.goal
    aim = "" if goal is None else f"{goal.lufs} {goal.ceiling_dbtp} {goal.may_limit}"
    return f"{Recipe(steps=proposal.steps).digest()} {aim}"


def _told(recipe: Recipe, shortfalls: list[dict[str, Any]], state: str) -> dict[str, Any]:
    return {
        "recipe": recipe.to_json(),
        "recipe_digest": recipe.digest(),
        "decisions": [each.to_json() for each in decisions(recipe)],
        "shortfalls": shortfalls,
        "state": state,
    }
