"""Jobs, as every door uses them: submit a song, follow it, cancel, run it again, delete."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from inference.catalogue import sample_song
from inference.options import parse_options
from inference.presets.schema import Preset, single_model
from inference.presets.validate import check_files
from inference.types import OutputFormat
from webui.services import callbacks, joblog
from webui.services.errors import BadRequest, InputGone, JobExists, QueueFull, UnknownJob
from webui.services.intake import take_all
from webui.services.job import Callback, Choice, Door, Job, SongFile, Spec, State
from webui.services.storage import Storage, check_job_id, safe_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webui.compute.pool import Prober
    from webui.services.models import ModelService
    from webui.services.presets import PresetService
    from webui.services.store import JobStore
    from webui.settings import Settings


MAX_TITLE = 300  # characters


class JobService:
    """The one way to have a song separated."""

    def __init__(
        self,
        settings: Settings,
        storage: Storage,
        store: JobStore,
        presets: PresetService,
        models: ModelService,
        prober: Prober,
        on_change: Callable[[], None],
    ) -> None:
        self._settings, self._storage, self._store = settings, storage, store
        self._presets, self._models, self._prober = presets, models, prober
        self._on_change = on_change

    def check(
        self,
        *,
        choice: Choice,
        job_id: str | None = None,
        callback: Callback | None = None,
        options: Mapping[str, Any] | None = None,
        files: int = 1,
    ) -> Preset:
        """Find out whether a job like this, with so many files, would be taken, before they have arrived.

        Raises:
            BadRequest, UnknownPreset, BadPreset, UnknownModel, ModelNotInstalled, BadOption, BadJobId, JobExists, BadCallback,
                QueueFull: it would not.
        """
        preset = self.preset_of(choice)
        check_files(preset, files)
        parse_options(options or {})
        if job_id is not None:
            self._check_free(check_job_id(job_id))
        if callback is not None:
            callbacks.check(callback, self._settings.callback_allow)
        if self._store.waiting() >= self._settings.queue_limit:
            raise QueueFull(
                f"{self._settings.queue_limit} jobs are waiting already",
                hint=f"Try again in {QueueFull.retry_after} seconds.",
                limit=self._settings.queue_limit,
            )
        return preset

    def submit(
        self,
        source: Path,
        *,
        file_name: str,
        choice: Choice,
        output: OutputFormat,
        door: Door,
        job_id: str | None = None,
        callback: Callback | None = None,
        base_url: str = "",
        device: str | None = None,
        options: Mapping[str, Any] | None = None,
        extra_output: bool = True,
        more: Sequence[tuple[Path, str]] = (),
        title: str = "",
    ) -> Job:
        """Put a song in the line.

        Args:
            source: the song; linked or copied, never changed.
            file_name: its name as people see it; from outside, anything.
            choice: preset or model, or a preset that comes with the job.
            output: the format of the stems.
            door: who submits.
            job_id: a UUID that the caller chose; by default a new one.
            callback: whom to tell in the end.
            base_url: how the caller reaches this server.
            device: where to run; by default as the settings say.
            options: how to separate, see inference.options.Options; what is not said is as the preset, the model or the settings say.
            extra_output: all results in the folder extra_output; else the main one beside it.
            more: further files with their names, which the preset calls file2, file3 ...
            title: what people call the job; by default the song's name.

        Returns:
            The queued job.

        Raises:
            MsstError: whatever `check` raises, BadAudio and its kinds for a header that shows the song cannot be read, DiskFull.
        """
        preset = self.check(choice=choice, job_id=job_id, callback=callback, options=options, files=1 + len(more))
        job_id = job_id or str(uuid.uuid4())
        with self._claimed(job_id) as folder:
            song, *others = files = take_all([(source, file_name), *more], folder, self._prober)
            spec = Spec(
                title=title.strip()[:MAX_TITLE] or song.title,
                file=song.file,
                input=song.input,
                song=safe_name(PurePath(song.file).stem),
                source=door,
                choice=choice if choice.inline is None else replace(choice, preset=preset.name or "preset"),
                preset=preset.model_dump(mode="json"),
                container=output.container,
                subtype=output.subtype,
                device=device or self._settings.device,
                created_at=time.time(),
                time_limit=self._settings.job_time_limit,
                duration=song.duration,
                base_url=base_url,
                callback=callback,
                options=dict(options or {}),
                defaults={"precision": self._settings.precision, "overlap": self._settings.overlap},
                extra_output=extra_output,
                more=tuple(SongFile(each.file, each.input) for each in others),
            )
            for each in files:
                joblog.append(self._storage.log(job_id), f"accepted {each.file!r} from {door}: {each.about}")
            self._store.submit(job_id, spec)
        return self.get(job_id)

    def submit_sample(
        self,
        *,
        choice: Choice,
        output: OutputFormat,
        door: Door,
        title: str = "Sample song",
        options: Mapping[str, Any] | None = None,
        extra_output: bool = True,
    ) -> Job:
        """Put the sample song in the line, called `title`."""
        return self.submit(
            sample_song(), file_name=f"{title}.mp3", choice=choice, output=output, door=door, options=options, extra_output=extra_output
        )

    def get(self, job_id: str) -> Job:
        """The job. Raises UnknownJob."""
        job = self._store.get(job_id)
        if job is None:
            raise UnknownJob(f"there is no task {job_id[:80]!r}", hint="It may have been deleted.", id=job_id[:80])
        return job

    def recent(self, *, limit: int = 50, states: Sequence[State] | None = None) -> list[Job]:
        """The newest jobs, newest first."""
        return self._store.recent(limit=limit, states=states)

    def counts(self) -> tuple[int, int]:
        """How many jobs wait, and how many run."""
        return self._store.counts()

    def cancel(self, job_id: str) -> Job:
        """Stop a job; one that has ended stays as it is. Raises UnknownJob."""
        job = self.get(job_id)
        if not job.ended:
            joblog.append(self._storage.log(job_id), "cancelled")
            self._store.cancel(job_id)
            self._on_change()
            job = self.get(job_id)
        return job

    def rerun(self, job_id: str, *, door: Door) -> Job:
        """A new job with the files and the options of an old one. Raises UnknownJob, InputGone."""
        spec = self.get(job_id).spec
        song, *others = (self._storage.inputs(job_id) / name for name in spec.inputs)
        if not all(path.exists() for path in (song, *others)):
            raise InputGone("the song of this job was deleted", hint="Upload it again.")
        output = OutputFormat(spec.container, spec.subtype)
        return self.submit(
            song,
            file_name=spec.file,
            choice=spec.choice,
            output=output,
            door=door,
            device=spec.device,
            options=spec.options,
            extra_output=spec.extra_output,
            more=[(path, each.file) for path, each in zip(others, spec.more, strict=True)],
        )

    def delete(self, job_id: str) -> None:
        """Stop a job if it runs, and delete its song, results, log and record. Raises UnknownJob."""
        if not self.get(job_id).ended:
            self._store.cancel(job_id)
        self._storage.delete(job_id)
        self._store.delete(job_id)
        self._on_change()

    def log(self, job_id: str) -> list[dict[str, Any]]:
        """What happened to a job: time, level, message. Raises UnknownJob."""
        self.get(job_id)
        return joblog.read(self._storage.log(job_id))

    def preset_of(self, choice: Choice) -> Preset:
        """The preset that a choice means. Raises BadRequest, UnknownPreset, BadPreset, UnknownModel, ModelNotInstalled."""
        if choice.inline is not None and choice.model is None:
            return self._presets.get_inline(choice.inline)
        if (choice.preset is None) == (choice.model is None):
            raise BadRequest("choose either a preset or a model", hint="Send one of the two.")
        if choice.preset is not None:
            return self._presets.get(choice.preset)
        assert choice.model is not None
        record = self._models.get(choice.model)
        record.weights.paths()  # raises ModelNotInstalled: better now than when the job's turn has come
        return single_model(record.name)

    def _check_free(self, job_id: str) -> None:
        if self._store.get(job_id) is not None or self._storage.inputs(job_id).exists():
            raise JobExists(f"the id {job_id} is taken", hint="Choose another one, or delete that task first.", id=job_id)

    @contextmanager
    def _claimed(self, job_id: str) -> Iterator[Path]:
        """The job's input folder, made here and nowhere else; gone again when the block fails."""
        folder = self._storage.inputs(job_id)
        try:
            folder.mkdir()
        except FileExistsError as error:
            raise JobExists(f"the id {job_id} is taken", hint="Choose another one.", id=job_id) from error
        try:
            yield folder
        except BaseException:
            self._storage.delete(job_id)
            raise
