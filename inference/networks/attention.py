"""Attention through torch's kernels, whatever lies where.

On NVIDIA cards they read 16 bytes at once, and not all of them look first whether rows begin there (PyTorch issue 183484): views into a
joint product whose rows are of another length end in "misaligned address", which no process outlives. Published sizes are aligned, and
nothing is copied.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

BYTES = 16


def attention(q: Tensor, k: Tensor, v: Tensor, *, scale: float | None = None, dropout: float = 0.0) -> Tensor:
    """`scaled_dot_product_attention` of [..., heads, n, features]."""
    if q.device.type != "cpu":
        q, k, v = aligned(q), aligned(k), aligned(v)
    return F.scaled_dot_product_attention(q, k, v, dropout_p=dropout, scale=scale)


def aligned(x: Tensor) -> Tensor:
    """`x`, or a copy of it, with features side by side and every row beginning at a multiple of 16 bytes.

    Rows that are no such multiple long stay where they are: kernels that read 16 bytes do not take them.
    """
    size = x.element_size()
    fits = all(stride * size % BYTES == 0 for stride, length in zip(x.stride()[:-1], x.shape[:-1], strict=True) if length > 1)
    if fits and x.stride(-1) == 1 and x.data_ptr() % BYTES == 0:
        return x
    return x.clone() if x.is_contiguous() and x.data_ptr() % BYTES else x.contiguous()
