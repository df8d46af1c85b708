"""Walks through a preset's steps: one file or several in, the kept stems out as files.

Each needed step, in order:
    its key is in the store?  -> its stems are linked into the work folder, and its results written from them
    otherwise                 -> it runs: each stem goes to its result files and, as float32, to the work folder; then the step is kept
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from inference.errors import BadPreset, DiskFull
from inference.presets.keys import Identity, Keys
from inference.presets.meter import Meter
from inference.presets.references import EVERY, file_number, owner_of, stem_of
from inference.presets.schema import Preset, Step
from inference.presets.sinks import StemFile, StemSink, Target, copy
from inference.presets.steps import STEPS, SeparateStep
from inference.presets.steps.base import Doubt, Models, StepContext
from inference.presets.store import StepStore
from inference.presets.validate import check_files
from inference.types import OutputFormat, Report

log = logging.getLogger(__name__)

__all__ = ["ModelFacts", "StemFile", "run"]

DOUBT = "disagreement"  # what it is called among the notes of a kept step


@dataclass(frozen=True)
class ModelFacts:
    """What can be known of a model without loading it."""

    identity: Identity  # what its result depends on
    speed: Callable[[str, Mapping[str, Any]], float | None]  # time per second of audio with these options, the built-in model's is 1


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
    facts: ModelFacts | None = None,
    store: StepStore | None = None,
    more: Sequence[Path] = (),
    naming: str = "",
) -> list[StemFile]:
    """Separate `source` as `preset` says.

    Args:
        preset: what to do.
        source: the song, any format that decodes.
        song: what result names begin with: "{song}_{stem}.{container}".
        folder: where kept stems go. Nothing in it is overwritten.
        extras: where each kept stem's peaks and preview go.
        work: an empty folder for what passes between steps; emptied again.
        output: the format of kept stems, where the preset does not say another.
        models: gives loaded models.
        report: receives progress at least five times per second of work; may raise Cancelled to stop.
        facts: of models; without them all are taken to be equally fast, and no step is kept.
        store: where finished steps are kept for another time; a preset of one step keeps none.
        more: further files, which steps call file2, file3 ...
        naming: the template of the names of results where the preset says none; the default one if empty.

    Returns:
        The kept stems, in the order of the preset's outputs, sample-aligned with the decoded source and as long as it, unless a step
        trims or converts them, or reads a further file that is longer.

    Raises:
        MsstError: whatever is wrong with the audio, the preset, a model or the disk. Nothing half-written is left.
    """
    files = (source, *more)
    check_files(preset, len(files))
    steps = preset.needed()
    meter = Meter(report, weights(steps, facts))
    keys = Keys(files, facts.identity, meter.again) if facts is not None and store is not None and len(steps) > 1 else None
    runner = _Runner(preset, files, song, folder, extras, work, output, models, meter, store, keys, naming)
    try:
        for number, step in enumerate(steps, start=1):
            runner.step(number, step)
        return _in_order(runner.results)
    finally:
        shutil.rmtree(work, ignore_errors=True)
        if keys is not None and store is not None:
            store.trim()


def weights(steps: Sequence[Step], facts: ModelFacts | None) -> list[float]:
    """How long each step is thought to take. Models of unknown speed count as the mean of the others."""
    speeds = [facts.speed(step.model, step.options) if facts and isinstance(step, SeparateStep) else None for step in steps]
    known = [speed for speed in speeds if speed]
    usual = fmean(known) if known else 1.0
    return [
        step.cost * (speed or usual) if isinstance(step, SeparateStep) else step.cost for step, speed in zip(steps, speeds, strict=True)
    ]


@dataclass
class _Runner:
    """What `run` was given, and how far it is."""

    preset: Preset
    files: Sequence[Path]
    song: str
    folder: Path
    extras: Path
    work: Path
    output: OutputFormat
    models: Models
    meter: Meter
    store: StepStore | None
    keys: Keys | None
    naming: str = ""
    results: list[tuple[int, StemFile]] = field(default_factory=list)
    _made: dict[str, dict[str, Path]] = field(default_factory=dict)  # step -> stem -> its float file
    _taken: set[str] = field(default_factory=set)  # names of result files, casefolded
    _doubt: Doubt | None = None  # what the running step said about its stems

    def __post_init__(self) -> None:
        self._read_later = {reference.casefold() for step in self.preset.needed() for reference in step.references()}

    def step(self, number: int, step: Step) -> None:
        """Run one step, or take it from the store."""
        self.meter.begin(number)
        wanted = self.preset.wanted(step.name)
        place = self.work / str(number)
        key = self.keys.of(step, wanted) if self.keys is not None else None
        self._doubt = None
        kept = self.store.take(key, place) if self.store is not None and key is not None else None
        if self.store is not None and key is not None and kept is not None:
            log.info("step %d (%s) was done before and is taken from there", number, step.name)
            self._made[step.name] = kept
            self._doubt = _noted(self.store.notes(key))
            self._write_results(step, kept)
        else:
            sinks = self._run(step, wanted, place, keep=key is not None)
            self._made[step.name] = {sink.stem: sink.between for sink in sinks if sink.between is not None}
            self._take_results(sinks)
            if self.store is not None and key is not None and len(self._made[step.name]) == len(sinks):
                self.store.keep(key, self._made[step.name], {DOUBT: asdict(self._doubt)} if self._doubt else None)
        self.meter.end(worked=kept is None)

    def _run(self, step: Step, wanted: tuple[str, ...] | None, place: Path, *, keep: bool) -> list[StemSink]:
        """Run a step. Where the disk gets full while stems are written that nobody but the store needs, the store gives way."""
        before = set(self._taken)
        try:
            return self._run_once(step, wanted, place, keep=keep)
        except DiskFull:
            if not keep or self.store is None:
                raise
            log.warning("the disk is full: kept steps are deleted, and step %s runs again without being kept", step.name)
            self.store.clear()
            shutil.rmtree(place, ignore_errors=True)
            self._taken = before
            return self._run_once(step, wanted, place, keep=False)

    def _run_once(self, step: Step, wanted: tuple[str, ...] | None, place: Path, *, keep: bool) -> list[StemSink]:
        sinks: list[StemSink] = []

        def open_sinks(stems: Sequence[str], sample_rate: int, channels: int) -> Sequence[StemSink]:
            for stem in stems:
                needed = self._is_read_later(step, stem)
                between = place / f"{len(sinks)}.wav" if needed or keep else None
                sinks.append(self._sink(step, stem, sample_rate, channels, between=between, spare=not needed))
            return sinks[-len(stems) :]

        context = StepContext(
            path=self._path,
            models=self.models,
            open_sinks=open_sinks,
            on_stage=self.meter.stage,
            on_fraction=self.meter.fraction,
            on_doubt=self._note,
            wanted=wanted,
        )
        STEPS[step.kind].run(step, context)
        return sinks

    def _write_results(self, step: Step, kept: Mapping[str, Path]) -> None:
        self.meter.stage("writing")
        for number, (stem, path) in enumerate(kept.items(), start=1):
            sink = self._sink(step, stem, *_shape(path), between=None, spare=False)
            copy(path, sink, self.meter.again)
            self._take_results([sink])
            self.meter.fraction(number / len(kept))

    def _note(self, doubt: Doubt) -> None:
        self._doubt = doubt

    def _take_results(self, sinks: Sequence[StemSink]) -> None:
        """The files of a step's closed sinks as results, with a picture beside each where the step said how sure it is."""
        for sink in sinks:
            for number, file in sink.results():
                self.results.append((number, _with_doubt(file, self._doubt, self.extras) if self._doubt else file))

    def _is_read_later(self, step: Step, stem: str) -> bool:
        return bool({step.name.casefold(), f"{step.name}.{stem}".casefold()} & self._read_later)

    def _path(self, reference: str) -> Path:
        """The file of what a step reads.

        Raises:
            BadPreset: a bare name of a step that made several stems.
        """
        if number := file_number(reference):
            return self.files[number - 1]
        made = self._made[owner_of(reference)]
        stem = stem_of(reference).casefold()
        if not stem and len(made) == 1:
            return next(iter(made.values()))
        for name, path in made.items():
            if name.casefold() == stem:
                return path
        raise BadPreset(f"{reference!r} is not one stem", hint=f"{owner_of(reference)} makes: {', '.join(made)}.", reference=reference)

    def _sink(self, step: Step, stem: str, sample_rate: int, channels: int, *, between: Path | None, spare: bool) -> StemSink:
        return StemSink(
            stem,
            targets=self._targets(step, stem),
            between=between,
            spare=spare,
            extras=self.extras,
            sample_rate=sample_rate,
            channels=channels,
        )

    def _targets(self, step: Step, stem: str) -> list[Target]:
        """The files that keep this stem; none where nobody does."""
        names = {step.name.casefold(), f"{step.name}.{stem}".casefold(), f"{step.name}.{EVERY}".casefold()}
        model = step.model if isinstance(step, SeparateStep) else step.kind
        found = []
        for number, out in enumerate(self.preset.outputs):
            if out.source.casefold() in names:
                written = out.format(self.output)
                if getattr(step, "rate", None):  # the preset itself says at which rate
                    written = replace(written, rate=None)
                base = out.base_name(song=self.song, stem=stem, step=step.name, model=model, usual=self.naming)
                found.append(Target(number, self._free(base, written.container), written, out.main))
        return found

    def _free(self, base: str, container: str) -> Path:
        """A file that is not there yet, with a number added where the name is taken."""
        candidate, number = self.folder / f"{base}.{container}", 1
        while candidate.exists() or candidate.name.casefold() in self._taken:
            number += 1
            candidate = self.folder / f"{base}_{number}.{container}"
        self._taken.add(candidate.name.casefold())
        return candidate


def _with_doubt(file: StemFile, doubt: Doubt, extras: Path) -> StemFile:
    picture = extras / f"{file.path.name}.disagreement.svg"
    picture.write_text(doubt.picture, encoding="utf-8")
    return replace(file, disagreement=doubt.level, picture=picture)


def _noted(notes: Mapping[str, Any]) -> Doubt | None:
    """What a kept step said about its stems. Whatever else lies there is as good as nothing."""
    found = notes.get(DOUBT)
    try:
        return Doubt(float(found["level"]), str(found["picture"])) if found else None
    except (KeyError, TypeError, ValueError):
        return None


def _in_order(results: list[tuple[int, StemFile]]) -> list[StemFile]:
    """Results in the order of the outputs. Of the stems of one output that is the main one, the first is."""
    found: list[StemFile] = []
    last = -1
    for number, file in sorted(results, key=lambda result: result[0]):
        found.append(replace(file, main=file.main and number != last))
        last = number
    return found


def _shape(path: Path) -> tuple[int, int]:
    """Rate and channels of a file."""
    from inference.audio import probe

    info = probe(path)
    return info.sample_rate, info.channels
