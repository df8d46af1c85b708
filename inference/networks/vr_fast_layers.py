"""Layers of the vocal removers' fast forms. Images are [B, C, bins, frames] with the channels beside each other (channels_last).

- A batch norm is folded into the convolution before it; on a CPU oneDNN gets its weights packed once and applies the activation.
- A decoder may compute a part of the frames only: the image's own frames `start` .. of `total` go with it, because doubling with
  corners kept where they are depends on the place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.networks.packed import can_pack
from inference.networks.vr_layers import Conv, SeparableConv


class FastConv(nn.Module):
    """A convolution with a bias and an activation, for inference only.

    Args:
        published: where stride, padding, dilation and groups are taken from.
        weight: [D, C / groups, k, k].
        bias: [D].
        slope: of the leaky ReLU; 0 is the ReLU, 1 no activation.
        dtype: of the products.
    """

    def __init__(self, published: nn.Conv2d, weight: Tensor, bias: Tensor | None, slope: float, dtype: torch.dtype) -> None:
        super().__init__()
        self.stride, self.padding = list(published.stride), list(_pair(published.padding))
        self.dilation, self.groups = list(published.dilation), published.groups
        self.slope = slope
        self.dtype = dtype
        self.weight: Tensor | None
        self.bias: Tensor | None
        self.register_buffer("weight", weight.detach().to(dtype, memory_format=torch.channels_last), persistent=False)
        self.register_buffer("bias", None if bias is None else bias.detach().to(dtype), persistent=False)
        self._packed: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, bins, frames] -> [B, D, ...]."""
        if self._packed is None and x.device.type == "cpu" and can_pack(self.dtype) and _has_convolution():
            self._pack(x)
        if self._packed is None:
            assert self.weight is not None
            found = F.conv2d(x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)
            return found if self.slope == 1 else F.relu_(found) if self.slope == 0 else F.leaky_relu_(found, self.slope)
        name, values = {0.0: ("relu", []), 1.0: ("none", [])}.get(self.slope, ("leaky_relu", [self.slope]))
        fused: Tensor = torch.ops.mkldnn._convolution_pointwise(
            x, self._packed, self.bias, self.padding, self.stride, self.dilation, self.groups, name, values, ""
        )
        return fused

    def _pack(self, x: Tensor) -> None:
        assert self.weight is not None
        shape = [self.padding, self.stride, self.dilation, self.groups, list(x.shape)]
        self._packed = torch.ops.mkldnn._reorder_convolution_weight(self.weight, *shape)
        self.weight = None

    def _apply(self, fn: Callable[[Tensor], Tensor], *args: Any, **kwargs: Any) -> FastConv:
        if self._packed is not None:  # only plain weights can be moved
            self.weight, self._packed = self._packed.to_dense().contiguous(memory_format=torch.channels_last), None
        super()._apply(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        return self


def fast(published: Conv, dtype: torch.dtype) -> FastConv:
    """A published convolution, norm and activation as one layer."""
    convolution, norm, activation = published.conv
    assert isinstance(convolution, nn.Conv2d)
    weight, bias = folded(convolution.weight, norm)
    return FastConv(convolution, weight, bias, getattr(activation, "negative_slope", 0.0), dtype)


class FastSeparable(nn.Module):
    """A published separable convolution."""

    def __init__(self, published: SeparableConv, dtype: torch.dtype) -> None:
        super().__init__()
        alone, together, norm, _ = published.conv
        assert isinstance(alone, nn.Conv2d)
        assert isinstance(together, nn.Conv2d)
        self.alone = FastConv(alone, alone.weight, None, 1.0, dtype)
        self.together = FastConv(together, *folded(together.weight, norm), 0.0, dtype)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, bins, frames] -> the same shape."""
        found: Tensor = self.together(self.alone(x))
        return found


def folded(weight: Tensor, norm: nn.Module, bias: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """A layer's weight [D, ...] and bias [D] with the batch norm behind it."""
    assert isinstance(norm, (nn.BatchNorm1d, nn.BatchNorm2d))
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = norm.weight.detach() / (norm.running_var + norm.eps).sqrt()
    mean = norm.running_mean if bias is None else norm.running_mean - bias.detach()
    return weight.detach() * scale.reshape(-1, *[1] * (weight.ndim - 1)), norm.bias.detach() - mean * scale


@dataclass(frozen=True)
class Part:
    """Frames `start` .. `stop` of an image that has `total`."""

    start: int
    stop: int
    total: int

    @classmethod
    def whole(cls, total: int) -> Part:
        """All of them."""
        return cls(0, total, total)

    def around(self) -> Part:
        """What a 3 x 3 convolution must be given to answer this part: even, and one more at each end that it answers wrongly."""
        return Part(max((self.start - 1) // 2 * 2, 0), min(-(-(self.stop + 1) // 2) * 2, self.total), self.total)

    def halved(self) -> Part:
        """What must be known at half the size to double it to this part, which is even."""
        return Part(max(self.start // 2 - 1, 0), min(self.stop // 2 + 1, self.total // 2), self.total // 2)

    def inside(self, other: Part) -> slice:
        """Where it lies in an image of the frames of `other`."""
        return slice(self.start - other.start, self.stop - other.start)


def empty(like: Tensor, channels: int, bins: int, frames: int) -> Tensor:
    """An image without content, channels beside each other."""
    return torch.empty((len(like), channels, bins, frames), dtype=like.dtype, device=like.device, memory_format=torch.channels_last)


def join_doubled(x: Tensor, have: Part, skips: Sequence[Tensor], want: Part) -> Tensor:
    """An image doubled in size beside skips, [B, C + D, 2 bins, frames of `want`].

    Args:
        x: [B, C, bins, frames of `have`].
        have: at half the size.
        skips: [B, D, 2 bins, all frames].
        want: at the full size, even; `have` covers `want.halved()`.
    """
    channels = x.shape[1] + sum(skip.shape[1] for skip in skips)
    joined = empty(x, channels, 2 * x.shape[2], want.stop - want.start)
    wide = empty(x, x.shape[1], x.shape[2], want.stop - want.start)
    _double_frames(x.permute(0, 2, 3, 1), have, want, wide.permute(0, 2, 3, 1))
    _double_bins(wide.permute(0, 2, 3, 1), joined[:, : x.shape[1]].permute(0, 2, 3, 1))
    at = x.shape[1]
    for skip in skips:
        joined[:, at : at + skip.shape[1]] = skip[..., want.start : want.stop]
        at += skip.shape[1]
    return joined


# With corners kept where they are, n samples become 2 n:  y[2 i] = x[i] + (x[i - 1] - x[i]) * i / (2 n - 1)
#                                                 y[2 i + 1] = x[i] + (x[i + 1] - x[i]) * (n - 1 - i) / (2 n - 1)


def _double_frames(x: Tensor, have: Part, want: Part, out: Tensor) -> None:
    """[B, bins, frames of `have`, C] -> `out` [B, bins, frames of `want`, C]."""
    first, last = want.start // 2, want.stop // 2
    index = torch.arange(first, last, device=x.device)
    before = (index / (2 * have.total - 1)).to(x.dtype)[:, None]
    behind = ((have.total - 1 - index) / (2 * have.total - 1)).to(x.dtype)[:, None]
    here = x[:, :, first - have.start : last - have.start]
    even, odd = out[:, :, 0::2], out[:, :, 1::2]
    if first == 0:
        even[:, :, :1] = here[:, :, :1]
    skip = 1 if first == 0 else 0
    torch.lerp(here[:, :, skip:], x[:, :, first + skip - 1 - have.start : last - 1 - have.start], before[skip:], out=even[:, :, skip:])
    skip = 1 if last == have.total else 0
    stop = last - first - skip
    if skip:
        odd[:, :, -1:] = here[:, :, -1:]
    torch.lerp(here[:, :, :stop], x[:, :, first + 1 - have.start : first + 1 + stop - have.start], behind[:stop], out=odd[:, :, :stop])


def _double_bins(x: Tensor, out: Tensor) -> None:
    """[B, bins, frames, C] -> `out` [B, 2 bins, frames, C]."""
    count = x.shape[1]
    weights = (torch.arange(count, device=x.device) / (2 * count - 1)).to(x.dtype)[:, None, None]
    even, odd = out[:, 0::2], out[:, 1::2]
    even[:, 0] = x[:, 0]
    odd[:, -1] = x[:, -1]
    torch.lerp(x[:, 1:], x[:, :-1], weights[1:], out=even[:, 1:])
    torch.lerp(x[:, :-1], x[:, 1:], weights.flip(0)[:-1], out=odd[:, :-1])


def _pair(padding: object) -> tuple[int, int]:
    assert isinstance(padding, tuple)
    return padding


@cache
def _has_convolution() -> bool:
    ops = torch.ops.mkldnn
    return hasattr(ops, "_reorder_convolution_weight") and hasattr(ops, "_convolution_pointwise")
