"""Songs that came in before anybody said what to do with them: sent by a page, or fetched from an address.

HOME/uploads/{id}/{file}          the song
HOME/uploads/{id}/.upload.json    what is known of it

Only what can be read as sound is kept. Jobs link to the file, so that it may go while they wait.
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import threading
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from inference.errors import Cancelled, DiskFull, MsstError
from webui.services import linkfetch
from webui.services.errors import NotReady, QueueFull, UnknownUpload
from webui.services.files import storing, write_whole
from webui.services.intake import take_all
from webui.services.job import JobError
from webui.services.storage import Storage, is_uuid, plain_text

if TYPE_CHECKING:
    from webui.compute.pool import Prober
    from webui.services.configuration import Configuration
    from webui.settings import Settings

log = logging.getLogger(__name__)

MAX_KEPT = 2000  # uploads at a time
AT_ONCE = 2  # addresses that are fetched from at a time
MAX_WAITING = 100  # addresses that may wait for that
UNUSED_SECONDS = 86400.0  # after which an upload is deleted
MAX_PATH = 500  # characters
RECORD = ".upload.json"  # no song is called so: safe names begin with no dot


@dataclass(frozen=True)
class Upload:
    """A song that came in."""

    id: str
    name: str  # of the file, as people see it
    path: str  # where it lay in the folder that was sent, with the name; names a place to people, and nothing on this disk
    state: Literal["fetching", "ready", "failed"]
    created_at: float  # epoch seconds
    bytes: int = 0
    received: int = 0  # bytes so far
    total: int | None = None  # bytes that are to come, where that is known
    file: str = ""  # its name in its folder
    url: str = ""  # where it is fetched from
    duration: float | None = None  # seconds, as its header says
    sample_rate: int | None = None
    channels: int | None = None
    container: str | None = None
    error: JobError | None = None

    def to_json(self) -> dict[str, Any]:
        """What callers see."""
        data = asdict(self)
        del data["file"], data["url"]
        return data


class UploadService:
    """Takes songs in and keeps them for a day."""

    def __init__(self, configuration: Configuration, storage: Storage, prober: Prober) -> None:
        self._configuration, self._storage, self._prober = configuration, storage, prober
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="fetch")
        self._lock = threading.Lock()
        self._live: dict[str, tuple[int, int | None]] = {}  # received and total of what is being fetched here
        self._stopped: set[str] = set()
        self._closing = False

    @property
    def _settings(self) -> Settings:
        return self._configuration.now

    def add(self, source: Path, *, name: str, path: str = "") -> Upload:
        """Take a file in; linked or copied, never changed.

        Args:
            source: the file.
            name: its name; from outside, anything.
            path: where it lay in a folder that was sent, in words.

        Raises:
            BadAudio and its kinds: it cannot be read as sound; nothing is kept then.
            DiskFull, QueueFull: there is no room for it.
        """
        return self._take(self._new_id(), source, name=name, path=path)

    def fetch(self, url: str) -> Upload:
        """Begin to fetch a song from an address.

        Raises:
            ForbiddenAddress: it is none, or may not be called.
            QueueFull: there is no room for it, or too many wait.
        """
        name = linkfetch.check(url, self._settings.link_allow)
        with self._lock:
            if len(self._live) >= MAX_WAITING:
                raise QueueFull(f"{MAX_WAITING} links are being fetched already", hint="Try again in a minute.", limit=MAX_WAITING)
        upload = Upload(self._new_id(), name, name, "fetching", time.time(), url=url)
        self._write(upload)
        self._begin(upload)
        return upload

    def fetch_now(self, url: str) -> Upload:
        """Fetch a song and wait for it. Raises as `fetch` and `add`, and LinkFailed, TooLarge."""
        name = linkfetch.check(url, self._settings.link_allow)
        upload = Upload(self._new_id(), name, name, "fetching", time.time(), url=url)
        try:
            return self._fetched(upload)
        finally:
            with self._lock:
                self._live.pop(upload.id, None)
                self._stopped.discard(upload.id)

    def get(self, upload_id: str) -> Upload:
        """What is known of an upload. Raises UnknownUpload."""
        upload = self._read(upload_id)
        if upload is None:
            shown = upload_id[:80]
            raise UnknownUpload(f"there is no upload {shown!r}", hint="Uploads are kept for a day; send it again.", id=shown)
        return upload

    def some(self, ids: Sequence[str]) -> list[Upload]:
        """Those of the uploads that are there, in this order."""
        found = (self._read(each) for each in dict.fromkeys(ids))
        return [each for each in found if each is not None]

    def file(self, upload_id: str) -> tuple[Path, str]:
        """The file of an upload, and its name as people see it. It counts as used now.

        Raises:
            UnknownUpload: there is none.
            NotReady: it has not arrived, or could not be fetched.
        """
        upload = self.get(upload_id)
        if upload.state != "ready":
            raise NotReady(f"{upload.name!r} is not ready: {upload.state}", hint="Wait until it has arrived.", state=upload.state)
        path = self._folder(upload_id) / upload.file
        if not path.is_file():
            raise UnknownUpload(f"the file of the upload {upload_id} is gone", hint="Send it again.", id=upload_id)
        with suppress(OSError):
            os.utime(self._folder(upload_id) / RECORD)
        return path, upload.name

    def delete(self, upload_id: str) -> None:
        """Forget an upload; if it is still being fetched, that ends. Jobs that have it keep it. Raises UnknownUpload."""
        self.get(upload_id)
        with self._lock:
            if upload_id in self._live:
                self._stopped.add(upload_id)
        self._remove(upload_id)

    def resume(self) -> None:
        """Go on with what was being fetched when the server ended."""
        for folder in self._folders():
            upload = self._read(folder.name)
            if upload is not None and upload.state == "fetching" and folder.name not in self._live:
                self._begin(upload)

    def sweep(self, older_than: float = UNUSED_SECONDS) -> None:
        """Delete what nobody has used for so many seconds."""
        limit = time.time() - older_than
        for folder in self._folders():
            record = folder / RECORD
            with suppress(OSError):
                if folder.name not in self._live and (record if record.exists() else folder).stat().st_mtime < limit:
                    self._remove(folder.name)

    def stop(self) -> None:
        """Leave what is being fetched as it is; it goes on at the next start."""
        self._closing = True
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _new_id(self) -> str:
        if sum(1 for _ in self._folders()) >= MAX_KEPT:
            raise QueueFull(f"{MAX_KEPT} uploads are kept already", hint="Start or remove some of them first.", limit=MAX_KEPT)
        return str(uuid.uuid4())

    def _begin(self, upload: Upload) -> None:
        with self._lock:
            self._live[upload.id] = (0, None)
        self._threads.submit(self._fetch_in_background, upload)

    def _fetch_in_background(self, upload: Upload) -> None:
        try:
            self._fetched(upload)
        except Cancelled:
            pass
        except MsstError as error:
            self._fail(upload, error)
        except Exception:
            log.exception("the upload %s failed", upload.id)
            self._fail(upload, MsstError("the song could not be fetched"))
        finally:
            with self._lock:
                self._live.pop(upload.id, None)
                self._stopped.discard(upload.id)

    def _fetched(self, upload: Upload) -> Upload:
        """The song of an upload, fetched. What has arrived stays in HOME/tmp for the next start, unless it is of no use."""
        place = self._storage.tmp / f"link-{upload.id}"
        try:
            source = linkfetch.fetch_song(
                upload.url,
                place / "song",
                settings=self._settings,
                on_progress=lambda received, total: self._note(upload.id, received, total),
                stopped=lambda: self._is_stopped(upload.id),
            )
            ready = self._take(upload.id, source, name=upload.name, path=upload.path, created_at=upload.created_at)
        except BaseException:
            if not self._closing:
                shutil.rmtree(place, ignore_errors=True)
            raise
        shutil.rmtree(place, ignore_errors=True)
        if self._is_stopped(upload.id):
            self._remove(upload.id)
        return ready

    def _is_stopped(self, upload_id: str) -> bool:
        return self._closing or upload_id in self._stopped

    def _note(self, upload_id: str, received: int, total: int | None) -> None:
        with self._lock:
            self._live[upload_id] = (received, total)

    def _take(self, upload_id: str, source: Path, *, name: str, path: str, created_at: float | None = None) -> Upload:
        folder = self._folder(upload_id)
        try:
            folder.mkdir(exist_ok=True)
            [taken] = take_all([(source, name)], folder, self._prober)
            size = (folder / taken.input).stat().st_size
            upload = Upload(
                id=upload_id,
                name=taken.file,
                path=shown_path(path) or taken.file,
                state="ready",
                created_at=created_at or time.time(),
                bytes=size,
                received=size,
                total=size,
                file=taken.input,
                duration=taken.duration,
                sample_rate=taken.sample_rate,
                channels=taken.channels,
                container=taken.container,
            )
            self._write(upload)
        except OSError as error:
            self._discard(upload_id)
            raise DiskFull(f"the upload cannot be stored: {error.strerror}", hint="Is the disk full?") from error
        except BaseException:
            self._discard(upload_id)
            raise
        return upload

    def _fail(self, upload: Upload, error: MsstError) -> None:
        """Note why a song did not come, unless nobody wants to know any more."""
        if self._is_stopped(upload.id):
            return
        params = {key: str(value) for key, value in error.params.items()}
        with suppress(DiskFull):
            self._write(replace(upload, state="failed", error=JobError(error.code, error.message, error.hint, params)))

    def _folders(self) -> list[Path]:
        return [entry for entry in self._storage.uploads.iterdir() if is_uuid(entry.name)]

    def _folder(self, upload_id: str) -> Path:
        assert is_uuid(upload_id)
        return self._storage.uploads / upload_id

    def _remove(self, upload_id: str) -> None:
        shutil.rmtree(self._folder(upload_id), ignore_errors=True)

    def _discard(self, upload_id: str) -> None:
        """Remove what a file left that was not taken in. A link's record stays: who asks meanwhile learns that it is being fetched."""
        folder = self._folder(upload_id)
        if not (folder / RECORD).exists():
            self._remove(upload_id)
            return
        for file in folder.iterdir():
            if file.name != RECORD:
                file.unlink(missing_ok=True)

    def _write(self, upload: Upload) -> None:
        folder = self._folder(upload.id)
        with storing("the upload"):
            folder.mkdir(exist_ok=True)
        write_whole(folder / RECORD, json.dumps(asdict(upload), ensure_ascii=False))

    def _read(self, upload_id: str) -> Upload | None:
        if not is_uuid(upload_id):
            return None
        try:
            data = json.loads((self._folder(upload_id) / RECORD).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        upload = Upload(**{**data, "error": JobError(**data["error"]) if data["error"] else None})
        if upload.state != "fetching":
            return upload
        received, total = self._live.get(upload_id, (0, None))
        return replace(upload, received=received, total=total)


def shown_path(path: str) -> str:
    r"""A relative path from outside as people may see it: parts that name nothing are left out. It is never opened.

    >>> shown_path("C:\Music/../Album/./one.wav")
    'Music/Album/one.wav'
    """
    parts = (re.sub(r"[\x00-\x1f\x7f]", "", part).strip() for part in re.split(r"[/\\]", plain_text(path)))
    kept = [part for part in parts if part not in ("", ".", "..") and not re.fullmatch(r"[A-Za-z]:", part)]
    return "/".join(kept)[-MAX_PATH:]
