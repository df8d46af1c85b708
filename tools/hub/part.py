"""A file on its way: the bytes that are there so far, what file they are of, and their checksum.

model.ckpt.part         the bytes, in order from the first one
model.ckpt.part.json    of which file: its validator, size and checksum, as the server named them; how many bytes are surely on disk
model.ckpt              there only when all is there and right
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import shutil
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from inference.errors import DiskFull
from tools.hub.errors import WrongBytes
from tools.whole import put

log = logging.getLogger(__name__)

BLOCK = 1 << 20
SYNC_EVERY = 32 << 20  # bytes
MARGIN = 64 << 20  # bytes that a download leaves free on a disk
_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG}

OnBytes = Callable[[int], None]
"""Told how many bytes were done, again and again. May raise to stop the work."""


class Disk:
    """The file system, as much of it as a download needs; tests have a smaller one."""

    def free(self, folder: Path) -> int:
        """Bytes that can still be written below `folder`."""
        return shutil.disk_usage(folder).free

    def open(self, path: Path) -> BinaryIO:
        """`path` for reading and writing without a buffer, made if it is not there."""
        if not path.exists():
            path.touch()
        return path.open("r+b", buffering=0)


@dataclass(frozen=True)
class Identity:
    """Which file it is, as far as the server says."""

    validator: str | None = None  # ETag or date: changes when the file does
    size: int | None = None  # bytes
    sha256: str | None = None
    git_sha1: str | None = None  # git's own name of the file, of its length and its bytes: the hub has it for small files

    def same(self, other: Identity) -> bool:
        """Whether bytes of the one can go on with bytes of the other; no where nobody knows."""
        if self.size is not None and other.size is not None and self.size != other.size:
            return False
        if self.sha256 and other.sha256:
            return self.sha256 == other.sha256
        return self.validator is not None and self.validator == other.validator


def sha256_of(path: Path, on_bytes: OnBytes = lambda _: None) -> str:
    """The checksum of a file as lower-case hexadecimal digits. Raises OSError, and whatever `on_bytes` raises."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
            on_bytes(len(block))
    return digest.hexdigest()


class Part:
    """The part of `target` that is there. One process at a time has it.

    Args:
        target: where the file will be; its folder exists.
        disk: the file system.
    """

    def __init__(self, target: Path, disk: Disk) -> None:
        self.target, self._disk = target, disk
        self.path = target.with_name(f"{target.name}.part")
        self._note = target.with_name(f"{target.name}.part.json")
        self._file: BinaryIO | None = None
        self._digest = hashlib.sha256()
        self._synced = 0
        self.identity = Identity()
        self.length = 0  # bytes there

    def adopt(self, sha256: str | None, on_bytes: OnBytes) -> None:
        """Take over what an earlier try left, hashing it; what cannot be of use is deleted.

        Args:
            sha256: of the right file, where it is known: then any bytes may be tried, because the whole will be checked. Without it only
                bytes count that are surely on disk.
            on_bytes: told of the progress.
        """
        known = self._read_note()
        if known is None or not self.path.is_file():
            self.discard()
            return
        self.identity, synced = known
        try:
            self._file = self._disk.open(self.path)
            there = self.path.stat().st_size
            wanted = there if sha256 or self.identity.sha256 else min(there, synced)
            while self.length < wanted:
                block = self._file.read(min(BLOCK, wanted - self.length))
                if not block:
                    break
                self._digest.update(block)
                self.length += len(block)
                on_bytes(len(block))
            self._file.truncate(self.length)
        except OSError as error:
            log.warning("what was there of %s cannot be read and is left: %s", self.target.name, error)
            self.discard()

    def begin(self, identity: Identity, *, mixed: bool) -> None:
        """From here on the bytes are of this file; if those that are there are of another one, they go.

        Args:
            identity: of the file that a server now sends.
            mixed: bytes of several servers may follow each other although these name the file differently, as the right checksum is known.
        """
        if self.length and not mixed and not self.identity.same(identity):
            self.restart()
        if identity != self.identity or not self._note.is_file():
            self.identity = identity
            self._write_note()
        if self._file is None:
            file = self._guarded(lambda: self._disk.open(self.path))
            self._file = file
            self._guarded(lambda: file.truncate(0))

    def room(self, size: int | None) -> None:
        """Check that the rest of `size` bytes will find room.

        Raises:
            DiskFull: it will not.
        """
        needed = (size - self.length if size is not None else BLOCK) + MARGIN
        free = self._disk.free(self.target.parent)
        if free < needed:
            raise self._full(f"{needed / 1e6:.0f} MB are needed and {free / 1e6:.0f} MB are free")

    def write(self, data: bytes) -> None:
        """Add bytes.

        Raises:
            DiskFull: there is no room for them.
        """
        assert self._file is not None
        view, file = memoryview(data), self._file
        while view:
            written = self._guarded(lambda view=view: file.write(view))  # type: ignore[misc]
            self._digest.update(view[:written])
            self.length += written
            view = view[written:]
        if self.length - self._synced >= SYNC_EVERY:
            self.sync()
            self.room(self.identity.size)

    def sync(self) -> None:
        """Have all bytes surely on disk, and note so."""
        if self._file is None:
            return
        self._guarded(self._sync_file)
        self._synced = self.length
        self._write_note()

    def _sync_file(self) -> None:
        assert self._file is not None
        os.fsync(self._file.fileno())

    def restart(self) -> None:
        """Throw the bytes away and begin again."""
        file = self._file
        if file is not None:
            self._guarded(lambda: (file.seek(0), file.truncate(0)))
        self._forget()

    def _forget(self) -> None:
        self._digest, self.length, self._synced = hashlib.sha256(), 0, 0

    def close(self) -> None:
        """Leave what is there for another time."""
        if self._file is not None:
            with suppress(OSError, DiskFull):
                self.sync()
            with suppress(OSError):
                self._file.close()
            self._file = None

    def discard(self) -> None:
        """Delete it all."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            self._file = None
        self._forget()
        self.identity = Identity()
        for path in (self._note, self.path):  # without its note a part counts for nothing
            with suppress(OSError):
                path.unlink()

    @property
    def sha256(self) -> str:
        """The checksum of the bytes that are there."""
        return self._digest.hexdigest()

    def check(self, size: int | None, sha256: str | None) -> None:
        """Hold the bytes against what is known of the right ones.

        Args:
            size: in bytes.
            sha256: their checksum; where it is None, what the server named counts.

        Raises:
            WrongBytes: they are others. They are deleted.
        """
        name, wanted = self.target.name, sha256 or self.identity.sha256
        size = self.identity.size if size is None else size
        problem = ""
        if size is not None and self.length != size:
            problem = f"{name} has {self.length} bytes instead of {size}"
        elif wanted and self.sha256 != wanted:
            problem = f"{name} has the SHA-256 {self.sha256[:12]}… instead of {wanted[:12]}…"
        elif not wanted and self.identity.git_sha1 and self._git_sha1() != self.identity.git_sha1:
            problem = f"{name} is not the file that the hub names {self.identity.git_sha1[:12]}…"
        if problem:
            self.discard()
            raise WrongBytes(problem, hint="Try again, or choose another endpoint.", file=name)

    def _git_sha1(self) -> str:
        """As `git hash-object` says. The hub has it for files of some megabytes at most."""
        digest = hashlib.sha1(f"blob {self.length}\0".encode(), usedforsecurity=False)
        with self.path.open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
        return digest.hexdigest()

    def install(self) -> None:
        """Rename it to what it is: all of it or nothing, whatever happens meanwhile.

        Raises:
            DiskFull: it cannot be written.
            WrongBytes: what is on disk is not what was written. It is deleted.
        """
        self.sync()
        if self._file is not None:
            self._file.close()
            self._file = None
        if self.path.stat().st_size != self.length:
            self.discard()
            raise WrongBytes(f"{self.target.name} was changed on disk while it was downloaded", hint="Try again.", file=self.target.name)
        self._guarded(lambda: put(self.path, self.target))
        _sync_folder(self.target.parent)
        with suppress(OSError):
            self._note.unlink()

    def _guarded(self, work: Callable[[], Any]) -> Any:
        try:
            return work()
        except OSError as error:
            if error.errno in _FULL:
                raise self._full("the disk is full") from error
            raise DiskFull(f"cannot write {self.target.name}: {error}", hint=f"Can {self.target.parent} be written to?") from error

    def _full(self, why: str) -> DiskFull:
        hint = f"Make room in {self.target.parent}; what was downloaded so far is kept, and the download goes on from there."
        return DiskFull(f"no room for {self.target.name}: {why}", hint=hint, file=self.target.name)

    def _read_note(self) -> tuple[Identity, int] | None:
        try:
            data = json.loads(self._note.read_text(encoding="utf-8"))
            synced = int(data.pop("synced"))
            return Identity(**data), synced
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None

    def _write_note(self) -> None:
        temporary = self._note.with_name(f"{self._note.name}.{uuid.uuid4().hex}")
        text = json.dumps({**asdict(self.identity), "synced": self._synced})
        try:
            self._guarded(lambda: temporary.write_text(text, encoding="utf-8"))
            self._guarded(lambda: put(temporary, self._note))
        finally:
            with suppress(OSError):
                temporary.unlink()


def _sync_folder(folder: Path) -> None:
    """Have the rename surely on disk; where the system cannot say so (Windows), it does so in its own time."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
