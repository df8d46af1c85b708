"""A linear layer whose weight is stored once in the order that the processor's matrix product reads it.

oneDNN multiplies weights in blocks that fit its registers. Given a plain weight it reorders it in every call; here that is done
once, at the first call on a CPU, and what follows the product (bias, activation, residual) is done while its rows are in the cache.
Measured in float32: with AVX-512 and 2 threads 204 GFLOP/s at its best, where plain products of 48060 x 384 -> 1536 reach 81 to 143;
with AVX2 and 1 thread 64 against 56 on the three products of a transformer's layer, in tiles of 801 rows.

Anywhere else, and where this build of torch has no oneDNN, it is `torch.nn.functional.linear`, answering the same.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from functools import cache
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Activation = Literal["none", "gelu", "tanh", "relu", "sigmoid"]

_IN_PLACE: dict[str, Callable[[Tensor], Tensor]] = {
    "gelu": torch.ops.aten.gelu_,
    "tanh": torch.tanh_,
    "relu": torch.relu_,
    "sigmoid": torch.sigmoid_,
}


class PackedLinear(nn.Module):
    """`activation(x W^T + b)`, for inference only.

    Args:
        weight: [D, C]. It is neither copied nor read before the first call, which brings it in its form and lets it go.
        bias: [D].
        dtype: of the products and of the answer.
        activation: what follows. GELU is the exact one, not the tanh approximation.
    """

    def __init__(
        self, weight: Tensor, bias: Tensor | None = None, *, dtype: torch.dtype = torch.float32, activation: Activation = "none"
    ) -> None:
        super().__init__()
        self.out_features, self.in_features = weight.shape
        self.dtype = dtype
        self.activation = activation
        self.weight: Tensor | None
        self.bias: Tensor | None
        self.register_buffer("weight", weight.detach(), persistent=False)
        self.register_buffer("bias", None if bias is None else bias.detach(), persistent=False)
        self._packed: Tensor | None = None
        self._ready = False

    def forward(self, x: Tensor, residual: Tensor | None = None) -> Tensor:
        """[..., C] -> [..., D].

        Args:
            x: cast to the layer's type.
            residual: [..., D], added to the answer; not with an activation. The sum has the wider of the two types.
        """
        if not self._ready:
            self._prepare(x.device)
        x = x.to(self.dtype)
        if self._packed is None:
            assert self.weight is not None
            found = F.linear(x, self.weight, self.bias)
            fused = False
        elif residual is not None and residual.dtype == self.dtype:
            summed: Tensor = torch.ops.mkldnn._linear_pointwise.binary(x, residual, self._packed, self.bias, "add")
            return summed
        else:
            fused = fuses(self.activation)
            activation = self.activation if fused else "none"
            found = torch.ops.mkldnn._linear_pointwise(x, self._packed, self.bias, activation, [], "none" if activation == "gelu" else "")
        if not fused and self.activation != "none":
            found = _IN_PLACE[self.activation](found)
        return found if residual is None else residual + found

    def _prepare(self, device: torch.device) -> None:
        """Bring the weight in its form: of the layer's type, and packed where that can be."""
        assert self.weight is not None
        self.weight = self.weight.to(self.dtype)
        if self.bias is not None:
            self.bias = self.bias.to(self.dtype, copy=True)  # a view would keep the whole file that it was mapped from
        if device.type == "cpu" and can_pack(self.dtype):
            self._packed = torch.ops.mkldnn._reorder_linear_weight(self.weight.contiguous())
            self.weight = None
        self._ready = True

    def _apply(self, fn: Callable[[Tensor], Tensor], *args: Any, **kwargs: Any) -> PackedLinear:
        if self._packed is not None:  # only plain weights can be moved
            self.weight, self._packed = self._packed.to_dense(), None
        self._ready = False
        super()._apply(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        return self


@cache
def fuses(activation: Activation) -> bool:
    """Whether oneDNN's own activation, on a tile in registers, is faster than torch's after it.

    Measured on 801 x 384 -> 1536 with AVX2: GELU costs 4.6 ms fused and 1.5 ms apart, tanh 9 and 4.4 ms, of 14.5 ms for the product.
    With AVX-512 oneDNN has better forms of both.
    """
    return activation in ("none", "relu") or torch.backends.cpu.get_cpu_capability().startswith("AVX512")


@cache
def can_pack(dtype: torch.dtype) -> bool:
    """Whether linears of this type are packed on this machine's CPU."""
    ops = torch.ops.mkldnn
    available: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    if not available or platform.machine().lower() not in ("x86_64", "amd64"):
        return False  # elsewhere it is not measured
    if not (hasattr(ops, "_reorder_linear_weight") and hasattr(ops, "_linear_pointwise")):
        return False
    if dtype == torch.float32:
        return True
    asked = {torch.bfloat16: "_is_mkldnn_bf16_supported", torch.float16: "_is_mkldnn_fp16_supported"}.get(dtype, "")
    return bool(asked and hasattr(ops, asked) and getattr(ops, asked)())
