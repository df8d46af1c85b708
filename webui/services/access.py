"""The keys of a server: made, counted, taken away; and the browsers that signed in with one.

HOME/keys.json holds hashes alone: a key has 256 random bits, so that a plain SHA-256 of it gives nothing away. A browser that signs in gets
a session of its own in a cookie; the session ends with its key.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from inference.errors import DiskFull
from tools.locks import FileLock
from webui.services.errors import BadRequest, KeyNeeded, LastKey, TooManyTries, UnknownKey
from webui.services.files import storing, write_whole

log = logging.getLogger(__name__)

FILE, LOCK = "keys.json", "keys.lock"
PREFIX = "msst_"
SESSION_SECONDS = 90 * 86400.0
USED_EVERY = 60.0  # seconds between two notes of when a key was used
MAX_NAME = 80
MAX_SECRET = 200  # characters that are looked at
MAX_SESSIONS = 500
LOCK_PATIENCE = 5.0  # seconds


@dataclass(frozen=True)
class Key:
    """A key, without the key itself."""

    id: str
    name: str
    hash: str  # SHA-256, hex
    created_at: float  # epoch seconds
    used_at: float | None = None


@dataclass(frozen=True)
class Session:
    """A browser that signed in."""

    hash: str  # of what its cookie says
    key: str  # id of the key that it signed in with
    ends_at: float  # epoch seconds


@dataclass(frozen=True)
class Book:
    """All that the file says."""

    keys: tuple[Key, ...] = ()
    sessions: tuple[Session, ...] = ()


@dataclass
class Keys:
    """The keys of one home folder, whoever changes them. Thread-safe."""

    home: Path
    _read_last: tuple[Any, Book] = (None, Book())  # what told that version of the file from others, and what it said
    _noted: dict[str, float] = field(default_factory=dict)  # key id -> when its use was last written down
    _lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def cookie(self) -> str:
        """The name of the cookie that holds a session: servers on several ports of one host share cookies."""
        return f"msst_key_{_hash(str(self.home))[:8]}"

    def all(self) -> tuple[Key, ...]:
        """The keys, the oldest first."""
        return self._read().keys

    def make(self, name: str) -> tuple[Key, str]:
        """A new key, and what its owner has to write down: it is never shown again.

        Raises:
            BadRequest: no name, or a long one.
            DiskFull: it cannot be written down; so do all that change something.
        """
        name = " ".join(name.split())
        if not 0 < len(name) <= MAX_NAME:
            raise BadRequest(f"a key has a name of 1 to {MAX_NAME} characters", hint="Call it by who is going to use it.")
        secret = PREFIX + secrets.token_urlsafe(32)
        key = Key(secrets.token_hex(6), name, _hash(secret), time.time())
        with self._changing() as book:
            self._write(replace(book, keys=(*book.keys, key)))
        return key, secret

    def remove(self, key_id: str, *, keep_one: bool) -> None:
        """Take a key away, and with it the browsers that signed in with it.

        Raises:
            UnknownKey: there is none of this id.
            LastKey: it is the last one, and one is to be kept.
        """
        with self._changing() as book:
            left = tuple(key for key in book.keys if key.id != key_id)
            if len(left) == len(book.keys):
                raise UnknownKey(f"there is no key {key_id[:40]!r}", hint="GET /api/v1/keys lists them.", id=key_id[:40])
            if keep_one and not left:
                raise LastKey(
                    "the last key cannot be removed while the server asks for one", hint="Set access to open first, or make another key."
                )
            self._write(Book(left, tuple(each for each in book.sessions if each.key != key_id)))

    def sign_in(self, secret: str) -> str:
        """A session for a browser that knows a key: what its cookie is to say. Raises KeyNeeded."""
        key = self.find(secret)
        if key is None:
            raise KeyNeeded("this is no key of this server", hint="Copy it whole; `python webui.py keys add NAME` makes a new one.")
        return self.session_of(key.id)

    def session_of(self, key_id: str) -> str:
        """A session with this key: what a cookie is to say."""
        said, now = secrets.token_urlsafe(32), time.time()
        with self._changing() as book:
            living = tuple(each for each in book.sessions if each.ends_at > now)[-MAX_SESSIONS + 1 :]
            self._write(replace(book, sessions=(*living, Session(_hash(said), key_id, now + SESSION_SECONDS))))
        return said

    def sign_out(self, said: str) -> None:
        """End a session."""
        with self._changing() as book:
            self._write(replace(book, sessions=tuple(each for each in book.sessions if each.hash != _hash(said))))

    def find(self, secret: str) -> Key | None:
        """The key that this is."""
        digest = _hash(secret)
        return next((key for key in self._read().keys if secrets.compare_digest(key.hash, digest)), None)

    def find_session(self, said: str) -> Key | None:
        """The key that this session was begun with."""
        book, digest, now = self._read(), _hash(said), time.time()
        for each in book.sessions:
            if secrets.compare_digest(each.hash, digest) and each.ends_at > now:
                return next((key for key in book.keys if key.id == each.key), None)
        return None

    def is_due(self, key: Key) -> bool:
        """Whether it is time to write down that a key was used."""
        return time.time() - self._noted.get(key.id, 0.0) >= USED_EVERY

    def used(self, key: Key) -> None:
        """Write it down. Where that fails, nobody is kept out for it."""
        self._noted[key.id] = now = time.time()
        try:
            with self._changing() as book:
                self._write(replace(book, keys=tuple(replace(each, used_at=now) if each.id == key.id else each for each in book.keys)))
        except (BadRequest, DiskFull) as error:
            log.warning("the use of a key cannot be noted: %s", error)

    def _read(self) -> Book:
        file = self.home / FILE
        try:
            about = file.stat()
        except OSError:
            return Book()
        seen = (about.st_ino, about.st_size, about.st_mtime_ns)
        last, book = self._read_last
        if seen != last:
            try:
                text = file.read_text(encoding="utf-8")
            except OSError as error:  # another process is about to replace it
                log.warning("%s cannot be read just now: %s", FILE, error)
                return book
            book = _parsed(text)
            self._read_last = seen, book
        return book

    def _write(self, book: Book) -> None:
        write_whole(self.home / FILE, json.dumps(asdict(book), ensure_ascii=False, indent=1) + "\n")

    @contextmanager
    def _changing(self) -> Iterator[Book]:
        """What the file says, for whoever is going to write it: nobody else does meanwhile."""
        lock = FileLock(self.home / LOCK)
        with self._lock:
            with storing("the keys"):
                locked = lock.wait(LOCK_PATIENCE)
            if not locked:
                raise BadRequest("another process is changing the keys", hint="Try again.")
            try:
                yield self._read()
            finally:
                lock.release()


class Tries:
    """Counts wrong keys by who sends them, and tells whoever guesses to wait. Thread-safe enough: a lost count is no harm.

    The same wrong key twice is no second guess: a page that still asks with a key that was taken away is told that it is wrong. Right
    keys are never counted: whoever sits behind the same proxy as somebody who guesses is not shut out.
    """

    ALLOWED, ALL_ALLOWED = 10, 100  # a minute: of one address; of all together
    WINDOW = float(TooManyTries.retry_after)
    REMEMBERED = 1000

    def __init__(self) -> None:
        self._wrong: dict[str, dict[str, float]] = {}  # sender -> hash -> when

    def wrong(self, sender: str, secret: str) -> None:
        """Count a wrong one. Raises TooManyTries where there were too many."""
        digest, now = _hash(secret), time.monotonic()
        if len(self._wrong) > self.REMEMBERED:
            kept = list(self._wrong.items())
            self._wrong = {who: lately for who, lately in kept if max(lately.values(), default=0.0) > now - self.WINDOW}
        for who, allowed in ((sender, self.ALLOWED), ("", self.ALL_ALLOWED)):
            lately = {each: at for each, at in list(self._wrong.get(who, {}).items()) if at > now - self.WINDOW}
            if who in self._wrong:
                self._wrong[who] = lately
            if len(lately) >= allowed and digest not in lately:
                raise TooManyTries("too many wrong keys", hint=f"Wait {self.WINDOW:.0f} seconds.", seconds=f"{self.WINDOW:.0f}")
        for who in (sender, ""):
            self._wrong.setdefault(who, {}).setdefault(digest, now)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret[:MAX_SECRET].encode("utf-8", "replace")).hexdigest()


def _parsed(text: str) -> Book:
    """What the file says. One that makes no sense holds no key: nobody gets in by it."""
    try:
        found = json.loads(text)
        return Book(tuple(Key(**each) for each in found["keys"]), tuple(Session(**each) for each in found["sessions"]))
    except (ValueError, KeyError, TypeError) as error:
        log.error("%s cannot be read, so no key is good: %s", FILE, error)
        return Book()
