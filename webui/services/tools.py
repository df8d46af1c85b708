"""The tools that make files: each is a job with a preset that nobody had to write, and so it waits, stops and runs again like any other."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from inference.errors import BadOption
from inference.presets.replace import Region, replacing
from inference.presets.tools import tool_preset
from inference.types import OutputFormat
from webui.services.job import Choice, Door, Job, Result
from webui.services.storage import safe_name

if TYPE_CHECKING:
    from inference.presets import Preset
    from webui.services.jobs import JobService
    from webui.services.models import ModelService
    from webui.services.references import References
    from webui.services.results import ResultService

REPLACE = "replace"  # the tool that mends a part of a stem

Input = tuple[Path, str]  # a file, and its name as people see it


@dataclass(frozen=True)
class Order:
    """How a job of a tool is to be submitted."""

    output: OutputFormat  # its rate does not count: tools leave rates as they are, unless they are there to change them
    door: Door
    base_url: str = ""
    title: str = ""


class ToolService:
    """Makes jobs of tools."""

    def __init__(
        self,
        jobs: JobService,
        results: ResultService,
        references: References,
        models: ModelService,
        resolve: Callable[[Choice], Preset],
    ) -> None:
        self._jobs, self._results, self._references, self._models, self._resolve = jobs, results, references, models, resolve

    def run(self, tool: str, inputs: Sequence[Input], settings: Mapping[str, Any], order: Order) -> Job:
        """Submit a tool over files.

        Args:
            tool: convert, cut, join, speed-key, mix or gain.
            inputs: the files; of convert, cut, speed-key and gain each makes a result of its own.
            settings: of the tool, see inference.presets.tools.
            order: how to submit it.

        Raises:
            BadOption: no such tool, or settings that cannot be.
            MsstError: whatever `JobService.submit` raises.
        """
        names = [safe_name(PurePath(name).stem) for _, name in inputs]
        preset = tool_preset(tool, names, settings)
        if order.title and tool in ("mix", "join"):  # one result of all files: it is called as its maker said
            (file, name), *more = inputs
            inputs = [(file, order.title + PurePath(name).suffix), *more]
            preset["outputs"][0]["name"] = "{song}"
        return self._submit(tool, preset, inputs, order)

    def replace(self, job_id: str, file: str, choice: Choice, region: Region, order: Order, *, stem: str = "", others: bool = True) -> Job:
        """Separate a part of a job's song again and put it into one of its stems, as a new job.

        Args:
            job_id: a completed job, whose song is still there.
            file: the result that is changed.
            choice: what separates the part.
            region: the part.
            order: how to submit it.
            stem: which stem takes its place; by default the one of the same name.
            others: whether the new job has the other stems too, as they are, so that it can be mixed like the old one.

        Raises:
            UnknownJob, NotCompleted, UnknownFile, InputGone: what is to be changed is not there (any more).
            BadOption, BadPreset: it cannot be put together.
            MsstError: whatever `JobService.submit` raises.
        """
        job = self._results.completed(job_id)
        path = self._results.path(job_id, file)
        changed = next(result for result in job.results if result.file == path.name)
        if region.start >= changed.frames / changed.sample_rate:
            raise BadOption(
                f"the part begins at {region.start:g} s, and the stem is {changed.frames / changed.sample_rate:.3f} s long", option="start"
            )
        kept = [result for result in job.results if result != changed] if others else []
        preset = self._replacing(choice, region, changed.stem, [result.stem for result in kept], stem)
        song = self._references.resolve({"job": job_id})
        return self._submit(REPLACE, preset, [song, self._file(job, changed), *(self._file(job, each) for each in kept)], order)

    def replace_files(self, song: Input, changed: Input, choice: Choice, region: Region, order: Order, *, stem: str) -> Job:
        """The same with files: a song, and a stem of it of which a part is to be replaced by `stem`. Raises as `replace`."""
        return self._submit(REPLACE, self._replacing(choice, region, stem, [], stem), [song, changed], order)

    def _replacing(self, choice: Choice, region: Region, stem: str, others: list[str], wanted: str) -> dict[str, Any]:
        preset = self._resolve(choice)
        return replacing(preset, region, stem=stem, others=others, stems_of=lambda name: self._models.get(name).stems, wanted=wanted)

    def _file(self, job: Job, result: Result) -> Input:
        return self._results.path(job.id, result.file), result.file

    def _submit(self, tool: str, preset: dict[str, Any], inputs: Sequence[Input], order: Order) -> Job:
        (song, name), *more = inputs
        return self._jobs.submit(
            song,
            file_name=name,
            choice=Choice(inline=json.dumps(preset), tool=tool),
            output=replace(order.output, rate=None),
            naming="",
            door=order.door,
            base_url=order.base_url,
            more=more,
            title=order.title,
        )
