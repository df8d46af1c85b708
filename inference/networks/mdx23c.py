"""MDX23C (TFC-TDF v3): a U-Net of convolutions over time and frequency, and of linears along frequency.

Kim, Lee, Jung, "Sound Demixing Challenge 2023 Music Demixing Track Technical Report: TFC-TDF-UNet v3", arXiv:2306.09382.

The spectrogram is centred (periodic Hann window); real and imaginary parts are channels, and so are `num_subbands` equal parts of
the band, laid beside each other. The network answers with the stems' spectra themselves, not with masks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.networks import Config, Setup, section
from inference.networks.chunked import ChunkModel, plan, stems_of
from inference.networks.inverse import istft
from inference.networks.mdx23c_fast import FastNet

HALF = {"cuda": torch.float16}
# In bfloat16 47 dB with random weights, shortcuts and changes of size left in float32. Not on a CPU: with AVX512-BF16 a chunk took 5.1 s
# and 4.8 s in float32, whose convolutions are at 92 % of the peak. The separator measures each checkpoint.

Make = Callable[[], nn.Module]
MakeNorm = Callable[[int], nn.Module]


class TfcTdf(nn.Module):
    """Blocks of a convolution, a pass along frequency and another convolution, each with its own way around.

    Args:
        before: channels of the input.
        after: channels of the output.
        blocks: how many.
        bins: of the input; a linear goes through `bins // factor` and back.
        factor: by how much a linear narrows.
        norm: makes a norm for so many channels.
        act: makes an activation.
    """

    def __init__(self, before: int, after: int, blocks: int, bins: int, factor: int, norm: MakeNorm, act: Make) -> None:
        super().__init__()
        self.blocks = nn.ModuleList()
        for index in range(blocks):
            c = before if index == 0 else after
            block = nn.Module()
            block.tfc1 = nn.Sequential(norm(c), act(), nn.Conv2d(c, after, 3, padding=1, bias=False))
            narrow, wide = nn.Linear(bins, bins // factor, bias=False), nn.Linear(bins // factor, bins, bias=False)
            block.tdf = nn.Sequential(norm(after), act(), narrow, norm(after), act(), wide)
            block.tfc2 = nn.Sequential(norm(after), act(), nn.Conv2d(after, after, 3, padding=1, bias=False))
            block.shortcut = nn.Conv2d(c, after, 1, bias=False)
            self.blocks.append(block)

    def forward(self, x: Tensor) -> Tensor:
        """[B, before, frames, bins] -> [B, after, frames, bins]."""
        for block in self.blocks:
            part = block.get_submodule
            shortcut = part("shortcut")(x)
            x = part("tfc1")(x)
            x = x + part("tdf")(x)
            x = part("tfc2")(x) + shortcut
        return x


class Rescale(nn.Module):
    """Norm, activation, and a convolution without overlap that makes the picture smaller or larger."""

    def __init__(self, norm: nn.Module, act: nn.Module, convolution: nn.Module) -> None:
        super().__init__()
        self.conv = nn.Sequential(norm, act, convolution)

    def forward(self, x: Tensor) -> Tensor:
        """[B, before, frames, bins] -> [B, after, frames scaled, bins scaled]."""
        scaled: Tensor = self.conv(x)
        return scaled


class Waves:
    """From waves to pictures and back.

    Args:
        audio: the section of a config: n_fft, hop_length, dim_f, num_channels.
        subbands: equal parts of the band that are laid beside each other as channels.
    """

    def __init__(self, audio: Config, subbands: int) -> None:
        self.n_fft, self.hop, self.dim_f = int(audio["n_fft"]), int(audio["hop_length"]), int(audio["dim_f"])
        self.channels = int(audio.get("num_channels", 2))
        self.subbands = subbands

    def stft(self, wave: Tensor) -> Tensor:
        """[B, C, T] -> [B, subbands of real and imaginary parts, bins, frames]."""
        window = torch.hann_window(self.n_fft, device=wave.device, dtype=wave.dtype)
        spectrum = torch.stft(wave.flatten(0, 1), self.n_fft, self.hop, window=window, return_complex=True)
        parts = torch.view_as_real(spectrum[:, : self.dim_f]).permute(0, 3, 1, 2)  # [B C, 2, dim_f, frames]
        return parts.reshape(wave.shape[0], self.channels * 2 * self.subbands, self.dim_f // self.subbands, -1)

    def istft(self, parts: Tensor) -> Tensor:
        """[B, S, subbands of real and imaginary parts, bins, frames] -> [B, S, C, n]."""
        batch, stems = parts.shape[:2]
        spectrum = parts.reshape(batch * stems * self.channels, 2, self.dim_f, -1).permute(0, 2, 3, 1)
        spectrum = F.pad(torch.view_as_complex(spectrum.contiguous()), (0, 0, 0, self.n_fft // 2 + 1 - self.dim_f))
        window = torch.hann_window(self.n_fft, device=parts.device, dtype=parts.dtype)
        wave = istft(spectrum, self.n_fft, self.hop, window)
        return wave.reshape(batch, stems, self.channels, -1)


class Mdx23c(nn.Module):
    """The network in its published form.

    Args:
        config: with the sections audio, model and training.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        audio, model = section(config, "audio"), section(config, "model")
        self.stems = stems_of(config)
        self.waves = Waves(audio, int(model["num_subbands"]))
        c, growth, factor = int(model["num_channels"]), int(model["growth"]), int(model["bottleneck_factor"])
        blocks, scale = int(model["num_blocks_per_scale"]), _pair(model["scale"])
        norm, act = _norm(str(model["norm"])), _act(str(model["act"]))
        k = self.waves.subbands
        parts, bins = k * self.waves.channels * 2, self.waves.dim_f // k

        self.first_conv = nn.Conv2d(parts, c, 1, bias=False)
        self.encoder_blocks = nn.ModuleList()
        for _ in range(int(model["num_scales"])):
            level = nn.Module()
            level.tfc_tdf = TfcTdf(c, c, blocks, bins, factor, norm, act)
            level.downscale = Rescale(norm(c), act(), nn.Conv2d(c, c + growth, scale, scale, bias=False))
            self.encoder_blocks.append(level)
            bins, c = bins // scale[1], c + growth
        self.bottleneck_block = TfcTdf(c, c, blocks, bins, factor, norm, act)
        self.decoder_blocks = nn.ModuleList()
        for _ in range(int(model["num_scales"])):
            level = nn.Module()
            level.upscale = Rescale(norm(c), act(), nn.ConvTranspose2d(c, c - growth, scale, scale, bias=False))
            bins, c = bins * scale[1], c - growth
            level.tfc_tdf = TfcTdf(2 * c, c, blocks, bins, factor, norm, act)
            self.decoder_blocks.append(level)
        last = nn.Conv2d(c, len(self.stems) * parts, 1, bias=False)
        self.final_conv = nn.Sequential(nn.Conv2d(c + parts, c, 1, bias=False), act(), last)

    def forward(self, mixture: Tensor) -> Tensor:
        """[B, C, T] -> [B, stems, C, n]; n is a whole number of hops, at most T."""
        spectrum = self.waves.stft(mixture)
        first = self.first_conv(spectrum)
        x = first.transpose(-1, -2)
        skips = []
        for level in self.encoder_blocks:
            x = level.get_submodule("tfc_tdf")(x)
            skips.append(x)
            x = level.get_submodule("downscale")(x)
        x = self.bottleneck_block(x)
        for level in self.decoder_blocks:
            x = torch.cat([level.get_submodule("upscale")(x), skips.pop()], 1)
            x = level.get_submodule("tfc_tdf")(x)
        x = x.transpose(-1, -2) * first
        x = self.final_conv(torch.cat([spectrum, x], 1))
        return self.waves.istft(x.unflatten(1, (len(self.stems), -1)))


def build(config: Config) -> Mdx23c:
    """The published form.

    Raises:
        ValueError: a norm or an activation that it does not know.
    """
    return Mdx23c(config)


def wave_model(networks: Sequence[nn.Module], config: Config, setup: Setup) -> ChunkModel:
    """The model that the loop runs."""
    (network,) = networks
    assert isinstance(network, Mdx23c)
    audio, model = section(config, "audio"), section(config, "model")
    hop, halved = network.waves.hop, _pair(model["scale"])[0] ** int(model["num_scales"])

    def fits(samples: int) -> int | None:
        """So many frames that each level can halve them."""
        frames = (samples // hop + 1) // halved * halved
        return (frames - 1) * hop if frames > 1 else None

    return ChunkModel(
        FastNet(network.eval(), setup.half),
        network.stems,
        plan(config, setup, chunk=hop * (int(audio.get("dim_t", 256)) - 1), fits=fits),
        setup,
        config,
        channels=network.waves.channels,
        fits=fits,
    )


def _pair(value: Any) -> tuple[int, int]:
    frames, bins = (value, value) if isinstance(value, int) else value
    return int(frames), int(bins)


def _norm(name: str) -> MakeNorm:
    if name == "BatchNorm":
        return nn.BatchNorm2d
    if name == "InstanceNorm":
        return lambda channels: nn.InstanceNorm2d(channels, affine=True)
    if name.startswith("GroupNorm"):
        groups = int(name.removeprefix("GroupNorm"))
        return lambda channels: nn.GroupNorm(groups, channels)
    if name in ("", "None"):
        return lambda channels: nn.Identity()
    raise ValueError(f"a norm {name!r}; it is BatchNorm, InstanceNorm or GroupNorm with a number")


def _act(name: str) -> Make:
    if name == "gelu":
        return nn.GELU
    if name == "relu":
        return nn.ReLU
    if name.startswith("elu"):
        alpha = float(name.removeprefix("elu") or 1)
        return lambda: nn.ELU(alpha)
    raise ValueError(f"an activation {name!r}; it is gelu, relu or elu with a number")
