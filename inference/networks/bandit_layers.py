"""What Bandit and Bandit v2 are made of: the published form, to train with and to check the fast form against.

Luo and Yu, "Music Source Separation with Band-split RNN", 2022; Watcharasupat et al., "A Generalized Bandsplit Neural Network for
Cinematic Audio Source Separation", 2023.

    mixture --STFT--> spectrum --norm, linear by band--> [B, bands, frames, features] --RNNs along time, along bands, in turn-->
            --one MLP by stem and band--> complex masks --averaged where bands overlap, times the spectrum, inverse STFT--> stems
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.errors import UnknownModel
from inference.networks.bandit_bands import Bands
from inference.networks.inverse import istft

WINDOWS = ("hann_window", "hamming_window", "blackman_window", "bartlett_window", "kaiser_window")
PARTS = 2  # real and imaginary


@dataclass(frozen=True)
class BanditConfig:
    """The options that both versions have."""

    in_channel: int = 1  # audio channels that the network sees at once; songs with more are separated channel by channel
    stems: tuple[str, ...] = ("speech", "music", "effects")
    bands: str = "musical"
    n_bands: int | None = 64
    fs: int = 44100
    treat_channel_as_feature: bool = True
    normalize_channel_independently: bool = False
    n_sqm_modules: int = 8  # pairs of RNNs: along time, along bands
    emb_dim: int = 128
    rnn_dim: int = 256
    bidirectional: bool = True
    rnn_type: str = "GRU"
    mlp_dim: int = 512
    hidden_activation: str = "Tanh"
    hidden_activation_kwargs: Mapping[str, Any] | None = None
    complex_mask: bool = True
    use_freq_weights: bool = True
    n_fft: int = 2048
    win_length: int | None = None
    hop_length: int = 512
    window_fn: str = "hann_window"
    wkwargs: Mapping[str, Any] | None = None
    power: float | None = None
    center: bool = True
    normalized: bool | str = True
    pad_mode: str = "constant"
    onesided: bool = True

    def __post_init__(self) -> None:
        for name, wanted in (("normalize_channel_independently", False), ("power", None), ("center", True), ("onesided", True)):
            if getattr(self, name) != wanted:
                raise UnknownModel(f"Bandit networks with {name} = {getattr(self, name)} are not supported", hint=f"Only {wanted} is.")
        if self.rnn_type not in ("GRU", "LSTM", "RNN"):
            raise UnknownModel(f"Bandit networks with RNNs of type {self.rnn_type!r} are not supported", hint="They are GRU, LSTM or RNN.")
        if self.window_fn not in WINDOWS:
            raise UnknownModel(f"Bandit networks with a {self.window_fn!r} are not supported", hint=f"Known are: {', '.join(WINDOWS)}.")
        if not self.treat_channel_as_feature and self.emb_dim % self.in_channel:
            raise UnknownModel(f"{self.emb_dim} features cannot be shared out among {self.in_channel} channels")

    @classmethod
    def read(cls, model: Mapping[str, Any], **renamed: str) -> BanditConfig:
        """From the section `model`. Keys that mean nothing to the network are passed over.

        Args:
            model: the section.
            renamed: names of ours, and those of the section for them.
        """
        found = {field.name: model[key] for field in fields(cls) if (key := renamed.get(field.name, field.name)) in model}
        if "stems" in found:
            found["stems"] = tuple(found["stems"])
        return cls(**found)


class Spectrum(nn.Module):
    """One direction of the STFT. Both have their window in the published state."""

    def __init__(self, config: BanditConfig) -> None:
        super().__init__()
        self.n_fft, self.hop = config.n_fft, config.hop_length
        self.pad_mode, self.normalized = config.pad_mode, config.normalized
        self.window: Tensor
        window = getattr(torch, config.window_fn)(config.win_length or config.n_fft, **(config.wkwargs or {}))
        self.register_buffer("window", window)

    def scale(self) -> Tensor | float:
        """What spectra are divided by."""
        if self.normalized == "frame_length":
            return float(self.n_fft**0.5)
        return self.window.square().sum().sqrt() if self.normalized else 1.0


class Stft(Spectrum):
    """From audio to its spectrum."""

    def forward(self, audio: Tensor) -> Tensor:
        """[..., T] -> complex [..., bins, frames]."""
        flat = torch.stft(
            audio.reshape(-1, audio.shape[-1]),
            self.n_fft,
            self.hop,
            self.window.shape[0],
            self.window,
            pad_mode=self.pad_mode,
            return_complex=True,
        )
        return flat.reshape(*audio.shape[:-1], *flat.shape[1:]) / self.scale()


class InverseStft(Spectrum):
    """From a spectrum to its audio."""

    def forward(self, spectrum: Tensor, length: int) -> Tensor:
        """Complex [..., bins, frames] -> [..., length]."""
        flat = (spectrum * self.scale()).reshape(-1, *spectrum.shape[-2:])
        audio = istft(flat, self.n_fft, self.hop, self.window, length=length)
        return audio.reshape(*spectrum.shape[:-2], length)


class NormFC(nn.Module):
    """Features of one band. Subclasses name the layers."""

    def __init__(self, config: BanditConfig, width: int) -> None:
        super().__init__()
        self.channels, self.joined = config.in_channel, config.treat_channel_as_feature
        joined = config.in_channel if self.joined else 1
        inputs, features = PARTS * width, config.emb_dim if self.joined else config.emb_dim // config.in_channel
        self.name_layers(nn.LayerNorm(config.in_channel * inputs), nn.Linear(joined * inputs, features))

    def name_layers(self, norm: nn.LayerNorm, fc: nn.Linear) -> None:
        """Keep the layers under their published names."""
        self.norm, self.fc = norm, fc

    def layers(self) -> tuple[nn.LayerNorm, nn.Linear]:
        """The norm and the linear layer."""
        return self.norm, self.fc

    def forward(self, band: Tensor) -> Tensor:
        """[B, frames, channels * parts * width] -> [B, frames, features]."""
        norm, fc = self.layers()
        x = norm(band)
        if self.joined:
            found: Tensor = fc(x)
            return found
        return fc(x.unflatten(-1, (self.channels, -1))).flatten(-2)  # type: ignore[no-any-return]


class BandSplit(nn.Module):
    """Features of all bands.

    Args:
        config: of the network.
        bands: the bins of each band.
        layer: what makes the features of a band.
        paired: whether a band's real and imaginary parts lie beside each other, or all imaginary ones behind all real ones.
    """

    def __init__(self, config: BanditConfig, bands: Bands, layer: type[NormFC], *, paired: bool = False) -> None:
        super().__init__()
        self.bands, self.paired = bands, paired
        self.norm_fc_modules = nn.ModuleList([layer(config, width) for width in bands.widths])

    def forward(self, spectrum: Tensor) -> Tensor:
        """Complex [B, channels, bins, frames] -> [B, bands, frames, features]."""
        found = []
        for layer, (start, end) in zip(self.norm_fc_modules, self.bands.edges, strict=True):
            band = torch.view_as_real(spectrum[:, :, start:end]).permute(0, 3, 1, 2, 4)  # [B, frames, channels, width, parts]
            found.append(layer((band if self.paired else band.transpose(-1, -2)).flatten(2)))
        return torch.stack(found, 1)


class ResidualRNN(nn.Module):
    """An RNN along the second last axis, added to its input."""

    def __init__(self, config: BanditConfig) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(config.emb_dim)
        made: type[nn.RNNBase] = getattr(nn, config.rnn_type)
        self.rnn = made(config.emb_dim, config.rnn_dim, batch_first=True, bidirectional=config.bidirectional)  # type: ignore[call-arg,arg-type]
        self.fc = nn.Linear(config.rnn_dim * (2 if config.bidirectional else 1), config.emb_dim)

    def forward(self, x: Tensor) -> Tensor:
        """[..., n, features] -> the same."""
        found: Tensor = self.fc(self.rnn(self.norm(x).flatten(0, -3))[0])
        return x + found.reshape(x.shape)


class SequenceModel(nn.Module):
    """RNNs along time and along bands, in turn.

    Args:
        config: of the network.
        spaced: whether, in the published state, a number without weights follows each RNN's.
    """

    def __init__(self, config: BanditConfig, *, spaced: bool = False) -> None:
        super().__init__()
        layers = [ResidualRNN(config) for _ in range(2 * config.n_sqm_modules)]
        self.seqband = nn.ModuleList([part for layer in layers for part in ((layer, nn.Identity()) if spaced else (layer,))])

    def rnns(self) -> list[ResidualRNN]:
        """The RNNs in order, the first one along time."""
        return [layer for layer in self.seqband if isinstance(layer, ResidualRNN)]

    def forward(self, x: Tensor) -> Tensor:
        """[B, bands, frames, features] -> the same."""
        for layer in self.rnns():
            x = layer(x).transpose(1, 2)
        return x


class NormMLP(nn.Module):
    """The mask of one stem in one band."""

    def __init__(self, config: BanditConfig, width: int) -> None:
        super().__init__()
        outputs = width * config.in_channel * (PARTS if config.complex_mask else 1)
        activation = getattr(nn.modules.activation, config.hidden_activation, None)
        if activation is None:
            raise UnknownModel(f"there is no activation called {config.hidden_activation!r}")
        self.norm = nn.LayerNorm(config.emb_dim)
        self.hidden = nn.Sequential(nn.Linear(config.emb_dim, config.mlp_dim), activation(**(config.hidden_activation_kwargs or {})))
        self.output = nn.Sequential(nn.Linear(config.mlp_dim, 2 * outputs), nn.GLU())

    def forward(self, x: Tensor) -> Tensor:
        """[B, frames, features] -> [B, frames, channels * width * parts]."""
        found: Tensor = self.output(self.hidden(self.norm(x)))
        return found


class MaskEstimation(nn.Module):
    """The mask of one stem."""

    def __init__(self, config: BanditConfig, bands: Bands, layer: type[NormMLP]) -> None:
        super().__init__()
        self.bands, self.bins, self.channels = bands, config.n_fft // 2 + 1, config.in_channel
        self.complex, self.weighted = config.complex_mask, config.use_freq_weights and bands.weights is not None
        for index, weights in enumerate(bands.weights or ()):
            self.register_buffer(f"freq_weights/{index}", weights)
        self.norm_mlp = nn.ModuleList([layer(config, width) for width in bands.widths])

    def forward(self, x: Tensor) -> Tensor:
        """[B, bands, frames, features] -> [B, channels, bins, frames], complex or real."""
        total: Tensor | None = None
        for index, (layer, (start, end)) in enumerate(zip(self.norm_mlp, self.bands.edges, strict=True)):
            mask = layer(x[:, index]).unflatten(-1, (self.channels, end - start, -1))
            mask = torch.view_as_complex(mask) if self.complex else mask[..., 0]
            mask = mask.permute(0, 2, 3, 1)  # [B, channels, width, frames]
            if self.weighted:
                mask = mask * self.get_buffer(f"freq_weights/{index}")[:, None]
            padded = F.pad(mask, (0, 0, start, self.bins - end))
            total = padded if total is None else total + padded
        assert total is not None
        return total


class Separation(nn.Module):
    """What both published networks do, whatever they call their parts."""

    config: BanditConfig
    stft: Stft
    istft: InverseStft

    def core(self) -> nn.Module:
        """Where `band_split`, `tf_model` and `mask_estim` are."""
        return self

    def forward(self, mixture: Tensor) -> Tensor:
        """[B, C, T] -> [B, stems, C, T]; C a multiple of the channels that the network sees at once."""
        batch, channels, length = mixture.shape
        spectrum = self.stft(mixture.reshape(-1, self.config.in_channel, length))
        core = self.core()
        x = core.get_submodule("tf_model")(core.get_submodule("band_split")(spectrum))
        masks = core.get_submodule("mask_estim")
        found = [self.istft(spectrum * mask(x), length).reshape(batch, channels, length) for mask in masks.children()]
        return torch.stack(found, 1)
