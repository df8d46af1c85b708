"""The home folder: where each thing lies, and names that are safe as paths and as URLs.

HOME/jobs.db                                the job store
HOME/uploads/{upload}/{file}                a song that no job has yet, or that several will have
HOME/inputs/{job}/{file}                    the song, and the other files of a job with several
HOME/results/{job}/extra_output/{file}      its stems
HOME/results/{job}/{file}                   the main one, of a job without extra_output
HOME/results/{job}/player/{file}.peaks      what the mixer reads beside them, and pictures
HOME/cache/steps/{key}/                     finished steps of presets
HOME/cache/analyses/{key}.json, .png ...    what was said about files, and copies of them for players
HOME/logs/{job}.jsonl                       what happened
HOME/presets/ models/ tmp/                  the user's presets, converted weights, uploads on their way
"""

from __future__ import annotations

import os
import re
import shutil
import time
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePath, PureWindowsPath

from inference.presets.names import one_component
from webui.services.errors import BadJobId, UnknownFile

KEPT = "extra_output"
PLAYER = "player"
MAX_NAME_BYTES = 180  # of a song's name in UTF-8: room for stems and numbers below the 255 of most file systems
MAX_NAME_LENGTH = 60 if os.name == "nt" else MAX_NAME_BYTES  # characters: Windows wants whole paths below 260

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,16}")
_SAFE_ASCII = re.compile(r"[A-Za-z0-9._~-]")


def is_uuid(text: str) -> bool:
    """Whether `text` is a UUID in its usual form, and so one harmless path component."""
    return _UUID.fullmatch(text) is not None


def check_job_id(job_id: str) -> str:
    """The id itself, when it is a UUID in its usual form.

    Raises:
        BadJobId: it is not.
    """
    if not _UUID.fullmatch(job_id):
        raise BadJobId(f"{job_id[:80]!r} is not a UUID", hint="Send 8-4-4-4-12 hexadecimal digits, or leave it out.", id=job_id[:80])
    return job_id


def safe_name(text: str) -> str:
    """`text` as a name that is one path component everywhere and stands in a URL as it is.

    Letters, digits and marks of any language, emoji and ``- . _ ~`` stay; spaces, control characters and what a URL or a file
    system reserves become ``_``. In composed form (NFC), at most MAX_NAME_BYTES long, never empty.

    >>> safe_name("A song: 50% & “more”")
    'A_song__50____“more”'
    """
    text = unicodedata.normalize("NFC", plain_text(text))
    kept = "".join(character if _is_safe(character) else "_" for character in text).strip(". ")
    kept = kept[:MAX_NAME_LENGTH]
    while len(kept.encode("utf-8")) > MAX_NAME_BYTES:
        kept = kept[:-1]
    return kept or "song"


def stored_name(sent: str) -> str:
    r"""The name of a file from outside as one that is safe here, without devices of Windows; what it ends in says what it is, and stays.

    >>> stored_name(r"C:\songs\nul.mp3")
    '_nul.mp3'
    """
    name = PurePath(base_name(sent))
    end = name.suffix if _SUFFIX.fullmatch(name.suffix) else ""
    return one_component(safe_name(name.stem if end else name.name)) + end


def _is_safe(character: str) -> bool:
    if character.isascii():
        return bool(_SAFE_ASCII.fullmatch(character))
    return unicodedata.category(character)[0] not in "CZ"


def plain_text(text: str) -> str:
    """Text from outside as it can be written in any file and answer: what is no Unicode (a file's name may be anything) becomes "?"."""
    return text.encode("utf-8", "replace").decode("utf-8")


def base_name(file_name: str) -> str:
    """The last component of a name from outside, whatever system it was made on. Browsers and curl write a quote as %22."""
    return PureWindowsPath(plain_text(file_name).replace("\0", "").replace("%22", '"')).name


class Storage:
    """Paths under one home folder."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.database = home / "jobs.db"
        self.lock = home / "jobs.lock"
        self.presets = home / "presets"
        self.models = home / "models"
        self.steps = home / "cache" / "steps"
        self.analyses = home / "cache" / "analyses"
        self.tmp = home / "tmp"
        self.uploads = home / "uploads"
        self._inputs, self._results, self._logs = home / "inputs", home / "results", home / "logs"

    def prepare(self) -> None:
        """Make the folders."""
        for folder in (self.presets, self.models, self.tmp, self.uploads, self._inputs, self._results, self._logs):
            folder.mkdir(parents=True, exist_ok=True)

    def inputs(self, job_id: str) -> Path:
        """The folder of a job's files."""
        return self._inputs / check_job_id(job_id)

    def results(self, job_id: str) -> Path:
        """The folder of all that a job made."""
        return self._results / check_job_id(job_id)

    def player(self, job_id: str) -> Path:
        """The folder of what players read beside the results."""
        return self.results(job_id) / PLAYER

    def log(self, job_id: str) -> Path:
        """The file of a job's log."""
        return self._logs / f"{check_job_id(job_id)}.jsonl"

    def result(self, job_id: str, name: str) -> Path:
        """The path of a result; `name` comes from outside and is one component.

        Raises:
            UnknownFile: there is no such result.
        """
        name = unicodedata.normalize("NFC", name)
        for folder in (self.results(job_id) / KEPT, self.results(job_id)):
            if name in _files(folder):
                return folder / name
        raise UnknownFile(f"the task has no result {name[:200]!r}", hint="GET /results/{task_id} lists them.", file=name[:200])

    def size(self, job_id: str) -> int:
        """Bytes of disk space that deleting a job frees: of files that no other job, upload or kept step shares."""
        size = 0
        for top in (self.inputs(job_id), self.results(job_id)):
            for folder, _, names in os.walk(top):
                for name in names:
                    with suppress(OSError):  # deleted meanwhile
                        about = Path(folder, name).stat()
                        size += about.st_size if about.st_nlink == 1 else 0
        return size

    def has_inputs(self, job_id: str) -> bool:
        """Whether a job's files are there."""
        return bool(_entries(self.inputs(job_id)))

    def delete(self, job_id: str) -> None:
        """Remove a job's song, results and log. What cannot go now is an orphan later."""
        shutil.rmtree(self.inputs(job_id), ignore_errors=True)
        shutil.rmtree(self.results(job_id), ignore_errors=True)
        with suppress(OSError):
            self.log(job_id).unlink()

    def orphans(self, known: set[str], older_than: float) -> Iterator[str]:
        """Ids that have files untouched for `older_than` seconds, but that no record knows (a crash between the two)."""
        limit = time.time() - older_than
        for folder in (self._inputs, self._results, self._logs):
            for entry in _entries(folder):
                job_id = entry.name.removesuffix(".jsonl")
                if _UUID.fullmatch(job_id) and job_id not in known and _is_older(entry, limit):
                    yield job_id

    def clean_tmp(self, older_than: float) -> None:
        """Remove uploads that were never finished, untouched for `older_than` seconds."""
        limit = time.time() - older_than
        for entry in _entries(self.tmp):
            if _is_older(entry, limit):
                with suppress(OSError):  # somebody has it open: another time
                    shutil.rmtree(entry, ignore_errors=True) if entry.is_dir() else entry.unlink()


def _entries(folder: Path) -> list[Path]:
    """What is in a folder; nothing where there is none (any more)."""
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _is_older(entry: Path, limit: float) -> bool:
    """Whether a file or folder is there and was last changed before `limit`, epoch seconds."""
    try:
        return entry.stat().st_mtime < limit
    except OSError:
        return False


def _files(folder: Path) -> list[str]:
    return [entry.name for entry in _entries(folder) if entry.is_file()]


def hard_link(source: Path, target: Path) -> None:
    """Give a file a second name: no space, no time. Raises OSError: the file system has no such links, or the two are on two."""
    os.link(os.path.realpath(source), target)  # of a symbolic link Linux would link the link itself


def link_or_copy(source: Path, target: Path) -> None:
    """Make `target` hold what `source` holds: a hard link on one file system (no space, no time), a copy elsewhere."""
    try:
        hard_link(source, target)
    except OSError:
        shutil.copyfile(source, target)
