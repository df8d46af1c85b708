"""How much a network computes: GFLOP of one forward, a multiplication and an addition counting as two.

What torch counts is matrix products, convolutions and attention; recurrent layers run in libraries that it cannot look into, so
they are worked out here. Element-wise work, norms and transforms are left out, as everybody leaves them out.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode, sdpa_flop_count

GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}


def gflop(network: nn.Module, *inputs: Tensor) -> float:
    """GFLOP of `network(*inputs)`. It is run once."""
    counter = FlopCounterMode(display=False, custom_mapping=_CPU_ATTENTION)
    with torch.no_grad(), _plain_attention(), counter, _recurrent(network, counter) as recurrent:
        network(*inputs)
    return float(counter.get_total_flops() + sum(recurrent)) / 1e9


def recurrent_flop(layer: nn.RNNBase, x: Tensor) -> int:
    """FLOP of a recurrent layer for its input [B, T, C] or [T, B, C]: both products of each gate, in each step."""
    flop = 0
    width = x.shape[-1]
    directions = 2 if layer.bidirectional else 1
    for _ in range(layer.num_layers):
        flop += directions * 2 * GATES[layer.mode] * layer.hidden_size * (width + layer.hidden_size)
        width = directions * layer.hidden_size
    return flop * (x.numel() // x.shape[-1])


def _cpu_attention(query: Any, key: Any, value: Any, *_: Any, **__: Any) -> int:
    return int(sdpa_flop_count(query, key, value))  # type: ignore[no-untyped-call]


_CPU_ATTENTION = (
    {torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: _cpu_attention}
    if hasattr(torch.ops.aten, "_scaled_dot_product_flash_attention_for_cpu")
    else {}
)
"""Attention's kernel on CPUs, which torch's own table does not have."""


@contextmanager
def _plain_attention() -> Iterator[None]:
    """Without the fused kernels of whole transformer layers, which count as nothing."""
    mha = getattr(torch.backends, "mha", None)
    if mha is None:
        yield
        return
    before = mha.get_fastpath_enabled()
    mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        mha.set_fastpath_enabled(before)


@contextmanager
def _recurrent(network: nn.Module, counter: FlopCounterMode) -> Iterator[list[int]]:
    """Collects what recurrent layers compute beyond what the counter saw of it."""
    flop: list[int] = []

    def enter(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        flop.append(counter.get_total_flops())

    def leave(layer: nn.Module, inputs: tuple[Tensor, ...], __: object) -> None:
        assert isinstance(layer, nn.RNNBase)
        seen = counter.get_total_flops() - flop.pop()
        flop.append(recurrent_flop(layer, inputs[0]) - seen)

    layers = [module for module in network.modules() if isinstance(module, nn.RNNBase)]
    hooks = [hook for layer in layers for hook in (layer.register_forward_pre_hook(enter), layer.register_forward_hook(leave))]
    try:
        yield flop
    finally:
        for hook in hooks:
            hook.remove()
