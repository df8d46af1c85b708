"""A family of networks that compute next to nothing, with which everything around a network is measured.

Every stem is the mixture times a number. The benchmark's own processes put it into the registry; the product does not know it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from inference.networks import Config, Setup, WaveModel
from inference.networks.chunked import ChunkModel, plan, stems_of

FAMILY = {"identity": "tools.bench.identity"}
"""For networks.FAMILIES."""


class Identity(nn.Module):
    """As many stems as wanted.

    Args:
        stems: how many.
    """

    def __init__(self, stems: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(stems))

    def forward(self, mixture: Tensor) -> Tensor:
        """[B, C, T] -> [B, S, C, T]."""
        return mixture[:, None] * self.gain[:, None, None]


class IdentityEngine(nn.Module):
    """The same for some stems only.

    Args:
        network: whose numbers are taken.
    """

    def __init__(self, network: Identity) -> None:
        super().__init__()
        self.network = network

    def forward(self, mixture: Tensor, stems: Sequence[int]) -> Tensor:
        """[B, C, T] -> [B, len(stems), C, T]."""
        found: Tensor = self.network(mixture)
        return found[:, list(stems)]


def build(config: Config) -> Identity:
    """A network with as many stems as the config has instruments."""
    return Identity(len(stems_of(config)))


def wave_model(networks: Sequence[nn.Module], config: Config, setup: Setup) -> WaveModel:
    """What the loop runs."""
    (network,) = networks
    assert isinstance(network, Identity)
    return ChunkModel(IdentityEngine(network), stems_of(config), plan(config, setup), setup, config)
