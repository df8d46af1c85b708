"""The models that are measured: published sizes, from configs.json, with random weights.

What a network costs does not depend on its weights. What half precision costs in agreement does: random weights are about the
worst case (a published Mel-Band Roformer holds 66 dB in bfloat16 where random weights hold 46).
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tools.bench.child import Samples, Task
from tools.bench.runner import run_module

CONFIGS = Path(__file__).with_name("configs.json")


@dataclass(frozen=True)
class BenchModel:
    """One entry of configs.json."""

    name: str
    family: str
    config: dict[str, Any]
    stems: tuple[str, ...]
    rest: str | None
    file: str | None  # what its published weights are called; some peers go by it
    catalogue: str | None  # an installed model whose real weights are taken
    seconds: float | None  # length of the song; None for one chunk
    quick_chunk: int | None  # samples of a chunk that is shorter than published; None where it cannot be shortened
    extras: dict[str, str]  # the module of a family that is not in the registry

    @property
    def sample_rate(self) -> int:
        """Samples per second."""
        return int(self.config.get("audio", {}).get("sample_rate", 44100))

    @property
    def chunk(self) -> int | None:
        """Samples of a chunk, where the config knows them."""
        chunk = self.config.get("audio", {}).get("chunk_size")
        return int(chunk) if chunk else None

    def song_samples(self, seconds: float | None) -> int:
        """Samples of the song to be separated.

        By default one chunk: with num_overlap 2 these are two calls of the network in every loop, because a song that is not longer
        than two borders gets none. In longer songs the reference loop calls it num_overlap - 1 times more often than is needed.
        """
        seconds = seconds or self.seconds
        if seconds is None and self.chunk:
            return self.chunk
        return round((seconds or 10) * self.sample_rate)

    def shortened(self) -> BenchModel:
        """With the quick chunk."""
        if self.quick_chunk is None:
            return self
        config = json.loads(json.dumps(self.config))
        config["audio"]["chunk_size"] = self.quick_chunk
        return BenchModel(**{**self.__dict__, "config": config})

    def task(self, weights: Sequence[Path], cache: Path, *, overlap: int, device: str) -> Task:
        """What every contestant is told: the same chunk, the same overlap, one chunk a call."""
        config = json.loads(json.dumps(self.config))
        config["inference"] = {**config.get("inference", {}), "num_overlap": overlap, "batch_size": 1}
        return Task(
            family=self.family,
            config=config,
            weights=tuple(str(path) for path in weights),
            cache=str(cache / "converted"),
            stems=self.stems,
            rest=self.rest,
            sample_rate=self.sample_rate,
            device=device,
            extras=self.extras,
        )


def load_models(path: Path = CONFIGS) -> list[BenchModel]:
    """All models of a file such as configs.json."""
    return [
        BenchModel(
            name=name,
            family=entry["family"],
            config=entry["config"],
            stems=tuple(entry["stems"]),
            rest=entry.get("rest"),
            file=entry.get("file"),
            catalogue=entry.get("catalogue"),
            seconds=entry.get("seconds"),
            quick_chunk=entry.get("quick_chunk"),
            extras=entry.get("extras", {}),
        )
        for name, entry in json.loads(path.read_text(encoding="utf-8")).items()
    ]


def weights_of(model: BenchModel, cache: Path) -> list[Path]:
    """Its files of weights; random ones are made once, in `cache`, and are the same on every machine."""
    if model.catalogue is not None:
        from inference.catalogue import load_catalogue

        return load_catalogue().get(model.catalogue).weights.paths()
    path = cache / (model.file or f"{model.name}.ckpt")
    if not path.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        order = {"family": model.family, "config": model.config, "extras": model.extras, "path": str(path)}
        run_module("tools.bench.weights", json.dumps(order))
    return [path]


def song(samples: int, sample_rate: int) -> Samples:
    """Something like music, float32 [2, samples]: chords that come and go, and noise. The same every time."""
    random = np.random.default_rng(0)
    time = np.arange(samples) / sample_rate
    sound = random.standard_normal((2, samples)) * 0.02
    for pitch in (110.0, 164.8, 220.0, 329.6, 440.0, 659.3, 1318.5, 3520.0):
        for side in range(2):
            phase = random.uniform(0, 2 * math.pi)
            swell = 0.5 + 0.5 * np.sin(2 * math.pi * time * random.uniform(0.3, 2) + phase)
            sound[side] += 0.08 * swell * np.sin(2 * math.pi * pitch * time + phase)
    return np.asarray(sound, np.float32)
