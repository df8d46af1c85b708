"""What a request means by a sound that is already here: an upload, a result of a job, or the song of one.

{"upload": ID}    {"job": ID, "file": RESULT}    {"job": ID}    {"sample": "song"}

Whoever makes something of sounds takes them this way; a name from outside becomes no path here, it is looked for among those there are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inference.catalogue import sample_song
from webui.services.errors import BadRequest, InputGone

if TYPE_CHECKING:
    from webui.services.jobs import JobService
    from webui.services.results import ResultService
    from webui.services.storage import Storage
    from webui.services.uploads import UploadService

SAMPLE_NAME = "Sample song.mp3"
MAX_INPUTS = 64  # sounds of one request
HINT = 'Send {"upload": ID}, {"job": ID, "file": RESULT}, {"job": ID} for the song of a job, or {"sample": "song"}.'


class References:
    """Finds the files that references mean."""

    def __init__(self, storage: Storage, jobs: JobService, results: ResultService, uploads: UploadService) -> None:
        self._storage, self._jobs, self._results, self._uploads = storage, jobs, results, uploads

    def resolve(self, reference: Mapping[str, Any]) -> tuple[Path, str]:
        """The file, and its name as people see it.

        Raises:
            BadRequest: it is no reference.
            UnknownUpload, NotReady, UnknownJob, NotCompleted, UnknownFile, InputGone: what it means is not there (yet).
        """
        if not isinstance(reference, Mapping) or not all(isinstance(value, str) for value in reference.values()):
            raise BadRequest("an input is no reference to a sound", hint=HINT)
        said = set(reference)
        if said == {"upload"}:
            return self._uploads.file(reference["upload"])
        if said == {"job", "file"}:
            path = self._results.path(reference["job"], reference["file"])
            return path, path.name
        if said == {"job"}:
            return self._song(reference["job"])
        if reference == {"sample": "song"}:
            return sample_song(), SAMPLE_NAME
        raise BadRequest(f"an input is no reference to a sound: {', '.join(sorted(map(str, said)))[:200] or 'empty'}", hint=HINT)

    def resolve_all(self, references: object) -> list[tuple[Path, str]]:
        """The files that a list of references means. Raises as `resolve`, and BadRequest for no list, or none to MAX_INPUTS."""
        if not isinstance(references, list) or not 1 <= len(references) <= MAX_INPUTS:
            raise BadRequest(f"inputs are a list of 1 to {MAX_INPUTS} references to sounds", hint=HINT)
        return [self.resolve(each) for each in references]

    def read(self, text: str) -> list[tuple[Path, str]]:
        """The same of JSON text."""
        try:
            decoded = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise BadRequest("inputs: not JSON", hint=HINT) from error
        return self.resolve_all(decoded)

    def _song(self, job_id: str) -> tuple[Path, str]:
        spec = self._jobs.get(job_id).spec
        path = self._storage.inputs(job_id) / spec.input
        if not path.is_file():
            raise InputGone("the song of this job was deleted", hint="Upload it again.")
        return path, spec.file
