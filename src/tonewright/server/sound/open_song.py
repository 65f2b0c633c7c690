"""A song that is open in a room: what was heard, what was rendered, and what is asked of it."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tonewright.base.errors import Impossible
from tonewright.base.progress import NoProgress
from tonewright.base.signal import Layout, layout_of
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
from tonewright.server.sound.sounds import Sounds, Token
from tonewright.server.sound.work_file import WorkFile

#: Exact recipes that are remembered of one song.
_KEPT_RECIPES = 64
_MOST_WINDOW_S = 60.0


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
        #: what is rendered ahead
        self._ahead = Token()

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
        self._ahead.stopped = True
        self._sounds.forget(self._name)
        self._stack.close()

    def propose(self, intent: Intent, listened_to: tuple[int, int] | None = None) -> dict[str, Any]:
        """What the assistant would do, with the drive estimated unless it was found before.

        listened_to: (start frame, frames) of the window that will be asked for next; what lies below its loudness is
        rendered while the drive is estimated.
        """
        proposal = propose(self.song.analysis, intent, self._references)
        self._ahead.stopped = True
        if listened_to is not None and proposal.goal is not None:
            self._begin(proposal, *listened_to)
        known = self._exact.get(_key(proposal))
        if known is not None:
            return _told(known[0], known[1], "exact")
        recipe = Recipe(input=self.song.fingerprint, steps=(*proposal.steps, *self._last_step(proposal)))
        return _told(recipe, [each.to_json() for each in proposal.shortfalls], "estimate")

    def _begin(self, proposal: Proposal, start: int, frames: int) -> None:
        """Begin to render what any drive is put on top of."""
        goal = proposal.goal
        assert goal is not None
        recipe = Recipe(steps=(*proposal.steps, maximiser(MaximiserParams(ceiling_dbtp=goal.ceiling_dbtp), goal)))
        sound = self._sounds.get(self._name, self._work, recipe, "full")
        self._ahead = sound.watched.token = Token()
        render.begin(sound.signal, start, min(start + frames, self._work.frames))

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
        sound = self._sounds.get(self._name, self._work, recipe, mode)
        sound.watched.token = token
        block = render.window(sound.signal, start, start + frames)
        token.check()
        return flac(block, self._work.rate_hz)


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
