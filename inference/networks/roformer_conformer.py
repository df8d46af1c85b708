"""The layers of the conformer variants, with the published names of their weights.

Gulati et al., "Conformer: Convolution-augmented Transformer for Speech Recognition", arXiv 2005.08100: attention between two half
feed-forwards, and a convolution over neighbouring positions.
"""

from __future__ import annotations

from torch import Tensor, nn

from inference.networks import Config
from inference.networks.roformer_layers import Attention, FeedForward, RMSNorm, Rotary
from inference.networks.roformer_network import Shape


class Transposed(nn.Module):
    """[B, n, dim] -> [B, dim, n], and back."""

    def forward(self, x: Tensor) -> Tensor:
        """Swap the last two axes."""
        return x.mT


class HalfForward(nn.Module):
    """Half a feed-forward."""

    def __init__(self, dim: int, dropout: float, expansion: int) -> None:
        super().__init__()
        self.ff = FeedForward(dim, dropout, expansion)

    def forward(self, x: Tensor) -> Tensor:
        """[..., dim] -> [..., dim]."""
        return self.ff(x) * 0.5  # type: ignore[no-any-return]


class Convolution(nn.Module):
    """Each feature filtered along the positions."""

    def __init__(self, dim: int, dropout: float, kernel: int, expansion: int) -> None:
        super().__init__()
        inner = dim * expansion
        self.net = nn.Sequential(
            RMSNorm(dim),
            Transposed(),
            nn.Conv1d(dim, 2 * inner, 1),
            nn.GLU(1),
            nn.Conv1d(inner, inner, kernel, padding=kernel // 2, groups=inner),
            nn.BatchNorm1d(inner),
            nn.SiLU(),
            nn.Conv1d(inner, dim, 1),
            Transposed(),
            nn.Dropout(dropout),
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B, n, dim] -> [B, n, dim]."""
        return self.net(x)  # type: ignore[no-any-return]


class ConformerBlock(nn.Module):
    """Half feed-forward, attention, convolution, half feed-forward, each added to what it hears."""

    def __init__(self, shape: Shape, rotary: Rotary, *, kernel: int, expansion: int, ff_expansion: int, conv_dropout: float) -> None:
        super().__init__()
        self.ff1 = HalfForward(shape.dim, shape.ff_dropout, ff_expansion)
        self.attn = Attention(shape.dim, shape.heads, shape.dim_head, shape.attn_dropout, rotary)
        self.conv = Convolution(shape.dim, conv_dropout, kernel, expansion)
        self.ff2 = HalfForward(shape.dim, shape.ff_dropout, ff_expansion)
        self.out_norm = RMSNorm(shape.dim)

    def forward(self, x: Tensor) -> Tensor:
        """[B, n, dim] -> [B, n, dim]."""
        for part in (self.ff1, self.attn, self.conv, self.ff2):
            x = x + part(x)
        return self.out_norm(x)  # type: ignore[no-any-return]


class Conformer(nn.Module):
    """Some blocks, one after the other."""

    def __init__(self, shape: Shape, depth: int, rotary: Rotary, model: Config) -> None:
        super().__init__()
        sizes = {
            "kernel": int(model.get("conv_kernel_size", 31)),
            "expansion": int(model.get("conv_expansion_factor", 2)),
            "ff_expansion": int(model.get("ff_mult", 4)),
            "conv_dropout": float(model.get("conv_dropout", 0)),
        }
        self.layers = nn.ModuleList([ConformerBlock(shape, rotary, **sizes) for _ in range(depth)])  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """[B, n, dim] -> [B, n, dim]."""
        for layer in self.layers:
            x = layer(x)
        return x


def conformers(shape: Shape, model: Config) -> nn.ModuleList:
    """The layers over frames and over bands, in pairs."""
    kinds = [(shape.time_depth, Rotary(shape.dim_head)), (shape.freq_depth, Rotary(shape.dim_head))]
    return nn.ModuleList([nn.ModuleList([Conformer(shape, *kind, model) for kind in kinds]) for _ in range(shape.depth)])
