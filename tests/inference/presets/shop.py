"""What the tests of presets share: models without networks, a workshop that counts what it is asked for, and presets as short text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from inference.catalogue import Catalogue, ModelRecord
from inference.errors import Cancelled
from inference.presets import ModelFacts, Preset, StemFile, StepStore, parse_preset, run
from inference.types import OutputFormat, Progress

WAV = OutputFormat("wav", "FLOAT")
SHARES = {"vocals": 0.25, "other": 0.75, "lead": 0.5, "backing": 0.5, "dry": 0.9, "reverb": 0.1, "only": 1.0}


class Shares:
    """A model whose stems are fixed shares of the song."""

    def __init__(self, stems: Sequence[str]) -> None:
        self.stems = tuple(stems)

    def stream(self, blocks: Any, *, stems: Sequence[str], on_work: Callable[[float], None], sample_rate: int, **_: Any) -> Any:
        done = 0
        for block in blocks:
            done += block.shape[1]
            on_work(done / sample_rate)
            yield np.stack([block * np.float32(SHARES[stem]) for stem in stems])


def record(name: str, *stems: str, **fields: Any) -> ModelRecord:
    return ModelRecord.model_validate(
        {
            "name": name,
            "title": "",
            "purpose": "",
            "family": "spleeter",
            "stems": stems,
            "sample_rate": 44100,
            "weights": {"kind": "file", "files": []},
            **fields,
        }
    )


RECORDS = (
    record("split", "vocals", "other"),
    record("karaoke", "lead", "backing"),
    record("dereverb", "dry", "reverb"),
    record("solo", "only"),
)
CATALOGUE = Catalogue({each.name: each for each in RECORDS})


@dataclass
class Shop:
    """The folders of runs, and what they asked for and reported."""

    root: Path
    models: dict[str, Any] = field(default_factory=lambda: {each.name: Shares(each.stems) for each in RECORDS})
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    told: list[Progress] = field(default_factory=list)
    stop: Callable[[Progress], bool] = lambda _: False
    speeds: dict[str, float] = field(default_factory=dict)
    store: StepStore | None = None
    runs: int = 0

    def give(self, name: str, options: Mapping[str, Any]) -> Any:
        self.asked.append((name, dict(options)))
        return self.models[name]

    def report(self, progress: Progress) -> None:
        self.told.append(progress)
        if self.stop(progress):
            raise Cancelled

    def run(self, data: dict[str, Any] | Preset, source: Path, output: OutputFormat = WAV, more: Sequence[Path] = ()) -> list[StemFile]:
        """Run a preset in folders of its own."""
        self.runs += 1
        self.asked.clear()
        self.told.clear()
        preset = data if isinstance(data, Preset) else parse_preset(data)
        folders = {name: self.root / f"{self.runs}" / name for name in ("folder", "extras", "work")}
        facts = ModelFacts(lambda name, options: [name, dict(options)], lambda name, options: self.speeds.get(name))
        how = {"output": output, "models": self.give, "report": self.report, "facts": facts, "store": self.store, "more": more}
        return run(preset, source, song="song", **how, **folders)


def graph(steps: Sequence[Mapping[str, Any]], outputs: Sequence[str | Mapping[str, Any]], **changes: Any) -> dict[str, Any]:
    """A preset file of version 2.0.0; an output may be just where it comes from."""
    kept = [{"from": each} if isinstance(each, str) else dict(each) for each in outputs]
    return {"version": "2.0.0", "name": "test", "steps": [dict(step) for step in steps], "outputs": kept, **changes}


def separate(name: str, model: str, source: str = "mixture", **more: Any) -> dict[str, Any]:
    return {"kind": "separate", "name": name, "model": model, "input": source, **more}


def read(file: StemFile | Path) -> np.ndarray:
    """Samples of a file, float32 [C, n]."""
    return soundfile.read(file.path if isinstance(file, StemFile) else file, dtype="float32", always_2d=True)[0].T
