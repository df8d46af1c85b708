"""Random weights for a published form, written as `torch.save` does: `python -m tools.bench.weights ORDER.json`.

Parameters are drawn by their names, so they do not depend on the order in which a network is built; what is no parameter
(windows, filter banks, statistics) stays as the network made it.
"""

from __future__ import annotations

import json
import sys
import uuid
import zlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from inference.networks import FAMILIES, build


def random_state(network: nn.Module) -> dict[str, Tensor]:
    """A state for this network; activations keep about their size on the way through it."""
    trained = {key for key, _ in network.named_parameters(remove_duplicate=False)}
    state = {}
    for key, value in network.state_dict().items():
        fixed = key not in trained or key.endswith("freqs") or not value.is_floating_point()
        state[key] = value.clone() if fixed else _drawn(key, value.shape)
    return state


def _drawn(key: str, shape: torch.Size) -> Tensor:
    random = np.random.default_rng(zlib.crc32(key.encode()))
    values = torch.from_numpy(random.standard_normal(tuple(shape), np.float32))
    if len(shape) > 1:
        size: float = (0.7 * shape[0] / max(shape.numel(), 1)) ** 0.5
        return values * size
    return 1 + 0.2 * values if key.endswith(("weight", "gamma")) else 0.05 * values


def write(order: dict[str, object]) -> None:
    """Make the file that `order` names, from its family and config."""
    FAMILIES.update(order["extras"])  # type: ignore[call-overload]
    network = build(str(order["family"]), order["config"])  # type: ignore[arg-type]
    path = Path(str(order["path"]))
    part = path.with_suffix(f".{uuid.uuid4().hex}.part")
    torch.save(random_state(network), part)
    part.replace(path)


if __name__ == "__main__":
    write(json.loads(sys.argv[1]))
