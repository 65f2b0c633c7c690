"""What only a service can refuse: the server's part of the error tree. Needs nothing of Django.

TonewrightError
└── AccessError             3
    ├── NotSignedIn
    ├── NotAllowed
    └── NotFound
InputRefused
├── QuotaPassed             5
└── PartDamaged
OutputFailed
└── StorageFailed           6
Impossible
├── Conflict                7
│   └── Superseded
├── TooManyRequests
└── RoomLost
"""

from tonewright.base.errors import Impossible, InputRefused, OutputFailed, TonewrightError


class AccessError(TonewrightError):
    """Not there, or not for you."""

    code, exit_code, http_status = "access", 3, 403


class NotSignedIn(AccessError):
    """This needs an account, a visitor's session or a token."""

    code, exit_code, http_status = "not_signed_in", 3, 401


class NotAllowed(AccessError):
    """You may see it, but not do this with it."""

    code, exit_code, http_status = "not_allowed", 3, 403


class NotFound(AccessError):
    """It is not there, or not yours; which of the two is not told."""

    code, exit_code, http_status = "not_found", 3, 404


class QuotaPassed(InputRefused):
    """There is no room left in this account."""

    code, exit_code, http_status = "quota_passed", 5, 413


class PartDamaged(InputRefused):
    """What arrived is not what was sent; sent again it may be."""

    code, exit_code, http_status = "part_damaged", 5, 422


class StorageFailed(OutputFailed):
    """The storage that files are kept in can't be reached."""

    code, exit_code, http_status = "storage_failed", 6, 503


class Conflict(Impossible):
    """It was understood, but the thing is in a state where this can't be done."""

    code, exit_code, http_status = "conflict", 7, 409


class Superseded(Conflict):
    """A newer request of the same listener took this one's place."""

    code, exit_code, http_status = "superseded", 7, 409


class TooManyRequests(Impossible):
    """Too often in too short a time."""

    code, exit_code, http_status = "too_many_requests", 7, 429


class RoomLost(Impossible):
    """The preview's process has ended or did not answer; it is started anew."""

    code, exit_code, http_status = "room_lost", 7, 503
