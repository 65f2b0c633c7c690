"""What the artist wants: where it goes, how it should sound, what it should resemble, what must stay as it is."""

from pathlib import Path
from typing import Literal

from pydantic import Field, field_serializer

from tonewright.base.params import Params, knob

Aspect = Literal["tone", "dynamics", "width", "loudness"]
ASPECTS: tuple[Aspect, ...] = ("tone", "dynamics", "width", "loudness")


class Character(Params):
    """Steering by ear. 0 leaves it to the song; the ends are as far as the result stays good."""

    warmth: float = knob(0, -100, 100, step=1, help="More or less body below 500 Hz and softness above 5 kHz.")
    brightness: float = knob(0, -100, 100, step=1, help="More or less treble, rising from about 2 kHz.")
    low_end: float = knob(0, -100, 100, step=1, help="More or less bass below about 120 Hz.")
    punch: float = knob(0, -100, 100, step=1, help="More or less attack against what rings on.")
    width: float = knob(0, -100, 100, step=1, help="Wider or narrower; the bass and the mono sum stay.")
    presence: float = knob(0, -100, 100, step=1, help="Voices and leads nearer or further, around 2 to 4 kHz.")
    loudness: float = knob(0, -100, 100, step=1, help="Louder or softer than the target, by up to 4 LU.")


class Match(Params):
    """How far to go towards the references, aspect by aspect."""

    tone: float = knob(0.5, 0, 1, step=0.05, help="Towards the references' tonal balance.")
    dynamics: float = knob(0.5, 0, 1, step=0.05, help="Towards the references' dynamics.")
    width: float = knob(0.5, 0, 1, step=0.05, help="Towards the references' stereo width.")
    loudness: float = knob(0.0, 0, 1, step=0.05, help="From the target's loudness towards the references'.")


class Controls(Params):
    """How a song is to be done, whatever it is led by. lufs and ceiling_dbtp replace the target's where given."""

    target: str = "streaming"
    lufs: float | None = Field(None, ge=-40, le=-5, description="Integrated loudness in LUFS.")
    ceiling_dbtp: float | None = Field(None, ge=-12, le=0, description="True-peak ceiling in dBTP.")
    character: Character = Character()
    match: Match = Match()
    amount: float = knob(
        1, 0, 1, step=0.05, help="How much of all corrections and character; 0 sets loudness only."
    )
    keep: frozenset[Aspect] = frozenset()
    mode: Literal["master", "repair"] = "master"

    @field_serializer("keep")
    def _in_order(self, keep: frozenset[Aspect]) -> list[Aspect]:
        """A set's own order changes from run to run."""
        return sorted(keep)


class Reference(Params):
    """A song to be led by."""

    path: Path
    weight: float = knob(1, 0, 10, step=0.1, help="How much this reference counts against the others.")


class Intent(Controls):
    """One order: the controls, and the songs to be led by."""

    references: tuple[Reference, ...] = Field((), max_length=16)
