"""Which web pages and host names may call, and what a request must look like; geth's rules and texts."""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

JSON_TYPES = frozenset({b"application/json", b"application/json-rpc", b"application/jsonrequest"})
PREFLIGHT_SECONDS = b"600"
"""How long a browser may remember a preflight answer."""
HOST_NAMES_REMEMBERED = 256
ADDRESS_CHARACTERS_MAX = 64
"""Of an IP address with a zone; what is longer is a name."""

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An HTTP answer with a status of its own, in plain text."""

    status: int
    text: str


class Access:
    """The allow lists of one server."""

    def __init__(self, cors_origins: Sequence[str], virtual_hosts: Sequence[str]) -> None:
        self._any_origin = "*" in cors_origins
        self._origins = tuple(origin.lower() for origin in cors_origins)
        self._any_host = "*" in virtual_hosts
        self._hosts = frozenset(host.lower() for host in virtual_hosts)

    def host_refusal(self, host: bytes | None) -> Refusal | None:
        """Against DNS rebinding: names must be on the list, bare addresses pass."""
        if self._any_host or not host:
            return None
        name = _host_name(host.decode("latin-1").lower())
        if name in self._hosts or _is_address(name):
            return None
        return Refusal(403, "invalid host specified")

    def origin_refusal(self, origin: bytes | None) -> Refusal | None:
        """Of a WebSocket, which browsers let any page open: the page must be on the list."""
        if origin is None or self._any_origin:
            return None
        if self._allows(origin.decode("latin-1").lower()):
            return None
        return Refusal(403, "origin not allowed")

    def cors_headers(self, origin: bytes | None) -> Headers:
        """What lets the page of `origin` read the answer; empty where it may not."""
        if origin is None or not self._origins:
            return []
        if self._any_origin:
            return [(b"access-control-allow-origin", b"*")]
        vary = (b"vary", b"Origin")
        if not self._allows(origin.decode("latin-1").lower()):
            return [vary]
        return [(b"access-control-allow-origin", origin), vary]

    def preflight_headers(self, headers: Mapping[bytes, bytes]) -> Headers:
        """The answer to OPTIONS; empty permissions where the origin is not on the list."""
        answer = self.cors_headers(headers.get(b"origin"))
        if not any(name == b"access-control-allow-origin" for name, _ in answer):
            return answer
        answer.append((b"access-control-allow-methods", b"POST, GET"))
        answer.append((b"access-control-max-age", PREFLIGHT_SECONDS))
        wanted = headers.get(b"access-control-request-headers")
        if wanted:
            answer.append((b"access-control-allow-headers", wanted))
        # Chrome asks before an https page may call a node on the user's own machine.
        if headers.get(b"access-control-request-private-network") == b"true":
            answer.append((b"access-control-allow-private-network", b"true"))
        return answer

    def _allows(self, origin: str) -> bool:
        return any(_matches(pattern, origin) for pattern in self._origins)


def content_type_refusal(content_type: bytes | None) -> Refusal | None:
    """415 unless the body claims to be JSON. A web form, which needs no preflight, must not pass."""
    kind = (content_type or b"").partition(b";")[0].strip().lower()
    if kind in JSON_TYPES:
        return None
    return Refusal(415, "invalid content type, only application/json is supported")


def accepts_gzip(accept_encoding: bytes | None) -> bool:
    """Whether the client says that it can unpack gzip (RFC 9110 12.5.3)."""
    for item in (accept_encoding or b"").lower().split(b","):
        name, _, quality = item.partition(b";")
        if name.strip() in (b"gzip", b"*"):
            return quality.replace(b" ", b"") not in (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000")
    return False


def _host_name(host: str) -> str:
    """Without the port; an IPv6 address without its brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0] if host.count(":") == 1 else host


def _is_address(name: str) -> bool:
    return len(name) <= ADDRESS_CHARACTERS_MAX and _reads_as_address(name)


@lru_cache(HOST_NAMES_REMEMBERED)
def _reads_as_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _matches(pattern: str, origin: str) -> bool:
    """Equal, or equal around the pattern's one star, as in https://*.example.com."""
    head, star, tail = pattern.partition("*")
    if not star:
        return pattern == origin
    fits = len(origin) >= len(head) + len(tail)
    return fits and origin.startswith(head) and origin.endswith(tail)
