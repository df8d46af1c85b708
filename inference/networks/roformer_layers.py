"""The layers of the Roformers, with the published names of their weights.

Attention with rotary positions: Su et al., "RoFormer", arXiv 2104.09864. Its linear form attends over features instead of
positions: El-Nouby et al., "XCiT", arXiv 2106.09681. Positions are frames in one half of the layers and bands in the other, and
the layers do not know which: Lu et al., "Music Source Separation with Band-Split RoPE Transformer", arXiv 2309.02612.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.networks.attention import attention

THETA = 10000.0  # wave length of the slowest rotation, in positions, divided by 2 pi
LINEAR_SCALE = 8.0  # of the products of normalised features


class RMSNorm(nn.Module):
    """`gamma x / rms(x)`, over the last axis."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(dim))

    def forward(self, x: Tensor) -> Tensor:
        """[..., dim] -> [..., dim]."""
        found: Tensor = F.normalize(x, dim=-1) * (self.gamma.shape[0] ** 0.5 * self.gamma)
        return found


class Rotary(nn.Module):
    """Turns each pair of neighbouring features by an angle that grows with the position."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        # Not by torch's arange: on the meta device that alone takes two seconds to import.
        freqs = [THETA ** -(feature / dim) for feature in range(0, dim, 2)]
        self.freqs = nn.Parameter(torch.tensor(freqs), requires_grad=False)  # radians a position

    def forward(self, x: Tensor) -> Tensor:
        """[..., n, dim] -> [..., n, dim]."""
        angles = torch.arange(x.shape[-2], device=x.device)[:, None] * self.freqs
        cos, sin = angles.cos(), angles.sin()
        even, odd = x[..., ::2], x[..., 1::2]
        return torch.stack([even * cos - odd * sin, odd * cos + even * sin], -1).flatten(-2)


class Attention(nn.Module):
    """Attention between positions, each head with a gate of its own.

    Args:
        dim: features of a position.
        heads: how many.
        dim_head: features of a head.
        dropout: of the attention and of the answer.
        rotary: of the positions. All attentions over one axis share one.
    """

    def __init__(self, dim: int, heads: int, dim_head: int, dropout: float, rotary: Rotary) -> None:
        super().__init__()
        self.heads = heads
        self.dropout = dropout
        self.rotary_embed = rotary
        self.norm = RMSNorm(dim)
        self.to_qkv = nn.Linear(dim, 3 * heads * dim_head, bias=False)
        self.to_gates = nn.Linear(dim, heads)
        self.to_out = nn.Sequential(nn.Linear(heads * dim_head, dim, bias=False), nn.Dropout(dropout))

    def forward(self, x: Tensor) -> Tensor:
        """[B, n, dim] -> [B, n, dim]."""
        x = self.norm(x)
        q, k, v = self.to_qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)  # each [B, heads, n, dim_head]
        dropout = self.dropout if self.training else 0.0
        found = attention(self.rotary_embed(q), self.rotary_embed(k), v, dropout=dropout)
        gates = self.to_gates(x).sigmoid()
        return self.to_out((found.transpose(1, 2) * gates[..., None]).flatten(-2))  # type: ignore[no-any-return]


class LinearAttention(nn.Module):
    """Attention between the features of a head, over all positions: its cost grows linearly with their number."""

    def __init__(self, dim: int, heads: int, dim_head: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.dropout = dropout
        self.norm = RMSNorm(dim)
        self.to_qkv = nn.Sequential(nn.Linear(dim, 3 * heads * dim_head, bias=False))
        self.temperature = nn.Parameter(torch.ones(heads, 1, 1))
        self.to_out = nn.Sequential(nn.Identity(), nn.Linear(heads * dim_head, dim, bias=False))  # published as the second

    def forward(self, x: Tensor) -> Tensor:
        """[B, n, dim] -> [B, n, dim]."""
        q, k, v = self.to_qkv(self.norm(x)).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 4, 1)  # each [B, heads, dim_head, n]
        q = F.normalize(q, dim=-1) * self.temperature.exp()
        weights = (LINEAR_SCALE * q @ F.normalize(k, dim=-1).mT).softmax(-1)
        weights = F.dropout(weights, self.dropout, self.training)
        return self.to_out((weights @ v).permute(0, 3, 1, 2).flatten(-2))  # type: ignore[no-any-return]


class FeedForward(nn.Module):
    """The same two layers at every position."""

    def __init__(self, dim: int, dropout: float, expansion: int = 4) -> None:
        super().__init__()
        hidden = dim * expansion
        self.net = nn.Sequential(
            RMSNorm(dim), nn.Linear(dim, hidden), nn.GELU(), nn.Dropout(dropout), nn.Linear(hidden, dim), nn.Dropout(dropout)
        )

    def forward(self, x: Tensor) -> Tensor:
        """[..., dim] -> [..., dim]."""
        return self.net(x)  # type: ignore[no-any-return]


class Transformer(nn.Module):
    """Attention and feed-forward in turns.

    Args:
        dim: features of a position.
        depth: how many of each.
        heads: of an attention.
        dim_head: features of a head.
        attn_dropout: of the attentions.
        ff_dropout: of the feed-forwards.
        rotary: of the positions; None for linear attention.
        norm: whether the answer is normalised.
    """

    def __init__(
        self,
        dim: int,
        depth: int,
        heads: int,
        dim_head: int,
        attn_dropout: float = 0.0,
        ff_dropout: float = 0.0,
        *,
        rotary: Rotary | None,
        norm: bool = True,
    ) -> None:
        super().__init__()

        def attention() -> nn.Module:
            if rotary is None:
                return LinearAttention(dim, heads, dim_head, attn_dropout)
            return Attention(dim, heads, dim_head, attn_dropout, rotary)

        self.layers = nn.ModuleList([nn.ModuleList([attention(), FeedForward(dim, ff_dropout)]) for _ in range(depth)])
        self.norm = RMSNorm(dim) if norm else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """[B, n, dim] -> [B, n, dim]."""
        for layer in self.layers:
            for part in layer.children():
                x = x + part(x)
        return self.norm(x)  # type: ignore[no-any-return]


class BandSplit(nn.Module):
    """Each band of a frame becomes a vector of `dim` features."""

    def __init__(self, dim: int, sizes: tuple[int, ...]) -> None:
        super().__init__()
        self.sizes = sizes  # numbers in each band
        self.to_features = nn.ModuleList([nn.Sequential(RMSNorm(size), nn.Linear(size, dim)) for size in sizes])

    def forward(self, x: Tensor) -> Tensor:
        """[..., sum(sizes)] -> [..., bands, dim]."""
        bands = torch.split(x, list(self.sizes), dim=-1)
        return torch.stack([feature(band) for feature, band in zip(self.to_features, bands, strict=True)], -2)


class MaskEstimator(nn.Module):
    """The vector of each band becomes the mask of its numbers, through a perceptron with tanh and a gated linear unit.

    Args:
        dim: features of a band.
        sizes: numbers in each band.
        layers: hidden layers of the perceptron.
        hidden: features of each.
    """

    def __init__(self, dim: int, sizes: tuple[int, ...], layers: int, hidden: int) -> None:
        super().__init__()
        self.to_freqs = nn.ModuleList([nn.Sequential(_perceptron([dim, *[hidden] * layers, 2 * size]), nn.GLU(-1)) for size in sizes])

    def forward(self, x: Tensor) -> Tensor:
        """[..., bands, dim] -> [..., sum(sizes)]."""
        return torch.cat([mask(band) for mask, band in zip(self.to_freqs, x.unbind(-2), strict=True)], -1)


def _perceptron(widths: list[int]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [nn.Linear(before, after), nn.Tanh()]
    return nn.Sequential(*layers[:-1])
