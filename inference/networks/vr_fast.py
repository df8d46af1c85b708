"""The vocal removers' networks once more, laid out for speed; `vr_classic` and `vr_cascaded` have the published forms.

They are made from a published network and answer the middle of its mask. What differs, beside the layers (`vr_fast_layers`):
the decoders of the last stage, most of the work, compute only the frames that the middle needs.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.networks import vr_cascaded, vr_classic
from inference.networks.vr_fast_layers import FastConv, FastSeparable, Part, fast, folded, join_doubled
from inference.networks.vr_layers import BinMean, Conv, SeparableConv, filled_up


class FastClassic(nn.Module):
    """As `CascadedASPPNet`, under `torch.inference_mode` only.

    Args:
        published: the network with its weights, in eval mode. It is not changed.
        half: type of the products, None for float32.
    """

    def __init__(self, published: vr_classic.CascadedASPPNet, half: torch.dtype | None) -> None:
        super().__init__()
        self.bins, self.offset = published.bins, published.offset
        self.dtype = dtype = half or torch.float32
        self.low = _ClassicUNet(published.stg1_low_band_net, dtype)
        self.high = _ClassicUNet(published.stg1_high_band_net, dtype)
        self.bridge2 = fast(published.stg2_bridge, dtype)
        self.second = _ClassicUNet(published.stg2_full_band_net, dtype)
        self.bridge3 = fast(published.stg3_bridge, dtype)
        self.third = _ClassicUNet(published.stg3_full_band_net, dtype)
        self.out = FastConv(published.out, published.out.weight, None, 1.0, dtype)

    def forward(self, magnitudes: Tensor) -> Tensor:
        """[B, 2, bins + 1, frames] -> masks [B, 2, bins + 1, frames - 2 * offset]."""
        x = _laid_out(magnitudes[:, :, : self.bins], self.dtype)
        whole = Part.whole(x.shape[3])
        first = torch.cat([net(half, whole) for net, half in zip((self.low, self.high), x.chunk(2, 2), strict=True)], 2)
        second = self.second(self.bridge2(torch.cat([x, first], 1)), whole)
        x = self.bridge3(torch.cat([x, first, second], 1))
        del first, second
        mask = self.out(self.third(x, _middle(whole, self.offset)))
        return filled_up(mask.float().sigmoid_(), magnitudes.shape[2])


class FastCascaded(nn.Module):
    """As `CascadedNet`, under `torch.inference_mode` only.

    Args:
        published: the network with its weights, in eval mode. It is not changed.
        half: type of the products, None for float32.
    """

    def __init__(self, published: vr_cascaded.CascadedNet, half: torch.dtype | None) -> None:
        super().__init__()
        self.bins, self.offset = published.bins, published.offset
        self.dtype = dtype = half or torch.float32
        self.low1, self.narrow1 = (_made(part, dtype) for part in published.stg1_low_band_net)
        self.high1 = _made(published.stg1_high_band_net, dtype)
        self.low2, self.narrow2 = (_made(part, dtype) for part in published.stg2_low_band_net)
        self.high2 = _made(published.stg2_high_band_net, dtype)
        self.third = _made(published.stg3_full_band_net, dtype)
        self.out = FastConv(published.out, published.out.weight, None, 1.0, dtype)

    def forward(self, magnitudes: Tensor) -> Tensor:
        """[B, 2, bins + 1, frames] -> masks [B, 2, bins + 1, frames - 2 * offset]."""
        x = _laid_out(magnitudes[:, :, : self.bins], self.dtype)
        whole = Part.whole(x.shape[3])
        low, high = (_laid_out(half, self.dtype) for half in x.chunk(2, 2))
        low1, high1 = self.narrow1(self.low1(low, whole)), self.high1(high, whole)
        low2 = self.narrow2(self.low2(torch.cat([low, low1], 1), whole))
        high2 = self.high2(torch.cat([high, high1], 1), whole)
        x = torch.cat([x, torch.cat([low1, high1], 2), torch.cat([low2, high2], 2)], 1)
        mask = self.out(self.third(x, _middle(whole, self.offset)))
        return filled_up(mask.float().sigmoid_(), magnitudes.shape[2])


class _ClassicUNet(nn.Module):
    def __init__(self, published: vr_classic.UNet, dtype: torch.dtype) -> None:
        super().__init__()
        levels = range(1, published.levels + 1)
        encoders = [published.get_submodule(f"enc{level}") for level in levels]
        self.conv1 = nn.ModuleList(fast(encoder.get_submodule("conv1"), dtype) for encoder in encoders)  # type: ignore[arg-type]
        self.conv2 = nn.ModuleList(fast(encoder.get_submodule("conv2"), dtype) for encoder in encoders)  # type: ignore[arg-type]
        aspp = published.aspp
        self.aspp = _Pyramid([aspp.get_submodule(name) for name in aspp.names], aspp.bottleneck[0], dtype)  # type: ignore[arg-type]
        self.decoders = nn.ModuleList(fast(published.get_submodule(f"dec{level}.conv"), dtype) for level in levels)  # type: ignore[arg-type]

    def forward(self, x: Tensor, want: Part) -> Tensor:
        """[B, C, bins, all frames] -> [B, width, bins, frames of `want`]."""
        wants = [want]
        skips = []
        for conv1, conv2 in zip(self.conv1, self.conv2, strict=True):
            skips.append(conv1(x))
            x = conv2(skips[-1])
            wants.append(wants[-1].around().halved())
        x = self.aspp(x, wants[-1])
        for level in reversed(range(len(skips))):
            around = wants[level].around()
            joined = join_doubled(x, wants[level + 1], [skips.pop()], around)
            x = self.decoders[level](joined)[..., wants[level].inside(around)]
        return x


class _CascadedUNet(nn.Module):
    def __init__(self, published: vr_cascaded.UNet, dtype: torch.dtype) -> None:
        super().__init__()
        self.enc1 = fast(published.enc1, dtype)
        encoders = (published.enc2, published.enc3, published.enc4, published.enc5)
        self.encoders = nn.ModuleList(nn.Sequential(fast(one.conv1, dtype), fast(one.conv2, dtype)) for one in encoders)
        aspp = published.aspp
        self.aspp = _Pyramid([aspp.conv1, aspp.conv2, aspp.conv3, aspp.conv4, aspp.conv5], aspp.bottleneck, dtype)
        self.decoders = nn.ModuleList(fast(one.conv1, dtype) for one in (published.dec4, published.dec3, published.dec2))
        self.recurrent = _Recurrent(published.lstm_dec2, dtype)
        self.dec1 = fast(published.dec1.conv1, dtype)

    def forward(self, x: Tensor, want: Part) -> Tensor:
        """[B, C, bins, all frames] -> [B, width, bins, frames of `want`]."""
        skips = [self.enc1(x)]
        for encoder in self.encoders:
            skips.append(encoder(skips[-1]))
        x = self.aspp(skips.pop(), Part.whole(skips[-1].shape[3] // 2))
        for decoder in self.decoders:  # all frames, for the LSTM
            skip = skips.pop()
            x = decoder(join_doubled(x, Part.whole(x.shape[3]), [skip], Part.whole(skip.shape[3])))
        x = torch.cat([x, self.recurrent(x)], 1)
        around = want.around()
        joined = join_doubled(x, Part.whole(x.shape[3]), skips, around)
        found: Tensor = self.dec1(joined)[..., want.inside(around)]
        return found


class _Pyramid(nn.Module):
    """Published branches that are one and the same are one here, and so are their columns of the bottleneck."""

    def __init__(self, branches: list[nn.Module], bottleneck: Conv, dtype: torch.dtype) -> None:
        super().__init__()
        convolution, norm, _ = bottleneck.conv
        weight, bias = folded(convolution.weight, norm)  # type: ignore[arg-type]
        columns: dict[nn.Module, Tensor] = {}
        for branch, column in zip(branches, weight.chunk(len(branches), 1), strict=True):
            columns[branch] = columns[branch] + column if branch in columns else column
        self.branches = nn.ModuleList(_made(branch, dtype) for branch in columns)
        self.bottleneck = FastConv(convolution, torch.cat(list(columns.values()), 1), bias, 0.0, dtype)  # type: ignore[arg-type]

    def forward(self, x: Tensor, want: Part) -> Tensor:
        """[B, C, bins, all frames] -> [B, D, bins, frames of `want`]."""
        found: Tensor = self.bottleneck(torch.cat([branch(x)[..., want.start : want.stop] for branch in self.branches], 1))
        return found


class _Mean(nn.Module):
    def __init__(self, published: BinMean, dtype: torch.dtype) -> None:
        super().__init__()
        self.conv = fast(published[1], dtype)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, bins, frames] -> [B, D, bins, frames]."""
        mean: Tensor = self.conv(x.mean(2, keepdim=True).contiguous(memory_format=torch.channels_last))
        return mean.expand(-1, -1, x.shape[2], -1)


class _Recurrent(nn.Module):
    def __init__(self, published: vr_cascaded.Recurrent, dtype: torch.dtype) -> None:
        super().__init__()
        self.conv = fast(published.conv, dtype)
        self.lstm = published.lstm
        linear, norm, _ = published.dense
        assert isinstance(linear, nn.Linear)
        self.weight: Tensor
        self.bias: Tensor
        weight, bias = folded(linear.weight, norm, linear.bias)
        self.register_buffer("weight", weight, persistent=False)
        self.register_buffer("bias", bias, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, bins, frames] -> [B, 1, bins, frames]."""
        frames = self.conv(x)[:, 0].permute(2, 0, 1).float()
        found, _ = self.lstm(frames)
        dense = F.linear(found, self.weight, self.bias).relu_()
        return dense.permute(1, 2, 0)[:, None].to(x.dtype)


def _made(published: nn.Module, dtype: torch.dtype) -> nn.Module:
    if isinstance(published, BinMean):
        return _Mean(published, dtype)
    if isinstance(published, SeparableConv):
        return FastSeparable(published, dtype)
    if isinstance(published, vr_cascaded.UNet):
        return _CascadedUNet(published, dtype)
    assert isinstance(published, Conv)
    return fast(published, dtype)


def _middle(whole: Part, offset: int) -> Part:
    return Part(offset, whole.total - offset, whole.total)


def _laid_out(x: Tensor, dtype: torch.dtype) -> Tensor:
    return x.to(dtype).contiguous(memory_format=torch.channels_last)
