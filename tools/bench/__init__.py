"""Measurements that anybody can repeat: `python webui.py bench`. Ratios within one run count; absolute times belong to the machine.

    models.py  what is measured    compare.py  one model, all contestants in turn    report.py  what is shown
    ours.py, peers/*.py            the contestants, each a process of its own        runner.py, child.py  both ends of the line to them
    machine.py, work.py            what the machine can do, what a network asks of it
    loading.py                     loading, latency and the loop's own memory

The parent never imports torch: it would take memory and time from those whom it measures.
"""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools.bench.compare import EXACT, FAST, OVERLAP, PYMSS, REFERENCE, Conditions, Measured, Say, compare
from tools.bench.models import CONFIGS, BenchModel, load_models
from tools.bench.report import Machine, Report
from tools.bench.runner import Child, Contestant

__all__ = ["BenchOptions", "Machine", "Measured", "Report", "run_bench"]


@dataclass(frozen=True)
class BenchOptions:
    """What is to be measured, and how.

    Raises:
        ValueError: a value out of its range.
    """

    cache: Path  # random weights are kept here: about 3 GB for all models
    families: Sequence[str] = ()  # families or names of models; none for all
    seconds: float | None = None  # length of the song; None for one chunk of the model
    repeats: int | None = None  # rounds; None for 3, or 1 if quick
    overlap: int | None = None  # chunks per chunk length, the same on all sides; None for 2, or 1 if quick
    device: str = "auto"
    precision: str = "both"  # "exact", "fast" or "both"
    peers: str | None = None  # an interpreter with pymss; None for this one if it has it
    quick: bool = False  # shorter chunks, one call of the network, one round
    configs: Path = CONFIGS
    contestants: Sequence[Contestant] = field(default_factory=tuple)  # instead of the usual ones

    def __post_init__(self) -> None:
        if self.precision not in ("exact", "fast", "both"):
            raise ValueError(f"a precision of {self.precision!r}; it is exact, fast or both")
        if self.overlap is not None and not 1 <= self.overlap <= 50:
            raise ValueError(f"an overlap of {self.overlap}; it is 1 to 50")
        if self.repeats is not None and self.repeats < 1:
            raise ValueError(f"{self.repeats} rounds")

    def conditions(self, work: Path) -> Conditions:
        """What holds for all models. `work` is a folder for what passes between the processes."""
        repeats, overlap = (1, 1) if self.quick else (3, 2)
        return Conditions(self.repeats or repeats, self.overlap or overlap, self.seconds, self.device, self.cache, work)


def run_bench(options: BenchOptions, say: Say) -> Report:
    """Measure. Takes minutes to an hour; Ctrl-C ends it with what is there.

    Raises:
        ValueError: a family that is not known.
    """
    models = _chosen(options)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        work = Path(folder)
        conditions = options.conditions(work)
        with Child(Contestant("machine", "tools.bench.machine", keep_heap=True), work) as machine:
            report = Report(Machine(machine.ask("describe", device=options.device)), options.quick)
            measure = _meter(machine, report.machine, options.device)
            try:
                for model in models:
                    report.measured.append(compare(model, options.contestants or _contestants(options), conditions, measure, say))
            except KeyboardInterrupt:
                say("stopped: this is what was measured before")
    return report


def _chosen(options: BenchOptions) -> list[BenchModel]:
    models = load_models(options.configs)
    known = {model.family for model in models} | {model.name for model in models}
    for name in options.families:
        if name not in known:
            raise ValueError(f"nothing to measure is called {name!r}; there are {', '.join(sorted(known))}")
    chosen = [model for model in models if not options.families or {model.family, model.name} & set(options.families)]
    return [model.shortened() for model in chosen] if options.quick else chosen


def _contestants(options: BenchOptions) -> list[Contestant]:
    ours = "tools.bench.ours"
    found = [
        Contestant(EXACT, ours, keep_heap=True),
        Contestant(FAST, ours, keep_heap=True, precision="fast"),
        Contestant(REFERENCE, "tools.bench.peers.reference"),
    ]
    if options.precision != "both":
        found = [contestant for contestant in found if contestant.name in (options.precision, REFERENCE)]
    python = options.peers or (sys.executable if importlib.util.find_spec("pymss") else None)
    if python is not None:
        found.append(Contestant(PYMSS, "tools.bench.peers.pymss", python=python))
    if not options.quick:
        found.append(Contestant(OVERLAP, ours, keep_heap=True, overlap="fast"))
    return found


def _meter(machine: Child, peak: Machine, device: str) -> Callable[[], None]:
    return lambda: peak.saw(machine.ask("measure", device=device))
