"""Requests to addresses that strangers name. They reach nothing that only this machine or its network can reach.

A name is resolved once, every address it has is checked, and the connection goes to a checked address: a name that
points elsewhere a moment later gains nothing (DNS rebinding).
"""

import asyncio
import ipaddress
import socket
from urllib.parse import SplitResult, urlsplit

import httpx

from tonewright.base.errors import UsageError
from tonewright.server.conf import conf

_TIMEOUT = httpx.Timeout(5.0)
#: The whole of a request, however slowly its answer drips.
_LONGEST_S = 20.0
#: What is kept of an answer, in bytes.
_KEPT = 500
#: Addresses that stand for others: behind NAT64 (RFC 6052) and 6to4 (RFC 3056) may lie private ones.
_DISGUISED = tuple(ipaddress.ip_network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16"))


class Unreachable(Exception):
    """It could not be asked, or gave no answer; the text says why."""


def must_be_address(url: str) -> None:
    """Raises UsageError unless this is the address of a web server, https unless private ones are allowed."""
    schemes = ("https", "http") if conf().webhook_private else ("https",)
    remedy = f"Give one that begins with {schemes[0]}://, without a name, a password or a fragment in it."
    if not url.isascii() or not url.isprintable() or " " in url:
        raise UsageError("url: this is not an address.", remedy)
    try:
        parts = urlsplit(url)
        parsed = httpx.URL(url)
        good = parts.scheme in schemes and bool(parsed.host) and parts.port != 0
    except (ValueError, httpx.InvalidURL):
        good = False
    if not good or parts.username is not None or parts.fragment:
        raise UsageError("url: this is not an address that can be used.", remedy)


def post(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    """Send a body. Gives the status and the first characters of the answer; redirects are not followed.

    Raises Unreachable. Not for a thread that runs an event loop.
    """
    parts = urlsplit(url)
    return asyncio.run(_post(parts, _checked(parts), body, headers))


async def _post(parts: SplitResult, addresses: list[str], body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    port = f":{parts.port}" if parts.port else ""
    told = {**headers, "Host": f"{_bracketed(parts.hostname or '')}{port}", "Accept-Encoding": "identity"}
    failed = ""
    try:
        async with (
            asyncio.timeout(_LONGEST_S),
            httpx.AsyncClient(timeout=_TIMEOUT, trust_env=False, follow_redirects=False) as client,
        ):
            for address in addresses:
                target = parts._replace(netloc=f"{_bracketed(address)}{port}").geturl()
                # the certificate is checked for the name, though the connection goes to the address
                asked = client.build_request(
                    "POST", target, content=body, headers=told, extensions={"sni_hostname": parts.hostname}
                )
                try:
                    answer = await client.send(asked, stream=True)
                except httpx.ConnectError as error:
                    failed = str(error)
                    continue
                try:
                    return answer.status_code, await _beginning(answer)
                finally:
                    await answer.aclose()
    except TimeoutError as error:
        raise Unreachable(f"There was no whole answer within {_LONGEST_S:g} s.") from error
    except (httpx.HTTPError, OSError, ValueError) as error:
        raise Unreachable(f"{type(error).__name__}: {error}") from error
    raise Unreachable(f"No connection: {failed}")


async def _beginning(answer: httpx.Response) -> str:
    text = b""
    async for piece in answer.aiter_raw(_KEPT):
        text += piece
        if len(text) >= _KEPT:
            break
    return text[:_KEPT].decode("utf-8", "replace")


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _checked(parts: SplitResult) -> list[str]:
    """The addresses of a name, if every one of them may be asked. Raises Unreachable."""
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    if not conf().webhook_private and parts.scheme != "https":
        raise Unreachable("Only https is allowed.")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"{host} has no address: {error}") from error
    addresses = [str(entry[4][0]) for entry in found]
    if not conf().webhook_private:
        for address in addresses:
            if not is_public(address):
                raise Unreachable(f"{host} is at {address}, which is not a public address.")
    return list(dict.fromkeys(addresses))


def is_public(address: str) -> bool:
    """Whether an address is one of the Internet's at large."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if ip.scope_id is not None or any(ip in net for net in _DISGUISED):
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved
