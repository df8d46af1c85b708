"""What models cost, as `tools.catalogue.speed` measured it: by network, not by model, because weights change nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

MEASURED = Path(__file__).with_name("speed.json")


@dataclass(frozen=True)
class Cost:
    """Of one network with its own chunk and overlap, exactly, on a CPU with two threads."""

    model: str  # the one that was measured
    seconds: float  # of computing per second of audio
    built_in: float  # the same of the built-in model, in the same minutes
    speed: float  # seconds / built_in
    memory: int  # bytes that the process had at most


@dataclass(frozen=True)
class Costs:
    """All that were measured, by fingerprint."""

    known: dict[str, Cost] = field(default_factory=dict)

    def of(self, key: str) -> Cost | None:
        """Of the network with this fingerprint; None if it was not measured."""
        return self.known.get(key)

    @classmethod
    def read(cls, path: Path = MEASURED) -> Costs:
        """Those in a file; none where there is no file."""
        if not path.is_file():
            return cls()
        return cls({key: Cost(**entry) for key, entry in json.loads(path.read_text(encoding="utf-8"))["costs"].items()})

    def write(self, path: Path = MEASURED) -> None:
        """To a file, one network a line."""
        lines = [f"  {json.dumps(key)}: {json.dumps(asdict(cost))}" for key, cost in sorted(self.known.items())]
        part = path.with_suffix(".part")
        part.write_bytes(('{\n "costs": {\n' + ",\n".join(lines) + "\n }\n}\n").encode())
        part.replace(path)


TRAINING_ONLY = ("dropout", "flash_attn", "multi_stft", "checkpoint")
"""What is in names of settings that cost nothing while separating."""


def fingerprint(family: str, config: Mapping[str, Any]) -> str:
    """The same for two models that cost the same: network, chunk and overlap, but not the names of stems."""
    kept: dict[str, Any]
    if family == "vr":
        kept = {key: value for key, value in config["vr"].items() if not key.endswith("_stem") and not key.startswith("is_")}
    else:
        kept = {key: _kept(value) for key, value in config.items()}
        training, inference = dict(config.get("training", {})), dict(config.get("inference", {}))
        if family.endswith("roformer"):  # their frames are in the model's section
            kept["audio"] = {key: config["audio"][key] for key in ("chunk_size", "sample_rate", "num_channels") if key in config["audio"]}
        kept["training"] = {key: training[key] for key in ("segment", "samplerate", "channels") if key in training}
        kept["inference"] = {key: inference[key] for key in ("chunk_size", "num_overlap", "normalize") if key in inference}
        kept["stems"] = 1 if training.get("target_instrument") else len(training.get("instruments") or ())
    text = json.dumps([family, kept], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _kept(section: Any) -> Any:
    """A section without what is for training only."""
    if not isinstance(section, Mapping):
        return section
    names = [key for key in section if key != "min_mean_abs" and not any(word in key for word in TRAINING_ONLY)]
    return {key: section[key] for key in names}
