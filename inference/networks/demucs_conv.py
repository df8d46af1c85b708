"""Convolutions over rows [R, W, C] whose weights are stored once in the order in which oneDNN reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.networks.mdx23c_conv import _Product
from inference.networks.packed import can_pack


class PackedConv(nn.Module):
    """`conv(x) + b`, for inference only; nothing is added around the rows.

    Args:
        weight: [D, C, rows, columns]. Not copied.
        bias: [D].
        stride: along rows and columns.
        columns: zeros added before and behind in each row.
        dtype: of its products and its answer.
    """

    def __init__(self, weight: Tensor, bias: Tensor, *, stride: tuple[int, int] = (1, 1), columns: int = 0, dtype: torch.dtype) -> None:
        super().__init__()
        self.stride, self.padding, self.dtype = stride, (0, columns), dtype
        self.weight: Tensor
        self.bias: Tensor
        self.register_buffer("weight", weight.detach().to(dtype), persistent=False)
        self.register_buffer("bias", bias.detach().to(dtype), persistent=False)
        self._packed: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        """[R, W, C] -> [R', W', D]."""
        picture = x.to(self.dtype).permute(2, 0, 1)[None]
        if self._packed is None and x.device.type == "cpu" and can_pack(self.dtype) and _ops_exist():
            self._packed = torch.ops.mkldnn._reorder_convolution_weight(
                self.weight, list(self.padding), list(self.stride), [1, 1], 1, list(picture.shape)
            )
            self.weight = self.weight.new_empty(0)
        if self._packed is None:
            found = F.conv2d(picture, self.weight, self.bias, self.stride, self.padding)
        else:
            none: list[Any] = []
            found = torch.ops.mkldnn._convolution_pointwise(
                picture, self._packed, self.bias, list(self.padding), list(self.stride), [1, 1], 1, "none", none, ""
            )
        return found[0].permute(1, 2, 0)

    def _apply(self, fn: Callable[[Tensor], Tensor], *args: Any, **kwargs: Any) -> PackedConv:
        if self._packed is not None:  # only plain weights can be moved
            self.weight, self._packed = self._packed.to_dense(), None
        super()._apply(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        return self


class SquareConv(nn.Module):
    """A 3 x 3 convolution; Winograd's way along the rows where they come in fours.

    Args:
        weight: [D, C, 3, 3]. Not copied.
        bias: [D].
        dtype: of its products and its answer.
    """

    padding = (0, 1)

    def __init__(self, weight: Tensor, bias: Tensor, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype
        self.bias: Tensor
        self.register_buffer("bias", bias.detach(), persistent=False)
        self.product = _Product(weight, None)

    def forward(self, x: Tensor) -> Tensor:
        """[R + 2, W, C] -> [R, W, D]."""
        rows = x.shape[0] - 2
        fast = rows % 4 == 0 and self.product.transform(x[:rows])
        found = self.bias.expand(rows, x.shape[1], -1).contiguous()
        self.product(x, found, fast=fast, add=True)
        return found


def square(weight: Tensor, bias: Tensor, dtype: torch.dtype) -> nn.Module:
    """The fastest 3 x 3 convolution of this type."""
    if dtype == torch.float32:
        return SquareConv(weight, bias, dtype)
    return PackedConv(weight, bias, columns=1, dtype=dtype)


def _ops_exist() -> bool:
    ops = torch.ops.mkldnn
    return hasattr(ops, "_reorder_convolution_weight") and hasattr(ops, "_convolution_pointwise")
