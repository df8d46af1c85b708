"""The Roformers once more, laid out for speed."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from inference.networks import Config, Setup, section
from inference.networks.chunked import ChunkModel, plan, stems_of
from inference.networks.roformer_network import BandNetwork


class FastRoformer(nn.Module):
    """As the published network, computing only the stems that are asked for."""

    def __init__(self, published: BandNetwork) -> None:
        super().__init__()
        self.published = published

    def forward(self, mixture: Tensor, stems: Sequence[int]) -> Tensor:
        """[B, C, T] -> [B, len(stems), C, n]."""
        found: Tensor = self.published(mixture)
        return (found if found.ndim == 4 else found[:, None])[:, list(stems)]


def roformer_model(networks: Sequence[nn.Module], config: Config, setup: Setup) -> ChunkModel:
    """The model that the separator runs, from one published network."""
    (network,) = networks
    assert isinstance(network, BandNetwork)
    audio, inference = section(config, "audio"), section(config, "inference")
    return ChunkModel(
        FastRoformer(network.eval()),
        stems_of(config, network.shape.stems),
        plan(config, setup, silence=True),
        setup,
        sample_rate=int(audio.get("sample_rate", 44100)),
        channels=network.shape.channels,
        normalize=bool(inference.get("normalize", False)),
    )
