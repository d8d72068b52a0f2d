"""Which addresses a webhook may reach: none inside the house but those that a setting names."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
# a name and a port to the addresses that the name has
Resolve = Callable[[str, int], list[str]]

PORTS = {"http": 80, "https": 443}
# RFC 6052: an IPv4 address stands in the last 32 bits
NAT64 = ip_network("64:ff9b::/96")

# IANA's registries of special purposes: what Python's own table takes for public
SPECIAL = [
    ip_network(one)
    for one in (
        "192.0.0.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.175.48.0/24",
        "64:ff9b:1::/48", "100:0:0:1::/64", "2001::/23", "2620:4f:8000::/48", "3fff::/20",
        "5f00::/16",
    )
]  # fmt: skip


class UrlRefused(Exception):  # noqa: N818 - said of an address
    """This must not be sent, now or later."""


@dataclass(frozen=True)
class Destination:
    """Where to connect: the address that was checked, under the name that was asked for."""

    host: str
    port: int
    address: str
    path: str
    is_secure: bool

    @property
    def name(self) -> str:
        """The Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        is_usual = self.port == PORTS["https" if self.is_secure else "http"]
        return host if is_usual else f"{host}:{self.port}"


def look_up(host: str, port: int) -> list[str]:
    """Ask the system; OSError when it knows no such name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def destination(url: str, allowed: Sequence[str], resolve: Resolve = look_up) -> Destination:
    """Look the name up once and check all its addresses; Refused when one is not public.

    OSError when the name cannot be looked up.
    """
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname or "", parts.port
    except ValueError as error:
        raise UrlRefused(f"This is no address: {error}.") from error
    if scheme not in PORTS or not host or parts.username is not None or not url.isascii():
        raise UrlRefused("A webhook's address begins with https:// or http:// and a host.")
    port = port or PORTS[scheme]
    try:
        addresses = resolve(host, port)
    except UnicodeError as error:
        raise UrlRefused(f"{host} is no name of a host.") from error
    if not addresses:
        raise OSError(f"{host} has no address.")
    for one in addresses:
        if not is_allowed(host, one, allowed):
            raise UrlRefused(f"{host} is at {one}, which is not a public address.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Destination(host, port, addresses[0], path, scheme == "https")


def is_allowed(host: str, address: str, allowed: Sequence[str]) -> bool:
    """True for a public address, and for a host or network that is an exception."""
    found = plain(ip_address(address.partition("%")[0]))
    return is_public(found) or any(_covers(one, host, found) for one in allowed)


def plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 address leads to, where it leads to one."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or teredo or address


def is_public(address: Address) -> bool:
    is_inner = isinstance(address, IPv6Address) and address.is_site_local
    return (
        address.is_global
        and not is_inner
        and not any(address in network for network in SPECIAL)
        and not address.is_multicast
        and not address.is_reserved
        and not address.is_loopback
        and not address.is_unspecified
    )


def _covers(exception: str, host: str, address: Address) -> bool:
    network = network_of(exception)
    return exception.lower() == host if network is None else address in network


def network_of(text: str) -> Network | None:
    """The network or single address that is written; None for a host's name."""
    try:
        return ip_network(text)
    except ValueError:
        return None
