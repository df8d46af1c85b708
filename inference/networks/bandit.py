"""Bandit: speech, music and effects of a film's sound track, from a band-split network with recurrent layers.

Watcharasupat et al., "A Generalized Bandsplit Neural Network for Cinematic Audio Source Separation", 2023. Parts in `bandit_layers`.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from inference.networks import Config, Setup, section
from inference.networks.bandit_bands import bands_of
from inference.networks.bandit_fast import chunk_model
from inference.networks.bandit_layers import (
    BanditConfig,
    BandSplit,
    InverseStft,
    MaskEstimation,
    NormFC,
    NormMLP,
    Separation,
    SequenceModel,
    Stft,
)
from inference.networks.chunked import ChunkModel


class Bandit(Separation):
    """The published network."""

    def __init__(self, config: BanditConfig) -> None:
        super().__init__()
        self.config = config
        self.stft, self.istft = Stft(config), InverseStft(config)
        self.bsrnn = _Core(config)

    def core(self) -> nn.Module:
        """It is called `bsrnn`."""
        return self.bsrnn


class _Core(nn.Module):
    def __init__(self, config: BanditConfig) -> None:
        super().__init__()
        bands = bands_of(config.bands, n_fft=config.n_fft, sample_rate=config.fs, n_bands=config.n_bands)
        self.band_split = BandSplit(config, bands, NormFC)
        self.tf_model = SequenceModel(config)
        self.mask_estim = nn.ModuleDict({stem: MaskEstimation(config, bands, NormMLP) for stem in config.stems})


def build(config: Config) -> Bandit:
    """The published network of a config.

    Raises:
        UnknownModel: an option that is not supported.
    """
    return Bandit(BanditConfig.read(section(config, "model"), bands="band_specs"))


def wave_model(networks: Sequence[nn.Module], config: Config, setup: Setup) -> ChunkModel:
    """The model of the one network."""
    (network,) = networks
    assert isinstance(network, Bandit)
    return chunk_model(network, config, setup)
