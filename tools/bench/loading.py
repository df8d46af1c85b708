"""What surrounds the network: loading, the start of work, and the loop's own memory. `python webui.py bench --loop`"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from tools.bench.child import Samples, Task
from tools.bench.compare import Say
from tools.bench.models import CONFIGS, BenchModel, load_models, song, weights_of
from tools.bench.runner import Child, Contestant
from tools.bench.server import first_work

INSIDE = Contestant("inside", "tools.bench.inside", keep_heap=True)
MODEL = "mel_band_roformer"  # its checkpoint has 913 MB
MINUTES = (5, 60)
STEMS = ("drums", "bass", "other", "vocals")


@dataclass
class LoopReport:
    """All that was measured. Seconds, and bytes."""

    checkpoint_bytes: int = 0
    first_load: float | None = None  # of a pickled checkpoint: read, converted, mapped
    second_load: float | None = None  # in a new process
    start: list[float] = field(default_factory=list)  # from a file to the first reported work, model loaded
    click: list[float] = field(default_factory=list)  # the same through a running server, from the request to the progress it shows
    memory: dict[int, int] = field(default_factory=dict)  # of the loop, by minutes of song
    loop_seconds: dict[int, float] = field(default_factory=dict)

    def text(self) -> str:
        """For a terminal."""
        return "\n".join(f"{name}: {value}" for name, value in self._lines())

    def markdown(self) -> str:
        """For docs/performance.md."""
        return "\n".join(["| what | measured |", "|---|---|", *(f"| {name} | {value} |" for name, value in self._lines())]) + "\n"

    def as_json(self) -> str:
        """All of it."""
        return json.dumps(asdict(self), indent=1)

    def _lines(self) -> list[tuple[str, str]]:
        lines = []
        if self.first_load is not None and self.second_load is not None:
            size = f"a checkpoint of {self.checkpoint_bytes / 1e6:.0f} MB"
            lines.append((f"first load of {size}, with its conversion", f"{self.first_load:.2f} s"))
            lines.append((f"second load of {size}, in a new process", f"{self.second_load:.2f} s"))
        if self.start:
            lines.append(("from a file to the first work, model loaded", f"{min(self.start):.3f} to {max(self.start):.3f} s"))
        if self.click:
            lines.append(
                ("from a request to the progress that the server shows, warm", f"{min(self.click):.2f} to {max(self.click):.2f} s")
            )
        for minutes, memory in self.memory.items():
            took = f"in {self.loop_seconds[minutes]:.1f} s"
            lines.append((f"the loop's own memory, {minutes} minutes, {len(STEMS)} stems", f"{memory / 2**20:.0f} MiB ({took})"))
        return lines


def measure(
    cache: Path, device: str, say: Say, *, model: str = MODEL, configs: Path = CONFIGS, minutes: Sequence[float] = MINUTES
) -> LoopReport:
    """Measure all of it.

    Args:
        cache: where random weights are kept.
        device: a name for `device.choose`.
        say: hears what is done.
        model: whose loading is measured.
        configs: where it is found.
        minutes: lengths of the songs that go through the loop.
    """
    report = LoopReport()
    chosen = next(one for one in load_models(configs) if one.name == model)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        work = Path(folder)
        _loading(report, chosen, cache, device, work)
        say(f"loading: {report.first_load:.2f} s, then {report.second_load:.2f} s; start of work: {min(report.start):.3f} s")
        _memory(report, device, work, minutes)
        say(f"memory of the loop: {', '.join(f'{size / 2**20:.0f} MiB' for size in report.memory.values())}")
        report.click = first_work(work, say)
    return report


def _loading(report: LoopReport, model: BenchModel, cache: Path, device: str, work: Path) -> None:
    (weights,) = weights_of(model, cache)
    report.checkpoint_bytes = weights.stat().st_size
    task = model.task([weights], work, overlap=2, device=device).as_json()
    sound = write_song(work / "song.wav", model.sample_rate)
    with Child(INSIDE, work) as child:
        report.first_load = child.ask("load", task=task)["seconds"]
    with Child(INSIDE, work) as child:
        report.second_load = child.ask("load", task=task)["seconds"]
        child.ask("start", song=str(sound))  # what the first call prepares
        report.start = [child.ask("start", song=str(sound))["seconds"] for _ in range(3)]


def _memory(report: LoopReport, device: str, work: Path, minutes: Sequence[float]) -> None:
    """The same process takes the short song first: what the long one adds to its peak would show."""
    config = {
        "audio": {"chunk_size": 485100, "sample_rate": 44100},
        "inference": {"num_overlap": 2},
        "training": {"instruments": list(STEMS), "target_instrument": None},
    }
    path = work / "identity.json"
    path.write_text(
        json.dumps({"identity": {"family": "identity", "config": config, "stems": STEMS, "extras": {"identity": "tools.bench.identity"}}}),
        encoding="utf-8",
    )
    (model,) = load_models(path)
    task: Task = model.task(weights_of(model, work), work, overlap=2, device=device)
    for length in minutes:
        with Child(INSIDE, work) as child:
            child.ask("load", task=task.as_json())
            child.ask("loop", seconds=1)  # what is loaded late
            answer = child.ask("loop", seconds=60 * length)
            report.memory[int(length)] = answer["memory"]
            report.loop_seconds[int(length)] = answer["seconds"]


def write_song(path: Path, sample_rate: int) -> Path:
    """A WAV file of 20 seconds."""
    import soundfile

    sound: Samples = song(20 * sample_rate, sample_rate)
    soundfile.write(path, np.ascontiguousarray(sound.T), sample_rate, "FLOAT")
    return path
