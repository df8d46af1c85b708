"""Attention over views: what kernels that read 16 bytes at once are given."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from inference.networks.attention import BYTES, aligned, attention


def fits(x: torch.Tensor) -> bool:
    return x.data_ptr() % BYTES == 0 and all(stride * x.element_size() % BYTES == 0 for stride in x.stride()[:-1])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
@pytest.mark.parametrize("width", [50, 49, 56])
def test_rows_of_a_joint_product_are_aligned(width: int, dtype: torch.dtype) -> None:
    joint = torch.randn(2, 7, width).to(dtype)
    view = joint[..., 32:48].view(2, 7, 2, 8).permute(0, 2, 1, 3)
    found = aligned(view)
    assert fits(found)
    assert torch.equal(found, view)


def test_what_is_aligned_stays_where_it_is() -> None:
    joint = torch.randn(2, 7, 1544).half()  # eight published heads of 64 features, and their gates
    view = joint[..., 1024:1536].view(2, 7, 8, 64).permute(0, 2, 1, 3)
    assert aligned(view) is view


def test_an_answer_that_begins_between_is_copied() -> None:
    found = aligned(torch.randn(17)[1:].view(1, 1, 2, 8))
    assert fits(found)


def test_features_that_lie_apart_are_put_side_by_side() -> None:
    x = torch.randn(1, 2, 8, 16).mT
    assert aligned(x).stride(-1) == 1
    assert torch.equal(aligned(x), x)


def test_it_is_the_attention_of_torch() -> None:
    q, k, v = torch.randn(3, 1, 2, 5, 8).unbind()
    assert torch.equal(attention(q, k, v, scale=0.5), F.scaled_dot_product_attention(q, k, v, scale=0.5))
