"""What published networks compute, recorded as data (tests/golden), and weights that are the same everywhere."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from torch import Tensor, nn

from inference.networks import build

GOLDEN = Path(__file__).parent / "golden"


@dataclass(frozen=True)
class Golden:
    """A recorded network: its config, its weights, one input, and what it made of it."""

    model_type: str
    config: dict[str, Any]
    state: dict[str, Tensor]
    input: Tensor
    outputs: dict[str, Tensor]  # "output", or several by name

    @property
    def output(self) -> Tensor:
        return self.outputs["output"]

    def network(self) -> nn.Module:
        """The published form with these weights, loaded strictly."""
        config = self.config if "model" in self.config or self.model_type == "vr" else {"model": self.config}
        network = build(self.model_type, config).eval()
        network.load_state_dict(self.state)
        return network


def golden(name: str) -> Golden:
    """The vectors in golden/NAME.safetensors."""
    with safe_open(GOLDEN / f"{name}.safetensors", "pt") as file:
        about = file.metadata()
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - it is not a mapping
    constants = {key.removeprefix("const."): tensors.pop(key) for key in list(tensors) if key.startswith("const.")}
    return Golden(
        about["model_type"], json.loads(about["config"]), weights(json.loads(about["state"]), constants), tensors.pop("input"), tensors
    )


def weights(shapes: Mapping[str, list[int]], constants: Mapping[str, Tensor] | None = None) -> dict[str, Tensor]:
    """A whole state: recorded constants where there are some, else `weight`. Counters are zero."""
    constants = constants or {}
    state = {}
    for key, shape in shapes.items():
        made = torch.tensor(0) if key.endswith("num_batches_tracked") else torch.from_numpy(weight(key, shape))
        state[key] = constants.get(key, made)
    return state


def weight(key: str, shape: list[int]) -> np.ndarray:
    """The value of state entry `key`; numpy's RandomState is frozen, so this is the same everywhere."""
    random = np.random.RandomState(zlib.crc32(key.encode()))
    values = np.asarray(random.standard_normal(shape))
    if key.endswith("running_var"):
        values = 1 + 0.25 * np.tanh(values)
    elif len(shape) == 1 and key.endswith(("weight", "gamma")):
        values = 1 + 0.2 * values
    elif len(shape) > 1:
        values = values * (0.7 / (values.size // shape[0])) ** 0.5
    else:
        values = values * 0.05
    return values.astype(np.float32)


def relative_error(found: Tensor, wanted: Tensor) -> float:
    """|found - wanted| / |wanted|."""
    return float((found - wanted).norm() / wanted.norm())


def agreement(found: Tensor, wanted: Tensor) -> float:
    """Signal-to-error ratio in dB."""
    error = (found.double() - wanted.double()).square().sum().clamp_min(1e-30)
    return float(10 * torch.log10(wanted.double().square().sum() / error))


def published_models() -> list[dict[str, Any]]:
    """Facts about published models: name, model_type, config or vr."""
    models: list[dict[str, Any]] = json.loads((GOLDEN / "models.json").read_text(encoding="utf-8"))
    return models


def fingerprints() -> dict[str, dict[str, Any]]:
    """Parameters, tensors and the hash of all keys and shapes of published checkpoints, by name."""
    found: dict[str, dict[str, Any]] = json.loads((GOLDEN / "fingerprints.json").read_text(encoding="utf-8"))
    return found


def fingerprint(network: nn.Module, *, trainable: bool = False) -> dict[str, Any]:
    """The same of a network, which may be on the meta device."""
    import hashlib

    state = network.state_dict()
    shapes = sorted((key, list(tensor.shape)) for key, tensor in state.items())
    digest = hashlib.sha256(json.dumps(shapes, separators=(",", ":")).encode()).hexdigest()
    counted = network.parameters() if trainable else state.values()
    return {"parameters": sum(p.numel() for p in counted), "tensors": len(state), "sha256": digest}
