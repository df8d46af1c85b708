"""Apollo: gives back what lossy compression took from music.

Li and Luo, "Apollo: Band-sequence Modeling for High-Quality Audio Restoration", 2024. Its parts are in `apollo_layers`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from inference.networks import Config, Setup, section
from inference.networks.apollo_fast import FastApollo
from inference.networks.apollo_layers import Apollo, ApolloConfig
from inference.networks.chunked import ChunkModel, plan, stems_of

HALF = {"cpu": torch.bfloat16, "cuda": torch.float16}
# With torch's own random weights at the published size of 256 features: 47 dB in bfloat16, 65 dB in float16. With AVX512-BF16 1.7 times
# as fast as in float32.

AT_ONCE = {"cuda": 2}  # on an H200 1.2 times as fast as one; four are 1.1 times as fast as two and hold twice the memory


def build(config: Config) -> Apollo:
    """The published network of a config."""
    return Apollo(ApolloConfig.read(config))


def wave_model(networks: Sequence[nn.Module], config: Config, setup: Setup) -> ChunkModel:
    """The model of the one network. It has one stem: the restored song."""
    (network,) = networks
    assert isinstance(network, Apollo)
    return ChunkModel(
        FastApollo(network.eval(), setup.half),
        stems_of(config, 1),
        plan(config, setup, sample_rate=network.config.sr),
        setup,
        config,
        sample_rate=network.config.sr,
        channels=int(section(config, "audio").get("num_channels", 2)),
    )
