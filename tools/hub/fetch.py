"""One file from the first source that has it: resumed, checked, and in place only when it is right.

huggingface_hub makes the addresses (`endpoints.py`) but does not carry the bytes. Its `http_get` knows one address; goes on after a
break without asking whether the file is still the same one, and without looking at which bytes the server sends; follows redirects
to anywhere, private networks included; takes proxies, time-outs and the client from process-wide state; and its client is
requests in older versions and httpx2 in newer ones. Cancelling, several sources with one part file, and a checksum while the bytes
stream through need a loop of our own anyway.

    lock target ─ what is there? ─ for each source: ask from byte n on ─ same file? ─ write and hash ─ whole and right? ─ rename
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from inference.errors import Cancelled, DiskFull
from tools.hub.endpoints import Source
from tools.hub.errors import Broken, DownloadFailed, Unusable, WrongBytes
from tools.hub.part import Disk, Part, sha256_of
from tools.hub.progress import SAY_EVERY, Meter, Progress
from tools.locks import FileLock

if TYPE_CHECKING:
    from tools.hub.wire import Answer, Wire

LONGEST_PAUSE = 30.0  # seconds
STEP = 1 << 20  # bytes of progress after which the failures before no longer count


@dataclass(frozen=True)
class Policy:
    """How patient a download is."""

    tries: int = 5  # in a row without progress, for each source
    pause: float = 0.5  # seconds before the second try; each further pause is twice as long
    stall: float = 30.0  # seconds without a byte after which a connection is given up
    slowest: float = 512.0  # bytes per second below which a connection counts as standing still
    proxy: str = ""  # see proxies.proxy_for


@dataclass(frozen=True)
class Wanted:
    """What is known of the right file before it is there."""

    bytes: int | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class Receipt:
    """A file that is in place."""

    path: Path
    bytes: int
    sha256: str  # of what is there now
    source: str  # the address it came from; empty when it was there already
    checked: bool  # whether somebody had said before what the checksum must be


def fetch(
    sources: Sequence[Source],
    target: Path,
    *,
    wanted: Wanted | None = None,
    policy: Policy | None = None,
    disk: Disk | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Receipt:
    """Download a file. Blocks until it is there; not from inside an event loop.

    Whatever happens, `target` is either what it was or the right file. What has arrived stays beside it (`target.part`) and the next
    call goes on from there, after a cancel, a full disk or the end of the process.

    Args:
        sources: tried in this order.
        target: where the file goes; its folder is made. A file that is there is kept if its known checksum is right, and replaced if not.
        wanted: the size and checksum that it must have. Without a checksum, what the hub says on the way counts.
        policy: how patient to be.
        disk: the file system.
        on_progress: told several times a second.
        cancelled: asked several times a second.

    Raises:
        DownloadFailed: no source gave it; WrongBytes if what they gave was wrong.
        DiskFull: no room, or a folder that cannot be written to.
        Cancelled: `cancelled` said so.
    """
    job = _Fetch(sources, target, wanted or Wanted(), policy or Policy(), disk or Disk(), on_progress, cancelled)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        return asyncio.run(job.run())
    except OSError as error:
        raise DiskFull(f"cannot write {target.name}: {error}", hint=f"Can {target.parent} be written to?", file=target.name) from error


class _Fetch:
    def __init__(
        self,
        sources: Sequence[Source],
        target: Path,
        wanted: Wanted,
        policy: Policy,
        disk: Disk,
        on_progress: Callable[[Progress], None],
        cancelled: Callable[[], bool],
    ) -> None:
        self._sources, self._target, self._wanted, self._policy = sources, target, wanted, policy
        self._on_progress, self._cancelled = on_progress, cancelled
        self._part = Part(target, disk)
        self._meter = Meter(policy.stall, policy.slowest)
        self._said = 0.0
        self._highest = 0  # bytes that were ever there at once
        self._source = ""
        self._listed: str | None = None

    async def run(self) -> Receipt:
        """The whole of it, stopped wherever it waits when `cancelled` says so."""
        work = asyncio.ensure_future(self._locked())
        while not work.done():
            await asyncio.wait([work], timeout=SAY_EVERY)
            if not work.done() and self._cancelled():
                work.cancel()
            elif not work.done() and self._meter.fell_silent():
                self._say(now=True)
        try:
            return work.result()
        except asyncio.CancelledError as error:
            raise Cancelled("the download was cancelled", hint="It goes on from there when it is started again.") from error

    async def _locked(self) -> Receipt:
        lock = FileLock(self._target.with_name(f"{self._target.name}.lock"))
        while not lock.acquire():  # another process, or another thread, downloads the same file
            await asyncio.sleep(SAY_EVERY)
        try:
            return await self._whole()
        finally:
            self._part.close()
            lock.release()

    async def _whole(self) -> Receipt:
        there = self._already_there()
        if there is not None:
            return there
        self._part.adopt(self._wanted.sha256, lambda _: self._hashing())
        if self._wanted.sha256 and self._wanted.bytes and self._part.length == self._wanted.bytes:
            with suppress(WrongBytes):
                return self._install(Source("", ""))
        from tools.hub.wire import Wire

        problems: list[str] = []
        wrong = False
        async with Wire(self._policy.proxy, self._policy.stall) as wire:
            for source in self._sources:
                self._source = source.name
                try:
                    return await self._from(wire, source)
                except WrongBytes as error:
                    problems.append(f"{source.name}: {error.message}")
                    wrong = True
                except (Unusable, Broken) as error:
                    problems.append(f"{source.name}: {error}")
        raise self._failure(problems, wrong)

    def _already_there(self) -> Receipt | None:
        """The file as it is, where it is known to be right."""
        wanted, target = self._wanted, self._target
        if not wanted.sha256 or not target.is_file() or (wanted.bytes and target.stat().st_size != wanted.bytes):
            return None
        if sha256_of(target, lambda _: self._hashing()) != wanted.sha256:
            return None
        self._part.discard()
        return Receipt(target, target.stat().st_size, wanted.sha256, "", checked=True)

    def _hashing(self) -> None:
        if self._cancelled():
            raise Cancelled("the download was cancelled")
        self._say("verifying")

    async def _from(self, wire: Wire, source: Source) -> Receipt:
        """Try one source as often as is of use. Raises Unusable, Broken or WrongBytes when it is not."""
        failures, again = 0, True
        connections = 1 if self._part.length else 0  # that the bytes came over
        self._listed = None if self._wanted.sha256 else await wire.listed(source)
        while True:
            mark = self._highest
            connections += 1
            try:
                await self._attempt(wire, source)
                return self._install(source)
            except WrongBytes:
                if connections == 1 or not again:
                    raise
                failures, again, connections = 0, False, 0  # earlier bytes may be what was wrong: once more, from the beginning
            except Broken as error:
                if error.anew:
                    self._part.restart()
                failures = 1 if self._highest >= mark + STEP else failures + 1
                if failures >= self._policy.tries:
                    raise
                await asyncio.sleep(min(max(self._policy.pause * 2 ** (failures - 1), error.after), LONGEST_PAUSE))
            if not self._part.length:
                connections = 0

    async def _attempt(self, wire: Wire, source: Source) -> None:
        """One connection, until all bytes are there."""
        part = self._part
        self._meter.connected()
        async with wire.open(source, part.length) as answer:
            self._accept(answer)
            self._say()
            limit = part.identity.size if part.identity.size is not None else self._wanted.bytes
            async for block in answer.blocks():
                part.write(block)
                self._highest = max(self._highest, part.length)
                self._meter.add(len(block))
                self._say()
                if limit is not None and part.length > limit:
                    part.check(limit, None)
                if self._meter.too_slow():
                    raise Broken("next to nothing comes")
        if part.identity.size is not None and part.length < part.identity.size:
            raise Broken(f"the connection ended after {part.length} of {part.identity.size} bytes")

    def _accept(self, answer: Answer) -> None:
        """Make sure that what begins to arrive is the right file, and goes where it belongs."""
        wanted, identity, part = self._wanted, answer.identity, self._part
        if self._listed:
            identity = replace(identity, sha256=self._listed)
        if wanted.bytes is not None and identity.size is not None and identity.size != wanted.bytes:
            raise Unusable(f"it has another file, of {identity.size} bytes instead of {wanted.bytes}")
        if wanted.sha256 and identity.sha256 and identity.sha256 != wanted.sha256:
            raise Unusable(f"it has another file, of SHA-256 {identity.sha256[:12]}… instead of {wanted.sha256[:12]}…")
        part.begin(identity, mixed=wanted.sha256 is not None)
        if answer.start == 0 and part.length:
            part.restart()
        if answer.start != part.length:
            raise Broken("the file has changed there")
        part.room(identity.size)

    def _install(self, source: Source) -> Receipt:
        part, wanted = self._part, self._wanted
        self._say("verifying", now=True)
        part.check(wanted.bytes, wanted.sha256)
        checked = bool(wanted.sha256 or part.identity.sha256 or part.identity.git_sha1)
        length, sha256 = part.length, part.sha256
        part.install()
        return Receipt(self._target, length, sha256, source.url, checked)

    def _say(self, stage: str = "downloading", *, now: bool = False) -> None:
        clock = asyncio.get_running_loop().time()
        if now or clock - self._said >= SAY_EVERY:
            self._said = clock
            total = self._part.identity.size or self._wanted.bytes
            self._on_progress(Progress(self._part.length, total, self._meter.speed, self._source, stage))

    def _failure(self, problems: list[str], wrong: bool) -> DownloadFailed:
        name = self._target.name
        if wrong:
            message = f"{name} was sent with wrong bytes, and was not kept"
            hint = "Choose another endpoint, or try again later."
        else:
            message = f"{name} could not be downloaded"
            hint = "Is the network there? Another endpoint (MSST_HUB_ENDPOINT) or a proxy (MSST_PROXY) may help; what has arrived is kept."
        text = "; ".join(problems) or "no endpoint has it"
        return (WrongBytes if wrong else DownloadFailed)(f"{message}: {text}", hint=hint, file=name)
