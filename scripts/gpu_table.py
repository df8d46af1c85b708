"""The part `table` of gpu_check.py: every family with and without CUDA graphs, few and more chunks at once, in one process."""

from __future__ import annotations

import gc
import os
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from torch import Tensor, nn

from inference.device import describe
from scripts.gpu_check import FAMILIES
from scripts.gpu_place import RATE, Place, measured, tell
from scripts.gpu_speed import Family, compared, kernels

EXACT: tuple[tuple[bool, int | None], ...] = ((False, 1), (True, 1), (True, 2), (True, None))
FAST: tuple[tuple[bool, int | None], ...] = ((False, 1), (True, 1), (False, 2), (True, 2), (True, 4), (True, None))
"""With graphs or not, and chunks a call; None as it is chosen."""

KERNELS = ("mdx23c", "apollo", "bandit")
"""Whose kernels are listed here too."""


def table(place: Place, first: int = 0) -> None:
    """From the `first` family on."""
    tell("card", name=describe(place.device))
    place.steps("table", [(name, partial(_family, place, name)) for name in ORDER], first)


ORDER = ("mdx23c", *(name for name in FAMILIES if name != "mdx23c"))
"""That of which least is known comes first."""


def _family(place: Place, name: str) -> None:
    work = Family(place, name)
    place.step(f"{name}, reference", work.reference)
    rows: list[list[Any]] = []
    for precision in ("fast", "exact") if work.has_fast else ("exact",):
        for graphs, batch in FAST if precision == "fast" else EXACT:
            what = f"{name}, {precision}, batch {batch}{', graphs' if graphs else ''}"
            place.step(what, partial(_row, place, work, what, precision, graphs, batch, rows))
    os.environ.pop("MSST_CUDA_GRAPHS", None)
    if name == "mel_band_roformer":
        place.step("loop", partial(_loop, place, work))
    against = [work.answers.get(one) for one in ("fast", "exact", "reference")]
    for what, found, wanted in (("exact, reference", *against[1:]), ("fast, exact", *against[:2])):
        if found is not None and wanted is not None:
            rows.append([what, *(f"{key} {value}" for key, value in compared(found, wanted).items())])
    tell(name, rows=rows)
    if name in KERNELS:
        separator = work.configured("fast" if work.has_fast else "exact", 1)
        place.step(f"{name}, kernels", partial(kernels, place, separator, name))


class _Nothing(nn.Module):
    """An engine that takes no time."""

    def forward(self, x: Tensor, stems: Sequence[int]) -> Tensor:
        return x[:, None].expand(-1, len(stems), -1, -1) * 0.5


def _loop(place: Place, work: Family) -> None:
    """All but the network."""
    model: Any = work.configured("exact", 1).model
    model.engine = _Nothing()
    work.separator.separate(work.long, RATE)
    _, seconds = measured(place, lambda: work.separator.separate(work.long, RATE))
    tell("loop without a network", x_real_time=work.long.shape[1] / RATE / seconds, seconds=seconds)


def _row(place: Place, work: Family, what: str, precision: str, graphs: bool, batch: int | None, rows: list[list[Any]]) -> None:
    """One form: the third run of a song counts, when all that is made once has been made, or a fourth one where they are short."""
    os.environ["MSST_CUDA_GRAPHS"] = str(int(graphs))
    separator = work.configured(precision, batch)
    separator._crew = separator._gather()  # graphs are no option
    gc.collect()
    music = work.long if precision == "fast" else work.short
    place.forget()
    for _ in range(2):
        separator.separate(music, RATE)
    seconds = [measured(place, lambda: separator.separate(music, RATE))[1]]
    if seconds[0] < 0.6:
        seconds.append(measured(place, lambda: separator.separate(music, RATE))[1])
    found = np.stack(list(separator.separate(work.short, RATE).values()))
    kept = work.answers.setdefault(precision, found)
    failure = getattr(getattr(separator.model, "engine", None), "failure", None)
    values: dict[str, Any] = {
        "x_real_time": music.shape[1] / RATE / min(seconds),
        "change": float(np.abs(found - kept).max() / np.abs(kept).max()),
        "at_once": separator._crew.batch,
        **place.memory(),
    }
    if failure or not np.isfinite(found).all():
        values["error"] = f"not recorded: {failure}" if failure else "not finite"
    tell(what, **values)
    rows.append([what.split(", ", 1)[1], *(values.get(key, "-") for key in ("x_real_time", "change", "at_once", "peak_gb", "reserved_gb"))])
