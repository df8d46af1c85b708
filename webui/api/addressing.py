"""Where a request comes from: this machine or another one, directly or through a relay."""

from __future__ import annotations

import ipaddress

from starlette.datastructures import Headers

_OF_PROXIES = ("forwarded", "via", "x-real-ip")


def is_loopback(host: str) -> bool:
    """Whether a host, by name or address, is this machine to itself."""
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None  # IPv4 as a socket for both calls it
    return (mapped or address).is_loopback


def is_relayed(headers: Headers) -> bool:
    """Whether a proxy passed a request on, as its headers say."""
    return any(name in _OF_PROXIES or name.startswith("x-forwarded-") for name in headers)
