"""Walks through a preset's steps: mixture in, the kept stems out as files."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from inference.presets.schema import EVERY, MIXTURE, Preset, Step
from inference.presets.sinks import StemFile, StemSink
from inference.presets.steps import STEPS
from inference.presets.steps.base import Models, StepContext
from inference.types import OutputFormat, Progress, Report

__all__ = ["StemFile", "run"]


def run(
    preset: Preset,
    source: Path,
    *,
    song: str,
    folder: Path,
    extras: Path,
    work: Path,
    output: OutputFormat,
    models: Models,
    report: Report,
) -> list[StemFile]:
    """Separate `source` as `preset` says.

    Args:
        preset: what to do.
        source: the song, any format that decodes.
        song: what result names begin with: "{song}_{stem}.{container}".
        folder: where kept stems go. Nothing in it is overwritten.
        extras: where each kept stem's peaks and preview go.
        work: an empty folder for what passes between steps; emptied again.
        output: the format of kept stems.
        models: gives loaded models.
        report: receives progress at least five times per second of work; may raise Cancelled to stop.

    Returns:
        The kept stems, in the preset's order, as long as the decoded source and sample-aligned with it.

    Raises:
        MsstError: whatever is wrong with the audio, the preset, a model or the disk. Nothing half-written is left.
    """
    runner = _Runner(preset, source, song, folder, extras, work, output, models, report)
    try:
        return [file for number, step in enumerate(preset.steps, start=1) for file in runner.step(number, step)]
    finally:
        shutil.rmtree(work, ignore_errors=True)


@dataclass
class _Runner:
    """What `run` was given, and how far it is."""

    preset: Preset
    source: Path
    song: str
    folder: Path
    extras: Path
    work: Path
    output: OutputFormat
    models: Models
    report: Report

    def __post_init__(self) -> None:
        self.meter = _Meter(self.report, len(self.preset.steps))
        self.inputs = {step.input.casefold() for step in self.preset.steps}

    def step(self, number: int, step: Step) -> list[StemFile]:
        """Run one step and return what it keeps."""
        sinks: list[StemSink] = []

        def open_sinks(stems: Sequence[str], sample_rate: int, channels: int) -> Sequence[StemSink]:
            sinks.extend(self._sink(step, stem, sample_rate, channels) for stem in stems)
            return sinks

        self.meter.begin(number)
        context = StepContext(
            source=self._source_of(step),
            models=self.models,
            open_sinks=open_sinks,
            on_stage=self.meter.stage,
            on_fraction=self.meter.fraction,
            wanted=self.preset.wanted(step.name),
        )
        STEPS[step.kind](step, context)
        return [file for sink in sinks if (file := sink.result()) is not None]

    def _source_of(self, step: Step) -> Path:
        return self.source if step.input == MIXTURE else self._between(step.input)

    def _between(self, reference: str) -> Path:
        return self.work / f"{reference.casefold()}.wav"

    def _sink(self, step: Step, stem: str, sample_rate: int, channels: int) -> StemSink:
        reference = f"{step.name}.{stem}"
        return StemSink(
            stem,
            kept=self._kept(step, stem),
            next_step=self._between(reference) if reference.casefold() in self.inputs else None,
            extras=self.extras,
            output=self.output,
            sample_rate=sample_rate,
            channels=channels,
        )

    def _kept(self, step: Step, stem: str) -> Path | None:
        """The file this stem is kept in, with a number added where the name is taken; None where nobody keeps it."""
        for out in self.preset.outputs:
            if out.source.casefold() in (f"{step.name}.{stem}".casefold(), f"{step.name}.{EVERY}"):
                base = "_".join((self.song, *(out.path or (stem,))))
                return self._free(base)
        return None

    def _free(self, base: str) -> Path:
        candidate, number = self.folder / f"{base}.{self.output.container}", 1
        while candidate.exists():
            number += 1
            candidate = self.folder / f"{base}_{number}.{self.output.container}"
        return candidate


class _Meter:
    """Turns each step's own fraction into progress of the whole, with an estimate of the time left."""

    def __init__(self, report: Report, steps: int) -> None:
        self._report, self._steps = report, steps
        self._step, self._stage, self._fraction = 1, "decoding", 0.0
        self._work_began: float | None = None  # when the running step began to separate: loading is no measure of speed
        self._work_seconds = 0.0

    def begin(self, number: int) -> None:
        self._step, self._fraction = number, 0.0

    def stage(self, stage: str) -> None:
        now = time.monotonic()
        if self._work_began is not None:
            self._work_seconds += now - self._work_began
        self._work_began = now if stage == "separating" else None
        self._stage = stage
        self._send()

    def fraction(self, fraction: float) -> None:
        self._fraction = max(fraction, self._fraction)
        self._send()

    def _send(self) -> None:
        done = (self._step - 1 + self._fraction) / self._steps
        self._report(Progress(done, self._stage, self._seconds_left(done), self._step, self._steps))

    def _seconds_left(self, done: float) -> float | None:
        running = time.monotonic() - self._work_began if self._work_began is not None else 0.0
        worked = self._work_seconds + running
        if done <= 0 or worked < 0.5:
            return None
        return worked * (1 - done) / done
