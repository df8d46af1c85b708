"""What Apollo is made of: the published form, to train with and to check the fast form against.

Li and Luo, "Apollo: Band-sequence Modeling for High-Quality Audio Restoration", 2024.

    audio --STFT--> spectrum --80 bands, each divided by its loudness, and the loudness--> [B, bands, features, frames]
          --attention over the bands of a frame, convolutions along the frames of a band, in turn--> a new spectrum --inverse STFT--> audio
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.networks import Config, section
from inference.networks.attention import attention
from inference.networks.inverse import istft

BANDS = 80
HEADS = 8
POSITIONS = 100  # bands that the rotary table has places for
KERNEL = 7  # frames
THETA = 10000.0
EPS = torch.finfo(torch.float32).eps


@dataclass(frozen=True)
class ApolloConfig:
    """The options of the published networks."""

    sr: int = 44100
    win: int = 20  # milliseconds of an STFT frame
    feature_dim: int = 256
    layer: int = 6

    @classmethod
    def read(cls, config: Config) -> ApolloConfig:
        """From the section `model`, or a whole config with it."""
        model = section(config, "model")
        return cls(**{field.name: int(model[field.name]) for field in fields(cls) if field.name in model})

    @property
    def n_fft(self) -> int:
        """Samples of an STFT frame; the hop is half of it."""
        return self.sr * self.win // 1000

    @property
    def widths(self) -> list[int]:
        """Bins of each band: all the same but the last, which takes the rest."""
        width = self.n_fft // 160
        return [width] * (BANDS - 1) + [self.n_fft // 2 + 1 - width * (BANDS - 1)]


class RMSNorm(nn.Module):
    """Divides features by their root mean square."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(features))
        self.eps = 1e-5

    def forward(self, x: Tensor) -> Tensor:
        """[B, N, T] -> the same."""
        return x * torch.rsqrt(x.square().mean(1, keepdim=True) + self.eps) * self.weight[:, None]


class Roformer(nn.Module):
    """Attention with rotary positions, and a gated MLP."""

    def __init__(self, features: int) -> None:
        super().__init__()
        hidden = features // HEADS
        self.input_norm = RMSNorm(features)
        self.weight = nn.Conv1d(features, 3 * hidden * HEADS, 1, bias=False)
        self.output = nn.Conv1d(hidden * HEADS, features, 1, bias=False)
        self.MLP = nn.Sequential(RMSNorm(features), nn.Conv1d(features, 8 * features, 1, bias=False), nn.SiLU())
        self.MLP_output = nn.Conv1d(4 * features, features, 1, bias=False)
        angles = torch.arange(POSITIONS)[:, None] * THETA ** -(torch.arange(0, hidden, 2)[: hidden // 2] / hidden)
        self.cos_freq: Tensor
        self.sin_freq: Tensor
        self.register_buffer("cos_freq", angles.cos().repeat_interleave(2, 1))  # [positions, hidden]
        self.register_buffer("sin_freq", angles.sin().repeat_interleave(2, 1))

    def forward(self, x: Tensor) -> Tensor:
        """[B, N, T] -> the same."""
        heads = self.weight(self.input_norm(x)).unflatten(1, (HEADS, -1)).transpose(-1, -2)  # [B, heads, T, 3 hidden]
        query, key, value = heads.chunk(3, -1)
        found = attention(self._rotated(query), self._rotated(key), value)
        x = self.output(found.transpose(-1, -2).flatten(1, 2)) + x
        gate, signal = self.MLP(x).chunk(2, 1)
        restored: Tensor = self.MLP_output(F.silu(gate) * signal)
        return x + restored

    def _rotated(self, x: Tensor) -> Tensor:
        """Turn neighbouring pairs (a, b) to (-b, a), by the angle of their position."""
        turned = torch.stack([-x[..., 1::2], x[..., ::2]], -1).flatten(-2)
        return x * self.cos_freq[: x.shape[-2]] + turned * self.sin_freq[: x.shape[-2]]


class ConvBlock(nn.Module):
    """A convolution along time by feature, and an MLP."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv1d(features, features, KERNEL, padding=KERNEL // 2, groups=features),
            RMSNorm(features),
            nn.Conv1d(features, 4 * features, 1),
            nn.SiLU(),
            nn.Conv1d(4 * features, features, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B, N, T] -> the same."""
        found: Tensor = self.conv(x)
        return x + found


class ConvBlocks(nn.Module):
    """Three convolution blocks."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*[ConvBlock(features) for _ in range(3)])

    def forward(self, x: Tensor) -> Tensor:
        """[B, N, T] -> the same."""
        found: Tensor = self.blocks(x)
        return found


class BandSequence(nn.Module):
    """One layer: over the bands of each frame, then over the frames of each band."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.band_net = Roformer(features)
        self.seq_net = ConvBlocks(features)

    def forward(self, x: Tensor) -> Tensor:
        """[B, bands, N, T] -> the same."""
        batch, bands, features, frames = x.shape
        x = self.band_net(x.permute(0, 3, 2, 1).flatten(0, 1)).reshape(batch, frames, features, bands).permute(0, 3, 2, 1)
        return self.seq_net(x.flatten(0, 1)).reshape(batch, bands, features, frames)  # type: ignore[no-any-return]


class Apollo(nn.Module):
    """The published network."""

    def __init__(self, config: ApolloConfig) -> None:
        super().__init__()
        self.config = config
        features = config.feature_dim
        self.BN = nn.ModuleList([nn.Sequential(RMSNorm(2 * w + 1), nn.Conv1d(2 * w + 1, features, 1)) for w in config.widths])
        self.net = nn.Sequential(*[BandSequence(features) for _ in range(config.layer)])
        self.output = nn.ModuleList([nn.Sequential(RMSNorm(features), nn.Conv1d(features, 4 * w, 1), nn.GLU(dim=1)) for w in config.widths])

    def forward(self, audio: Tensor) -> Tensor:
        """[B, C, T] -> the same, restored. Channels are independent."""
        spectrum = to_spectrum(audio, self.config.n_fft)
        bands = torch.split(spectrum, self.config.widths, 1)
        x: Tensor = self.net(torch.stack([layer(levelled(band)) for layer, band in zip(self.BN, bands, strict=True)], 1))
        found = [layer(x[:, index]).unflatten(1, (2, -1)) for index, layer in enumerate(self.output)]
        restored = torch.cat([torch.complex(*parts.unbind(1)) for parts in found], 1)
        return to_audio(restored, audio.shape[-1], self.config.n_fft).reshape(audio.shape)


def to_spectrum(audio: Tensor, n_fft: int) -> Tensor:
    """[B, C, T] -> complex [B * C, bins, frames]."""
    window = torch.hann_window(n_fft, device=audio.device)
    return torch.stft(audio.flatten(0, 1), n_fft, n_fft // 2, window=window, return_complex=True)


def to_audio(spectrum: Tensor, length: int, n_fft: int) -> Tensor:
    """Complex [B, bins, frames] -> [B, length]."""
    window = torch.hann_window(n_fft, device=spectrum.device)
    return istft(spectrum, n_fft, n_fft // 2, window, length=length)


def levelled(band: Tensor) -> Tensor:
    """Complex [B, width, T] -> [B, 2 width + 1, T]: the band at a loudness of one, and the logarithm of what it was."""
    power = (band.abs().square().sum(1, keepdim=True) + EPS).sqrt()
    return torch.cat([band.real / power, band.imag / power, power.log()], 1)
