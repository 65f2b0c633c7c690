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
    code, exit_code, http_status = "usage", 2, 400


class InputUnreadable(TonewrightError):
    code, exit_code, http_status = "input_unreadable", 3, 404


class NotAudio(TonewrightError):
    code, exit_code, http_status = "not_audio", 4, 415


class DamagedAudio(NotAudio):
    code, exit_code, http_status = "damaged_audio", 4, 422


class UnsupportedLayout(NotAudio):
    code, exit_code, http_status = "unsupported_layout", 4, 422


class InputRefused(TonewrightError):
    code, exit_code, http_status = "input_refused", 5, 422


class TooLarge(InputRefused):
    code, exit_code, http_status = "too_large", 5, 413


class TooShort(InputRefused):
    code, exit_code, http_status = "too_short", 5, 422


class Silent(InputRefused):
    code, exit_code, http_status = "silent", 5, 422


class OutputFailed(TonewrightError):
    code, exit_code, http_status = "output_failed", 6, 500


class DiskFull(OutputFailed):
    code, exit_code, http_status = "disk_full", 6, 507


class OutputIsInput(OutputFailed):
    code, exit_code, http_status = "output_is_input", 6, 409


class Impossible(TonewrightError):
    code, exit_code, http_status = "impossible", 7, 422


class RecipeInvalid(Impossible):
    code, exit_code, http_status = "recipe_invalid", 7, 422


class RecipeTooNew(Impossible):
    code, exit_code, http_status = "recipe_too_new", 7, 409


class PromiseBroken(TonewrightError):
    code, exit_code, http_status = "promise_broken", 8, 500


class Interrupted(TonewrightError):
    code, exit_code, http_status = "interrupted", 9, 499


class Bug(TonewrightError):
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
