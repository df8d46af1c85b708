"""Callbacks: which addresses may be called, and one delivery.

An address from outside must not make the server talk to what only the server can reach. Public addresses are allowed; private ones
only where the setting `callback_allow` names them, and loopback for a caller that is on this machine itself. The check is made on
the addresses that the name resolves to, when the job is submitted and again at each try, and the connection goes to the address that
was checked, so a name that changes its mind in between gains nothing. Redirects are not followed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from tools.addresses import Address, may_call, resolve
from webui.services.errors import BadCallback
from webui.services.job import Callback

TRIES = 6
TIMEOUT = 15.0  # seconds for one try, from the connection to the status of the answer


def pause(backoff: float, attempt: int) -> float:
    """Seconds to wait after the try number `attempt` failed: the backoff, then three times the last pause."""
    return backoff * 3.0 ** (attempt - 1)


def check(callback: Callback, allow: Sequence[str]) -> str:
    """An address that the callback may go to, as text.

    Raises:
        BadCallback: the URL is none, its name does not resolve, or it leads where the server may not call.
    """
    import httpx

    try:
        parts = urlsplit(callback.url)
        host, port = parts.hostname, parts.port
        httpx.URL(callback.url)  # refuses more than urlsplit does
    except (ValueError, httpx.InvalidURL) as error:
        raise _bad(callback, f"{error}") from error
    if parts.scheme not in ("http", "https") or not host:
        raise _bad(callback, "it must begin with http:// or https:// and name a host")
    if parts.username is not None:
        raise _bad(callback, "it may not carry a user name or password")
    addresses = _resolve(callback, host, port or (443 if parts.scheme == "https" else 80))
    for address in addresses:
        if not may_call(address, host, loopback=callback.caller_is_local, allow=allow):
            raise _bad(callback, f"{host} is inside a private network", hint=f"Allow it with MSST_CALLBACK_ALLOW={host}.")
    return str(addresses[0])


def _resolve(callback: Callback, host: str, port: int) -> list[Address]:
    try:
        return resolve(host, port)
    except OSError as error:
        raise _bad(callback, f"the name {host} cannot be resolved") from error


def _bad(callback: Callback, why: str, *, hint: str = "") -> BadCallback:
    return BadCallback(f"the callback address {callback.url[:200]!r} cannot be used: {why}", hint=hint, url=callback.url[:200])


def deliver(callback: Callback, allow: Sequence[str], job_id: str, body: dict[str, Any]) -> str:
    """Send `body` once; returns what to log. The job's id goes along as Idempotency-Key, as a crash can repeat a delivery.

    Of the answer only the status is read. Not from inside an event loop.

    Raises:
        BadCallback: the address may not be called (any more).
        DeliveryFailed: there was no answer, or none of success.
    """
    import httpx

    address = check(callback, allow)
    try:
        status = asyncio.run(asyncio.wait_for(_post(callback.url, address, job_id, body), TIMEOUT))
    except asyncio.TimeoutError as error:
        raise DeliveryFailed(f"no answer in {TIMEOUT:g} seconds") from error
    except httpx.HTTPError as error:
        raise DeliveryFailed(f"{type(error).__name__}: {error}") from error
    if not 200 <= status < 300:
        raise DeliveryFailed(f"answered {status}")
    return f"answered {status}"


async def _post(address_said: str, address: str, job_id: str, body: dict[str, Any]) -> int:
    """The status that a server answers with. Whoever waits limits the whole; the client's own limit is for each read."""
    import httpx

    url = httpx.URL(address_said)
    headers = {"Host": url.netloc.decode("ascii"), "Idempotency-Key": job_id, "User-Agent": "MSST-WebUI"}
    extensions = {"sni_hostname": url.host}
    async with (
        httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False, trust_env=False) as client,
        client.stream("POST", url.copy_with(host=address), json=body, headers=headers, extensions=extensions) as answer,
    ):
        return answer.status_code


class DeliveryFailed(Exception):
    """One try of a callback did not succeed; the text says why."""
