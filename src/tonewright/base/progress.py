"""Progress and cancelling: long work reports where it is and finds out there whether it should stop."""

from typing import Protocol


class Progress(Protocol):
    """Told by long work how far it is. An implementation may raise Interrupted to stop that work."""

    def stage(self, name: str, share: float) -> None:
        """A new stage begins; share (0..1) is the part of the whole work that it is expected to take."""

    def advance(self, done: float) -> None:
        """`done` (0..1) of the current stage is finished."""


class NoProgress:
    """Reports to no one."""

    def stage(self, name: str, share: float) -> None:
        pass

    def advance(self, done: float) -> None:
        pass
