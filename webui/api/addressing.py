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
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_relayed(headers: Headers) -> bool:
    """Whether a proxy passed a request on, as its headers say."""
    return any(name in _OF_PROXIES or name.startswith("x-forwarded-") for name in headers)
