"""CascadedASPPNet, the network of the classic vocal removers (version 4): three stages of U-Nets on magnitudes.

    magnitudes --+--> low half  [U-Net] --+
                 +--> high half [U-Net] --+--> both --+--> [U-Net, all bins] --+--> [wider U-Net, all bins] --> mask
                 +------------------------------------+------------------------+

Each U-Net has in its middle a pyramid of dilated convolutions (ASPP), which sees far along time and frequency.
The published sizes go by the size of their files in KiB.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from inference.networks.vr_layers import BinMean, Conv, SeparableConv, doubled, filled_up, joined


@dataclass(frozen=True)
class Size:
    """What the published networks differ in."""

    width: int  # channels of the first layer of stages 1 and 2; stage 3 has twice as many
    levels: int = 4  # of each U-Net
    extra: int = 0  # branches that a pyramid has beside its five; they are one and the same, as published


SIZES = {
    31191: Size(16),
    33966: Size(16, extra=2),
    129605: Size(16, levels=5, extra=1),
    123812: Size(32),
    123821: Size(32),
    537227: Size(64, extra=2),
    537238: Size(64, extra=2),
}
"""By the size of the published file in KiB."""

DILATIONS = (4, 8, 16)


class CascadedASPPNet(nn.Module):
    """The mask of the primary stem from the mixture's magnitudes.

    Args:
        n_fft: twice the bins of the combined spectrogram.
        size: of the network.
    """

    offset = 128  # frames at each end of a window whose masks are not to be used

    def __init__(self, n_fft: int, size: Size) -> None:
        super().__init__()
        width = size.width
        self.bins = n_fft // 2
        self.stg1_low_band_net = UNet(2, width, size)
        self.stg1_high_band_net = UNet(2, width, size)
        self.stg2_bridge = Conv(width + 2, width // 2, 1)
        self.stg2_full_band_net = UNet(width // 2, width, size)
        self.stg3_bridge = Conv(2 * width + 2, width, 1)
        self.stg3_full_band_net = UNet(width, 2 * width, size)
        self.out = nn.Conv2d(2 * width, 2, 1, bias=False)
        self.aux1_out = nn.Conv2d(width, 2, 1, bias=False)  # these two are used in training only
        self.aux2_out = nn.Conv2d(width, 2, 1, bias=False)

    def forward(self, magnitudes: Tensor) -> Tensor:
        """[B, 2, bins + 1, frames] -> masks 0 .. 1 of the same shape; frames are a multiple of 16 (32 with five levels)."""
        x = magnitudes[:, :, : self.bins]
        half = self.bins // 2
        first = torch.cat([self.stg1_low_band_net(x[:, :, :half]), self.stg1_high_band_net(x[:, :, half:])], 2)
        second = self.stg2_full_band_net(self.stg2_bridge(torch.cat([x, first], 1)))
        third = self.stg3_full_band_net(self.stg3_bridge(torch.cat([x, first, second], 1)))
        return filled_up(torch.sigmoid(self.out(third)), magnitudes.shape[2])


class UNet(nn.Module):
    """`size.levels` times down to half the bins and frames, the pyramid, and up again."""

    def __init__(self, before: int, width: int, size: Size) -> None:
        super().__init__()
        widths = [before] + [width << level for level in range(size.levels)]
        self.levels = size.levels
        for level in range(1, size.levels + 1):
            self.add_module(f"enc{level}", Encoder(widths[level - 1], widths[level]))
        self.aspp = Pyramid(widths[-1], 2 * widths[-1], size.extra)
        for level in range(size.levels, 0, -1):
            self.add_module(f"dec{level}", Decoder(3 * widths[level], widths[level]))

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, bins, frames] -> [B, width, bins, frames]."""
        skips = []
        for level in range(1, self.levels + 1):
            x, skip = self.get_submodule(f"enc{level}")(x)
            skips.append(skip)
        x = self.aspp(x)
        for level in range(self.levels, 0, -1):
            x = self.get_submodule(f"dec{level}")(x, skips.pop())
        return x


class Encoder(nn.Module):
    """A convolution, whose answer is the skip, and one that halves the size."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.conv1 = Conv(before, after, activation=nn.LeakyReLU)
        self.conv2 = Conv(after, after, stride=2, activation=nn.LeakyReLU)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """[B, C, bins, frames] -> at half the size, and the skip."""
        skip = self.conv1(x)
        return self.conv2(skip), skip


class Decoder(nn.Module):
    """Doubles the size and takes the skip in."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.conv = Conv(before, after)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """[B, C, bins, frames] and its skip at twice the size -> [B, D, 2 bins, 2 frames]."""
        found: Tensor = self.conv(joined(doubled(x), skip))
        return found


class Pyramid(nn.Module):
    """The mean over all bins, a 1 x 1 convolution, and dilated convolutions, side by side."""

    def __init__(self, before: int, after: int, extra: int) -> None:
        super().__init__()
        branches: list[nn.Module] = [BinMean(before, before), Conv(before, before, 1)]
        branches += [SeparableConv(before, dilation) for dilation in DILATIONS]
        branches += [SeparableConv(before, DILATIONS[-1])] * extra
        self.names = [f"conv{number}" for number in range(1, len(branches) + 1)]
        for name, branch in zip(self.names, branches, strict=True):
            self.add_module(name, branch)
        self.bottleneck = nn.Sequential(Conv(len(branches) * before, after, 1), nn.Dropout2d(0.1))

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, bins, frames] -> [B, D, bins, frames]."""
        found: Tensor = self.bottleneck(torch.cat([self.get_submodule(name)(x) for name in self.names], 1))
        return found
