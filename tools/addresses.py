"""Which network addresses may be called on behalf of somebody outside.

An address from outside must not make the server talk to what only the server can reach. The check is made on the addresses that a
name resolves to, so a name that points inside is found out; who connects uses one of these addresses, so a name that changes its
mind in between gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_LAST_FOUR_BYTES = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::/96"))  # of NAT64 (RFC 6052); IPv4-compatible
_LOCAL_NAT64 = ipaddress.IPv6Network("64:ff9b:1::/48")  # RFC 8215: each network its own, and so inside; Python counts it as public at times


def resolve(host: str, port: int) -> list[Address]:
    """The addresses of a host, the best one first.

    Raises:
        OSError: the name has none.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError(f"{host[:100]!r} is no host name") from error
    return [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]


def may_call(address: Address, host: str, *, loopback: bool = False, allow: Sequence[str] = ()) -> bool:
    """Whether the address is public, or allowed although it is not.

    Args:
        address: what `host` resolves to.
        host: its name.
        loopback: addresses of this machine itself are fine.
        allow: hosts, addresses and networks (10.0.0.0/8) that are fine although they are not public.
    """
    plain = _embedded(address) or address
    if plain.is_global and not plain.is_multicast and not (plain.version == 6 and plain in _LOCAL_NAT64):
        return True
    if plain.is_loopback and loopback:
        return True
    return any(_names(entry, plain, host) for entry in allow)


def _embedded(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 one stands for: mapped, compatible, 6to4, or translated by NAT64."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if any(address in network for network in _LAST_FOUR_BYTES) and int(address) > 1:  # not :: and ::1
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def _names(entry: str, address: Address, host: str) -> bool:
    try:
        return address in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return entry.casefold() == host.casefold()
