"""One model, measured: all contestants separate the same song in turn, several times over."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tools.bench.child import Samples, Task
from tools.bench.models import BenchModel, song, weights_of
from tools.bench.runner import Child, ChildFailed, Contestant

Say = Callable[[str], None]
"""Hears how far it is, a line at a time."""

EXACT, FAST, OVERLAP, REFERENCE, PYMSS = "exact", "fast", "overlap", "reference", "pymss"


@dataclass
class Result:
    """What one contestant did with one model."""

    name: str
    absent: str = ""  # why it could not be measured
    load_seconds: float | None = None
    seconds: list[float] = field(default_factory=list)  # of each round
    forwards: int | None = None  # chunks its network was given for one song
    peak: int | None = None  # bytes of memory of its process, the most at once while it separated
    device_peak: int | None = None  # of an accelerator
    decibels: float | None = None  # signal-to-error ratio against the float32 reference

    @property
    def median(self) -> float | None:
        """Seconds."""
        return statistics.median(self.seconds) if self.seconds else None

    @property
    def spread(self) -> float | None:
        """Largest distance from the median, as a share of it."""
        middle = self.median
        return max(abs(seconds - middle) for seconds in self.seconds) / middle if middle else None


@dataclass
class Measured:
    """A model and what everybody did with it."""

    model: str
    family: str
    chunk: int | None  # samples
    overlap: int
    seconds: float  # length of the song
    gflop: float | None  # of one forward
    results: list[Result]

    def of(self, name: str) -> Result | None:
        """A contestant's result; None where it is missing or was absent."""
        return next((result for result in self.results if result.name == name and result.seconds), None)

    def ratio(self, slow: str, quick: str) -> tuple[float, float, float] | None:
        """How many times as fast `quick` is as `slow`: median, least and most of the rounds."""
        a, b = self.of(slow), self.of(quick)
        if a is None or b is None:
            return None
        rounds = [x / y for x, y in zip(a.seconds, b.seconds, strict=True)]
        return statistics.median(rounds), min(rounds), max(rounds)

    def gflops(self, name: str) -> float | None:
        """GFLOP/s, by the work of the published form."""
        result = self.of(name)
        if result is None or result.median is None or not self.gflop or not result.forwards:
            return None
        return self.gflop * result.forwards / result.median


@dataclass(frozen=True)
class Conditions:
    """How a model is measured."""

    repeats: int
    overlap: int  # chunks per chunk length
    seconds: float | None  # of the song; None as the model says
    device: str
    cache: Path  # for weights
    work: Path  # for songs, stems, logs


def compare(
    model: BenchModel, contestants: Sequence[Contestant], conditions: Conditions, between: Callable[[], None], say: Say
) -> Measured:
    """Measure one model.

    Args:
        model: which.
        contestants: who. The agreement is measured against the reference, or where there is none against the exact form.
        conditions: how.
        between: called once a round: the machine's peak is measured there.
        say: hears what is done.
    """
    folder = conditions.work / model.name
    folder.mkdir(parents=True, exist_ok=True)
    task = model.task(weights_of(model, conditions.cache), conditions.cache, overlap=conditions.overlap, device=conditions.device)
    samples = model.song_samples(conditions.seconds)
    sound = song(samples, model.sample_rate)
    np.save(folder / "song.npy", sound)
    measured = Measured(model.name, model.family, model.chunk, conditions.overlap, samples / model.sample_rate, None, [])
    with _loaded(contestants, task, folder, measured.results, say) as children:
        measured.gflop = _work(children)
        _warm_up(children, measured.results, sound, folder)
        for number in range(conditions.repeats):
            between()
            for name in _turn(list(children), number):
                _round(children, measured.results, name, folder)
                say(f"{model.name}: round {number + 1} of {conditions.repeats}: {name} {_told(measured.of(name))}")
    _agree(measured.results, folder)
    for result in measured.results:
        if result.decibels is not None:
            say(f"{model.name}: {result.name} agrees to {result.decibels:.0f} dB")
    return measured


def _told(result: Result | None) -> str:
    return f"{result.seconds[-1]:.2f} s" if result else "left out"


def _turn(names: list[str], number: int) -> list[str]:
    """Another one begins in each round: nobody always follows the same one."""
    first = number % max(len(names), 1)
    return names[first:] + names[:first]


@contextmanager
def _loaded(contestants: Sequence[Contestant], task: Task, folder: Path, results: list[Result], say: Say) -> Iterator[dict[str, Child]]:
    """All who can load the model, by name; a result for everybody."""
    with ExitStack() as stack:
        children: dict[str, Child] = {}
        for contestant in contestants:
            result = Result(contestant.name)
            results.append(result)
            work = folder / contestant.name
            work.mkdir(exist_ok=True)
            child = stack.enter_context(Child(contestant, folder))
            own = {**task.as_json(), "precision": contestant.precision, "overlap": contestant.overlap, "work": str(work)}
            try:
                result.load_seconds = child.ask("load", task=own)["seconds"]
            except ChildFailed as error:
                result.absent = str(error)
                say(f"{contestant.name} is left out: {error}")
                child.close()
            else:
                children[contestant.name] = child
        yield children


def _work(children: dict[str, Child]) -> float | None:
    """GFLOP of one forward, from the one that can count them."""
    for child in children.values():
        try:
            return float(child.ask("work")["gflop"])
        except ChildFailed:
            continue
    return None


def _warm_up(children: dict[str, Child], results: list[Result], sound: Samples, folder: Path) -> None:
    """A song so short that it takes one call of the network: what is done once is done before the clock runs."""
    np.save(folder / "short.npy", sound[:, : max(sound.shape[1] // 8, 1)])
    for result in results:
        if result.name in children:
            try:
                children[result.name].ask("separate", song=str(folder / "short.npy"), out=None)
            except ChildFailed as error:
                result.absent = str(error)
                children.pop(result.name).close()


def _round(children: dict[str, Child], results: list[Result], name: str, folder: Path) -> None:
    result = next(result for result in results if result.name == name)
    out = None if result.seconds else str(folder / f"{name}.npy")
    try:
        answer: dict[str, Any] = children[name].ask("separate", song=str(folder / "song.npy"), out=out)
    except ChildFailed as error:
        result.absent, result.seconds = str(error), []
        children.pop(name).close()
        return
    result.seconds.append(float(answer["seconds"]))
    result.forwards = int(answer["forwards"])
    result.peak = max(filter(None, (result.peak, answer["peak"])), default=None)
    result.device_peak = answer["device_peak"]


def _agree(results: Sequence[Result], folder: Path) -> None:
    """How near everybody's stems are to the reference's."""
    present = [result.name for result in results if result.seconds]
    judge = next((name for name in (REFERENCE, EXACT) if name in present), None)
    if judge is None:
        return
    wanted = np.load(folder / f"{judge}.npy")
    for result in results:
        if result.seconds and result.name not in (judge, OVERLAP):
            result.decibels = decibels(np.load(folder / f"{result.name}.npy"), wanted)


def decibels(found: Samples, wanted: Samples) -> float:
    """Signal-to-error ratio of stems [S, C, n] in dB, over the samples that both have: some programs leave out the last ones.

    Not a number where stems or channels differ, or the lengths by more than a tenth.
    """
    length, longer = sorted((found.shape[-1], wanted.shape[-1]))
    if found.shape[:-1] != wanted.shape[:-1] or length < 0.9 * longer:
        return float("nan")
    wanted, found = wanted[..., :length].astype(np.float64), found[..., :length]
    error = max(float(np.sum((found - wanted) ** 2)), 1e-30)
    return float(10 * np.log10(np.sum(wanted**2) / error))
