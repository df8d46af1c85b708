"""One request for one file: redirects, proxies, and addresses that may not be called.

The hub answers with a redirect to where the bytes lie, and says on the way what file it is (X-Linked-Etag, X-Linked-Size,
X-Repo-Commit). So the headers of every hop count, and each hop is checked before it is called.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import lru_cache

import httpx

from tools.addresses import may_call, resolve
from tools.hub.endpoints import Source
from tools.hub.errors import Broken, Unusable
from tools.hub.part import Identity
from tools.hub.proxies import proxy_for

log = logging.getLogger(__name__)

MAX_HOPS = 8
MAX_LISTING = 4_000_000  # bytes
CONNECT_SECONDS = 15.0
FAKE = ("198.18.0.0/15",)
"""Where local proxies put every name of the outer world (their "fake IP" mode): a known hub may lie there."""

_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")


@dataclass
class Answer:
    """A file that begins to arrive."""

    identity: Identity
    start: int  # which of its bytes is the first to arrive
    response: httpx.Response | None  # None: there is nothing behind `start`

    async def blocks(self) -> AsyncIterator[bytes]:
        """What arrives.

        Raises:
            Broken: the connection was lost or stood still.
        """
        if self.response is None:
            return
        try:
            async for block in self.response.aiter_raw():
                yield block
        except (httpx.TransportError, httpx.StreamError, ssl.SSLError) as error:
            raise Broken(_said(error)) from error


class Wire:
    """Makes requests; use as an asynchronous context manager.

    Args:
        proxy: the setting, as `proxies.proxy_for` reads it.
        stall: seconds without a byte after which a connection counts as lost.
    """

    def __init__(self, proxy: str, stall: float) -> None:
        self._proxy, self._stall = proxy, stall
        self._clients: dict[str | None, httpx.AsyncClient] = {}
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Wire:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    @asynccontextmanager
    async def open(self, source: Source, start: int) -> AsyncIterator[Answer]:
        """Ask for the bytes of a file from `start` on.

        Raises:
            Broken: it may work at another time.
            Unusable: it will not.
        """
        headers: dict[str, str] = {}
        url, first = httpx.URL(source.url), True
        for _ in range(MAX_HOPS + 1):
            response = await self._send(source, url, start, first=first)
            try:
                for name, value in response.headers.items():
                    headers.setdefault(name.lower(), value)
                if not response.has_redirect_location:
                    yield _answer(response, headers, start)
                    return
                following = _joined(url, response.headers["location"])
            finally:
                await response.aclose()
            if url.scheme == "https" and following.scheme != "https" and source.trust != "operator":
                raise Unusable("it redirects to an address without encryption")
            headers.pop("etag", None)  # of the redirect's own page, if anything
            url, first = following, False
        raise Unusable(f"it redirects more than {MAX_HOPS} times")

    async def listed(self, source: Source) -> str | None:
        """The checksum that the hub lists for the file; None where it says none, or does not answer."""
        if source.listing is None:
            return None
        try:
            async with self.open(Source(source.name, source.listing.url, source.trust), 0) as answer:
                text = b""
                async for block in answer.blocks():
                    text += block
                    if len(text) > MAX_LISTING:
                        return None
            files = json.loads(text)["Data"]["Files"]
            found = next(str(file["Sha256"]).lower() for file in files if file["Path"] == source.listing.path)
        except (Unusable, Broken, ValueError, LookupError, TypeError, StopIteration) as error:
            log.info("%s lists no checksum for %s: %r", source.name, source.listing.path, error)
            return None
        return found if re.fullmatch(r"[0-9a-f]{64}", found) else None

    async def _send(self, source: Source, url: httpx.URL, start: int, *, first: bool) -> httpx.Response:
        proxy = proxy_for(str(url), self._proxy)
        host = await self._checked(source, url, first=first, proxied=proxy is not None)
        headers = {"Host": url.netloc.decode("ascii"), "Accept-Encoding": "identity", "User-Agent": "MSST-WebUI"}
        if start:
            headers["Range"] = f"bytes={start}-"
        client = await self._client(proxy)
        request = client.build_request(
            "GET",
            url.copy_with(host=host),
            headers=headers,
            extensions={"sni_hostname": url.host},
            timeout=httpx.Timeout(self._stall, connect=min(self._stall, CONNECT_SECONDS)),
        )
        try:
            return await client.send(request, stream=True)
        except httpx.UnsupportedProtocol as error:
            raise Unusable(_said(error)) from error
        except (httpx.TransportError, ssl.SSLError) as error:
            raise Broken(_said(error)) from error

    async def _client(self, proxy: str | None) -> httpx.AsyncClient:
        if proxy not in self._clients:
            try:
                client = httpx.AsyncClient(proxy=proxy, verify=_certificates(), trust_env=False, follow_redirects=False)
            except ImportError as error:
                raise Unusable("a SOCKS proxy needs the package socksio: pip install socksio") from error
            self._clients[proxy] = await self._stack.enter_async_context(client)
        return self._clients[proxy]

    async def _checked(self, source: Source, url: httpx.URL, *, first: bool, proxied: bool) -> str:
        """The host to connect to: the name itself, or, for a stranger, the address that was checked.

        Raises:
            Unusable: it may not be called.
        """
        if url.scheme not in ("http", "https") or not url.host:
            raise Unusable(f"it leads to {str(url)[:100]!r}, which is no web address")
        if source.trust == "operator" or (source.trust == "known" and first):
            return url.host
        try:
            found = await asyncio.to_thread(resolve, url.host, url.port or (443 if url.scheme == "https" else 80))
        except OSError as error:
            if proxied and source.trust == "known":
                return url.host  # where the proxy alone knows the outer world's names
            raise Broken(f"the name {url.host} cannot be resolved") from error
        allow = FAKE if source.trust == "known" else source.allow
        if not all(may_call(address, url.host, allow=allow) for address in found):
            raise Unusable(f"{url.host} is inside a private network")
        # A proxy too is told the address that was checked; with https the certificate says who answers there, and needs the name.
        named = source.trust == "known" or (proxied and url.scheme == "https")
        return url.host if named else str(found[0])


@lru_cache(maxsize=1)
def _certificates() -> ssl.SSLContext:
    """The certificates to trust; reading them takes some time, and they are the same for all."""
    return httpx.create_ssl_context()


def _joined(url: httpx.URL, location: str) -> httpx.URL:
    try:
        return url.join(location)
    except httpx.InvalidURL as error:
        raise Unusable(f"it redirects to {location[:100]!r}, which is no address") from error


def _answer(response: httpx.Response, headers: dict[str, str], start: int) -> Answer:
    """What the last hop's answer means. Raises Broken or Unusable."""
    status = response.status_code
    if status == 416 and start:
        size = _size_of_range(response)
        if size is not None and size == start:
            return Answer(identity_of(headers, size), start, None)
        raise Broken("it has fewer bytes than were there already", anew=True)
    if status not in (200, 206):
        raise _refusal(response)
    if response.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
        raise Unusable("it sends the file compressed although it should not")
    linked = headers.get("x-linked-size", "")
    if status == 206:
        found = _RANGE.fullmatch(response.headers.get("content-range", "").strip())
        if not found or found[1] is None or int(found[1]) != start:
            raise Broken("it sends other bytes than it was asked for", anew=True)
        size = int(found[3]) if found[3] != "*" else None
    else:
        start, size = 0, _number(response.headers.get("content-length"))
        if size is None and "chunked" not in response.headers.get("transfer-encoding", "").lower():
            size = _number(linked)
            if size is None:
                raise Unusable("it does not say how long the file is")
    if linked.isdigit() and size is not None and int(linked) != size:
        raise Broken(f"it speaks of {linked} bytes and then of {size}")
    return Answer(identity_of(headers, _number(linked) if size is None else size), start, response)


def _refusal(response: httpx.Response) -> Exception:
    status = response.status_code
    text = f"it answers {status} {response.reason_phrase}".strip()
    if status in (408, 425, 429) or status >= 500:
        return Broken(text, after=float(_number(response.headers.get("retry-after")) or 0))
    if status in (401, 403):
        text += ": it wants a login, or does not serve this place"
    return Unusable(text)


def _size_of_range(response: httpx.Response) -> int | None:
    found = _RANGE.fullmatch(response.headers.get("content-range", "").strip())
    return int(found[3]) if found and found[3] != "*" else None


def _number(text: str | None) -> int | None:
    return int(text) if text and text.strip().isdecimal() else None


def _said(error: Exception) -> str:
    text = str(error)
    if isinstance(error, httpx.TimeoutException):
        text = "nothing came for too long"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def identity_of(headers: dict[str, str], size: int | None) -> Identity:
    """What a server's answer says about the file.

    Args:
        headers: of all hops to the file, the first one winning, names in lower case.
        size: of the whole file, as the last hop says.
    """
    speaks_hub = "x-repo-commit" in headers or "x-linked-etag" in headers
    etag = headers.get("x-linked-etag") or headers.get("etag") or ""
    plain = etag.removeprefix("W/").strip('"').lower()
    weak = etag.startswith("W/") and not speaks_hub  # means the same, byte for byte or not
    identity = Identity(None if weak else plain or headers.get("last-modified"), size)
    if speaks_hub and re.fullmatch(r"[0-9a-f]{64}", plain):
        return replace(identity, sha256=plain)
    if speaks_hub and re.fullmatch(r"[0-9a-f]{40}", plain):
        return replace(identity, git_sha1=plain)
    return identity
