"""Which proxy a request goes through."""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from tools.hub.errors import ForbiddenAddress

SCHEMES = ("http", "https", "socks5", "socks5h")
DIRECT = "none"


def check_proxy(setting: str) -> str:
    """The setting itself: empty (what the system says), `none`, or the address of a proxy.

    Raises:
        ForbiddenAddress: it is nothing of these.
    """
    setting = setting.strip()
    if setting in ("", DIRECT):
        return setting
    try:
        parts = urlsplit(setting)
        fine = parts.scheme in SCHEMES and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        fine = False
    if not fine:
        raise ForbiddenAddress(f"{setting[:200]!r} is no proxy", hint=f"Write {DIRECT}, or an address such as http://127.0.0.1:7890.")
    return setting


def proxy_for(url: str, setting: str) -> str | None:
    """The proxy for this address; None for none.

    Args:
        url: where the request goes.
        setting: `none`, or a proxy for everything, or empty for what the environment (HTTPS_PROXY, NO_PROXY ...) or the system's
            own settings on Windows and macOS say.
    """
    if setting == DIRECT:
        return None
    if setting:
        return setting
    parts = urlsplit(url)
    if not parts.hostname or proxy_bypass(parts.hostname):
        return None
    proxies = getproxies()
    found = proxies.get(parts.scheme) or proxies.get("all")
    if not found:
        return None
    return found if "://" in found else f"http://{found}"
