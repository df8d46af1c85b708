"""BS-Roformer: bands side by side. Lu et al., "Music Source Separation with Band-Split RoPE Transformer", arXiv 2309.02612."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from inference.networks import Config, Setup, WaveModel, section
from inference.networks.roformer_bands import BS_WIDTHS, neighbours
from inference.networks.roformer_fast import roformer_model
from inference.networks.roformer_network import BandNetwork, Shape, transformers

# bfloat16 is all that CPUs multiply fast: with AVX512-BF16 1.4 to 1.5 times as fast as in float32, at 56 to 61 dB with random weights.
# Elsewhere float16: normalised inputs stay in its range, and three more bits are 18 dB (45 and 63, random weights).
HALF = {"cpu": torch.bfloat16, "cuda": torch.float16, "mps": torch.float16, "xpu": torch.float16}
AT_ONCE = {"cuda": 2}  # on an H200 four are 5 % faster still and hold nearly twice the memory


def build(config: Config) -> BandNetwork:
    """The network that the config's section `model` describes.

    Raises:
        UnknownModel: it asks for what is not supported.
    """
    model = section(config, "model")
    shape = Shape.of(model)
    return BandNetwork(
        shape,
        neighbours(model.get("freqs_per_bands") or BS_WIDTHS),
        transformers(shape, norm=False),
        mask_layers=int(model.get("mask_estimator_depth", 2)) - 1,
        final_norm=True,
        one_stem_axis=True,
        whole_length=True,
    )


def wave_model(networks: Sequence[nn.Module], config: Config, setup: Setup) -> WaveModel:
    """The model that the separator runs."""
    return roformer_model(networks, config, setup)
