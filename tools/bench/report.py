"""What was measured, as text, as Markdown and as JSON: three views of one table."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from tools.bench.compare import EXACT, FAST, OVERLAP, PYMSS, REFERENCE, Measured, Result

LABELS = {
    EXACT: "ours, exact",
    FAST: "ours, fast",
    OVERLAP: "ours, exact, overlap fast",
    REFERENCE: "reference loop",
    PYMSS: "pymss",
}
HEADS = ("model", "who", "seconds", "+-", "forwards", "RTF", "GFLOP/s", "of peak", "memory", "dB", "vs reference", "vs pymss")
LEGEND = """\
seconds: median of the rounds for the whole song, +-: the largest distance from it. forwards: chunks that the network was given.
RTF: seconds of computing for a second of the song, at this overlap. GFLOP/s: the published form's matrix products, convolutions,
attention and recurrent layers; of peak: against the best matrix product of this run, float32 or (fast) bfloat16. memory: the most
that the process had at once while it separated (on a GPU: of the GPU's). dB: signal to error against the reference's float32 stems
with random weights. vs: how many times as fast, the median of the rounds (least to most), same chunk and overlap on both sides."""


@dataclass
class Machine:
    """What it is, and the best it was seen to do."""

    about: dict[str, Any]
    peaks: dict[str, float] = field(default_factory=dict)  # GFLOP/s by type: "fp32", "bf16"

    def saw(self, rates: Mapping[str, float]) -> None:
        """Another measurement."""
        for name, rate in rates.items():
            self.peaks[name] = max(self.peaks.get(name, 0.0), rate)

    def line(self) -> str:
        """In one line."""
        about = self.about
        peaks = ", ".join(f"{name} {rate:.0f} GFLOP/s" for name, rate in self.peaks.items())
        parts = (about["device"], about["processor"], about["instructions"], f"torch {about['torch']}", about["system"])
        return f"{', '.join(part for part in parts if part)}. Peak: {peaks or 'not measured'}."


@dataclass
class Report:
    """All that was measured in one run."""

    machine: Machine
    quick: bool = False
    measured: list[Measured] = field(default_factory=list)

    def text(self) -> str:
        """For a terminal."""
        rows = [HEADS, *self._rows()]
        widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join([self.machine.line(), "", *lines, "", *self._notes(), LEGEND])

    def markdown(self) -> str:
        """For docs/performance.md."""
        lines = [f"| {' | '.join(row)} |" for row in (HEADS, ("---",) * len(HEADS), *self._rows())]
        return "\n".join([self.machine.line(), "", *lines, "", *self._notes(), "", LEGEND]) + "\n"

    def as_json(self) -> str:
        """With every single time."""
        values = {"machine": asdict(self.machine), "quick": self.quick, "measured": [asdict(one) for one in self.measured]}
        return json.dumps(values, indent=1)

    def _rows(self) -> list[tuple[str, ...]]:
        return [self._row(one, result) for one in self.measured for result in one.results if result.seconds]

    def _row(self, one: Measured, result: Result) -> tuple[str, ...]:
        gflops = one.gflops(result.name)
        peak = self.machine.peaks.get("bf16" if result.name == FAST else "fp32")
        return (
            one.model,
            LABELS.get(result.name, result.name),
            _shown(result.median, "{:.2f}"),
            _shown(result.spread, "{:.0%}"),
            _shown(result.forwards, "{}"),
            _shown(result.median and result.median / one.seconds, "{:.3f}"),
            _shown(gflops, "{:.0f}"),
            _shown(gflops and peak and gflops / peak, "{:.0%}"),
            _shown(result.device_peak or result.peak, lambda size: f"{size / 2**20:.0f} MiB"),
            _shown(result.decibels, "{:.0f}"),
            _ratio(one, REFERENCE, result),
            _ratio(one, PYMSS, result),
        )

    def _notes(self) -> list[str]:
        notes = []
        for one in self.measured:
            chunk = f"chunks of {one.chunk} samples, " if one.chunk else ""
            work = f", {one.gflop:.0f} GFLOP a forward" if one.gflop else ""
            notes.append(f"{one.model}: {chunk}num_overlap {one.overlap}, a song of {one.seconds:.2f} s{work}.")
            notes += [f"{one.model}: no {LABELS.get(result.name, result.name)}: {result.absent}" for result in one.results if result.absent]
        if self.quick:
            notes.append("Quick: chunks are shorter than published where they can be; the ratios are a hint only.")
        return notes


def _ratio(one: Measured, peer: str, result: Result) -> str:
    ratio = one.ratio(peer, result.name) if result.name not in (peer, REFERENCE, PYMSS) else None
    if ratio is None:
        return ""
    middle, least, most = ratio
    return f"{middle:.2f} ({least:.2f} to {most:.2f})"


def _shown(value: Any, form: str | Callable[[Any], str]) -> str:
    if value is None:
        return ""
    return form(value) if callable(form) else form.format(value)
