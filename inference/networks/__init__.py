"""The network families: one file each, found by name.

A family's module has two functions:

    build(config) -> nn.Module                  the network with the published state-dict keys, ready for published weights
    wave_model(networks, config) -> WaveModel   what the loop runs: audio in, stems out, made from networks with their weights

To add a family, write its file and add its line to FAMILIES. Nothing else knows families by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from inference.errors import UnknownModel
from inference.overlap_add import Plan

Config = Mapping[str, Any]
"""What a model's record or its YAML says about the network: sections and numbers, by the family's own names."""

FAMILIES: dict[str, str] = {
    "spleeter": "inference.networks.spleeter",
}


class WaveModel(Protocol):
    """A network as the separator sees it. Also an `nn.Module`, so that it can be moved to a device."""

    sample_rate: int
    channels: int  # audio channels of one song: 1 or 2
    stems: tuple[str, ...]  # what it can find, in order
    plan: Plan  # how a song is cut for it

    def to(self, device: torch.device) -> WaveModel:
        """The model on that device."""
        ...

    def modules(self) -> Iterator[nn.Module]:
        """The model and all its parts, for whoever watches its progress."""
        ...

    def separate(self, mixture: Tensor, stems: Sequence[str], lengths: Sequence[int]) -> Tensor:
        """[B, channels, chunk] -> [B, len(stems), channels, n], computing no more than these stems need.

        `lengths` and n are those of `overlap_add.Network`. May be called under `torch.inference_mode` only.
        """
        ...


def build(model_type: str, config: Config) -> nn.Module:
    """A network of this family with random weights and the published state-dict keys.

    Raises:
        UnknownModel: no such family.
    """
    network: nn.Module = _family(model_type).build(config)
    return network


def wave_model(model_type: str, networks: Sequence[nn.Module], config: Config) -> WaveModel:
    """The model that the separator runs, from the family's networks with their weights loaded.

    Raises:
        UnknownModel: no such family.
    """
    model: WaveModel = _family(model_type).wave_model(networks, config)
    return model


def _family(model_type: str) -> Any:
    path = FAMILIES.get(model_type)
    if path is None:
        raise UnknownModel(
            f"networks of type {model_type!r} are not supported yet",
            hint=f"Supported are: {', '.join(sorted(FAMILIES))}.",
            model_type=model_type,
        )
    return import_module(path)
