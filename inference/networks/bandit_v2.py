"""Bandit v2: the band-split network of films' sound tracks at 48 kHz, with its layers under other names.

Watcharasupat et al., "Remastering Divide and Remaster: A Cinematic Audio Source Separation Dataset with Multilingual Support", 2024.
Parts in `bandit_layers`. A config's section `model` is either the network's options or `{cls, kwargs}` with the options in `kwargs`.
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

SAMPLE_RATE = 48000


class BanditV2(Separation):
    """The published network."""

    def __init__(self, config: BanditConfig) -> None:
        super().__init__()
        self.config = config
        self.stft, self.istft = Stft(config), InverseStft(config)
        bands = bands_of(config.bands, n_fft=config.n_fft, sample_rate=config.fs, n_bands=config.n_bands)
        self.band_split = BandSplit(config, bands, _CombinedFC, paired=True)
        self.tf_model = SequenceModel(config, spaced=True)
        self.mask_estim = nn.ModuleDict({stem: MaskEstimation(config, bands, _CombinedMLP) for stem in config.stems})


class _CombinedFC(NormFC):
    """Its layers have numbers for names."""

    def name_layers(self, norm: nn.LayerNorm, fc: nn.Linear) -> None:
        self.combined = nn.Sequential(norm, fc)

    def layers(self) -> tuple[nn.LayerNorm, nn.Linear]:
        norm, fc = self.combined
        assert isinstance(norm, nn.LayerNorm)
        assert isinstance(fc, nn.Linear)
        return norm, fc


class _CombinedMLP(NormMLP):
    """Its layers are in the published state twice, under names and under numbers."""

    def __init__(self, config: BanditConfig, width: int) -> None:
        super().__init__(config, width)
        self.combined = nn.Sequential(self.norm, self.hidden, self.output)


def build(config: Config) -> BanditV2:
    """The published network of a config.

    Raises:
        UnknownModel: an option that is not supported.
    """
    model = section(section(config, "model"), "kwargs")
    return BanditV2(BanditConfig.read({"fs": SAMPLE_RATE, **model}, bands="band_type", in_channel="in_channels"))


def wave_model(networks: Sequence[nn.Module], config: Config, setup: Setup) -> ChunkModel:
    """The model of the one network."""
    (network,) = networks
    assert isinstance(network, BanditV2)
    return chunk_model(network, config, setup)
