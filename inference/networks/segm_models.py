"""Networks made for pictures, put between the two ends of MDX23C: an optional extra, whose libraries are installed on demand.

    wave --STFT, sub-bands as channels--> picture --1 x 1 convolution--> first --network--> what of `first` is kept
         --with the picture, 1 x 1 convolutions--> pictures of the stems --inverse STFT--> waves

The network is one of the package segmentation_models_pytorch: an encoder and a decoder by name. No weights of it are downloaded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

from inference.errors import UnknownModel
from inference.networks import Config, Setup, section
from inference.networks.chunked import ChunkModel, plan, stems_of
from inference.networks.mdx23c import Waves

PACKAGES = ("segmentation_models_pytorch", "timm")
DECODERS = {
    "unet": "Unet",
    "unet++": "UnetPlusPlus",
    "fpn": "FPN",
    "manet": "MAnet",
    "linknet": "Linknet",
    "pspnet": "PSPNet",
    "pan": "PAN",
    "deeplabv3": "DeepLabV3",
    "deeplabv3plus": "DeepLabV3Plus",
}
ACTIVATIONS = {"gelu": nn.GELU, "relu": nn.ReLU}


class PictureSeparation(nn.Module):
    """Stems from a network for pictures. It is its own engine.

    Args:
        config: with the sections audio, model and training.
        name: of the network in the published state.
        make: makes the network from a number of channels, of its input as of its output.
    """

    def __init__(self, config: Config, name: str, make: Callable[[int], nn.Module]) -> None:
        super().__init__()
        model = section(config, "model")
        self.stems = stems_of(config)
        self.waves = Waves(section(config, "audio"), int(model["num_subbands"]))
        features, parts = int(model["num_channels"]), 2 * self.waves.channels * self.waves.subbands
        self.first_conv = nn.Conv2d(parts, features, 1, bias=False)
        self.name = name
        self.add_module(name, make(features))
        last = nn.Conv2d(features, len(self.stems) * parts, 1, bias=False)
        self.final_conv = nn.Sequential(nn.Conv2d(features + parts, features, 1, bias=False), _activation(str(model["act"])), last)

    def forward(self, mixture: Tensor, stems: Sequence[int] | None = None) -> Tensor:
        """[B, C, T] -> [B, stems, C, n]; all stems, or those with these indices. n is a whole number of hops, at most T."""
        picture = self.waves.stft(mixture)
        first = self.first_conv(picture)
        found = self.answer(self.get_submodule(self.name), first.transpose(-1, -2)).transpose(-1, -2)
        found = self.final_conv(torch.cat([picture, found * first], 1))
        pictures = found.reshape(found.shape[0], len(self.stems), -1, *found.shape[2:])
        return self.waves.istft(pictures if stems is None else pictures[:, list(stems)])

    def answer(self, network: nn.Module, picture: Tensor) -> Tensor:
        """[B, features, frames, bins] -> the same."""
        found: Tensor = network(picture)
        return found


def optional(package: str, model_type: str, packages: Sequence[str]) -> Any:
    """Import a package that only this type of network needs.

    Raises:
        UnknownModel: it is not installed; the hint says how to.
    """
    try:
        return import_module(package)
    except ImportError as error:
        raise UnknownModel(
            f"networks of type {model_type} need the package {package}, which is not installed: pip install {' '.join(packages)}",
            hint=f"Run: pip install {' '.join(packages)}",
            model_type=model_type,
        ) from error


def build(config: Config) -> PictureSeparation:
    """The published network of a config.

    Raises:
        UnknownModel: the libraries are not installed, or an encoder, a decoder or an activation is not known.
    """
    model = section(config, "model")
    encoder, decoder = str(model["encoder_name"]), str(model["decoder_type"])
    library = optional("segmentation_models_pytorch", "segm_models", PACKAGES)
    if decoder not in DECODERS:
        raise UnknownModel(f"a decoder of type {decoder!r} is not supported", hint=f"Supported are: {', '.join(DECODERS)}.")

    def make(features: int) -> nn.Module:
        try:
            made: nn.Module = getattr(library, DECODERS[decoder])(
                encoder_name=encoder, encoder_weights=None, in_channels=features, classes=features
            )
        except KeyError as error:
            raise UnknownModel(f"the installed segmentation_models_pytorch has no encoder {encoder!r}") from error
        return made

    return PictureSeparation(config, "unet_model", make)


def wave_model(networks: Sequence[nn.Module], config: Config, setup: Setup) -> ChunkModel:
    """The model of the one network. Its chunk is its own, whatever the options say: a network for pictures knows one size."""
    (network,) = networks
    assert isinstance(network, PictureSeparation)
    audio = section(config, "audio")
    own = replace(setup, options=replace(setup.options, chunk=None))
    return ChunkModel(
        network.eval(),
        network.stems,
        plan(config, own, chunk=network.waves.hop * (int(audio.get("dim_t", 512)) - 1)),
        setup,
        config,
        channels=network.waves.channels,
    )


def _activation(name: str) -> nn.Module:
    if name.startswith("elu"):
        return nn.ELU(float(name.removeprefix("elu") or 1))
    if name not in ACTIVATIONS:
        raise UnknownModel(f"an activation {name!r} is not supported", hint="Supported are: gelu, relu, elu with a number.")
    activation: nn.Module = ACTIVATIONS[name]()
    return activation
