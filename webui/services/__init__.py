"""What every door calls: page, REST and command line use these objects in-process and know nothing below them.

jobs      submit, follow, move in the line, cancel, run again, delete; joblist: all at a glance
purposes  what people want of a song, and which model does it; forecaster: how long it will take
uploads   songs that came in and wait for jobs; references: what a request means by a sound that is here
results   files, archive, samples and waveforms of completed jobs; songs: the song itself in their company
tools     analyses   what can be made of sounds, and said about them
presets   models     what there is to choose from
library   install, verify, repair, uninstall, link, add models
configuration   keys   share   system     the server itself
"""

from __future__ import annotations

import logging

from tools.locks import FileLock
from webui.compute.analyst import Analyst
from webui.compute.pool import Pool, Prober
from webui.paths import ROOT
from webui.services import callbacks, store
from webui.services.access import Keys
from webui.services.analyses import AnalysisService
from webui.services.configuration import Configuration
from webui.services.downloads import Downloads
from webui.services.engine import Engine, Standby
from webui.services.estimates import Estimator
from webui.services.forecast import Forecaster
from webui.services.housekeeping import Housekeeper
from webui.services.job import Callback, Choice, Job
from webui.services.joblist import JobList, JobQuery
from webui.services.jobs import JobService
from webui.services.ledger import LiveCatalogue
from webui.services.library import LibraryService
from webui.services.models import ModelService
from webui.services.presets import PresetService
from webui.services.purposes import PurposeService
from webui.services.references import References
from webui.services.results import ResultService
from webui.services.runner import JobRunner
from webui.services.share import Share
from webui.services.songs import SongService
from webui.services.speeds import Speeds
from webui.services.storage import Storage
from webui.services.system import System
from webui.services.tools import ToolService
from webui.services.uploads import UploadService
from webui.settings import Settings

__all__ = ["Callback", "Choice", "Job", "Services"]

log = logging.getLogger(__name__)

FAILED_JOBS = 20  # that diagnostics tell of
UNUSED_UPLOAD_SECONDS = 3600.0


class Services:
    """The services of one home folder, wired.

    Use as a context manager, or call `start` and `stop`. `start` also runs the jobs here, unless another process does so already;
    this one then takes over when that one ends.
    """

    def __init__(self, settings: Settings, *, pool: Pool | None = None) -> None:
        self.storage = Storage(settings.home)
        self.storage.prepare()
        self.configuration = Configuration(settings)
        settings = self.configuration.now
        self.keys = Keys(settings.home)
        self.share = Share()
        self._pool = pool or Pool()
        self._pool.resize(settings.parallel_jobs)
        self._prober = Prober()
        self._database = store.connect(self.storage.database)
        self._store = store.JobStore(self._database)
        self.uploads = UploadService(self.configuration, self.storage, self._prober)
        self._housekeeper = Housekeeper(self.configuration, self.storage, self._store, self.uploads)
        speeds = Speeds(settings.home / "speeds.json")
        self._engine = Engine(
            self._database,
            parallel_jobs=settings.parallel_jobs,
            run_job=JobRunner(self.storage, self._pool, steps_limit=lambda: self.settings.kept_steps_bytes, speeds=speeds).run,
            deliver=self._housekeeper.deliver,
            tries=callbacks.TRIES,
            pause=self._housekeeper.pause,
        )
        self._standby = Standby(FileLock(self.storage.lock), self._run_jobs)
        self._runs_jobs = False
        self.device = settings.device  # in words, once a compute process has looked
        catalogue = LiveCatalogue(self.storage.models)
        self.library = LibraryService(self.storage.models, catalogue, Downloads.of(settings))
        self.models = ModelService(catalogue)
        self.presets = PresetService(self.storage.presets, ROOT / "presets", lambda: catalogue)
        self.purposes = PurposeService(catalogue)
        self.jobs = JobService(
            self.configuration,
            self.storage,
            self._store,
            self.presets,
            self.models,
            self.purposes,
            self._prober,
            on_change=self._housekeeper.wake,
        )
        self.estimator = Estimator(speeds, catalogue, lambda: self.device)
        self.joblist = JobList(self._store, self.storage, self.estimator, lambda: self.settings.parallel_jobs)
        self.forecaster = Forecaster(self.configuration, self.presets, self.models, self.purposes, self.estimator, self.joblist)
        self.results = ResultService(self.storage, self.jobs)
        self.references = References(self.storage, self.jobs, self.results, self.uploads)
        analyst = Analyst()
        self.analyses = AnalysisService(self.storage, self.results, self.references, analyst)
        self.songs = SongService(self.storage, self.results, self.references, analyst)
        self.tools = ToolService(self.jobs, self.results, self.references, self.models, self.jobs.preset_of)
        self.system = System(self.configuration, self.storage, self._pool, analyst, self.share)
        self.configuration.listen(self._apply)

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.configuration.now

    def _apply(self, before: Settings, now: Settings) -> None:
        """Have what holds a setting, and does not ask for it, know its new value."""
        if now.parallel_jobs != before.parallel_jobs:
            self._pool.resize(now.parallel_jobs)
            self._engine.resize(now.parallel_jobs)
        if Downloads.of(now) != Downloads.of(before):
            self.library.download(Downloads.of(now))
        if now.device != before.device:
            self.device = now.device
            if self._runs_jobs:
                self._pool.warm_up("separate", device=now.device, on_ready=self._set_device)

    def clean_uploads(self) -> int:
        """Delete uploads that nobody has used for an hour, as younger ones are in open pages; the bytes that are free again."""
        return self.system.freed_by("uploads", lambda: self.uploads.sweep(UNUSED_UPLOAD_SECONDS))

    def diagnostics(self) -> str:
        """Everything that somebody who helps asks for, as a text: no keys, no passwords."""
        failed = self.joblist.page(JobQuery(states=("failed",), limit=FAILED_JOBS)).jobs
        return self.system.diagnostics(
            device=self.device,
            jobs=[f"{job['id']}: {job['error']['code']}: {job['error']['message']}" for job in failed if job["error"]],
            models=[f"{each.name}: {each.bytes} bytes" for each in self.library.disk_use()],
        )

    def start(self) -> None:
        """Open the job store and run jobs. Blocks for some tenths of a second; not from inside an event loop."""
        self.configuration.watch()
        if not self._standby.try_now():
            store.wait_for_schema(self._database)
            self._standby.wait_in_background()

    def warm_up(self) -> None:
        """Have the compute processes ready, so that the first song starts at once."""
        self._prober.start()
        if self._runs_jobs:
            self._pool.warm_up("separate", device=self.settings.device, on_ready=self._set_device)

    def _set_device(self, device: str) -> None:
        self.device = device

    def _run_jobs(self) -> None:
        """Become the process that runs this home folder's jobs. Where this raises, nothing of it runs."""
        self._engine.start()
        self._runs_jobs = True
        for begin in (self._housekeeper.start, self.library.resume, self.uploads.resume):
            try:
                begin()
            except Exception:
                log.exception("the jobs are run, but not everything beside them could be taken up")

    def stop(self) -> None:
        """Leave the jobs as they are: what runs is taken up at the next start."""
        self._standby.stop()
        self.configuration.stop()
        self.share.stop()
        self.library.stop()
        self.uploads.stop()
        self._housekeeper.stop()
        self._pool.close()
        self._prober.close()
        self.analyses.close()
        if self._runs_jobs:
            self._engine.stop()
        self._store.close()
        self._database.dispose()
        self._standby.release()

    def __enter__(self) -> Services:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
