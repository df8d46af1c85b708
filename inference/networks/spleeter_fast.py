"""The U-Net of Spleeter once more, laid out for speed; `spleeter.UNet` has the published form.

It is made from a published network and answers the same to within 100 dB. What differs:

- Channels lie beside each other in memory (channels_last), as oneDNN's and cuDNN's convolutions like it best.
- Batch norms are one multiplication and one addition, written to where the next layer reads: inside a border of zeros that is
  already there, or beside the skip that they are joined with. Nothing is padded, cropped or joined by a copy of its own.
- The last two layers have one channel at full size, which keeps no vector unit busy. They work at half the size on four channels
  instead, one for each place in a square of 2 x 2 samples: `z[2 p + q, i, j] = x[2 i + p, 2 j + q]`.
"""

from __future__ import annotations

import copy
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LEVELS = 6
BORDER = (1, 2, 1, 2)  # zeros around the input of a convolution: before and after in each row, in each column

Layer = TypeVar("Layer", bound=nn.Module)


class FastUNet(nn.Module):
    """As `spleeter.UNet`, under `torch.inference_mode` only.

    Args:
        published: the network with its weights, in eval mode. It is not changed.
    """

    def __init__(self, published: nn.Module) -> None:
        super().__init__()
        part = published.get_submodule
        downs = [_Down(part(f"down{level}_conv.1"), part(f"down{level}_act")) for level in range(1, LEVELS)]
        self.downs = nn.ModuleList(downs)
        self.bottom = _laid_out(part(f"down{LEVELS}_conv.1"))
        self.ups = nn.ModuleList([_Up(part(f"up{level}")) for level in range(1, LEVELS)])
        self.mask = _Mask(part(f"up{LEVELS}"), part("up7.0"))

    def forward(self, magnitudes: Tensor) -> Tensor:
        """[B, 2, frames, bins] -> the same shape; frames and bins are multiples of 64."""
        x = F.pad(magnitudes.contiguous(memory_format=torch.channels_last), BORDER)
        skips = []
        for down in self.downs:
            skip, x = down(x)
            skips.append(skip)
        x = self.bottom(x)
        for up in self.ups:
            x = up(x, skips.pop())
        mask: Tensor = self.mask(x)
        return mask.mul_(magnitudes)


class _Affine(nn.Module):
    """A batch norm as `scale * x + shift`, both [1, C, 1, 1]."""

    def __init__(self, norm: nn.BatchNorm2d) -> None:
        super().__init__()
        assert norm.running_mean is not None
        assert norm.running_var is not None
        self.scale: Tensor
        self.shift: Tensor
        scale = norm.weight.detach() / (norm.running_var + norm.eps).sqrt()
        self.register_buffer("scale", scale[None, :, None, None])
        self.register_buffer("shift", (norm.bias.detach() - norm.running_mean * scale)[None, :, None, None])

    def forward(self, x: Tensor, out: Tensor) -> Tensor:
        """Write the answer to `out`, which may be `x`."""
        return torch.addcmul(self.shift, x, self.scale, out=out)


class _Down(nn.Module):
    """A convolution, and its normalised, activated answer with zeros around it for the next one."""

    def __init__(self, convolution: nn.Module, activation: nn.Module) -> None:
        super().__init__()
        norm, leaky = activation.children()
        assert isinstance(norm, nn.BatchNorm2d)
        assert isinstance(leaky, nn.LeakyReLU)
        self.convolution = _laid_out(convolution)
        self.affine = _Affine(norm)
        self.slope = leaky.negative_slope

    def forward(self, bordered: Tensor) -> tuple[Tensor, Tensor]:
        """[B, C, 2 h + 3, 2 w + 3] -> the skip [B, D, h, w], and the next layer's input [B, D, h + 3, w + 3]."""
        skip = self.convolution(bordered)
        batch, channels, height, width = skip.shape
        bordered = _empty(skip, batch, channels, height + 3, width + 3).zero_()
        inside = self.affine(skip, out=bordered[..., 1:-2, 1:-2])
        F.leaky_relu_(inside, self.slope)
        return skip, bordered


class _Up(nn.Module):
    """A transposed convolution, rectified, normalised, and joined with a skip."""

    def __init__(self, published: nn.Module) -> None:
        super().__init__()
        convolution, _, _, norm = published.children()
        assert isinstance(convolution, nn.ConvTranspose2d)
        assert isinstance(norm, nn.BatchNorm2d)
        self.convolution = _laid_out(convolution)
        self.convolution.padding = (1, 1)  # crops 1 before, and 1 of the 2 after
        self.affine = _Affine(norm)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """[B, C, h, w] and [B, D, 2 h, 2 w] -> [B, 2 D, 2 h, 2 w]."""
        found = self.convolution(x)[..., :-1, :-1]
        batch, channels, height, width = skip.shape
        joined = _empty(skip, batch, 2 * channels, height, width)
        joined[:, :channels] = skip
        right = joined[:, channels:]
        self.affine(torch.clamp_min(found, 0, out=right), out=right)
        return joined


class _Mask(nn.Module):
    """The last transposed convolution and the one behind it, both at half the size."""

    def __init__(self, published: nn.Module, last: nn.Module) -> None:
        super().__init__()
        up, _, _, norm = published.children()
        assert isinstance(up, nn.ConvTranspose2d)
        assert isinstance(norm, nn.BatchNorm2d)
        assert isinstance(last, nn.Conv2d)
        self.up = _convolution(_split_output(up.weight.detach()), up.bias, padding=1)
        self.affine = _Affine(norm)
        self.last = _convolution(_split_both(last.weight.detach()), last.bias, padding=2)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, h, w] -> masks [B, 2, 2 h, 2 w], 0 .. 1."""
        x = self.up(x).relu_()
        x = self.last(self.affine(x, out=x))
        return F.pixel_shuffle(x.contiguous(), 2).sigmoid_()


def _laid_out(convolution: Layer) -> Layer:
    return copy.deepcopy(convolution).to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def _convolution(weight: Tensor, bias: Tensor | None, padding: int) -> nn.Module:
    """A convolution of 2 x 2 places: `weight` [4 D, C, k, k], `bias` [D]."""
    assert bias is not None
    after, before, size, _ = weight.shape
    made = nn.Conv2d(before, after, size, padding=padding, device="meta")
    made.weight = nn.Parameter(weight, requires_grad=False)
    made.bias = nn.Parameter(bias.detach().repeat_interleave(4), requires_grad=False)
    return _laid_out(made)


def _split_output(weight: Tensor) -> Tensor:
    """A transposed 5 x 5 convolution [C, D, 5, 5] of stride 2, cropped by 1, as a 3 x 3 convolution [4 D, C, 3, 3].

    `y[2 i + p] = sum_k w[k] x[(2 i + p + 1 - k) / 2]` over the k that leave no half: x[i + d] meets w[p + 1 - 2 d].
    """
    before, after = weight.shape[:2]
    split = weight.new_zeros(after, 2, 2, before, 3, 3)
    for row, column, down, right in torch.cartesian_prod(*[torch.arange(2)] * 2, *[torch.arange(-1, 2)] * 2).tolist():
        k, m = row + 1 - 2 * down, column + 1 - 2 * right
        if 0 <= k < 5 and 0 <= m < 5:
            split[:, row, column, :, down + 1, right + 1] = weight[:, :, k, m].t()
    return split.flatten(0, 2)


def _split_both(weight: Tensor) -> Tensor:
    """A 4 x 4 convolution [D, 1, 4, 4] of dilation 2 and padding 3, as a 5 x 5 convolution [4 D, 4, 5, 5].

    Tap k of row 2 i + p reads row 2 i + p - 3 + 2 k = 2 (i + d) + r, with r = 1 - p.
    """
    split = weight.new_zeros(weight.shape[0], 2, 2, 2, 2, 5, 5)
    for row, column, k, m in torch.cartesian_prod(*[torch.arange(2)] * 2, *[torch.arange(4)] * 2).tolist():
        down, right = (row - 3 + 2 * k) // 2, (column - 3 + 2 * m) // 2
        split[:, row, column, 1 - row, 1 - column, down + 2, right + 2] = weight[:, 0, k, m]
    return split.flatten(3, 4).flatten(0, 2)


def _empty(like: Tensor, *shape: int) -> Tensor:
    return torch.empty(shape, dtype=like.dtype, device=like.device, memory_format=torch.channels_last)
