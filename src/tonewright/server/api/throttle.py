"""How often anybody may ask: per person, per person's tokens, or per address where nobody is signed in.

A limit is a number of requests in a window of time, counted over all processes of the service in Django's cache. A
process does not count each request there: it takes a lease of some of the window's requests at a time and counts
those down by itself. So reading a page is not writing to the database, and a limit holds to within a lease a process.

Signing in and up, and codes by mail, are limited by allauth (ACCOUNT_RATE_LIMITS).
"""

import hashlib
import ipaddress
import math
import re
import threading
import time
from dataclasses import dataclass, field

from django.core.cache import cache
from django.http import HttpRequest
from ninja.throttling import BaseThrottle

from tonewright.server.services.access import Actor

_READING = ("GET", "HEAD", "OPTIONS")
#: What one process remembers; beyond that the oldest are forgotten, which costs them a lease.
_MOST_REMEMBERED = 10_000


@dataclass(frozen=True)
class Rate:
    """So many requests in a window of so many seconds, leased in parts."""

    name: str
    requests: int
    window_s: int
    lease: int = 1


#: The studio asks for sound in segments and for pictures in pieces.
READ = Rate("read", 3000, 60, lease=300)
WRITE = Rate("write", 300, 60, lease=30)
#: Turning a knob renders a window.
PREVIEW = Rate("preview", 900, 60, lease=90)
#: 16 MiB each.
PART = Rate("part", 3000, 60, lease=300)
#: What concerns the account itself, or sends mail.
ACCOUNT = Rate("account", 60, 600, lease=1)
#: New visitors from one address; a school or a studio may share one.
VISIT = Rate("visit", 30, 3600, lease=1)
RATES = (READ, WRITE, PREVIEW, PART, ACCOUNT, VISIT)


@dataclass
class _Window:
    index: int
    left: int


@dataclass
class Counter:
    """The requests that this process may still let through, by rate and by whom."""

    windows: dict[tuple[str, str], _Window] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, rate: Rate, who: str, now_s: float) -> float:
        """Take one request. Gives 0 where it may pass, else the seconds until it may."""
        index = int(now_s // rate.window_s)
        if self._take(rate, who, index) or self._refill(rate, who, index, _leased(rate, who, index)):
            return 0.0
        return (index + 1) * rate.window_s - now_s

    def _take(self, rate: Rate, who: str, index: int) -> bool:
        with self.lock:
            window = self.windows.get((rate.name, who))
            if window is None or window.index != index or window.left == 0:
                return False
            window.left -= 1
            return True

    def _refill(self, rate: Rate, who: str, index: int, lease: int) -> bool:
        """Add a lease, of which one request is used up at once."""
        with self.lock:
            window = self.windows.pop((rate.name, who), None)
            if window is None or window.index != index:
                window = _Window(index, 0)
            window.left += lease
            taken = window.left > 0
            window.left -= taken
            self.windows[rate.name, who] = window  # the youngest is last
            if len(self.windows) > _MOST_REMEMBERED:
                del self.windows[next(iter(self.windows))]
            return taken


def _leased(rate: Rate, who: str, index: int) -> int:
    """Some of what is left of a window, taken out of what all processes share."""
    key = f"throttle:{rate.name}:{index}:{who}"
    taken = int(cache.get(key, 0))
    lease = min(rate.lease, rate.requests - taken)
    if lease > 0:
        cache.set(key, taken + lease, rate.window_s)
    return max(lease, 0)


counter = Counter()


#: (methods, addresses, rate): the first that fits counts; what fits none is READ or WRITE by its method.
_RULES: tuple[tuple[str, re.Pattern[str], Rate], ...] = (
    ("POST", re.compile(r"^/api/visit$"), VISIT),
    ("POST", re.compile(r"/(preview|propose|settle)$"), PREVIEW),
    ("PUT", re.compile(r"^/api/uploads/[^/]+/parts/"), PART),
    ("POST PATCH DELETE", re.compile(r"^/api/(setup|me|tokens|teams|webhooks|admin)\b"), ACCOUNT),
)


def rate_of(method: str, path: str) -> Rate:
    """What limits a request."""
    for methods, pattern, rate in _RULES:
        if method in methods.split() and pattern.search(path):
            return rate
    return READ if method in _READING else WRITE


class Throttle(BaseThrottle):
    """The limit of every endpoint; django-ninja asks it once a caller is known."""

    def __init__(self) -> None:
        self._waits = threading.local()

    def allow_request(self, request: HttpRequest) -> bool:
        rate = rate_of(request.method or "GET", request.path)
        self._waits.s = counter.take(rate, who(request), time.time())
        return bool(self._waits.s == 0.0)

    def wait(self) -> float | None:
        return float(math.ceil(self._waits.s)) or None


def who(request: HttpRequest) -> str:
    """Whose requests are counted together: a person's, those of a person's tokens, or an address's."""
    caller = getattr(request, "auth", None)
    if isinstance(caller, Actor):
        return f"{'token' if caller.by_token else 'user'}:{caller.user.pk}"
    return f"address:{address_of(request)}"


def address_of(request: HttpRequest) -> str:
    """The network that asks: an IPv4 address, or the /64 of an IPv6 one, of which everybody has many."""
    text = request.META.get("REMOTE_ADDR", "")
    try:
        ip = ipaddress.ip_address(text)
    except ValueError:  # a socket file has none
        return hashlib.sha256(text.encode()).hexdigest()[:16]
    return str(ipaddress.ip_network(f"{ip}/64", strict=False)) if ip.version == 6 else str(ip)
