"""SCNet with transformers in place of its recurrent networks: one along frequency, one along time. The rest is `scnet`.

The transformers are those of the Roformers: rotary positions (Su et al., "RoFormer", arXiv:2104.09864), gated heads,
root-mean-square norms.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.networks import Config, Setup, scnet
from inference.networks.attention import attention
from inference.networks.chunked import ChunkModel
from inference.networks.scnet_layers import SeparationNet

HEADS, HEAD_WIDTH, WIDER = 8, 64, 4  # of all published ones

HALF = scnet.HALF


class TransformerScNet(scnet.ScNet):
    """The network in its published form.

    Args:
        config: with the section model.
    """

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.first_conv = nn.Conv2d(self.dims[0], self.dims[0], 1, bias=False)  # in every checkpoint, but nothing reads it

    def make_separation(self, model: Config) -> nn.Module:
        """What stands between encoder and decoder."""
        return TransformerNet(self.dims[-1], int(model.get("num_dplayer", 6)), int(model.get("expand", 1)))


class TransformerNet(SeparationNet):
    """As `SeparationNet`, of transformers."""

    def make(self, channels: int, expand: int) -> nn.Module:
        """One block for so many channels."""
        return DualTransformer(channels)


class DualTransformer(nn.Module):
    """A transformer along frequency and one along time, each with its own way around."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm_layers = nn.ModuleList([nn.GroupNorm(1, channels) for _ in range(2)])
        self.time_layer = Transformer(channels)
        self.freq_layer = Transformer(channels)

    def forward(self, x: Tensor) -> Tensor:
        """[B, channels, bins, frames] -> the same shape."""
        rows = self.norm_layers[0](x).permute(0, 3, 2, 1)
        x = x + self.freq_layer(rows.flatten(0, 1)).unflatten(0, rows.shape[:2]).permute(0, 3, 2, 1)
        rows = self.norm_layers[1](x).permute(0, 2, 3, 1)
        found: Tensor = x + self.time_layer(rows.flatten(0, 1)).unflatten(0, rows.shape[:2]).permute(0, 3, 1, 2)
        return found


class Transformer(nn.Module):
    """One layer of attention and feed-forward, normalised at the end."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.ModuleList([Attention(channels), FeedForward(channels)])])
        self.norm = Norm(channels)

    def forward(self, x: Tensor) -> Tensor:
        """[N, positions, channels] -> the same shape."""
        for layer in self.layers:
            assert isinstance(layer, nn.ModuleList)
            attention, feed_forward = layer
            x = x + attention(x)
            x = x + feed_forward(x)
        found: Tensor = self.norm(x)
        return found


class Attention(nn.Module):
    """Every position hears all others; each head has a gate."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        width = HEADS * HEAD_WIDTH
        self.rotary_embed = Rotary(HEAD_WIDTH)
        self.norm = Norm(channels)
        self.to_qkv = nn.Linear(channels, 3 * width, bias=False)
        self.to_gates = nn.Linear(channels, HEADS)
        self.to_out = nn.Sequential(nn.Linear(width, channels, bias=False), nn.Dropout(0.0))

    def forward(self, x: Tensor) -> Tensor:
        """[N, positions, channels] -> the same shape."""
        x = self.norm(x)
        q, k, v = self.to_qkv(x).unflatten(2, (3, HEADS, HEAD_WIDTH)).permute(2, 0, 3, 1, 4)
        heard = attention(self.rotary_embed(q), self.rotary_embed(k), v)  # [N, heads, positions, width]
        heard = heard.transpose(1, 2) * self.to_gates(x).sigmoid()[..., None]
        found: Tensor = self.to_out(heard.flatten(2))
        return found


class Rotary(nn.Module):
    """Turns each pair of neighbours by an angle that grows with the position."""

    def __init__(self, width: int) -> None:
        super().__init__()
        rates = 10000.0 ** (-torch.arange(0, width, 2).float() / width)
        self.freqs = nn.Parameter(rates, requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        """[..., positions, width] -> the same shape."""
        angles = torch.arange(x.shape[-2], device=x.device, dtype=x.dtype)[:, None] * self.freqs
        a, b = torch.unflatten(x, -1, (-1, 2)).unbind(-1)
        cos, sin = angles.cos(), angles.sin()
        return torch.stack([a * cos - b * sin, b * cos + a * sin], -1).flatten(-2)


class FeedForward(nn.Module):
    """The same small network at every position."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        wide = WIDER * channels
        layers = (nn.Linear(channels, wide), nn.GELU(), nn.Dropout(0.0), nn.Linear(wide, channels), nn.Dropout(0.0))
        self.net = nn.Sequential(Norm(channels), *layers)

    def forward(self, x: Tensor) -> Tensor:
        """[..., channels] -> the same shape."""
        found: Tensor = self.net(x)
        return found


class Norm(nn.Module):
    """Brings the root mean square of the channels to one, then scales each."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        """[..., channels] -> the same shape."""
        scale: float = x.shape[-1] ** 0.5
        return F.normalize(x, dim=-1) * scale * self.gamma


def build(config: Config) -> TransformerScNet:
    """The published form."""
    return TransformerScNet(config)


def wave_model(networks: Sequence[nn.Module], config: Config, setup: Setup) -> ChunkModel:
    """The model that the loop runs."""
    return scnet.wave_model(networks, config, setup)
