"""What a compute child can do, each operation JSON in and JSON out. Heavy imports happen inside, on first use."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inference.errors import Cancelled
from inference.types import OutputFormat, Progress
from webui.compute.analyses import analyse, lower_priority
from webui.compute.inspection import inspect_weights
from webui.compute.machine import facts_of_machine
from webui.compute.models import JobModels, WarmModels

if TYPE_CHECKING:
    from inference.presets import StemFile

FACTS_EVERY = 2.0  # seconds between two messages about the machine while work goes on


class Operations:
    """The operations of one child, and the models that it keeps warm."""

    def __init__(self, send: Callable[[dict[str, Any]], None], cancelled: threading.Event) -> None:
        self._send, self._cancelled = send, cancelled
        self._warm = WarmModels()
        self._told_at = 0.0
        self._table: dict[str, Callable[..., Any]] = {
            "probe": self.probe,
            "separate": self.separate,
            "warm_up": self.warm_up,
            "machine": self.machine,
            "inspect_weights": inspect_weights,
            "analyse": self.analyse,
        }
        self._modest = False  # whether others go before this process

    def run(self, op: str, args: dict[str, Any]) -> Any:
        """Do the operation `op`. Raises MsstError for whatever a user should hear about."""
        value = self._table[op](**args)
        self._tell()
        return value

    def machine(self) -> dict[str, Any]:
        """The devices, their memory, and the models that are loaded; nothing while torch is not."""
        return {**facts_of_machine(), "models": self._warm.names}

    def _tell(self) -> None:
        self._told_at = time.monotonic()
        self._send({"type": "facts", "value": self.machine()})

    def probe(self, *, path: str) -> dict[str, Any]:
        """What the header of an audio file says."""
        from inference.audio import probe

        info = probe(Path(path))
        return {"sample_rate": info.sample_rate, "channels": info.channels, "frames": info.frames, "container": info.container}

    def warm_up(self, *, operation: str, device: str = "cpu") -> str:
        """Import what the first `operation` needs, so that it starts at once; the device in words."""
        import inference.audio

        if operation != "separate":
            return ""
        import inference.presets  # noqa: F401
        from inference.device import choose_all, describe

        return ", ".join(describe(each) for each in choose_all(device))

    def separate(
        self,
        *,
        preset: dict[str, Any],
        source: str,
        song: str,
        folder: str,
        container: str,
        subtype: str,
        device: str,
        cache: str,
        installed: str,
        options: Mapping[str, Any] | None = None,
        defaults: Mapping[str, Any] | None = None,
        steps: str | None = None,
        steps_limit: int = 0,
        more: Sequence[str] = (),
        rate: int | None = None,
        naming: str = "",
    ) -> list[dict[str, Any]]:
        """Run a preset; results land in `folder`/kept and `folder`/extras.

        Args:
            preset: inference.presets.Preset.
            source: the song.
            song: what result names begin with.
            folder: made here, and removed again when something fails.
            container: of the results.
            subtype: of the results.
            device: where to run.
            cache: the folder of converted weights.
            installed: the folder with the user's catalogue.json, installed.json and defaults.json, none of which need exist.
            options: what the job says on how to separate; stronger than all else.
            defaults: what the server's settings say on it; weaker than all else.
            steps: where finished steps are kept; None keeps none.
            steps_limit: bytes that they may take.
            more: further files of the job.
            rate: of the results, in samples per second; None for that of the song.
            naming: the template of their names where the preset says none.
        """
        from inference.catalogue import load_catalogue
        from inference.options import parse_options
        from inference.presets import ModelFacts, Preset, SeparateStep, StepStore, run

        parse_options(options or {})
        plan = Preset.model_validate(preset)
        models = JobModels(
            self._warm,
            load_catalogue(Path(installed)),
            device=device,
            cache=Path(cache),
            settings=defaults or {},
            explicit=options or {},
            planned=[step.model for step in plan.needed() if isinstance(step, SeparateStep)],
        )
        target = Path(folder)
        target.mkdir(parents=True)
        try:
            files = run(
                plan,
                Path(source),
                song=song,
                folder=target / "kept",
                extras=target / "extras",
                work=target / "work",
                output=OutputFormat(container, subtype, rate),
                models=models.give,
                report=self._report,
                facts=ModelFacts(models.identity, models.speed),
                store=StepStore(Path(steps), steps_limit) if steps and steps_limit else None,
                more=[Path(path) for path in more],
                naming=naming,
            )
        except BaseException:
            shutil.rmtree(target, ignore_errors=True)
            raise
        return [_as_json(file) for file in files]

    def analyse(self, *, what: str, args: dict[str, Any]) -> Any:
        """Look at sounds; see webui.compute.analyses. From the first time on the process is one that others go before."""
        if not self._modest:
            self._modest = True
            lower_priority()

        def on_work(_: float) -> None:
            if self._cancelled.is_set():
                raise Cancelled

        return analyse(what, on_work, args)

    def _report(self, progress: Progress) -> None:
        if self._cancelled.is_set():
            raise Cancelled
        if time.monotonic() - self._told_at > FACTS_EVERY:
            self._tell()
        self._send(
            {
                "type": "progress",
                "fraction": progress.fraction,
                "stage": progress.stage,
                "seconds_left": progress.seconds_left,
                "step": progress.step,
                "steps": progress.steps,
            }
        )


def _as_json(file: StemFile) -> dict[str, Any]:
    return {
        "file": file.path.name,
        "stem": file.stem,
        "sample_rate": file.sample_rate,
        "channels": file.channels,
        "frames": file.frames,
        "bytes": file.path.stat().st_size,
        "clipped": file.clipped,
        "peaks": file.peaks.name,
        "preview": file.preview.name if file.preview else None,
        "main": file.main,
        "disagreement": file.disagreement,
        "picture": file.picture.name if file.picture else None,
    }
