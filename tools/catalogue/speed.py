"""Measures what each network of the catalogue costs: `python -m tools.catalogue.speed`

Every distinct network gets random weights and works on its own chunk, exactly, in one thread of the CPU. What counts is the
processor's time, which other work on the machine hardly changes. The built-in model works before and after it, so that a machine
that drifts drifts for both; where these two disagree all the same, nothing is written. Each result is written at once: a run that
was stopped goes on where it was, and networks that were measured are passed over.
`python -m tools.catalogue` takes the results into the catalogue.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import numpy as np

from inference.catalogue import ModelRecord, load_catalogue
from tools.bench.child import Task
from tools.bench.models import song
from tools.bench.runner import Child, ChildFailed, Contestant, run_module
from tools.catalogue.costs import MEASURED, Cost, Costs, fingerprint

log = logging.getLogger(__name__)

BUILT_IN = "spleeter_2stems"
SECONDS = 10.0  # of song, for models that do not work in chunks of a given length
THREADS = "1"
DIGITS = 3
STEADY = 1.25  # the built-in model before and after may differ by so much: else the machine was busy, and the measurement is worth nothing
Key = str


def networks(only: Sequence[str] = ()) -> dict[Key, ModelRecord]:
    """One model of every distinct network that can run here, small ones first, by fingerprint.

    Args:
        only: names of models or families; none for all.
    """
    found: dict[Key, ModelRecord] = {}
    records = [record for record in load_catalogue() if record.config_file and record.supported]
    for record in sorted(records, key=lambda each: (each.bytes or 0, each.name)):
        if not only or {record.name, record.family} & set(only):
            found.setdefault(fingerprint(record.family, record.load_config()), record)
    return found


def measure_all(
    wanted: dict[Key, ModelRecord], path: Path, *, until: float = float("inf"), seconds: float = SECONDS, steady: float = STEADY
) -> Costs:
    """Measure what is missing in the file `path`, and write it after each.

    Args:
        wanted: by fingerprint, in order.
        path: of the results.
        until: no other one is begun once `time.monotonic()` says so.
        seconds: of song, for models that do not work in chunks of a given length.
        steady: how much the built-in model may differ before and after.
    """
    costs = Costs.read(path)
    missing = {key: record for key, record in wanted.items() if costs.of(key) is None}
    if not missing or time.monotonic() > until:
        return costs
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, _Model(_built_in(), Path(folder), seconds) as built_in:
        for number, (key, record) in enumerate(missing.items(), 1):
            if time.monotonic() > until:
                break
            try:
                costs.known[key] = _measure(record, built_in, seconds, steady)
            except (ChildFailed, _Busy) as error:
                log.warning("%s was not measured: %s", record.name, error)
                continue
            costs.write(path)
            log.info("%d of %d: %s, %s times the built-in model", number, len(missing), record.name, costs.known[key].speed)
    return costs


def _measure(record: ModelRecord, built_in: _Model, length: float, steady: float) -> Cost:
    before = built_in.seconds()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        work = Path(folder)
        weights = work / "weights.ckpt"
        order = {"family": record.family, "config": record.load_config(), "extras": {}, "path": str(weights)}
        run_module("tools.bench.weights", json.dumps(order))
        with _Model(_task(record, (weights,)), work, length) as model:
            seconds = model.seconds()
            memory = model.peak
    after = built_in.seconds()
    if max(before, after) > steady * min(before, after):
        raise _Busy(f"the built-in model took {before:.2f} s per second before and {after:.2f} s after it")
    middle = median((before, after))
    return Cost(record.name, _rounded(seconds), _rounded(middle), _rounded(seconds / middle), round(memory / 1e6) * 1_000_000)


class _Busy(Exception):
    """The machine had other things to do."""


class _Model:
    """A process with one model.

    Args:
        task: which.
        folder: for its song and its converted weights.
        length: of the song in seconds, where the model does not say it.
    """

    def __init__(self, task: Task, folder: Path, length: float) -> None:
        self._task, self._folder, self._length = task, folder, length
        self.peak = 0  # bytes

    def __enter__(self) -> _Model:
        self._child = Child(Contestant("measured", "tools.catalogue.measure", keep_heap=True), self._folder)
        self._child.ask("load", task={**self._task.as_json(), "cache": str(self._folder), "work": str(self._folder)})
        self._plan = self._child.ask("plan")
        np.save(self._folder / "song.npy", song(self._samples(), self._task.sample_rate))
        self._pass()  # what is done once is done before the clock runs
        return self

    def __exit__(self, *_: object) -> None:
        self._child.close()

    def seconds(self) -> float:
        """The processor's, per second of audio."""
        return self._pass()

    def _pass(self) -> float:
        answer = self._child.ask("separate", song=str(self._folder / "song.npy"), out=None)
        self.peak = max(self.peak, answer["peak"] or 0)
        if not self._has_chunks():
            return float(answer["cpu_seconds"]) / self._length
        chunks = answer["forwards"] / (2 if self._task.mono else 1)
        return float(answer["cpu_seconds"] / chunks * self._plan["sample_rate"] / self._plan["step"])

    def _has_chunks(self) -> bool:
        return self._task.family not in ("vr", "spleeter")

    def _samples(self) -> int:
        """A song of one step gets one call of the network: all its chunks cost the same."""
        return int(self._plan["step"]) if self._has_chunks() else round(self._length * self._task.sample_rate)


def _built_in() -> Task:
    record = load_catalogue().get(BUILT_IN)
    return _task(record, record.weights.paths())


def _task(record: ModelRecord, weights: Sequence[Path]) -> Task:
    config = record.load_config()
    own = {**config, "inference": {**config.get("inference", {}), "num_overlap": config.get("inference", {}).get("num_overlap", 4)}}
    return Task(
        family=record.family,
        config=own,
        weights=tuple(str(path) for path in weights),
        cache="",
        stems=record.stems,
        rest=record.rest,
        sample_rate=record.sample_rate,
    )


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def main(arguments: list[str] | None = None) -> None:
    """Measure all that is missing."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(prog="python -m tools.catalogue.speed", description=__doc__)
    parser.add_argument("only", nargs="*", help="names of models or families; all")
    parser.add_argument("--results", type=Path, default=MEASURED, help="the file that is read and written")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no other network after so many minutes")
    chosen = parser.parse_args(arguments)
    os.environ["OMP_NUM_THREADS"] = THREADS
    measure_all(networks(chosen.only), chosen.results, until=time.monotonic() + 60 * chosen.minutes)


if __name__ == "__main__":
    main()
