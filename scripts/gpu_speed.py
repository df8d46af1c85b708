"""The parts speed:NAME of gpu_check.py: how fast a family is, how near, how large, and what takes the time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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
    task, short, long = place.task(name), place.song(20), place.song(40)
    state: dict[str, Any] = {"gflop": None, "reference": None}

    def reference() -> None:
        side = Reference()
        side.load(task)
        state["gflop"] = side.work()
        if task.family == "vr":
            tell("reference", gflop=state["gflop"])
            return
        side.separate(place.song(2))
        place.forget()
        state["reference"], seconds = measured(place, lambda: side.separate(short))
        tell("reference, as torch comes", x_real_time=short.shape[1] / RATE / seconds, **place.memory())

    place.step("reference", reference)
    separator = place.separator(name)
    fast = half_type(task.family, place.device) is not None
    kept: dict[str, Samples] = {}
    for precision in ("exact", "fast") if fast else ("exact",):
        for batch in (1, 2, 4, 8) if precision == "fast" or not fast else (1, 4):
            place.step(
                f"{precision}, batch {batch}",
                lambda precision=precision, batch=batch: _form(place, separator, task, state, kept, short, long, precision, batch),  # type: ignore[misc]
            )
        separator.configure(Options(precision=precision, overlap=2, batch=1))
        place.step(f"{precision}, kernels", lambda precision=precision: _kernels(place, separator, precision))  # type: ignore[misc]
        place.step(f"{precision}, graph", lambda precision=precision: _graph(place, separator, precision))  # type: ignore[misc]
        place.step(f"{precision}, same", lambda precision=precision: _same(place, separator, precision))  # type: ignore[misc]


def _form(
    place: Place,
    separator: Separator,
    task: Task,
    state: dict[str, Any],
    kept: dict[str, Samples],
    short: Samples,
    long: Samples,
    precision: str,
    batch: int,
) -> None:
    separator.configure(Options(precision=precision, overlap=2, batch=batch))  # type: ignore[arg-type]
    found = separator.separate(short, RATE)
    place.forget()
    with counting(separator, task) as calls:
        _, seconds = measured(place, lambda: separator.separate(long, RATE))
    values: dict[str, Any] = {"x_real_time": long.shape[1] / RATE / seconds, "seconds": seconds, "chunks": calls[0]}
    if state["gflop"]:
        values["tflops"] = state["gflop"] * calls[0] / seconds / 1e3
    whole = np.stack(list(found.values()))
    if not np.isfinite(whole).all():
        values["error"] = "not finite"
    if batch == 1:
        kept[precision] = whole
        against = (
            kept.get("exact")
            if precision == "fast"
            else np.stack([state["reference"][stem] for stem in found])
            if state["reference"]
            else None
        )
        if against is not None:
            values["db"] = round(agreement(torch.from_numpy(whole), torch.from_numpy(against)), 1)
            values["worst_stem_db"] = round(
                min(agreement(torch.from_numpy(a), torch.from_numpy(b)) for a, b in zip(whole, against, strict=True)), 1
            )
    elif precision in kept:
        values["change"] = float(np.abs(whole - kept[precision]).max() / np.abs(kept[precision]).max())
    tell(f"{precision}, batch {batch}", **values, **place.memory(), fast=separator._crew.fast)


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


def _kernels(place: Place, separator: Separator, precision: str) -> None:
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
    if not place.on_gpu or isinstance(engine, Graphed):
        return
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
