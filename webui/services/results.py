"""What a job made, for listening and taking home: files, one archive, and the samples, waveforms and pictures that a player asks for."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inference.ensemble.picture import figures
from webui.services.errors import NotCompleted, UnknownFile
from webui.services.job import Job, Result
from webui.services.storage import Storage

if TYPE_CHECKING:
    from webui.services.jobs import JobService

MAX_PCM_FRAMES = 30 * 192_000
"""Samples per channel that one request for PCM gives at most."""

_ARCHIVE_BLOCK = 1 << 20


class ResultService:
    """Reads the results of completed jobs."""

    def __init__(self, storage: Storage, jobs: JobService) -> None:
        self._storage, self._jobs = storage, jobs

    def completed(self, job_id: str) -> Job:
        """The job, which has results.

        Raises:
            UnknownJob: there is none.
            NotCompleted: it has none (yet).
        """
        job = self._jobs.get(job_id)
        if job.state != "completed":
            raise NotCompleted(f"the task is {job.state}, not completed", hint="Results are there once it is completed.", state=job.state)
        return job

    def path(self, job_id: str, name: str) -> Path:
        """The file of a result. Raises UnknownJob, NotCompleted, UnknownFile."""
        self._result(job_id, name)
        return self._storage.result(job_id, name)

    def peaks(self, job_id: str, name: str) -> bytes:
        """The waveform of a result: int8 pairs (lowest, highest), 50 for each second."""
        result = self._result(job_id, name)
        return (self._storage.player(job_id) / result.peaks).read_bytes()

    def disagreement(self, job_id: str, name: str) -> str:
        """How far the members of the ensemble that made a result were apart over time, as an SVG.

        Raises:
            UnknownJob, NotCompleted: there is no such result (yet).
            UnknownFile: there is none of this name, or no ensemble of several made it.
        """
        result = self._result(job_id, name)
        if result.picture is None:
            raise UnknownFile(f"{name[:200]!r} is no ensemble of several members", file=name[:200])
        return (self._storage.player(job_id) / result.picture).read_text(encoding="utf-8")

    def disagreement_levels(self, job_id: str, name: str) -> dict[str, Any]:
        """The same as numbers: `levels` in dB, one for each `seconds` of the song, and `overall`.

        Raises:
            UnknownJob, NotCompleted, UnknownFile: as above, and for a result of before pictures had their figures with them.
        """
        found = figures(self.disagreement(job_id, name))
        if found is None:
            raise UnknownFile(f"of {name[:200]!r} there is only the picture", file=name[:200])
        return found

    def pcm(self, job_id: str, name: str, *, start: int, frames: int) -> bytes:
        """Samples `start` to `start + frames` of a result as interleaved 16-bit integers, little-endian; fewer at its end.

        Beyond full scale is clipped: this is for listening, the result itself keeps what it has.
        """
        result = self._result(job_id, name)
        path = self._storage.player(job_id) / result.preview if result.preview else self._storage.result(job_id, name)
        return read_pcm(path, start=start, frames=frames)

    def archive(self, job_id: str) -> Iterator[bytes]:
        """All results as one zip, block by block: stems do not shrink, so they are stored as they are."""
        job = self.completed(job_id)
        files = [(result.file, self._storage.result(job_id, result.file)) for result in job.results]
        return _zip(files)

    def _result(self, job_id: str, name: str) -> Result:
        job = self.completed(job_id)
        found = self._storage.result(job_id, name).name
        for result in job.results:
            if result.file == found:
                return result
        raise UnknownFile(f"the task has no result {name[:200]!r}", file=name[:200])


def read_pcm(path: Path, *, start: int, frames: int) -> bytes:
    """Samples of a file that can be read from any sample on, as `ResultService.pcm` gives them."""
    import numpy as np
    import soundfile

    with soundfile.SoundFile(path) as file:
        if start >= file.frames:
            return b""
        file.seek(start)
        samples = file.read(min(frames, MAX_PCM_FRAMES), dtype="float32", always_2d=True)
    data: bytes = np.clip(np.rint(samples * 32767.0), -32768, 32767).astype("<i2").tobytes()
    return data


class _Spool(io.RawIOBase):
    """A file that only grows: what zipfile writes into it is taken out by whoever reads the archive."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._blocks.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        data = b"".join(self._blocks)
        self._blocks.clear()
        return data


def _zip(files: list[tuple[str, Path]]) -> Iterator[bytes]:
    spool = _Spool()
    with zipfile.ZipFile(spool, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name, path in files:
            entry = zipfile.ZipInfo(name)
            entry.file_size = path.stat().st_size
            with path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
                while block := source.read(_ARCHIVE_BLOCK):
                    target.write(block)
                    yield spool.take()
            yield spool.take()
    yield spool.take()
