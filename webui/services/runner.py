"""Runs one job in a compute child and publishes what came of it."""

from __future__ import annotations

import logging
import shutil
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from inference.errors import Cancelled, MsstError
from inference.presets.schema import Preset
from tools.whole import put
from webui.compute.pool import Pool, PoolClosed
from webui.compute.process import ChildDied, ComputeChild
from webui.compute.protocol import Message
from webui.services import joblog
from webui.services.engine import Publish
from webui.services.errors import TimeLimit, WorkerDied
from webui.services.estimates import parts_of, separations
from webui.services.job import Spec
from webui.services.links import is_apart
from webui.services.speeds import Speeds, kind_of
from webui.services.storage import KEPT, PLAYER, Storage

log = logging.getLogger(__name__)

MAX_DEATHS = 6
"""Compute children that one run of a job may cost before the job is given up."""


class Shutdown(BaseException):
    """The server goes down: the job stays pending and is taken up at the next start."""


class JobRunner:
    """Does the work of a job, in whatever child is free."""

    def __init__(self, storage: Storage, pool: Pool, *, steps_limit: Callable[[], int] = lambda: 0, speeds: Speeds | None = None) -> None:
        self._storage, self._pool, self._steps_limit, self._speeds = storage, pool, steps_limit, speeds

    def run(self, job_id: str, spec_json: dict[str, Any], publish: Publish) -> dict[str, Any]:
        """Run a job to its end and return its outcome (JSON): results, or the reason why there are none.

        A child that dies costs one attempt; a fresh one then begins with the first step that is not done. Raises whatever
        `publish` raises (cancelled, taken over), and Shutdown.
        """
        run = _Run(self._storage, job_id, Spec.from_json(spec_json), publish, self._steps_limit())
        run.begin()
        for death in range(1, MAX_DEATHS + 1):
            try:
                with self._pool.lend() as child:
                    child.job = job_id
                    try:
                        outcome = run.attempt(child)
                    finally:
                        child.job = None
                if self._speeds is not None and death == 1:
                    run.note_speed(self._speeds, outcome)
                return outcome
            except PoolClosed as error:
                raise Shutdown from error
            except ChildDied as error:
                if self._pool.closed:
                    raise Shutdown from error
                run.say(f"the compute process ended (exit status {error.code}); starting again", level="warning")
                time.sleep(0.1 * death)
        return run.failed(
            WorkerDied(
                f"the compute process ended {MAX_DEATHS} times while it worked on this song",
                hint="Most often the memory was too small: close other programs, or use a smaller model.",
            )
        )


class _Run:
    """One run of one job."""

    def __init__(self, storage: Storage, job_id: str, spec: Spec, publish: Publish, steps_limit: int) -> None:
        self._storage, self._id, self._spec, self._publish, self._steps_limit = storage, job_id, spec, publish, steps_limit
        self._began = time.time()
        self._resumed = storage.results(job_id).exists()  # the server ended while it ran
        self._attempt_began = 0.0
        self._worked: set[int] = set()  # steps that were computed, not taken from an earlier time
        stage = "resuming" if self._resumed else "starting"
        self._progress: dict[str, Any] = {"fraction": 0.0, "stage": stage, "seconds_left": None, "started_at": self._began}
        self._deadline = time.monotonic() + spec.time_limit

    def say(self, message: str, *, level: str = "info") -> None:
        """Add a line to the job's log."""
        joblog.append(self._storage.log(self._id), message, level=level)

    def begin(self) -> None:
        """Show that the job has begun, or goes on after a restart: what an earlier process wrote is not true any more."""
        self.say("resumed" if self._resumed else "started")
        self._publish(dict(self._progress))

    def note_speed(self, speeds: Speeds, outcome: dict[str, Any]) -> None:
        """Remember how long the work took, where all of it was done now."""
        spec = self._spec
        preset = Preset.model_validate(spec.preset)
        if outcome["error"] or self._resumed or not spec.duration or len(self._worked) < max(len(separations(preset)), 1):
            return
        kind = kind_of(parts_of(preset), spec.device, {**spec.defaults, **spec.options})
        speeds.note(kind, spec.duration, time.monotonic() - self._attempt_began)

    def attempt(self, child: ComputeChild) -> dict[str, Any]:
        """Separate once in `child`."""
        folder = self._storage.results(self._id) / f"attempt-{uuid.uuid4().hex[:8]}"
        self._clear()
        self._attempt_began = time.monotonic()
        try:
            results = child.call("separate", self._order(folder), on_message=self._hear, tick=self._tick)
            self._tick()
            self._move_into_place(folder, results)
        except Cancelled:
            raise
        except MsstError as error:
            return self.failed(error)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        self._say_results(results)
        return self._outcome(results=results)

    def failed(self, error: MsstError) -> dict[str, Any]:
        """The outcome of a job that cannot be done."""
        self.say(f"failed: {error.message}", level="error")
        params = {key: str(value) for key, value in error.params.items()}
        return self._outcome(error={"code": error.code, "message": error.message, "hint": error.hint, "params": params})

    def _order(self, folder: Path) -> dict[str, Any]:
        spec = self._spec
        return {
            "preset": spec.preset,
            "source": str(self._storage.inputs(self._id) / spec.input),
            "more": [str(self._storage.inputs(self._id) / each.input) for each in spec.more],
            "song": spec.song,
            "folder": str(folder),
            "container": spec.container,
            "subtype": spec.subtype,
            "rate": spec.rate,
            "naming": spec.naming,
            "device": spec.device,
            "options": spec.options,
            "defaults": spec.defaults,
            "steps": str(self._storage.steps),
            "steps_limit": self._steps_limit,
            "cache": str(self._storage.models),
            "installed": str(self._storage.models),
        }

    def _hear(self, message: Message) -> None:
        if message["type"] == "log":
            self.say(message["message"], level=message["level"])
            return
        if message["stage"] in ("separating", "processing"):
            self._worked.add(message["step"])
        if any(message[key] != self._progress.get(key) for key in ("stage", "step")):
            self.say(f"step {message['step']} of {message['steps']}: {message['stage'].replace('_', ' ')}")
        self._progress |= {key: message[key] for key in ("fraction", "stage", "seconds_left", "step", "steps")}

    def _tick(self) -> None:
        if time.monotonic() > self._deadline:
            raise TimeLimit(
                f"stopped after {self._spec.time_limit:.0f} s, the time limit of a job",
                hint="Raise MSST_JOB_TIME_LIMIT, or use a faster model.",
                seconds=f"{self._spec.time_limit:.0f}",
            )
        self._publish(dict(self._progress))

    def _clear(self) -> None:
        """Remove what an attempt left that died."""
        folder = self._storage.results(self._id)
        folder.mkdir(parents=True, exist_ok=True)
        for leftover in folder.iterdir():
            if leftover.is_dir():
                shutil.rmtree(leftover, ignore_errors=True)
            else:
                leftover.unlink(missing_ok=True)

    def _move_into_place(self, folder: Path, results: list[dict[str, Any]]) -> None:
        target = self._storage.results(self._id)
        put(folder / "extras", target / PLAYER)
        for result in results:
            if is_apart(self._spec, result["main"]):
                put(folder / "kept" / result["file"], target / result["file"])
        put(folder / "kept", target / KEPT)

    def _say_results(self, results: list[dict[str, Any]]) -> None:
        for result in results:
            if result["clipped"]:
                self.say(f"{result['file']}: {result['clipped']} samples were beyond full scale and are clipped", level="warning")
        self.say(f"completed: {', '.join(result['file'] for result in results)}")

    def _outcome(self, *, results: list[dict[str, Any]] | None = None, error: dict[str, Any] | None = None) -> dict[str, Any]:
        return {"results": results or [], "error": error, "started_at": self._began, "finished_at": time.time()}
