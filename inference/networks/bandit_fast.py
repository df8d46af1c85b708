"""Bandit and Bandit v2 once more, laid out for speed; `bandit_layers` has the published form."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from inference.networks import Config, Setup, section
from inference.networks.bandit_layers import Separation
from inference.networks.chunked import ChunkModel, plan


class FastBandit(nn.Module):
    """As `Separation`, but only the stems asked for.

    Args:
        published: the network with its weights. It is not changed.
    """

    def __init__(self, published: Separation) -> None:
        super().__init__()
        core = published.core()
        self.in_channel = published.config.in_channel
        self.stft, self.istft = published.stft, published.istft
        self.band_split, self.tf_model = core.get_submodule("band_split"), core.get_submodule("tf_model")
        self.masks = nn.ModuleList(core.get_submodule("mask_estim").children())

    def forward(self, mixture: Tensor, stems: Sequence[int]) -> Tensor:
        """[B, C, T] -> [B, len(stems), C, T]."""
        batch, channels, length = mixture.shape
        spectrum = self.stft(mixture.reshape(-1, self.in_channel, length))
        x = self.tf_model(self.band_split(spectrum))
        found = [self.istft(spectrum * self.masks[stem](x), length).reshape(batch, channels, length) for stem in stems]
        return torch.stack(found, 1)


def chunk_model(network: Separation, config: Config, setup: Setup) -> ChunkModel:
    """The wave model of either version."""
    own = network.config
    audio, training = section(config, "audio"), section(config, "training")
    names = tuple(training.get("instruments") or ())
    return ChunkModel(
        FastBandit(network.eval()),
        names if len(names) == len(own.stems) else own.stems,
        plan(config, setup, silence=True, sample_rate=own.fs),
        setup,
        sample_rate=own.fs,
        channels=max(int(audio.get("num_channels", 2)), own.in_channel),
    )
