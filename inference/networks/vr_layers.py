"""Layers that both generations of the vocal remover's networks are made of.

Takahashi et al., "Multi-scale multi-band DenseNets for audio source separation", 2017, and Chen et al., "Encoder-decoder with
atrous separable convolution", 2018, are the ideas behind them: bands apart and together, and dilated convolutions side by side.
Images here are spectrograms [B, C, bins, frames].
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Pair = int | tuple[int, int]


class Conv(nn.Module):
    """A convolution that keeps the size (or halves it), a batch norm and an activation; the published name of the three is `conv`."""

    def __init__(
        self, before: int, after: int, size: int = 3, stride: int = 1, dilation: Pair = 1, activation: type[nn.Module] = nn.ReLU
    ) -> None:
        super().__init__()
        padding = _padding(size, dilation)
        convolution = nn.Conv2d(before, after, size, stride, padding, dilation, bias=False)
        self.conv = nn.Sequential(convolution, nn.BatchNorm2d(after), activation())

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, bins, frames] -> [B, D, bins / stride, frames / stride]."""
        found: Tensor = self.conv(x)
        return found


class SeparableConv(nn.Module):
    """A dilated 3 x 3 convolution of each channel alone, one of 1 x 1 over all of them, a batch norm and a ReLU."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        alone = nn.Conv2d(channels, channels, 3, padding=dilation, dilation=dilation, groups=channels, bias=False)
        together = nn.Conv2d(channels, channels, 1, bias=False)
        self.conv = nn.Sequential(alone, together, nn.BatchNorm2d(channels), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, bins, frames] -> the same shape."""
        found: Tensor = self.conv(x)
        return found


class BinMean(nn.Sequential):
    """The mean over all bins of each frame through a 1 x 1 convolution, laid over all bins again."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__(nn.AdaptiveAvgPool2d((1, None)), Conv(before, after, 1))

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, bins, frames] -> [B, D, bins, frames]."""
        mean: Tensor = self[1](self[0](x))
        return mean.expand(-1, -1, x.shape[2], -1)


def doubled(x: Tensor) -> Tensor:
    """[B, C, bins, frames] at twice the bins and frames, bilinear, corners kept where they are."""
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)


def joined(x: Tensor, skip: Tensor) -> Tensor:
    """Beside each other, [B, C + D, bins, frames]; of the skip's frames the middle ones, as many as x has."""
    surplus = (skip.shape[3] - x.shape[3]) // 2
    return torch.cat([x, skip[..., surplus : surplus + x.shape[3]]], 1)


def filled_up(mask: Tensor, bins: int) -> Tensor:
    """A mask with its last bin repeated until there are `bins`."""
    return F.pad(mask, (0, 0, 0, bins - mask.shape[2]), mode="replicate")


def _padding(size: int, dilation: Pair) -> Pair:
    half = size // 2
    return dilation * half if isinstance(dilation, int) else (dilation[0] * half, dilation[1] * half)
