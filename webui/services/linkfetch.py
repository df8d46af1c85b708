"""A song from an address that somebody gave: public places only, redirects too, and neither endless nor for ever."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from inference.errors import Cancelled
from tools.addresses import may_call, resolve
from tools.hub import DownloadFailed, ForbiddenAddress, Policy, Progress, fetch, plain_source
from webui.services.errors import LinkFailed, TooLarge
from webui.services.storage import base_name

if TYPE_CHECKING:
    from webui.settings import Settings

TIME_LIMIT = 1800.0  # seconds
STALL = 20.0  # seconds without a byte
TRIES = 3
MAX_URL = 4000  # characters


def check(url: str, allow: Sequence[str]) -> str:
    """What the song behind an address is called, as far as the address says.

    Args:
        url: from outside.
        allow: see `tools.addresses.may_call`.

    Raises:
        ForbiddenAddress: it is none, or leads into a private network.
        LinkFailed: its name cannot be resolved.
    """
    if len(url) > MAX_URL:
        raise ForbiddenAddress(f"an address of {len(url)} characters", url=url[:200])
    plain_source(url)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ForbiddenAddress(f"{url[:200]!r} is no address to download from: {error}", url=url[:200]) from error
    if parts.username is not None:
        raise ForbiddenAddress("the address may not carry a user name or password", url=host)
    try:
        found = resolve(host, port or (443 if parts.scheme == "https" else 80))
    except OSError as error:
        raise LinkFailed(f"the name {host[:200]} cannot be resolved", hint="Is it spelled right?", url=url[:200]) from error
    if not all(may_call(address, host, allow=allow) for address in found):
        raise ForbiddenAddress(f"{host[:200]} is inside a private network", hint=f"Allow it with MSST_LINK_ALLOW={host}.", url=url[:200])
    return base_name(unquote(parts.path, errors="replace")) or host


def fetch_song(
    url: str,
    target: Path,
    *,
    settings: Settings,
    on_progress: Callable[[int, int | None], None],
    stopped: Callable[[], bool],
) -> Path:
    """Fetch what is behind an address, and return `target`. Blocks; not from inside an event loop.

    Args:
        url: from outside; checked at each hop, and connected to where it was checked.
        target: where it goes; its folder is made.
        settings: the limit of uploads, the proxy, and what may be called inside the private network.
        on_progress: told how many bytes are there, and how many there will be where that is known.
        stopped: asked several times a second.

    Raises:
        TooLarge: it is longer than an upload may be.
        LinkFailed: nothing came, or not in time.
        DiskFull: no room for it.
        Cancelled: `stopped` said so.
    """
    deadline, limit = time.monotonic() + TIME_LIMIT, settings.max_upload_bytes

    def hear(progress: Progress) -> None:
        if max(progress.done, progress.total or 0) > limit:
            raise TooLarge(
                f"the file is larger than {settings.max_upload_mb:g} MB", hint="Use a smaller file.", limit=f"{settings.max_upload_mb:g}"
            )
        on_progress(progress.done, progress.total)

    source = replace(plain_source(url), allow=settings.link_allow)
    policy = Policy(tries=TRIES, stall=STALL, proxy=settings.proxy)
    try:
        return fetch([source], target, policy=policy, on_progress=hear, cancelled=lambda: stopped() or time.monotonic() > deadline).path
    except Cancelled as error:
        if stopped():
            raise
        raise LinkFailed(f"the song did not come within {TIME_LIMIT / 60:.0f} minutes", hint="Download it, then add the file.") from error
    except DownloadFailed as error:
        why = error.message.partition(": ")[2].removeprefix(f"{source.name}: ")
        raise LinkFailed(f"nothing could be fetched from {source.name}: {why}", hint="It must lead to the sound file itself.") from error
