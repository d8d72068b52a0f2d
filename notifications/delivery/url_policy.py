"""Which addresses a webhook may reach: public ones, and those allowed by a setting."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from django.utils.translation import gettext

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
# from a host name and port to IP addresses
Resolve = Callable[[str, int], list[str]]

PORTS = {"http": 80, "https": 443}
# RFC 6052: the last 32 bits are an IPv4 address
NAT64 = ip_network("64:ff9b::/96")

# special-purpose networks of IANA that Python counts as public
SPECIAL = [
    ip_network(one)
    for one in (
        "192.0.0.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.175.48.0/24",
        "64:ff9b:1::/48", "100:0:0:1::/64", "2001::/23", "2620:4f:8000::/48", "3fff::/20",
        "5f00::/16",
    )
]  # fmt: skip


class UrlRefused(Exception):  # noqa: N818 - the address is refused
    """The address is not allowed; there is no retry."""


@dataclass(frozen=True)
class Destination:
    """The checked IP address to connect to, and the host name requested."""

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
    """Resolve a name with the system's resolver; OSError if it is unknown."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def destination(url: str, allowed: Sequence[str], resolve: Resolve = look_up) -> Destination:
    """Resolve the host once and check all its addresses.

    UrlRefused if one of them is not allowed; OSError if the name cannot be resolved.
    """
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname or "", parts.port
    except ValueError as error:
        raise UrlRefused(gettext("Invalid URL: %(error)s.") % {"error": error}) from error
    if scheme not in PORTS or not host or parts.username is not None or not url.isascii():
        raise UrlRefused(gettext("A webhook URL must start with https:// or http:// and a host."))
    port = port or PORTS[scheme]
    try:
        addresses = resolve(host, port)
    except UnicodeError as error:
        raise UrlRefused(gettext("%(host)s is not a valid host name.") % {"host": host}) from error
    if not addresses:
        raise OSError(gettext("%(host)s has no address.") % {"host": host})
    for one in addresses:
        if not is_allowed(host, one, allowed):
            raise UrlRefused(
                gettext("%(host)s resolves to %(address)s, which is not a public address.")
                % {"host": host, "address": one}
            )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Destination(host, port, addresses[0], path, scheme == "https")


def is_allowed(host: str, address: str, allowed: Sequence[str]) -> bool:
    """True for public addresses and for allowed hosts or networks."""
    found = embedded_ipv4(ip_address(address.partition("%")[0]))
    return is_public(found) or any(_covers(one, host, found) for one in allowed)


def embedded_ipv4(address: Address) -> Address:
    """Return the IPv4 address inside an IPv6 address, else the address itself."""
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
    """Parse a network or address; None for a host name."""
    try:
        return ip_network(text)
    except ValueError:
        return None
