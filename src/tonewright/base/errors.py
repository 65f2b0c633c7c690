"""The error tree. Each error has a stable code, an exit code and an HTTP status, declared here and nowhere else.

    TonewrightError
    ├── UsageError            2   the command was not understood
    ├── InputUnreadable       3   not found, or may not be read
    ├── NotAudio              4   not audio, damaged, or of an unsupported layout
    │   ├── DamagedAudio
    │   └── UnsupportedLayout
    ├── InputRefused          5   a limit, or nothing to master
    │   ├── TooLarge
    │   ├── TooShort
    │   └── Silent
    ├── OutputFailed          6   the output can't be written
    │   ├── DiskFull
    │   └── OutputIsInput
    ├── Impossible            7   a recipe or an option that can't be carried out
    │   ├── RecipeInvalid
    │   └── RecipeTooNew
    ├── PromiseBroken         8   a promise could not be kept, so nothing is delivered
    │   ├── CeilingPassed
    │   └── WouldClip
    ├── Interrupted           9   stopped by the user
    └── Bug                  70   ours

A message is one line: what is wrong, with which input, and what to do.
"""

from typing import ClassVar


class TonewrightError(Exception):
    """Any failure that Tonewright explains.

    message: one line that says what is wrong and with which input.
    remedy: one line that says what to do; may be empty.
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 70
    http_status: ClassVar[int] = 500

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.message, self.remedy)


class UsageError(TonewrightError):
    """The command was not understood: an unknown option, a missing or unreadable argument."""

    code, exit_code, http_status = "usage", 2, 400


class InputUnreadable(TonewrightError):
    """The input is not there, or may not be read."""

    code, exit_code, http_status = "input_unreadable", 3, 404


class NotAudio(TonewrightError):
    """The input is not audio that Tonewright knows."""

    code, exit_code, http_status = "not_audio", 4, 415


class DamagedAudio(NotAudio):
    """The input is audio, but cut short or corrupt, or holds samples that are no numbers."""

    code, exit_code, http_status = "damaged_audio", 4, 422


class UnsupportedLayout(NotAudio):
    """The input has more channels than two, or a sample rate out of range."""

    code, exit_code, http_status = "unsupported_layout", 4, 422


class InputRefused(TonewrightError):
    """The input is sound, but can't be mastered: a limit, or nothing in it."""

    code, exit_code, http_status = "input_refused", 5, 422


class TooLarge(InputRefused):
    """The input is over the size or length limit."""

    code, exit_code, http_status = "too_large", 5, 413


class TooShort(InputRefused):
    """The input is shorter than 400 ms, one block of the loudness meter."""

    code, exit_code, http_status = "too_short", 5, 422


class Silent(InputRefused):
    """The input is silence all through."""

    code, exit_code, http_status = "silent", 5, 422


class OutputFailed(TonewrightError):
    """The output can't be written: no such folder, no permission, a format that can't hold it."""

    code, exit_code, http_status = "output_failed", 6, 500


class DiskFull(OutputFailed):
    """There was no room for the output."""

    code, exit_code, http_status = "disk_full", 6, 507


class OutputIsInput(OutputFailed):
    """The output is one of the inputs; those are never overwritten."""

    code, exit_code, http_status = "output_is_input", 6, 409


class Impossible(TonewrightError):
    """A recipe or an option that was understood, but can't be carried out."""

    code, exit_code, http_status = "impossible", 7, 422


class RecipeInvalid(Impossible):
    """The recipe is not one, or a step or setting in it is wrong."""

    code, exit_code, http_status = "recipe_invalid", 7, 422


class RecipeTooNew(Impossible):
    """The recipe was made by a newer version of Tonewright."""

    code, exit_code, http_status = "recipe_too_new", 7, 409


class PromiseBroken(TonewrightError):
    """A promise could not be kept, for instance the check of the delivered file failed: nothing is delivered."""

    code, exit_code, http_status = "promise_broken", 8, 500


class CeilingPassed(PromiseBroken):
    """The finished file's true peak lies over the promised ceiling, by over_db."""

    code, exit_code, http_status = "ceiling_passed", 8, 500
    over_db = 0.0


class WouldClip(PromiseBroken):
    """The sound is louder than the word length that was asked for can hold."""

    code, exit_code, http_status = "would_clip", 8, 500


class Interrupted(TonewrightError):
    """The user stopped it, by Ctrl-C or a signal."""

    code, exit_code, http_status = "interrupted", 9, 499


class Bug(TonewrightError):
    """A fault of Tonewright's own; a report file was written."""

    code, exit_code, http_status = "bug", 70, 500


def every_error() -> list[type[TonewrightError]]:
    """All error classes, parents before children."""
    found: list[type[TonewrightError]] = []
    todo = [TonewrightError]
    while todo:
        cls = todo.pop(0)
        found.append(cls)
        todo.extend(cls.__subclasses__())
    return found
