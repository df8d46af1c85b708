"""The song of a completed job as its stems are, for players. The copy is made when somebody asks for it, and goes with the job.

HOME/results/{job}/player/song.flac, .peaks, .json
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from inference.errors import BadAudio
from tools.whole import made_whole
from webui.services.results import read_pcm
from webui.services.storage import Storage

if TYPE_CHECKING:
    from webui.compute.analyst import Analyst, Cancel
    from webui.services.job import Job
    from webui.services.references import References
    from webui.services.results import ResultService


class SongService:
    """Copies of songs, lossless and aligned."""

    def __init__(self, storage: Storage, results: ResultService, references: References, analyst: Analyst) -> None:
        self._storage, self._results, self._references, self._analyst = storage, results, references, analyst

    def info(self, job_id: str) -> dict[str, Any] | None:
        """Rate, channels and length (`frames`) of the copy; None where it is still to be made. Raises UnknownJob, NotCompleted."""
        self._results.completed(job_id)
        try:
            found: dict[str, Any] = json.loads((self._storage.player(job_id) / "song.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found

    def make(self, job_id: str, cancelled: Cancel) -> dict[str, Any]:
        """Make the copy where there is none; what `info` says of it.

        Raises:
            UnknownJob, NotCompleted: there is no such job, or it has no results (yet).
            InputGone: the song was deleted.
            BadAudio, DiskFull, Cancelled: it cannot be made.
        """
        job = self._results.completed(job_id)
        with self._analyst.turn(cancelled) as ask:
            found = self.info(job_id)
            return found if found is not None else self._made(job, ask)

    def peaks(self, job_id: str) -> bytes:
        """The waveform of the copy: int8 pairs (lowest, highest), 50 for each second."""
        return (self._storage.player(job_id) / "song.peaks").read_bytes()

    def pcm(self, job_id: str, *, start: int, frames: int) -> bytes:
        """Samples of the copy as those of results."""
        return read_pcm(self._storage.player(job_id) / "song.flac", start=start, frames=frames)

    def _made(self, job: Job, ask: Any) -> dict[str, Any]:
        if not job.results:
            raise BadAudio("the job made no sound to follow")
        source, _ = self._references.resolve({"job": job.id})
        (rate, frames), _ = Counter((result.sample_rate, result.frames) for result in job.results).most_common(1)[0]
        folder = self._storage.player(job.id)
        target, peaks = folder / "song.flac", folder / "song.peaks"
        made: dict[str, Any] = ask(
            "copy", {"source": str(source), "target": str(target), "peaks": str(peaks), "sample_rate": rate, "frames": frames}
        )
        with made_whole(folder / "song.json") as (part,):
            part.write_text(json.dumps(made), encoding="utf-8")
        return made
