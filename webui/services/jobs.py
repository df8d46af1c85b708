"""Jobs, as every door uses them: submit a song, follow it, cancel, run it again, delete."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from inference.catalogue import sample_song
from inference.catalogue.stems import same_stem
from inference.errors import BadOption
from inference.options import parse_options
from inference.presets.graph import as_json
from inference.presets.schema import Preset, single_model
from inference.presets.validate import check_files
from inference.types import OutputFormat
from webui.services import callbacks, joblog
from webui.services.errors import BadRequest, InputGone, JobExists, NotWaiting, QueueFull, UnknownJob
from webui.services.intake import take_all
from webui.services.job import Callback, Choice, Door, Job, SongFile, Spec
from webui.services.purposes import preset_for
from webui.services.storage import Storage, check_job_id, is_uuid, plain_text, safe_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inference.catalogue import ModelRecord
    from webui.compute.pool import Prober
    from webui.services.configuration import Configuration
    from webui.services.models import ModelService
    from webui.services.presets import PresetService
    from webui.services.purposes import PurposeService
    from webui.services.store import JobStore, Move
    from webui.settings import Settings


MAX_TITLE = 300  # characters
STALE_CLAIM = 30.0  # seconds after which the folder of a job that no store knows was left by a process that died


class JobService:
    """The one way to have a song separated."""

    def __init__(
        self,
        configuration: Configuration,
        storage: Storage,
        store: JobStore,
        presets: PresetService,
        models: ModelService,
        purposes: PurposeService,
        prober: Prober,
        on_change: Callable[[], None],
    ) -> None:
        self._configuration, self._storage, self._store = configuration, storage, store
        self._presets, self._models, self._purposes, self._prober = presets, models, purposes, prober
        self._on_change = on_change
        self._claims: set[str] = set()  # ids of jobs whose files are being brought in

    @property
    def _settings(self) -> Settings:
        return self._configuration.now

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
        naming: str | None = None,
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
            naming: the template of the names of results where the preset says none; by default as the settings say, "" for the usual one.

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
                title=plain_text(title).strip()[:MAX_TITLE] or song.title,
                file=song.file,
                input=song.input,
                song=safe_name(PurePath(song.file).stem),
                source=door,
                choice=_chosen(choice, preset),
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
                rate=output.rate,
                model_title=self._models.get(choice.model).title if choice.model else "",
                naming=self._settings.output_name if naming is None else naming,
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

    def move(self, job_id: str, to: Move) -> Job:
        """Give a waiting job another place in the line. Raises UnknownJob, NotWaiting."""
        job = self.get(job_id)
        if not self._store.move(job_id, to):
            raise NotWaiting(
                f"the job is {job.state} and has no place in the line", hint="Only waiting jobs can be moved.", state=job.state
            )
        return self.get(job_id)

    def rerun(
        self,
        job_id: str,
        *,
        door: Door,
        choice: Choice | None = None,
        options: Mapping[str, Any] | None = None,
        container: str | None = None,
        subtype: str | None = None,
    ) -> Job:
        """A new job with the files of an old one; what is not said is as it was there.

        Raises:
            UnknownJob: there is no such job.
            InputGone: its files were deleted.
            MsstError: whatever `check` raises.
        """
        spec = self.get(job_id).spec
        song, *others = (self._storage.inputs(job_id) / name for name in spec.inputs)
        if not all(path.exists() for path in (song, *others)):
            raise InputGone("the song of this job was deleted", hint="Upload it again.")
        as_before = container in (None, spec.container)
        output = OutputFormat(container or spec.container, subtype if subtype is not None else spec.subtype if as_before else "", spec.rate)
        return self.submit(
            song,
            file_name=spec.file,
            choice=choice or spec.choice,
            output=output,
            door=door,
            device=spec.device,
            options=spec.options if options is None else options,
            extra_output=spec.extra_output,
            naming=spec.naming,
            more=[(path, each.file) for path, each in zip(others, spec.more, strict=True)],
            title=spec.title,
        )

    def preset(self, job_id: str) -> dict[str, Any]:
        """The preset that a job ran, as JSON of our own version. Raises UnknownJob."""
        return as_json(Preset.model_validate(self.get(job_id).spec.preset))

    def delete(self, job_id: str) -> None:
        """Stop a job if it runs, and delete its song, results, log and record. Raises UnknownJob."""
        if not self.get(job_id).ended:
            self._store.cancel(job_id)
        self._storage.delete(job_id)
        self._store.delete(job_id)
        self._on_change()

    def delete_many(self, ids: Iterable[str]) -> tuple[int, int]:
        """Delete jobs; ids that there are no more are left out. Returns how many, and the bytes of disk space that came free."""
        deleted, freed = 0, 0
        for job_id in dict.fromkeys(ids):
            size = self._storage.size(job_id) if is_uuid(job_id) else 0
            try:
                self.delete(job_id)
            except UnknownJob:
                continue
            deleted, freed = deleted + 1, freed + size
        return deleted, freed

    def log(self, job_id: str) -> list[dict[str, Any]]:
        """What happened to a job: time, level, message. Raises UnknownJob."""
        self.get(job_id)
        return joblog.read(self._storage.log(job_id))

    def preset_of(self, choice: Choice) -> Preset:
        """The preset that a choice means. Raises BadRequest, UnknownPreset, BadPreset, UnknownModel, ModelNotInstalled."""
        if choice.stems and (choice.model is None or choice.purpose is not None):
            raise BadRequest("stems to keep are said with a model", hint="A purpose or a preset says itself what it keeps.")
        if choice.inline is not None and choice.model is None:
            return self._presets.get_inline(choice.inline)
        if choice.purpose is not None and choice.preset is None:
            name = choice.model or self._purposes.installed(choice.purpose, choice.quality).name
            return preset_for(self._installed(name), choice.purpose)
        if (choice.preset is None) == (choice.model is None):
            raise BadRequest("choose either a preset or a model", hint="Send one of the two.")
        if choice.preset is not None:
            return self._presets.get(choice.preset)
        assert choice.model is not None
        record = self._installed(choice.model)
        return single_model(record.name, _stems(choice.stems, record))

    def _installed(self, name: str) -> ModelRecord:
        record = self._models.get(name)
        record.weights.paths()  # raises ModelNotInstalled: better now than when the job's turn has come
        return record

    def _check_free(self, job_id: str) -> None:
        if self._store.get(job_id) is not None or not self._is_free(self._storage.inputs(job_id)):
            raise JobExists(f"the id {job_id} is taken", hint="Choose another one, or delete that task first.", id=job_id)

    def _is_free(self, folder: Path) -> bool:
        """Whether no job begins or has begun there. What a process left that died before its job was in the store is taken away."""
        try:
            age = time.time() - folder.stat().st_mtime
        except FileNotFoundError:
            return True
        if folder.name in self._claims or age < STALE_CLAIM:
            return False
        self._storage.delete(folder.name)
        return not folder.exists()

    @contextmanager
    def _claimed(self, job_id: str) -> Iterator[Path]:
        """The job's input folder, made here and nowhere else; gone again when the block fails."""
        folder = self._storage.inputs(job_id)
        try:
            folder.mkdir()
        except FileExistsError as error:
            raise JobExists(f"the id {job_id} is taken", hint="Choose another one.", id=job_id) from error
        self._claims.add(job_id)
        try:
            yield folder
        except BaseException:
            self._storage.delete(job_id)
            raise
        finally:
            self._claims.discard(job_id)


def _stems(wanted: Sequence[str], record: ModelRecord) -> tuple[str, ...]:
    """Which of a model's stems are meant, each once. Raises BadOption."""
    found = {stem: same_stem(stem, record.stems) for stem in wanted}
    for stem, own in found.items():
        if own is None:
            raise BadOption(
                f"{record.name} does not make the stem {stem[:80]!r}", hint=f"It makes: {', '.join(record.stems)}.", option="stems"
            )
    return tuple(dict.fromkeys(own for own in found.values() if own))


def _chosen(choice: Choice, preset: Preset) -> Choice:
    """A choice as the job remembers it: with the name of a preset that came along, and with the model that a purpose led to."""
    if choice.inline is not None:
        return replace(choice, preset=preset.name or "preset")
    return replace(choice, model=preset.models[0]) if choice.purpose is not None else choice
