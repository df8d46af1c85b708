"""The parts speed:NAME of gpu_check.py: how fast a family is, how near, how large, and what takes the time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import torch

from inference.device import rounding
from inference.networks import half_type
from inference.networks.graphs import Graphed
from inference.options import Options
from inference.separator import Separator
from inference.types import Samples
from scripts.gpu_place import RATE, Place, joined, measured, tell, timed
from tests.vectors import agreement
from tools.bench.child import Task
from tools.bench.peers.reference import Reference


def speed(place: Place, name: str) -> None:
    """A family: how fast, how near, how large."""
    work = Family(place, name)
    place.step("reference", work.reference)
    for precision in ("exact", "fast") if work.has_fast else ("exact",):
        batches: list[int | None] = [1, 2, 4, 8, None] if precision == "fast" or not work.has_fast else [1, 4, None]
        for batch in batches:
            place.step(f"{precision}, batch {batch}", partial(work.form, precision, batch))
        separator = work.configured(precision, 1)
        place.step(f"{precision}, kernels", partial(kernels, place, separator, precision))
        place.step(f"{precision}, graph", partial(_graph, place, separator, precision))
        place.step(f"{precision}, same", partial(_same, place, separator, precision))


class Family:
    """A model, and what its forms have answered so far."""

    def __init__(self, place: Place, name: str) -> None:
        self.place, self.task = place, place.task(name)
        self.has_fast = half_type(self.task.family, place.device) is not None
        self.separator = place.separator(name)
        self.short, self.long = place.song(20), place.song(40)
        self.gflop: float | None = None
        self.answers: dict[str, Samples] = {}  # of the reference and of both forms, [S, C, n]

    def configured(self, precision: str, batch: int | None) -> Separator:
        """The separator in this form."""
        self.separator.configure(Options(precision=precision, overlap=2, batch=batch))  # type: ignore[arg-type]
        return self.separator

    def reference(self) -> None:
        """The published form in the plain loop, and what it computes."""
        side = Reference()
        side.load(self.task)
        self.gflop = side.work()
        tell("work", gflop=self.gflop)
        if self.task.family == "vr":
            return
        side.separate(self.place.song(2))
        self.place.forget()
        _, seconds = measured(self.place, lambda: side.separate(self.short))
        tell("reference, as torch comes", x_real_time=self.short.shape[1] / RATE / seconds, **self.place.memory())
        with rounding(self.place.device, exact=True):  # torch's own convolutions round to TF32
            found, seconds = measured(self.place, lambda: side.separate(self.short))
        tell("reference, in float32", x_real_time=self.short.shape[1] / RATE / seconds)
        self.answers["reference"] = np.stack([found[stem] for stem in self.task.stems])

    def form(self, precision: str, batch: int | None) -> None:
        """A form with so many chunks a call."""
        separator = self.configured(precision, batch)
        found = np.stack(list(separator.separate(self.short, RATE).values()))
        self.place.forget()
        with counting(separator, self.task) as calls:
            _, seconds = measured(self.place, lambda: separator.separate(self.long, RATE))
        values: dict[str, Any] = {"x_real_time": self.long.shape[1] / RATE / seconds, "seconds": seconds, "chunks": calls[0]}
        if self.gflop:
            values["tflops"] = self.gflop * calls[0] / seconds / 1e3
        if not np.isfinite(found).all():
            values["error"] = "not finite"
        if batch == 1:
            self.answers[precision] = found
            against = self.answers.get("exact" if precision == "fast" else "reference")
            values |= {} if against is None else compared(found, against)
        elif precision in self.answers:
            values["change"] = float(np.abs(found - self.answers[precision]).max() / np.abs(found).max())
        tell(f"{precision}, batch {batch}", **values, **self.place.memory(), fast=separator._crew.fast)


def compared(found: Samples, wanted: Samples) -> dict[str, float]:
    """Agreement of stems [S, C, n], in dB: of all together, and of the worst one."""
    pairs = [(torch.from_numpy(a), torch.from_numpy(b)) for a, b in zip(found, wanted, strict=True)]
    whole = agreement(torch.from_numpy(found), torch.from_numpy(wanted))
    return {"db": round(whole, 1), "worst_stem_db": round(min(agreement(a, b) for a, b in pairs), 1)}


@contextmanager
def counting(separator: Separator, task: Task) -> Iterator[list[int]]:
    """Counts chunks that the network is given."""
    model: Any = separator.model
    separate, calls = model.separate, [0]

    def counted(mixture: torch.Tensor, *arguments: Any) -> torch.Tensor:
        calls[0] += mixture.shape[0] * (mixture.shape[1] if task.mono else 1)
        answer: torch.Tensor = separate(mixture, *arguments)
        return answer

    model.separate = counted
    try:
        yield calls
    finally:
        del model.separate


def kernels(place: Place, separator: Separator, precision: str) -> None:
    """What takes the time on the card, and how long it waits."""
    if not place.on_gpu:
        return
    from torch.profiler import ProfilerActivity, profile

    music = place.song(12)
    separator.separate(music, RATE)
    _, seconds = measured(place, lambda: separator.separate(music, RATE))
    with profile(activities=[ProfilerActivity.CUDA]) as watched:
        separator.separate(music, RATE)
    rows = [row for row in watched.key_averages() if row.self_device_time_total > 0 and str(row.device_type).endswith("CUDA")]
    rows.sort(key=lambda row: -row.self_device_time_total)
    total = sum(row.self_device_time_total for row in rows) / 1e6
    calls = {row.key: row.count for row in watched.key_averages() if row.key.startswith("cuda")}
    table = [[f"{row.self_device_time_total / total / 1e4:.1f} %", row.count, row.key[:110]] for row in rows[:14]]
    tell(
        f"{precision}, kernels",
        busy=total / seconds,
        device_seconds=total,
        seconds=seconds,
        kernels=sum(row.count for row in rows),
        calls=calls,
        table=table,
    )


def _graph(place: Place, separator: Separator, precision: str) -> None:
    """One call of the engine, as it is and as a CUDA graph."""
    engine: Any = getattr(separator.model, "engine", None)
    if not place.on_gpu:
        return
    engine = engine.engine if isinstance(engine, Graphed) else engine
    given: list[Any] = []
    hook = engine.register_forward_pre_hook(lambda _, inputs: given.append(inputs))
    separator.separate(place.song(20), RATE)
    hook.remove()
    x, *rest = given[0]
    with torch.inference_mode(), rounding(place.device, exact=precision == "exact"):
        x = x.clone()
        plain = timed(place, lambda: engine(x, *rest), 5)
        wanted = engine(x, *rest)
        graphed = Graphed(engine)
        for _ in range(3):
            found = graphed(x, *rest)
        seconds = timed(place, lambda: graphed(x, *rest), 5)
        error = {"error": graphed.failure} if graphed.failure else {}
        tell(
            f"{precision}, graph",
            plain_ms=plain * 1e3,
            graph_ms=seconds * 1e3,
            change=float((found - wanted).abs().max() / wanted.abs().max()),
            **error,
        )


def _same(place: Place, separator: Separator, precision: str) -> None:
    """The same song twice, and in blocks of another length, heard twice where the model normalises."""
    music = place.song(12)
    first = np.stack(list(separator.separate(music, RATE).values()))
    second = np.stack(list(separator.separate(music, RATE).values()))
    separator.configure(Options(precision=precision, overlap=2, batch=1, normalize=True))  # type: ignore[arg-type]
    whole = joined(separator, [music])
    blocks = joined(separator, list(np.array_split(music, 17, axis=1)))
    loud = float(np.abs(first).max())
    values = {"twice": float(np.abs(first - second).max()) / loud, "blocks": float(np.abs(whole - blocks).max()) / loud}
    if separator.record.rest or separator.record.family == "vr":
        values["sum"] = float(np.abs(first.sum(0) - music).max())
    tell(f"{precision}, same", **values)
